"""Snapshots and briefs for the tests of the brief; the rows are in ``brief_snapshot``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import duckdb
import pytest
from brief_snapshot import AS_OF, MIGRATIONS, fill

from pipelines.briefs.compose import compose
from pipelines.briefs.model import Brief, BriefRules
from pipelines.warehouse.snapshot import Snapshot

Change = Callable[[duckdb.DuckDBPyConnection], Any]
ComposeAfter = Callable[..., Brief]


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Make and fill all tables in one transaction."""
    connection.execute("begin transaction")
    for migration in MIGRATIONS:
        connection.execute(migration.read_text(encoding="utf-8"))
    fill(connection)
    connection.execute("commit")


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The filled snapshot as readers get it: a file opened read-only, with no way out of it."""
    path = tmp_path_factory.mktemp("briefs") / "snapshot.duckdb"
    with duckdb.connect(str(path)) as connection:
        build(connection)
    with Snapshot(AS_OF, path, "0" * 64).connect() as connection:
        yield connection


@pytest.fixture(scope="session")
def _changeable() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        build(connection)
        yield connection


@pytest.fixture
def compose_after(_changeable: duckdb.DuckDBPyConnection) -> ComposeAfter:
    """``compose_after(change)`` composes the brief after ``change(connection)``, which is then undone."""

    def compose_after(
        change: Change,
        rules: BriefRules | None = None,
        city_title: str = "示例市",
        calendar: Sequence[tuple[dt.date, str]] = (),
    ) -> Brief:
        _changeable.execute("begin transaction")
        try:
            change(_changeable)
            return compose(_changeable, AS_OF, city_title, rules, calendar)
        finally:
            _changeable.execute("rollback")

    return compose_after


@pytest.fixture(scope="session")
def brief(published: duckdb.DuckDBPyConnection) -> Brief:
    """The brief of the unchanged snapshot."""
    return compose(published, AS_OF, "示例市", calendar=[])
