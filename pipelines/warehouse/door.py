"""The one door to the build file.

DuckDB lets one process hold a file; a second one gets an error, and a process that still holds a replaced file sees
old data. So every access, reads included, holds an exclusive lock on a sidecar file from before connect until after
close, and nobody opens the ``.duckdb`` file in any other way (opening and closing the file itself would drop DuckDB's
own lock). Computing happens outside the door: fetch, close, think, open, save.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.errors import WarehouseError
from pipelines.settings import checkout_sql_dir

if TYPE_CHECKING:
    import polars as pl

# beyond it DuckDB writes to the folder beside the file; what is left of 4 GB is for the frames of a step
_MEMORY = "2GB"
# texts are stored faster and a sixth smaller than in the form that older releases of DuckDB read; old files stay
_STORAGE = "v1.3.0"
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_PARAMETER = re.compile(r"\$([a-z_][a-z0-9_]*)")


def quoted(name: str) -> str:
    """An identifier from outside (a column header), quoted so that it can only ever be a name."""
    if "\0" in name:
        raise WarehouseError("a column name holds a NUL character; refuse the file at the reader")
    return '"' + name.replace('"', '""') + '"'


def statement(name: str) -> str:
    """The text of ``sql/<schema>/<table>.sql``, named ``schema.table``.

    Raises:
        WarehouseError: there is no such file.
    """
    schema, _, table = name.partition(".")
    path = checkout_sql_dir() / schema / f"{table}.sql"
    if not path.is_file():
        raise WarehouseError(f"{name}: no statement at sql/{schema}/{table}.sql; add the file or correct the name")
    return path.read_text(encoding="utf-8")


class Door:
    """An open connection inside one transaction. Get it from :meth:`Warehouse.writing` or :meth:`Warehouse.reading`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def query(self, sql: str, **params: Any) -> pl.DataFrame:
        """Run one select; parameters that the text does not name are left out."""
        # not as a relation: with parameters DuckDB would store its rows, and hand them over ten times as slowly
        return self._connection.execute(sql, _named(sql, params)).pl()

    def rows(self, sql: str, **params: Any) -> list[tuple[Any, ...]]:
        """As :meth:`query`, as tuples: for callers that must not import Polars."""
        return self._connection.execute(sql, _named(sql, params)).fetchall()

    def scalar(self, sql: str, **params: Any) -> Any:
        """The first column of the first row."""
        found = self._connection.execute(sql, _named(sql, params)).fetchone()
        return None if found is None else found[0]

    def run(self, sql: str, **params: Any) -> None:
        """Run one statement that returns nothing."""
        self._connection.execute(sql, _named(sql, params))

    def ask(self, name: str, **params: Any) -> pl.DataFrame:
        """The rows of the statement ``schema.table`` without storing them."""
        return self.query(statement(name), **params)

    def build(self, name: str, partition: Mapping[str, Any] | None = None, **params: Any) -> int:
        """Replace one partition of a table by the rows of its statement; without a partition, the whole table.

        Returns:
            How many rows the partition now holds.
        """
        self._clear(name, partition)
        return self._complete(name, partition, self.extend(name, **params))

    def extend(self, name: str, **params: Any) -> int:
        """Add the rows of a table's statement and count them; the caller has deleted those they replace."""
        sql = statement(name).rstrip()
        added = self._connection.execute(f"insert into {_checked(name)} by name ({sql}\n)", _named(sql, params))
        return int((added.fetchone() or (0,))[0])

    def replace(self, name: str, frame: pl.DataFrame, partition: Mapping[str, Any] | None = None) -> int:
        """Replace one partition of a table by a frame, matched by column name; returns the rows it now holds.

        Raises:
            WarehouseError: a row does not fit the table, or lies outside the partition.
        """
        self._clear(name, partition)
        self.append(name, frame)
        return self._complete(name, partition, frame.height)

    def append(self, name: str, frame: pl.DataFrame) -> None:
        """Add a frame's rows, matched by column name.

        Raises:
            WarehouseError: a row does not fit the table. DuckDB's own words would quote the value, which may be
                personal, so they are left out.
        """
        if not frame.height:
            return
        given = {_folded(column): quoted(column) for column in frame.columns}
        held = {_folded(column): quoted(column) for column in self._connection.table(_checked(name)).columns}
        if len(given) < frame.width:
            raise _misfit(name, frame, "two of its columns bear one name")
        if unknown := given.keys() - held.keys():
            raise _misfit(name, frame, f"the table has no {sorted(unknown)}")
        values = ", ".join(given.get(key, f"null as {column}") for key, column in held.items())
        try:
            # not as a registered view: the transaction would keep it, and so every frame, until it is committed
            self._connection.from_arrow(frame).project(values).insert_into(name)
        except duckdb.Error as error:
            raise _misfit(name, frame, type(error).__name__) from None

    def widen_raw(self, source_name: str, headers: Sequence[str]) -> None:
        """Make ``raw.<source>`` hold these headers; those never seen before become new text columns.

        In a transaction of its own: DuckDB refuses to commit rows of a table that was altered after they were changed.
        """
        table = _checked(f"raw.{source_name}")
        known = {
            name
            for (name,) in self.rows(
                "select column_name from duckdb_columns() where schema_name = 'raw' and table_name = $t", t=source_name
            )
        }
        held = {_folded(name) for name in known}
        wanted = []
        for header in headers:
            # two files may spell a header in two letter cases; the first spelling stands for both
            if _folded(header) not in held:
                held.add(_folded(header))
                wanted.append(header)
        if not known:
            columns = ", ".join(f"{quoted(c)} {'bigint' if c == 'row_no' else 'varchar'}" for c in wanted)
            self._connection.execute(f"create table {table} ({columns})")
        else:
            for column in wanted:
                self._connection.execute(f"alter table {table} add column {quoted(column)} varchar")

    def has_table(self, name: str) -> bool:
        """Whether the table exists."""
        schema, _, table = name.partition(".")
        found = self.scalar(
            "select count(*) from duckdb_tables() where schema_name = $s and table_name = $t", s=schema, t=table
        )
        return bool(found)

    def _complete(self, name: str, partition: Mapping[str, Any] | None, added: int) -> int:
        held = self._count(name, partition)
        if held != added:
            raise WarehouseError(
                f"{name}: {added} rows were added, but {dict(partition or {})} holds {held}; nothing was stored. "
                "Its rows must all lie in the partition they replace"
            )
        return held

    def _clear(self, name: str, partition: Mapping[str, Any] | None) -> None:
        where, values = _where(partition)
        self._connection.execute(f"delete from {_checked(name)}{where}", values)

    def _count(self, name: str, partition: Mapping[str, Any] | None) -> int:
        where, values = _where(partition)
        found = self._connection.execute(f"select count(*) from {_checked(name)}{where}", values).fetchone()
        return 0 if found is None else int(found[0])


