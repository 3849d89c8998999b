"""What changed between two exports is named; what chance explains is not."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import polars as pl
import pytest

from pipelines.sources.drift import drift
from pipelines.warehouse.expectations import Verdict

CITY = {
    "city.toml": 'name = "town"\ntitle = "镇"\ndefault_date = 2025-09-04\ndense_from = 2025-01-01\n',
    "divisions.csv": "code,level,name,parent_code\n770101,community,花园社区,\n",
    "issues.csv": "issue_code,issue_name,is_dangerous\nA1,路灯,0\n",
    "issue_map.csv": "system,value,issue_code\ncalls,路灯,A1\n",
    "sources/calls.yaml": "name: calls\ntitle: 来电\nkind: hotline_order\nreader: {format: csv, path: 'calls_{date}.csv'}\n"
    "key: 编号\noccurred_at: 来电时间\nknown_at: {delay: 1h}\ncolumns: {community: 社区}\nresident_channels: all\n"
    "issues: {from: 类别, system: calls}\n",
}


def batch(rows: int = 100, **columns) -> pl.DataFrame:
    """An export of the hotline with some of its columns replaced; None leaves one out."""
    spots = random.Random(rows)
    frame = {
        "batch_id": "hotline:1",
        "row_no": list(range(rows)),
        "工单编号": [f"2509{number:08}" for number in range(rows)],
        "来电时间": [f"2025-09-{1 + number % 28:02} 09:30:00" for number in range(rows)],
        "更新时间": ["2025-09-28 10:00:00"] * rows,
        "社区": ["和平社区"] * rows,
        "问题分类": [spots.choice(["路灯", "垃圾", "噪声", "井盖"]) for _ in range(rows)],
        "处理时长": [str(spots.randint(20, 60)) for _ in range(rows)],
        "回访人": ["甲"] * rows,
        **columns,
    }
    return pl.DataFrame({name: values for name, values in frame.items() if values is not None}, strict=False)


@pytest.fixture
def told(make_source):
    def compare(current: pl.DataFrame, previous: pl.DataFrame | None = None) -> dict[tuple[str, str], str]:
        found = drift(batch() if previous is None else previous, current, make_source())
        assert all(v.severity == "warning" and not v.is_met and v.checked_count == current.height for v in found)
        return {(verdict.expectation, verdict.column): verdict.reason for verdict in found}

    return compare


def test_the_same_again_is_no_drift(told) -> None:
    assert told(batch()) == {}
    assert told(batch(rows=37)) == {}
    assert told(batch(rows=0)) == {}
    assert told(batch(), previous=batch(rows=0)) == {}


def test_headers_that_come_go_and_change_their_name(told) -> None:
    found = told(batch(社区=None, 所属社区="和平社区", 回访人=None, 是否回访="是"))
    assert set(found) == {
        ("drift_renamed_header", "所属社区"), ("drift_missing_header", "回访人"), ("drift_new_header", "是否回访")
    }  # fmt: skip
    assert found["drift_renamed_header", "所属社区"] == "列“社区”疑似改名为“所属社区”，请在来源配置中补上“所属社区”"
    assert "未使用的列“回访人”" in found["drift_missing_header", "回访人"]


def test_a_column_that_fell_empty_is_missing_unless_chance_explains_it(told) -> None:
    empty = pl.Series([None] * 100, dtype=pl.String)
    assert set(told(batch(社区=empty))) == {("drift_missing_header", "社区")}
    rare = [None] * 97 + ["产权不清"] * 3
    assert told(batch(未解决原因=empty), previous=batch(未解决原因=rare)) == {}
    assert told(batch(未解决原因=rare), previous=batch(未解决原因=empty)) == {}


@pytest.mark.parametrize(("factor", "word"), [(60, "60倍"), (1000, "1000倍"), (3600, "3600倍"), (1 / 60, "60倍")])
def test_a_measure_in_another_unit(told, factor: float, word: str) -> None:
    other = [str(round(int(value) * factor, 4)) for value in batch()["处理时长"]]
    (reason,) = told(batch(处理时长=other)).values()
    assert "处理时长" in reason and word in reason and ("减小" if factor < 1 else "增大") in reason


def test_a_measure_that_only_grew_and_codes_are_no_other_unit(told) -> None:
    assert told(batch(处理时长=[str(int(value) * 8) for value in batch()["处理时长"]])) == {}
    code = [f"0{value}" for value in range(100, 200)]
    assert told(batch(区划=[value + "000" for value in code]), previous=batch(区划=code)) == {}


def test_a_clock_in_a_form_that_nobody_reads(told) -> None:
    odd = ["第36周周一"] * 60 + ["2025-09-01 09:30:00"] * 40
    (reason,) = told(batch(来电时间=odd)).values()
    assert reason == "时间列“来电时间”能识别的比例由100%降到40%，书写格式可能已改"
    few = ["第36周周一"] * 10 + ["2025-09-01 09:30:00"] * 90
    assert told(batch(来电时间=few)) == {}


def test_categories_never_seen_before(told) -> None:
    now = ["市政/路灯"] * 30 + ["路灯"] * 70
    (reason,) = told(batch(问题分类=now)).values()
    assert "问题分类" in reason and "30%" in reason and "1种" in reason
    assert told(batch(问题分类=["市政/路灯"] * 3 + ["路灯"] * 97)) == {}


def test_many_rare_categories_are_nothing_new(told) -> None:
    spots = random.Random(7)
    names = [f"分类{number}" for number in range(150)]
    one, two = ([spots.choice(names) for _ in range(100)] for _ in range(2))
    assert set(two) - set(one)
    assert told(batch(问题分类=two), previous=batch(问题分类=one)) == {}


def test_validating_tells_what_changed_since_the_last_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.settings import Settings
    from pipelines.steps.clean import clean
    from pipelines.steps.land import land
    from pipelines.steps.run import Run
    from pipelines.steps.validate import validate
    from pipelines.warehouse.migrate import migrate

    # what the suite says is told elsewhere, and its library takes seconds to load
    fine = Verdict("expect_table", None, "warning", True, 30, 0, "好")
    monkeypatch.setattr("pipelines.steps.validate.judge", lambda suite, frame: [fine])
    folder, data = tmp_path / "town", tmp_path / "data"
    (folder / "sources").mkdir(parents=True)
    data.mkdir()
    for name, text in CITY.items():
        (folder / name).write_text(text, encoding="utf-8")
    days = ["20250901", "20250902", "20250903"]
    for day, header in zip(days, ("回访人", "回访人", "回访人员"), strict=True):
        rows = [f"{day}{number},2025-08-30 10:00,花园社区,路灯,甲" for number in range(30)]
        text = "\n".join([f"编号,来电时间,社区,类别,{header}", *rows])
        (data / f"calls_{day}.csv").write_text(text, encoding="utf-8")
    settings = Settings(city=folder, home=tmp_path / "home", data=data, hmac_key="a test key of a length")
    run = Run(settings, dt.date(2025, 9, 4))
    migrate(run.warehouse)
    (source,) = run.sources
    for step in (land, clean, validate):
        step(run, source)
    with run.warehouse.reading() as door:
        told = door.rows(
            "select b.file_name, v.column_name, v.severity, v.reason, b.gate from ops.validation_results as v "
            "inner join ops.batches as b on v.batch_id = b.batch_id where v.suite_name = 'drift'"
        )
    assert told == [("calls_20250903.csv", "回访人员", "warning", "列“回访人”疑似改名为“回访人员”", "warned")]
