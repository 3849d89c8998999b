"""A city so small that its flow can be killed hundreds of times, and a hash of everything the flow leaves behind."""

from __future__ import annotations

import hashlib
import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb

from tests.conftest import CHECKOUT, SmallCity

AS_OF = date(2026, 11, 16)
WEEKS = 8
_KEPT_EXPORTS = 3


def tiny_city_in(root: Path) -> SmallCity:
    """The tiny city below ``root``."""
    return SmallCity(root / "sample", root / "home", AS_OF)


def make_tiny_city(root: Path) -> None:
    """Four communities, eight weeks, and of each source the first export and the last few."""
    from pipelines.synthetic.emit import emit
    from pipelines.synthetic.world import WorldConfig

    first_day = AS_OF - timedelta(weeks=WEEKS)
    city = tiny_city_in(root)
    shutil.copytree(CHECKOUT / "pipelines" / "cities" / "sample", city.folder)
    config = city.folder / "city.toml"
    text = config.read_text(encoding="utf-8").replace("dense_from = 2024-05-06", f"dense_from = {first_day}")
    config.write_text(text.replace("history_weeks = 132", f"history_weeks = {WEEKS}"), encoding="utf-8")
    emit(city.data, config=WorldConfig(first_day=first_day, weeks=WEEKS, communities=4, matters_per_week=40.0))
    for source in [path for path in city.data.iterdir() if path.is_dir()]:
        for path in sorted(source.iterdir())[1:-_KEPT_EXPORTS]:
            path.unlink()


def new_home(city: SmallCity, home: Path) -> SmallCity:
    """The same city and files in a home where nothing has run."""
    shutil.copytree(city.data, home / city.folder.name / "data")
    return SmallCity(city.folder, home, city.as_of_date)


def content_of(city: SmallCity) -> dict[str, str]:
    """A hash per table of the warehouse, per landed file, snapshot and brief: all that a run leaves. Nothing left out."""
    settings = city.settings()
    found = {}
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where not internal order by all"
        ).fetchall()
        for schema, table in tables:
            rows, digest = connection.execute(
                f"select count(*), md5(coalesce(string_agg(h, '' order by h), '')) "
                f"from (select md5(t::varchar) as h from {schema}.{table} as t)"
            ).fetchone()
            found[f"{schema}.{table}"] = f"{rows} rows {digest}"
    for folder in (settings.landing_dir, settings.brief_dir):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                found[str(path.relative_to(city.home))] = hashlib.sha256(path.read_bytes()).hexdigest()
    for name in ("current.json", "published.json"):
        found[name] = (settings.snapshot_dir / name).read_text(encoding="utf-8")
    found["snapshots"] = str(sorted(path.name for path in settings.snapshot_dir.glob("xianban_*.duckdb")))
    return found
