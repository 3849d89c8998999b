"""The emitted files, read by somebody who knows only their form: the manifest must tell the truth about them."""

import csv
import hashlib
import io
import json
import re
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import fastexcel
import polars as pl
import pytest

from pipelines.synthetic.emit import emit
from pipelines.synthetic.feed import plan_exports
from pipelines.synthetic.manifest import Manifest
from pipelines.synthetic.places import SAMPLE_CITY, read_rows
from pipelines.synthetic.world import WorldConfig

HEADERS = {
    "hotline": "工单编号,受理渠道,工单类型,问题分类,标题,主要内容,来电人,联系电话,被反映区,被反映街乡镇,村/社区,"
    "小区点位,承办单位,来电时间,派单时间,办结时间,工单状态,是否解决,是否满意,更新时间",
    "app": "诉求编号,提交时间,渠道,诉求类别,诉求内容,街道,社区,详细地址,办理单位,状态,更新时间",
    "grid": "案件号,问题来源,问题类型,事项代码,小类名称,街道,社区,单元网格编码,上报时间,立案时间,"
    "处置截止时间,处置结束时间,结案时间,当前阶段,问题描述,关联工单编号",
    "departments": "工单编号,序号,承办单位,派单时间,签收时间,办结时间,处理措施,是否属实,是否解决,未解决原因,更新时间",
}
KEY = {"hotline": (0,), "app": (0,), "grid": (0,), "departments": (0, 1)}
TIME = {"hotline": 13, "app": 1, "grid": 8, "departments": 3}
ENTERED = {"hotline": 19, "app": 10, "grid": 9, "departments": 3}
COMMUNITY = {"hotline": 10, "app": 6, "grid": 6}
CATEGORY = {"hotline": 3, "app": 3, "grid": 3}
STATUS = {"hotline": 16, "app": 9, "grid": 13}
STEM = {"hotline": "orders", "app": "appeals", "grid": "events", "departments": "disposals"}
SOURCES = tuple(HEADERS)

Row = tuple[str, ...]


def read_file(path: Path) -> list[Row]:
    """All rows of a file after its header, as text; checks the header on the way."""
    source = path.parent.name
    if path.suffix == ".xlsx":
        skipped = 2 if source == "app" else 0
        sheet = fastexcel.read_excel(path).load_sheet(0, header_row=None, dtypes="string").to_polars()
        lines = [tuple(cell or "" for cell in row) for row in sheet.rows()][skipped:]
    else:
        text = path.read_bytes().decode("gb18030" if source == "hotline" else "utf-8-sig")
        lines = [tuple(row) for row in csv.reader(io.StringIO(text, newline=""))]
    assert ",".join(lines[0]) == HEADERS[source]
    return lines[1:]


def moment(text: str) -> datetime:
    """A date in any of the forms the city uses.

    Raises:
        ValueError: it is none of them.
    """
    if match := re.fullmatch(r"(\d+)年(\d+)月(\d+)日 ([上下])午(\d+)点(\d+)分", text):
        year, month, day, hour, minute = (int(match[i]) for i in (1, 2, 3, 5, 6))
        return datetime(year, month, day, hour % 12 + (12 if match[4] == "下" else 0), minute)
    if re.fullmatch(r"\d{5}(\.\d+)?", text):
        return datetime(1899, 12, 30) + timedelta(seconds=round(float(text) * 86_400))
    for form in ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y%m%d%H%M%S"):
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    raise ValueError(text)


@dataclass
class Found:
    """What a reader finds in a source's files."""

    files: int = 0
    rows: int = 0
    duplicates: int = 0
    rewritten: int = 0
    dirty: dict[str, int] = field(default_factory=dict)
    first: dict[Row, Row] = field(default_factory=dict)
    all: list[tuple[Row, Row, date]] = field(default_factory=list)


def fault(source: str, row: Row, day: date) -> str | None:
    """Why a row cannot be used, None when it can."""
    if not row[0]:
        return "empty_key"
    if not row[TIME[source]]:
        return "missing_date"
    try:
        occurred = moment(row[TIME[source]])
    except ValueError:
        return "impossible_date"
    return "after_export" if occurred.date() >= day else None


