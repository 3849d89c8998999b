"""Source contracts: what is wrong is named with its key or line, and the nearest right name."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from pipelines.cities.city import City
from pipelines.errors import ConfigurationError
from pipelines.settings import CHECKOUT
from pipelines.sources.contract import Clock
from pipelines.sources.contract_file import load_source, load_sources

CITIES = sorted(path.parent for path in (CHECKOUT / "pipelines" / "cities").glob("*/city.toml"))
GOOD = """
name: hotline
title: 热线
kind: hotline_order
reader: {format: csv, path: "orders_{date}.csv"}
key: 工单编号
occurred_at: 来电时间
known_at: 更新时间
columns: {content: 主要内容, channel: {from: 渠道, values: {1: phone}}}
resident_channels: [phone]
"""


@pytest.fixture
def contract(tmp_path: Path):
    def write(old: str = "", new: str = ""):
        assert old in GOOD
        path = tmp_path / "hotline.yaml"
        path.write_text(GOOD.replace(old, new), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("folder", CITIES, ids=lambda path: path.name)
def test_every_city_in_the_checkout_loads(folder: Path) -> None:
    city = City(folder)
    assert city.name == folder.name
    assert bool(city.issues) == bool(city.issue_map) == ("issues" not in city.lists_from_data)
    assert load_sources(city)
    assert city.divisions or city.config.cells or "places" in city.lists_from_data
    known = {row.issue_code for row in city.issues}
    assert {row.issue_code for row in city.issue_map} - {None} <= known
    assert {row.issue_code for row in city.responsibilities} <= known
    systems = {source.issues.system for source in load_sources(city) if source.issues}
    assert systems <= {row.system for row in city.issue_map} or "issues" in city.lists_from_data


def test_a_good_contract(contract) -> None:
    source = load_source(contract())
    assert source.key == ["工单编号"]
    assert source.columns["channel"].values == {"1": "phone"}
    assert source.needed_headers == [["工单编号"], ["来电时间"], ["更新时间"], ["渠道"]]
    assert source.mapped_headers == {"工单编号", "来电时间", "更新时间", "渠道", "主要内容"}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("title: 热线", "title: [热线", [":4:", "correct the YAML"]),
        ("title: 热线", "\ttitle: 热线", [":3:"]),
        ("title: 热线", "title: 热线\x00", ["UTF-8"]),
        ("title: 热线", "titel: 热线", [":3: titel", "did you mean 'title'", "title: Field required"]),
        ("columns:", "colums:", [":9: colums", "did you mean 'columns'"]),
        ("columns:", "issues:\n  form: 类别\n  system: a\ncolumns:", [":10: issues.form", "did you mean 'from'"]),
        ("{content: 主要内容,", "\n  {contnt: 主要内容,", [":10: columns.contnt", "did you mean 'content'"]),
        ("known_at:", "title: 电话\nknown_at:", [":8: 'title' stands twice"]),
        ("format: csv", "format: csv, enconding: utf-8", [":5: reader.enconding", "did you mean 'encoding'"]),
        ("{from: 渠道,", "{form: 渠道,", [":9: columns.channel.form", "did you mean 'from'"]),
        ("format: csv", "format: doc", ["reader.format", "'csv', 'xlsx'", "'parquet'"]),
        ("content:", "contents:", [":9: columns.contents", "did you mean 'content'"]),
        ("kind: hotline_order", "kind: hotline", ["kind", "hotline_order"]),
        ("name: hotline", "name: Hotline", ["name:"]),
        ("orders_{date}.csv", "../orders.csv", ["reader.path", "below the data folder"]),
        ("orders_{date}.csv", "/etc/passwd", ["reader.path"]),
        ("orders_{date}.csv", "{date}/{date}.csv", ["reader.path"]),
        ("path:", "separator: ';;', path:", ["reader.separator"]),
        ("known_at: 更新时间", "known_at: {delay: two days}", ["known_at", "30min, 6h or 2d"]),
        ("known_at: 更新时间", "known_at: {}", ["known_at", "a column (from) or a delay"]),
        ("known_at: 更新时间", "known_at: {dalay: 1h}", ["did you mean 'delay'"]),
        ("channel: {from: 渠道, values: {1: phone}}", "unit: 单位", ["columns.channel", "resident_channels"]),
        ("key: 工单编号", "key: []", ["key"]),
        (GOOD, "- a\n- b\n", ["file:", "valid dictionary"]),
        (GOOD, "", ["file:"]),
        ("format: csv", "format: csv, overlap: 2h", ["reader.overlap", "means nothing for the format csv"]),
        (
            'format: csv, path: "orders_{date}.csv"',
            "format: postgres, connection: db, table: t, cursor: at, overlap: two hours",
            [":5: reader.overlap", "30min, 6h or 2d"],
        ),
        ("columns:", "issues: {from: 类别, join: /, system: a}\ncolumns:", [":9: issues", "two or more columns"]),
    ],
)
def test_what_is_wrong_is_named(contract, old: str, new: str, words: list[str]) -> None:
    path = contract(old, new)
    with pytest.raises(ConfigurationError) as error:
        load_source(path)
    message = str(error.value)
    assert message.startswith(str(path))
    for word in words:
        assert word in message


def test_a_contract_in_another_encoding(contract) -> None:
    path = contract()
    path.write_bytes(GOOD.encode("gb18030"))
    with pytest.raises(ConfigurationError, match="save it as UTF-8"):
        load_source(path)


def test_sources_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "city.toml").write_text(
        'name = "town"\ntitle = "镇"\ndefault_date = 2025-09-03\ndense_from = 2025-01-01\n', encoding="utf-8"
    )
    city = City(tmp_path)
    with pytest.raises(ConfigurationError, match="at least one source"):
        load_sources(city)
    (tmp_path / "sources").mkdir()
    for name in ("a", "b"):
        (tmp_path / "sources" / f"{name}.yaml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="'hotline' is defined twice"):
        load_sources(city)


@pytest.mark.parametrize(
    ("text", "columns", "length"),
    [
        ("{delay: 30min}", [], dt.timedelta(minutes=30)),
        ("{delay: 6 h}", [], dt.timedelta(hours=6)),
        ("{delay: 2d}", [], dt.timedelta(days=2)),
        ("{from: 立案时间, delay: 6h}", ["立案时间"], dt.timedelta(hours=6)),
        ("{from: [a, b]}", ["a", "b"], None),
    ],
)
def test_forms_of_a_clock(text: str, columns: list[str], length: dt.timedelta | None) -> None:
    clock = Clock.model_validate(yaml.safe_load(text))
    assert (clock.from_, clock.length) == (columns, length)


def test_a_disposal_names_its_order(contract) -> None:
    path = contract("kind: hotline_order", "kind: dept_disposal")
    with pytest.raises(ConfigurationError, match="columns"):
        load_source(path)


def test_contracts_are_frozen(contract) -> None:
    source = load_source(contract())
    with pytest.raises(ValidationError):
        source.title = "x"


def test_an_unused_key_does_not_change_the_contract_hash(contract) -> None:
    """Batches that were read before the key existed must not all be read again."""
    text = "issues: {from: [类型, 类别], system: a}\ncolumns:"
    source = load_source(contract("columns:", text))
    assert '"join"' not in source.model_dump_json() and source.needed_headers[-1] == ["类型", "类别"]
    joined = load_source(contract("columns:", text.replace("],", "], join: /,")))
    assert joined.contract_hash != source.contract_hash and joined.needed_headers[-2:] == [["类型"], ["类别"]]