class Warehouse:
    """The build file of one city.

    Args:
        path: the ``.duckdb`` file; the lock lies beside it.
        timezone: the city's zone, set on every connection (DuckDB's default of UTC would move New Year's Eve).
    """

    def __init__(self, path: Path, timezone: str = "Asia/Shanghai") -> None:
        self.path = path
        self.timezone = timezone

    @contextmanager
    def writing(self) -> Iterator[Door]:
        """One transaction that is committed at the end, checkpointed and closed before the lock is let go."""
        with self._connected(read_only=False) as connection:
            connection.execute("begin transaction")
            try:
                yield Door(connection)
            except BaseException:
                connection.execute("rollback")
                raise
            try:
                connection.execute("commit")
            except duckdb.Error as error:
                raise WarehouseError(
                    f"{self.path}: the commit failed ({type(error).__name__}), nothing was stored; "
                    "check the free space and run the step again"
                ) from None

    @contextmanager
    def reading(self) -> Iterator[Door]:
        """A consistent view. Readers wait for the writer and the writer for readers: keep it short."""
        if not self.path.exists():
            raise WarehouseError(f"no warehouse at {self.path}; run `xianban run` first")
        with self._connected(read_only=True) as connection:
            yield Door(connection)

    @contextmanager
    def exclusive(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A bare connection under the lock, for migrations and the publisher only."""
        with self._connected(read_only=False, external=True) as connection:
            yield connection

    @contextmanager
    def closed(self, timeout_seconds: float = 1800) -> Iterator[Path]:
        """The file itself, held by nobody and with nothing left beside it: to be copied or replaced under the lock.

        Raises:
            WarehouseError: another process held the lock for the whole time, or the file cannot be opened.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with locked(self.path.parent / "warehouse.lock", timeout_seconds):
            if self.path.exists():
                # what a killed process left in the log is taken into the file
                with self._opened(read_only=False, external=False) as connection:
                    connection.execute("checkpoint")
            yield self.path

    @contextmanager
    def _connected(self, read_only: bool, external: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with locked(self.path.parent / "warehouse.lock"), self._opened(read_only, external) as connection:
            yield connection

    @contextmanager
    def _opened(self, read_only: bool, external: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        try:
            connection = duckdb.connect(
                str(self.path),
                read_only=read_only,
                config={
                    "enable_external_access": str(external).lower(),
                    "memory_limit": _MEMORY,
                    "storage_compatibility_version": _STORAGE,
                },
            )
        except duckdb.Error as error:
            raise WarehouseError(
                f"{self.path} cannot be opened ({error}); end other programs that hold it, or restore a backup"
            ) from None
        try:
            connection.execute("set timezone = $tz", {"tz": self.timezone})
            # an ASOF join that is taken for small would compare every row with every other, and estimates are far off
            connection.execute("set asof_loop_join_threshold = 0")
            connection.execute("set enable_progress_bar = false")  # it would stand in the middle of what we print
            yield connection
        finally:
            connection.close()


@contextmanager
def locked(path: Path, timeout_seconds: float = 1800) -> Iterator[None]:
    """Hold an exclusive lock on ``path``; the kernel frees it when the process ends, however it ends.

    Raises:
        WarehouseError: another process held the lock for the whole time.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + timeout_seconds
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise WarehouseError(
                        f"{path} has been locked for {timeout_seconds:.0f} s by another xianban process; "
                        "wait for it to end, or end it if it hangs"
                    ) from None
                time.sleep(0.005)
        yield
    finally:
        os.close(descriptor)


def _misfit(name: str, frame: pl.DataFrame, why: str) -> WarehouseError:
    return WarehouseError(
        f"{name}: {frame.height} rows do not fit the table ({why}); nothing was stored. "
        f"Compare the columns {frame.columns} with the migration that made it"
    )


def _checked(name: str) -> str:
    if not _IDENTIFIER.fullmatch(name):
        raise WarehouseError(f"{name!r} is not a table name of the form schema.table")
    return name


def _named(sql: str, params: Mapping[str, Any]) -> dict[str, Any]:
    wanted = set(_PARAMETER.findall(sql))
    missing = wanted - params.keys()
    if missing:
        raise WarehouseError(f"statement needs parameters {sorted(missing)}; pass them by name")
    return {name: value for name, value in params.items() if name in wanted}


def _where(partition: Mapping[str, Any] | None) -> tuple[str, list[Any]]:
    if not partition:
        return "", []
    # a partition may be named null, which equals nothing
    tests = " and ".join(f"{quoted(column)} is not distinct from ?" for column in partition)
    return f" where {tests}", list(partition.values())


def _folded(name: str) -> str:
    """A column name as DuckDB compares it: without the case of ASCII letters, and of these only."""
    return "".join(c.lower() if c.isascii() else c for c in name)
