"""After a purge the originals are gone from every file, and every row is still accounted for."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import duckdb

from pipelines.reports import status
from pipelines.settings import Settings
from pipelines.steps.purge import purge
from pipelines.steps.run import Run
from tests.conftest import SmallCity
from tests.faults.tiny import content_of
from tests.faults.zygote import Zygote

LIMIT_DAYS = 28
PHONE = re.compile(rb"(?<!\d)1\d{2}0000\d{4}(?!\d)")


def purging(city: SmallCity) -> Run:
    """A run by whose date the first exports are too old, and those of the last two days are not."""
    settings = Settings(home=city.home, city=city.folder, hmac_key="test-key", retention_days=LIMIT_DAYS)
    return Run(settings, city.as_of_date - timedelta(days=1) + timedelta(days=LIMIT_DAYS))


def expired_phones(city: SmallCity) -> set[bytes]:
    """Numbers that only expired batches hold."""
    old, new = set(), set()
    with duckdb.connect(str(city.settings().warehouse_path), read_only=True) as connection:
        for source in ("hotline", "app", "grid"):
            rows = connection.execute(
                f"select b.exported_date < ?::date - 1, r::varchar from raw.{source} as r "
                "inner join ops.batches as b using (batch_id)", [city.as_of_date]).fetchall()  # fmt: skip
            for is_old, text in rows:
                (old if is_old else new).update(PHONE.findall(text.encode()))
    return old - new


def everything(city: SmallCity) -> bytes:
    settings = city.settings()
    files = [*settings.warehouse_path.parent.iterdir(), *settings.landing_dir.rglob("*")]
    return b"\0".join(path.read_bytes() for path in files if path.is_file())


def test_originals_are_gone_and_rows_are_accounted_for(ran_city: SmallCity, forker: Zygote) -> None:
    phones = expired_phones(ran_city)
    before = everything(ran_city)
    seen = {phone for phone in phones if phone in before}
    assert seen
    told, content = status(ran_city.settings(), None), content_of(ran_city)
    part = ran_city.settings().landing_dir / "hotline" / ".999999999.part"
    part.write_bytes(b"left by a killed process")

    counts = purge(purging(ran_city)).details

    assert counts["batches"] > 0 and counts["raw_rows"] > 0 and counts["staged_texts"] > 0
    after = everything(ran_city)
    assert [phone for phone in phones if phone in after] == []
    assert not part.exists()
    with Run(ran_city.settings(), ran_city.as_of_date).warehouse.reading() as door:
        ledger = door.rows("select sum(raw_rows), sum(rejected_texts), sum(staged_texts) from ops.purged_batches")[0]
        left = door.scalar("select count(*) from raw.hotline inner join ops.purged_batches using (batch_id)")
        texts = door.scalar("select count(*) from stg.hotline_order inner join ops.purged_batches using (batch_id) "
                            "where coalesce(title, content, address, text_hash) is not null")  # fmt: skip
        rejected = door.rows(
            "select distinct raw_text from ops.rejected_rows inner join ops.purged_batches using (batch_id)"
        )
        kept = door.scalar("select count(*) from stg.hotline_order where content is not null")
        comments = door.scalar("select count(*) from duckdb_columns() as c inner join duckdb_tables() as t "
                               "using (schema_name, table_name) where c.comment is null and schema_name <> 'raw'")  # fmt: skip
        titles = door.rows(
            "select occurred_date >= $limit, count(record_title) > 0 from mart.incident_records group by all order by 1",
            limit=ran_city.as_of_date - timedelta(days=1),
        )
    assert titles[0] == (False, False)
    assert ledger == (counts["raw_rows"], counts["rejected_texts"], counts["staged_texts"])
    assert (left, texts, comments) == (0, 0, 0)
    assert kept > 0
    assert all("已清除" in text for (text,) in rejected)
    # the tables that people and forecasts live on are the same, bit for bit
    now = content_of(ran_city)
    for name, value in content.items():
        if name.startswith(("core.fct_event", "core.dim", "feature.", "forecast.", "mart.", "cohort.", "label.")):
            # a title is text and goes with it, the row stays
            titled = name in ("mart.incidents", "mart.incident_records")
            assert now[name].split()[0] == value.split()[0] if titled else now[name] == value, name
    assert forker.run(ran_city, "publish")["status"] == 0
    assert status(ran_city.settings(), None)["sources"] == told["sources"]
    again = purge(purging(ran_city)).details
    assert (again["batches"], again["raw_rows"]) == (0, 0)


def test_a_purged_batch_is_never_read_again(ran_city: SmallCity, forker: Zygote) -> None:
    """A changed contract reads landed files again: those that are gone must keep what was read of them."""
    told = status(ran_city.settings(), None)["sources"]
    purge(purging(ran_city))
    for path in (ran_city.data / "hotline").iterdir():
        path.unlink()
    contract = ran_city.folder / "sources" / "hotline.yaml"
    contract.write_text(
        contract.read_text(encoding="utf-8").replace("title: 12345热线工单", "title: 热线"), encoding="utf-8"
    )
    for job in ("land", "clean", "validate"):
        assert forker.run(ran_city, job, "hotline")["status"] == 0
    for job in ("conform", "read", "publish"):
        assert forker.run(ran_city, job)["status"] == 0
    assert status(ran_city.settings(), None)["sources"] == told


def test_a_batch_that_waits_for_cleaning_is_not_purged(ran_city: SmallCity) -> None:
    run = purging(ran_city)
    with run.warehouse.writing() as door:
        door.run("update ops.batches set state = 'landed' where source_name = 'hotline'")
        rows = door.scalar("select count(*) from raw.hotline")
    purge(run)
    with run.warehouse.reading() as door:
        assert door.scalar("select count(*) from raw.hotline") == rows
    assert Path(ran_city.settings().landing_dir / "hotline").is_dir()
