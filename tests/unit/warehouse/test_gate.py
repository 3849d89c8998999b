"""Suites: all load, severities decide, and no value is kept."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from pathlib import Path

import polars as pl
import pytest

from pipelines.errors import ConfigurationError
from pipelines.settings import CHECKOUT
from pipelines.steps.validate import gate_of, verdict_frame
from pipelines.warehouse import expectations as module
from pipelines.warehouse.expectations import judge, load_suite

TABLES = sorted(
    path.relative_to(CHECKOUT / "expectations").with_suffix("").as_posix().replace("/", ".")
    for path in (CHECKOUT / "expectations").glob("*/*.json")
)
PERSONAL = "13800138000"


def expectation(kind: str, severity: str, **kwargs: object) -> dict[str, object]:
    return {"type": kind, "kwargs": kwargs, "severity": severity, "meta": {"reason": "理由"}}


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Write a suite of these expectations and load it."""
    monkeypatch.setattr(module, "CHECKOUT", tmp_path)
    (tmp_path / "expectations" / "stg").mkdir(parents=True)

    def write(*items: object, text: str | None = None) -> module.Suite:
        path = tmp_path / "expectations" / "stg" / "x.json"
        path.write_text(text or json.dumps({"name": "stg.x", "expectations": items}), encoding="utf-8")
        return load_suite("stg.x")

    return write


@pytest.mark.parametrize("table", TABLES)
def test_every_suite_loads_and_is_named_like_its_table(table: str) -> None:
    suite = load_suite(table)
    assert suite.name == table
    assert suite.columns


def test_the_gated_tables_have_suites() -> None:
    assert {"stg.hotline_order", "stg.grid_event", "stg.dept_disposal", "mart.hotspot_forecast"} <= set(TABLES)


@pytest.mark.parametrize(
    ("severities", "gate"),
    [(("critical", "warning"), "held"), (("warning",), "warned"), (("critical",), "held"), ((), "passed")],
)
def test_severity_decides(suite, severities: tuple[str, ...], gate: str) -> None:
    items = [expectation("expect_column_values_to_not_be_null", severity, column="a") for severity in severities]
    items.append(expectation("expect_column_values_to_not_be_null", "critical", column="b"))
    verdicts = judge(suite(*items), pl.DataFrame({"a": ["x", None], "b": ["x", "y"]}))
    assert gate_of(verdicts) == gate
    assert [(v.is_met, v.severity, v.column) for v in verdicts[: len(severities)]] == [
        (False, severity, "a") for severity in severities
    ]


def test_verdicts_carry_counts_and_no_value(suite) -> None:
    checks = suite(
        expectation("expect_column_values_to_match_regex", "warning", column="text", regex="^[a-z]+$"),
        expectation("expect_column_values_to_be_in_set", "critical", column="text", value_set=["x"]),
        expectation("expect_column_values_to_be_unique", "warning", column="text"),
        expectation("expect_column_value_lengths_to_be_between", "warning", column="text", max_value=3),
        expectation("expect_column_pair_values_a_to_be_greater_than_b", "warning", column_A="text", column_B="other"),
        expectation("expect_compound_columns_to_be_unique", "warning", column_list=["text", "other"]),
        expectation("expect_table_row_count_to_be_between", "warning", min_value=10),
    )
    frame = pl.DataFrame({"text": [PERSONAL, PERSONAL, "x"], "other": [PERSONAL + "1", PERSONAL + "1", "y"]})
    verdicts = judge(checks, frame)
    assert [v.is_met for v in verdicts] == [False] * 7
    stored = verdict_frame("stg.x", "b", "hotline", verdicts)
    assert PERSONAL not in json.dumps([dataclasses.asdict(v) for v in verdicts]) + stored.write_csv()
    assert verdicts[0].checked_count == 3
    assert verdicts[0].unexpected_count == 2


def test_dates_in_a_suite_are_compared_as_dates(suite) -> None:
    checks = suite(expectation("expect_column_values_to_be_between", "critical", column="at", min_value="2010-01-01"))
    frame = pl.DataFrame({"at": ["2009-12-31", "2010-01-01"]}).with_columns(pl.col("at").str.to_datetime("%Y-%m-%d"))
    (verdict,) = judge(checks, frame)
    assert verdict.unexpected_count == 1
    assert judge(checks, frame.tail(1))[0].is_met


def test_only_the_needed_columns_are_converted(suite) -> None:
    checks = suite(expectation("expect_column_values_to_not_be_null", "warning", column="a"))
    assert checks.columns == ["a"]
    assert judge(checks, pl.DataFrame({"a": ["x"], "raw": [object()]}))[0].is_met


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"name": "stg.x", "expectations": [', "x.json:1:"),
        ("[]", "not a suite"),
        ('{"name": "stg.x"}', "not a suite"),
        ('{"name": "stg.x", "expectations": [1]}', "not a suite"),
        (
            '{"name": "stg.x", "expectations": [{"type": "t", "severity": "warning", "meta": {"reason": "r"}}]}',
            "kwargs",
        ),
        ('{"name": "stg.x", "expectations": [{"type": "t", "severity": "info", "meta": {"reason": "r"}}]}', "severity"),
        ('{"name": "stg.x", "expectations": [{"type": "t", "severity": "warning"}]}', "reason"),
    ],
)
def test_a_broken_suite_file(suite, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        suite(text=text)


def test_a_missing_suite() -> None:
    with pytest.raises(ConfigurationError, match=r"expectations/stg/nothing\.json: no such suite"):
        load_suite("stg.nothing")


@pytest.mark.parametrize(
    "item",
    [
        expectation("expect_nothing_at_all", "warning", column="a"),
        expectation("expect_column_values_to_not_be_null", "warning", column="missing"),
        expectation("expect_column_values_to_not_be_null", "warning", column="a", bogus=1),
        expectation("expect_column_values_to_be_between", "warning", column="a"),
        expectation("expect_column_values_to_be_between", "warning", column="a", min_value=1),
        expectation("expect_column_values_to_match_regex", "warning", column="a", regex="("),
    ],
)
def test_a_suite_that_cannot_be_evaluated(suite, item: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=r"suite stg\.x") as error:
        judge(suite(item), pl.DataFrame({"a": [PERSONAL]}))
    assert PERSONAL not in str(error.value)


def test_judging_leaves_no_folder_behind(suite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is never made cannot be left there by a kill."""

    def refuse(*_: object, **__: object) -> str:
        raise AssertionError("a temporary folder was made")

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    module._batch_definition.cache_clear()
    checks = suite(expectation("expect_column_values_to_not_be_null", "critical", column="a"))
    assert judge(checks, pl.DataFrame({"a": ["x"]}))[0].is_met
