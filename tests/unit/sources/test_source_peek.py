"""The engineer's first quarter of an hour: guess a contract from a file, and see what it makes of the file."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cities.city import City
from pipelines.cli import app
from pipelines.errors import ConfigurationError, RefusedFile
from pipelines.settings import CHECKOUT
from pipelines.sources.aliases import ALIASES, header_for, kind_of, plain
from pipelines.sources.contract import DISPOSAL_COLUMNS, EVENT_COLUMNS, Source
from pipelines.sources.contract_file import load_source, load_sources
from pipelines.sources.peek import encoding_of, export_day, peek
from pipelines.sources.preview import as_lines, preview
from pipelines.sources.scaffold import scaffold

LISTS = {
    "city.toml": 'name = "town"\ntitle = "镇"\ndefault_date = 2025-09-03\ndense_from = 2025-01-01\n',
    "divisions.csv": "code,level,name,parent_code,valid_from,valid_to\n77,district,清溪区,,,\n"
    "7701,street,东桥街道,77,,\n7702,street,西渡街道,77,,\n770101,community,花园社区,7701,,\n"
    "770202,community,花园社区,7702,,\n770102,community,车站社区,7701,,2025-01-01\n",
    "issues.csv": "issue_code,issue_name,is_dangerous\nA1,垃圾,0\n",
    "issue_map.csv": "system,value,issue_code\nletters,垃圾清运,A1\n",
}
HEADER = (
    "信件编号,写信时间,最后更新时间,来信渠道,来源,信件标题,信件内容,联系电话,所属街道,所属社区,信件类别,承办单位,备注"
)
ROWS = [
    "X1,2025-09-01 09:30,2025-09-01 10:30,,微信,垃圾,楼下垃圾没人清，电话13800138000,13800138000,东桥街道,花园社区,垃圾清运,王建国13900139000,",
    "X2,2025-09-01 11:00,2025-09-02 11:00,,微信,路灯,路灯不亮,13800138001,,花园社区,路灯,区城管局,",
    "X3,2025-09-02 11:00,2025-09-02 12:00,,网格员巡查,噪声,噪声大,13800138002,东桥街道,车站社区,噪声,区城管局,",
    "X4,昨天下午,2025-09-02 12:00,,电话,测试工单,测试,13800138003,东桥街道,芳草社区,噪声,区城管局,",
    "X5,2025-09-02 12:00,2025-09-02 13:00,,电话,井盖,井盖,13800138004,西渡街道,芳草社区,噪声,区城管局,",
    "X5,2025-09-02 12:00,2025-09-02 13:00,,电话,井盖,井盖,13800138004,西渡街道,芳草社区,噪声,区城管局,",
]


@pytest.fixture
def city(tmp_path: Path) -> City:
    folder = tmp_path / "town"
    folder.mkdir()
    for name, text in LISTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    return City(folder)


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "mail" / "letters_20250902.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes("\r\n".join(["政府信箱导出", HEADER, *ROWS]).encode("gb18030"))
    return path


@pytest.fixture
def guessed(city: City, letters: Path) -> tuple[Path, list[str], Source]:
    target, left = scaffold(city, "letters", letters, letters.parents[1], None)
    return target, left, load_source(target)


def test_a_contract_is_guessed_from_a_file_nobody_saw(guessed) -> None:
    target, left, source = guessed
    assert source.kind == "hotline_order"
    reader = source.reader
    assert (reader.path, reader.encoding, reader.format) == ("mail/letters_{date}.csv", "gb18030", "csv")
    assert (source.key, source.occurred_at, source.known_at.from_) == (["信件编号"], ["写信时间"], ["最后更新时间"])
    names = {name: item.from_ for name, item in source.columns.items()}
    assert names == {
        "channel": ["来源"], "title": ["信件标题"], "content": ["信件内容"], "caller_phone": ["联系电话"],
        "street": ["所属街道"], "community": ["所属社区"], "unit": ["承办单位"],
    }  # fmt: skip
    assert source.resident_channels == ["电话", "微信"]
    assert source.issues and (source.issues.from_, source.issues.system) == (["信件类别"], "letters")
    assert [(mark.column, mark.contains) for mark in source.voided] == [("信件标题", ["测试工单"])]
    text = target.read_text(encoding="utf-8")
    assert "# left out, as patrols and staff: 网格员巡查" in text
    assert "# not used: 来信渠道、备注" in text
    assert "TODO" not in text and "13800138000" not in text
    assert [line.split(":")[0] for line in left] == ["resident_channels"]


def test_nothing_is_overwritten_and_wrong_names_are_told(city: City, letters: Path, guessed) -> None:
    before = guessed[0].read_text(encoding="utf-8")
    for name, kind, words in (
        ("letters", None, "is there already"), ("Letters", None, "lower-case"), ("other", "letter", "no such kind")
    ):  # fmt: skip
        with pytest.raises(ConfigurationError, match=words):
            scaffold(city, name, letters, None, kind)
    assert guessed[0].read_text(encoding="utf-8") == before
    assert [path.name for path in guessed[0].parent.iterdir()] == ["letters.yaml"]


def test_what_cannot_be_guessed_is_said_and_the_contract_still_loads(city: City, tmp_path: Path) -> None:
    path = tmp_path / "dump-2025-09.csv"
    path.write_text("甲,乙\n一,二\n三,四\n", encoding="utf-8")
    target, left = scaffold(city, "dump", path, None, None)
    source = load_source(target)
    assert source.reader.path == "dump-*.csv"
    assert source.key is None and source.known_at.length == dt.timedelta(days=1)
    told = [line.split(":")[0] for line in left]
    assert told == ["reader.path", "key", "occurred_at", "known_at", "columns.community", "resident_channels", "issues"]
    found = preview(source, city, path, None)
    assert found.refusal is not None and "缺少列“发生时间”" in found.refusal
    assert found.columns["occurred_at"] is None and found.unused_headers == ["甲", "乙"]


def test_a_column_called_like_a_time_that_holds_none_is_no_clock(city: City, tmp_path: Path) -> None:
    path = tmp_path / "calls_20250902.csv"
    path.write_text("编号,来电时间,受理时间,社区\n1,张三,2025-09-01 08:00,花园社区\n", encoding="utf-8")
    source = load_source(scaffold(city, "calls", path, None, None)[0])
    assert source.occurred_at == ["受理时间"]


@pytest.mark.parametrize("content", [b"", "编号,来电时间\n".encode()])
def test_a_file_without_rows_teaches_nothing(city: City, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "calls.csv"
    path.write_bytes(content)
    with pytest.raises(RefusedFile, match="请"):
        scaffold(city, "calls", path, None, None)
    assert not (city.folder / "sources" / "calls.yaml").exists()


def test_a_preview_accounts_for_every_row_and_shows_nobody(city: City, letters: Path, guessed) -> None:
    source = guessed[2]
    found = preview(source, city, letters, dt.date(2025, 9, 2))
    assert (found.encoding, found.header_row, found.refusal) == ("gb18030", 2, None)
    assert (found.rows_in, found.accepted) == (6, 4)
    assert found.rejected == {"时间无法识别（写信时间）": 1} and found.superseded == {"duplicate": 1}
    assert found.unmapped_categories == {"路灯": 1, "噪声": 2}
    assert found.uncounted_channels == {"网格员巡查": 1}
    assert found.unplaced_communities == {
        "花园社区: 2 of that name": 1, "车站社区: not on that day": 1, "芳草社区: not in divisions.csv": 1
    }  # fmt: skip
    assert found.missing_shares["street"] == round(1 / 6, 4) and found.missing_shares["key"] == 0
    assert found.unused_headers == ["来信渠道", "备注"]
    assert found.clocks["occurred_at_first"] == "2025-09-01 09:30:00"
    assert found.clocks["lag_hours_p99"] == 24.0
    assert len(found.mapped_rows) == 3
    told = json.dumps(dataclasses.asdict(found), ensure_ascii=False) + "\n".join(as_lines(found, source))
    assert "楼下垃圾没人清" in told
    for secret in ("13800138000", "13900139000", "caller_hash"):
        assert secret not in told


def test_joined_columns_are_explained_by_the_crosswalk_file(city: City, letters: Path, guessed) -> None:
    (city.folder / "issue_map.csv").write_text("system,value,issue_code\nboth,微信/垃圾清运,A1\n", encoding="utf-8")
    contract = guessed[0].read_text(encoding="utf-8").split("issues:")[0]
    guessed[0].write_text(
        f'{contract}\nissues: {{from: [来源, 信件类别], join: "/", system: both}}\n', encoding="utf-8"
    )
    found = preview(load_source(guessed[0]), City(city.folder), letters, None)
    assert found.unmapped_categories == {"微信/路灯": 1, "网格员巡查/噪声": 1, "电话/噪声": 1}
    assert (found.columns["category 来源"], found.columns["category 信件类别"]) == ("来源", "信件类别")


def test_rows_after_the_day_of_export_are_counted_as_rejected(city: City, letters: Path, guessed) -> None:
    found = preview(guessed[2], city, letters, dt.date(2025, 9, 1))
    assert found.rejected["时间晚于导出日期（写信时间）"] == 3


def test_a_zip_is_looked_into(city: City, letters: Path, guessed, tmp_path: Path) -> None:
    packed = tmp_path / "letters_20250902.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(letters, letters.name)
    found = preview(guessed[2], city, packed, None)
    assert (found.refusal, found.rows_in, found.header_row) == (None, 6, 2)


def test_the_command_guesses_checks_and_refuses(
    city: City, letters: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XIANBAN_HOME", str(tmp_path / "home"))
    xianban: Callable[..., object] = CliRunner().invoke
    where = ["--city", str(city.folder)]
    added = xianban(app, ["source", "add", "letters", "--from", str(letters), *where])
    assert added.exit_code == 0, added.output
    for piece in ("written: ", "not guessed: ", "rows: 6 in, 4 accepted, 1 rejected, 1 superseded"):
        assert piece in added.output
    checked = xianban(app, ["source", "check", "letters", *where, "--json"])
    assert checked.exit_code == 0 and json.loads(checked.output)["file"] == letters.name
    bad = tmp_path / "other.csv"
    bad.write_text("编号\n1\n", encoding="utf-8")
    refused = xianban(app, ["source", "check", "letters", *where, "--file", str(bad)])
    assert refused.exit_code == 1 and "REFUSED: letters other.csv" in refused.output
    nothing = xianban(app, ["source", "check", "letter", *where])
    assert nothing.exit_code == 1 and "no source 'letter'" in str(nothing.exception)
    assert not (tmp_path / "home").exists()


def test_the_contracts_of_the_sample_city_are_guessed_from_their_headers() -> None:
    for source in load_sources(City(CHECKOUT / "pipelines" / "cities" / "sample")):
        headers = sorted(source.mapped_headers)
        assert kind_of(headers) == source.kind
        assert header_for("occurred_at", headers) in source.occurred_at
        for name, item in source.columns.items():
            assert header_for(name, headers) in item.from_ or name in ("dispatched_at", "grid_code"), name


def test_aliases_are_plain_and_name_canonical_columns() -> None:
    assert set(ALIASES) - {"key", "occurred_at", "entered_at", "known_at", "category"} == {
        *EVENT_COLUMNS, *DISPOSAL_COLUMNS
    }  # fmt: skip
    assert plain("村/社区 ") == plain("村社区") and plain("工单编号（12345）") == "工单编号"
    assert header_for("community", ["小区", "村 / 社区"]) == "村 / 社区"
    assert header_for("community", ["小区"]) is None


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("calls_20260706.csv", dt.date(2026, 7, 6)),
        ("calls_20261306.csv", None),
        ("calls_120260706.csv", None),
        ("20261399_20260706.xlsx", dt.date(2026, 7, 6)),
    ],
)
def test_days_in_file_names(name: str, day: dt.date | None) -> None:
    assert export_day(name) == day


def test_encoding_and_separator_are_found(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("编号;社区\n1;花园\n".encode("gb18030"))
    assert encoding_of(path) == "gb18030"
    assert peek(path).separator == ";" and peek(path).rows[1] == (2, ["1", "花园"])
    path.write_bytes("\ufeff编号\t社区\n".encode())
    assert encoding_of(path) == "utf-8" and peek(path).rows[0][1] == ["编号", "社区"]