def read_source(folder: Path, source: str) -> Found:
    """Read all files of a source in the order of their days."""
    found, seen = Found(), set()
    for path in sorted((folder / source).iterdir()):
        found.files += 1
        day = datetime.strptime(path.stem[-8:], "%Y%m%d").date()
        for row in read_file(path):
            found.rows += 1
            if row in seen:
                found.duplicates += 1
                continue
            seen.add(row)
            if reason := fault(source, row, day):
                found.dirty[reason] = found.dirty.get(reason, 0) + 1
                continue
            key = tuple(row[i] for i in KEY[source])
            found.rewritten += key in found.first
            found.first.setdefault(key, row)
            found.all.append((key, row, day))
    return found


@pytest.fixture(scope="module")
def read(small_city: tuple[Path, Manifest]) -> dict[str, Found]:
    """What is in the files of each source."""
    return {source: read_source(small_city[0], source) for source in SOURCES}


@pytest.mark.parametrize("source", SOURCES)
def test_rows_add_up_as_the_manifest_says(
    source: str, small_city: tuple[Path, Manifest], read: dict[str, Found]
) -> None:
    known, found = small_city[1].sources[source], read[source]
    assert (found.files, found.rows, found.duplicates) == (known.files, known.rows, known.duplicates)
    assert (len(found.first), found.rewritten) == (known.records, known.rewritten)
    assert found.dirty == {reason: count for reason, count in known.dirty.items() if count}
    assert set(found.dirty) == {"empty_key", "impossible_date", "missing_date", "after_export"}
    assert known.rows == known.records + known.rewritten + known.duplicates + known.dirty_rows
    assert known.duplicates > 0 and known.rewritten > 0


@pytest.mark.parametrize("source", ["hotline", "app", "grid"])
def test_oddities_are_as_many_as_the_manifest_says(
    source: str, small_city: tuple[Path, Manifest], read: dict[str, Found]
) -> None:
    known, found = small_city[1].sources[source], read[source]
    names = {d["name"] for d in read_rows(SAMPLE_CITY / "divisions.csv") if d["level"] == "community"}
    voided = {key for key, row, _ in found.all if "[作废]" in row[STATUS[source]] or "测试" in row[4]}
    unplaced = {key for key, row in found.first.items() if row[COMMUNITY[source]] not in names}
    blank = {key for key, row in found.first.items() if not row[CATEGORY[source]]}
    late = set()
    for key, row, _ in found.all:
        first = found.first[key] if source != "grid" else row
        if first[ENTERED[source]]:
            delay = moment(first[ENTERED[source]]) - moment(first[TIME[source]])
            late |= {key} if delay >= timedelta(days=2) else set()
    assert len(voided) == known.voided > 0
    assert len(unplaced) == known.unplaced > 0
    assert len(blank) == known.uncategorised > 0
    assert len(late) == known.late > 0


def test_matters_in_two_channels_are_as_many_as_the_manifest_says(
    small_city: tuple[Path, Manifest], read: dict[str, Found]
) -> None:
    folder, manifest = small_city
    answers = pl.read_parquet(folder / "answers.parquet")
    linked = {row[15] for row in read["grid"].first.values() if row[15]}
    assert len(linked) == manifest.sources["grid"].two_channels > 0
    assert linked <= {key[0] for key in read["hotline"].first}
    told = {s: answers.filter(pl.col("source") == s, pl.col("truth_id").is_not_null()) for s in ("hotline", "app")}
    both = set(told["hotline"]["truth_id"]) & set(told["app"]["truth_id"])
    assert told["app"].filter(pl.col("truth_id").is_in(list(both))).height == manifest.sources["app"].two_channels > 0
    either = told["hotline"].filter(pl.col("truth_id").is_in(list(both)) | pl.col("record_id").is_in(list(linked)))
    assert either.height == manifest.sources["hotline"].two_channels


def test_every_record_has_an_answer(small_city: tuple[Path, Manifest], read: dict[str, Found]) -> None:
    answers = pl.read_parquet(small_city[0] / "answers.parquet")
    for source in ("hotline", "app", "grid"):
        assert set(answers.filter(pl.col("source") == source)["record_id"]) == {key[0] for key in read[source].first}


@pytest.mark.parametrize("source", SOURCES)
def test_no_file_knows_anything_from_its_day_or_later(source: str, read: dict[str, Found]) -> None:
    due = 10 if source == "grid" else -1
    for _, row, day in read[source].all:
        for i, text in enumerate(row):
            if i != due and re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", text):
                assert text < f"{day}"


@pytest.mark.parametrize("source", ["hotline", "app", "departments"])
def test_a_record_sent_again_is_stamped_later(source: str, read: dict[str, Found]) -> None:
    last: dict[Row, datetime] = {}
    for key, row, _ in read[source].all:
        stamp = moment(row[-1])
        assert key not in last or stamp >= last[key]
        last[key] = stamp


def test_codes_in_the_records_have_their_form(read: dict[str, Found]) -> None:
    assert all(re.fullmatch(r"\d{18}", key[0]) for key in read["hotline"].first)
    grids = {d["code"] for d in read_rows(SAMPLE_CITY / "divisions.csv") if d["level"] == "grid"}
    assert all(row[7] in grids | {""} for row in read["grid"].first.values())
    values = {r["value"] for r in read_rows(SAMPLE_CITY / "issue_map.csv") if r["system"] == "grid"}
    assert all(row[3] in values | {""} for row in read["grid"].first.values())
    chains = {key[0] for key in read["departments"].first}
    assert chains <= {key[0] for key in read["hotline"].first} and len(chains) < len(read["departments"].first)


def test_names_follow_the_renaming_and_the_merger(read: dict[str, Found]) -> None:
    for row in read["hotline"].first.values():
        occurred = row[13]
        assert not (row[9] == "锦湖街道" and occurred < "2025-09-01")
        assert not (row[9] == "望湖街道" and occurred >= "2025-09-01")
        assert not (row[10] in ("东柳社区", "柳林社区") and occurred >= "2025-06-30")


def test_channels_include_one_that_is_not_the_residents(read: dict[str, Found]) -> None:
    channels = {row[1] for row in read["hotline"].first.values()}
    assert channels == {"12345电话", "微信", "APP", "网站", "上级转办", "网格上报"}


def test_the_app_writes_dates_in_several_forms(read: dict[str, Found]) -> None:
    stamps = [row[1] for row in read["app"].first.values()]
    for form in (r"\d{4}年.+[上下]午.+", r"\d{5}(\.\d+)?", r"\d{4}/\d+/\d+ .+", r"\d{14}", r"\d{4}-\d\d-\d\d .+"):
        assert any(re.fullmatch(form, stamp) for stamp in stamps), form


def test_phone_numbers_are_nobody_s(read: dict[str, Found]) -> None:
    for row in read["hotline"].first.values():
        for number in re.findall(r"(?<!\d)1[3-9]\d{9}(?!\d)", ",".join(row)):
            assert number[3:7] == "0000"


def test_files_are_half_year_archives_and_then_fourteen_days() -> None:
    days = [export.day for export in plan_exports(WorldConfig().first_day, WorldConfig().as_of)]
    assert [(d.year, d.month) for d in days[:6]] == [(2024, 7), (2025, 1), (2025, 7), (2026, 1), (2026, 7), (2026, 11)]
    assert [d.day for d in days[:6]] == [1, 1, 1, 1, 1, 2]
    assert days[6:] == [date(2026, 11, 3) + timedelta(days=n) for n in range(14)]


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, small_config: WorldConfig) -> None:
    config = replace(small_config, weeks=13, communities=4, matters_per_week=40.0)
    digests = []
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        lines: list[str] = []
        emit(tmp_path / name, seed=seed, config=config, progress=lines.append)
        assert lines
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        digests.append({str(p.relative_to(tmp_path / name)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files})
    assert digests[0] == digests[1]
    assert digests[0].keys() == digests[2].keys() and digests[0] != digests[2]


def test_manifest_is_saved_beside_the_files(small_city: tuple[Path, Manifest]) -> None:
    folder, manifest = small_city
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8")) == asdict(manifest)
    truth = pl.read_parquet(folder / "truth.parquet")
    assert truth["count"].sum() == manifest.resident_matters
    assert {p.name.split("_")[0] for s in SOURCES for p in (folder / s).iterdir()} == set(STEM.values())
