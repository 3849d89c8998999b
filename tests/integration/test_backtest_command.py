"""`xianban backtest` and `xianban evaluate` on the tiny city, and on cities of which only a Parquet file is known."""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score

from models.backtest import CONTRACT_COLUMNS
from models.baselines import BASELINES
from models.context import CONTEXT_INPUTS, STOCKS
from pipelines.backtesting import Question, _copied, score, worth
from pipelines.cities.lists import FOUND
from pipelines.cli import main
from pipelines.errors import XianbanError
from pipelines.settings import Settings
from pipelines.steps.past import past_of
from tests.conftest import CHECKOUT, SmallCity
from tests.integration.test_cli import xianban
from tests.integration.test_real_cities import DATA

MONDAY = dt.datetime(2024, 1, 1)
CITY = """name = "unseen"
title = "Unseen"
timezone = "Europe/Berlin"
default_date = 2024-07-01
dense_from = 2024-01-01
calendar = "none"
"""
CONTRACT = """name: reports
title: Reports
kind: hotline_order
reader: {format: parquet, path: "*.parquet"}
occurred_at: created_at
known_at: {delay: 1h}
columns: {community: neighbourhood, district: district}
resident_channels: all
issues: {from: category, system: unseen}
"""
CLOSING = CONTRACT.replace("district: district}", "district: district, closed_at: closed}")


def quiet(*told: object) -> None:
    """Say nothing."""


def reports(weeks: int, a_week: int = 60) -> pl.DataFrame:
    """Reports that come more often from some places and of some kinds."""
    random = np.random.default_rng(5)
    count = weeks * a_week
    place = np.minimum(random.geometric(0.35, count), 6)
    seconds = pl.Series(np.sort(random.integers(0, weeks * 7 * 86_400, count)))
    return pl.select(
        created_at=pl.lit(MONDAY) + pl.duration(seconds=seconds),
        category=pl.Series(random.choice(["noise", "waste", "light"], count, p=[0.6, 0.3, 0.1])),
        neighbourhood=pl.Series(place),
        district=pl.Series(place % 2),
    )


def with_closing(frame: pl.DataFrame) -> pl.DataFrame:
    """The same, each closed after one to forty days, the later the rarer."""
    days = pl.Series(np.minimum(np.random.default_rng(6).geometric(0.1, frame.height), 40))
    return frame.with_columns(closed=pl.col("created_at") + pl.duration(days=days))


def since_july(frame: pl.DataFrame) -> int:
    """How many came in the last four of thirty weeks."""
    return frame.filter(pl.col("created_at") >= dt.datetime(2024, 7, 1)).height


@pytest.fixture
def question(tmp_path: Path) -> Callable[..., Question]:
    """A city folder of fifteen lines and a Parquet file, nothing else."""

    def ask(frame: pl.DataFrame, origins: int = 4, contract: str = CONTRACT, **changes: object) -> Question:
        folder, data = tmp_path / "unseen", tmp_path / "data"
        (folder / "sources").mkdir(parents=True, exist_ok=True)
        data.mkdir(exist_ok=True)
        (folder / "city.toml").write_text(CITY, encoding="utf-8")
        (folder / "sources" / "reports.yaml").write_text(contract, encoding="utf-8")
        frame.write_parquet(data / "reports.parquet")
        settings = Settings(home=tmp_path / "home", city=folder, data=data, hmac_key="test-key")
        return Question(settings, origins, **changes)

    return ask


Called = Callable[..., tuple[int, str, str]]


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Called:
    """The command in this process: its exit code, what it prints, and what it tells beside that."""
    monkeypatch.setattr(logging.getLogger("xianban"), "level", logging.WARNING)

    def call(city: SmallCity, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("XIANBAN_HOME", str(city.home))
        monkeypatch.setenv("XIANBAN_CITY", str(city.folder))
        monkeypatch.setenv("XIANBAN_HMAC_KEY", "test-key")
        monkeypatch.setattr(sys, "argv", ["xianban", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        return int(ended.value.code or 0), shown.out, shown.err

    return call


def scored(question: Question):
    return score(question, "filter_logistic", quiet, quiet)


def test_the_command_writes_the_contract_and_prints_what_can_be_computed_from_it(
    tiny_city: SmallCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "rows.parquet"
    monkeypatch.setenv("XIANBAN_DATA", str(tmp_path))  # where none of the city's files is
    before = sorted(path for path in tiny_city.home.rglob("*") if path.is_file())
    done = xianban(tiny_city, "backtest", "--origins", "3", "--out", str(out), "--model", "filter_logistic", "--json")
    assert done.returncode == 0, done.stderr
    assert "done=3 of=3" in done.stderr
    found, rows = json.loads(done.stdout), pl.read_parquet(out)
    assert tuple(rows.columns[: len(CONTRACT_COLUMNS)]) == CONTRACT_COLUMNS
    assert set(rows.columns) - set(CONTRACT_COLUMNS) == {
        f"p_{target}_{name}" for name in BASELINES for target in ("hot", "surge")
    }
    assert rows.null_count().sum_horizontal().item() == 0
    assert rows["origin_date"].n_unique() == 3 and found["origins"] == 3
    assert rows.height == 3 * found["cells"]
    assert rows["district_code"].min() != ""
    # forty matters a week: the city's own files, not those of a whole city written anew
    assert 0 < rows["count_next"].sum() < 3 * 40
    measures = {one["measure"]: one for one in found["measures"]}
    expected = average_precision_score(rows["y_hot"], rows["p_hot"].cast(pl.Float64))
    assert measures["hot_pr_auc"]["model"] == pytest.approx(expected, abs=1e-9)
    assert measures["log_loss"]["ratio_low"] <= measures["log_loss"]["ratio_high"]
    assert {one["forecaster"] for one in found["forecasters"]} == {"filter_logistic", *BASELINES}
    assert {one["size_band"] for one in found["by_size"]} == {"small", "medium", "large"}
    # the warehouse that serves was not touched
    assert sorted(path for path in tiny_city.home.rglob("*") if path.is_file()) == before


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("backtest", "--model", "crystal_ball"), 1, "no forecaster 'crystal_ball'"),
        (("backtest", "--out", "/nowhere/rows.parquet"), 1, "its folder does not exist"),
        (("backtest", "--horizon", "14"), 2, "14"),
        (("backtest", "--data", "/nowhere"), 2, "/nowhere"),
        (("evaluate", "--with", "season", "--without", "city"), 2, "one feature is measured at a time"),
        (("evaluate", "--with", "weather", "--without", "weather"), 1, "no input 'weather'; groups are"),
        (("evaluate", "--with", "season"), 2, "--without"),
        (("evaluate", "--with", "season", "--without", "season", "--placebo"), 1, "a placebo is for what is added"),
        (("evaluate", "--with", "grid", "--without", "grid", "--model", "boosted"), 1, "no input 'grid'"),
    ],
)
def test_wrong_usage_is_told_before_any_work(
    tiny_city: SmallCity, called: Called, arguments: tuple[str, ...], code: int, words: str
) -> None:
    status, _, told = called(tiny_city, *arguments)
    assert status == code
    assert words in told.replace("\n", " ") and "Traceback" not in told


def test_a_feature_is_measured_by_leaving_it_out(question, called: Called) -> None:
    asked = question(reports(30)).settings
    city = SmallCity(asked.city, asked.home, dt.date(2024, 7, 1))
    status, shown, told = called(
        city, "evaluate", "--with", "speeds", "--without", "speeds", "--model", "filter_logistic", "--origins", "3",
        "--data", str(asked.data), "--json",
    )  # fmt: skip
    assert status == 0, told
    loss = next(one for one in json.loads(shown)["measures"] if one["measure"] == "log_loss")
    assert loss["difference"] == pytest.approx(loss["with"] - loss["without"]) != 0
    assert loss["low"] <= loss["difference"] <= loss["high"]


@pytest.mark.parametrize("placebo", [(), ("--placebo",)], ids=["none", "placebo"])
def test_what_stands_beside_the_counts_is_measured_by_adding_it(
    question, called: Called, placebo: tuple[str, ...]
) -> None:
    asked = question(with_closing(reports(30)), contract=CLOSING).settings
    city = SmallCity(asked.city, asked.home, dt.date(2024, 7, 1))
    status, shown, told = called(
        city, "evaluate", "--with", "handling", "--without", "handling", "--model", "filter_stack", "--origins", "2", "--data", str(asked.data),
        "--json", *placebo,
    )  # fmt: skip
    assert status == 0, told
    found = json.loads(shown)
    loss = next(one for one in found["measures"] if one["measure"] == "log_loss")
    assert loss["difference"] == pytest.approx(loss["with"] - loss["without"]) != 0
    assert found["is_placebo"] == bool(placebo) and not any("the same" in note for note in found["notes"])


def test_a_city_that_tells_of_nothing_else_gets_the_same_forecasts(question) -> None:
    asked = question(reports(30), origins=2)
    past, table = worth(asked, "filter_stack", "handling", quiet, quiet)
    assert not table["difference"].fill_nan(0).cast(pl.Boolean).any()
    assert any("the forecasts are the same" in note for note in past.notes)


def test_a_parquet_file_is_enough(question) -> None:
    found = scored(question(reports(30).with_columns(pl.col("created_at").dt.replace_time_zone("UTC"))))
    assert found.rows["community_code"].unique().sort().to_list() == ["1", "2", "3", "4", "5", "6"]
    assert found.rows["issue_code"].unique().sort().to_list() == ["light", "noise", "waste"]
    assert dict(found.rows.select("community_code", "district_code").iter_rows())["3"] == "district:1"
    assert any(FOUND in note for note in found.notes)
    assert found.rows["count_next"].sum() > 0


def test_codes_with_gaps_are_whole_numbers_and_lost_complaints_are_told(question) -> None:
    frame = reports(30).with_row_index()
    frame = frame.with_columns(
        neighbourhood=pl.when(pl.col("index") % 5 > 0).then(pl.col("neighbourhood").cast(pl.Float64)),
        category=pl.when(pl.col("index") % 7 > 0).then("category"),
    )
    found = scored(question(frame))
    assert set(found.rows["community_code"]) == {"1", "2", "3", "4", "5", "6"}
    assert any("without a known community" in note for note in found.notes)
    assert any("without a known category" in note for note in found.notes)


def test_a_category_system_that_changes_is_told_and_never_taken_for_zero(question) -> None:
    frame = reports(30)
    changed = MONDAY + dt.timedelta(weeks=28)
    new = pl.when(pl.col("created_at") >= changed).then("new " + pl.col("category")).otherwise("category")
    found = scored(question(frame.with_columns(category=new)))
    told = [note for note in found.notes if "of issues first known after the first origin" in note]
    assert len(told) == 1 and f"of {since_july(frame)} complaints" in told[0]
    assert not any(code.startswith("new") for code in found.rows["issue_code"].unique())


def test_a_week_without_data_is_not_scored_as_quiet(question) -> None:
    gap = pl.col("created_at").is_between(MONDAY + dt.timedelta(weeks=27), MONDAY + dt.timedelta(weeks=28))
    found = scored(question(reports(30).filter(~gap)))
    assert found.rows["origin_date"].n_unique() == 3
    assert any("not scored" in note and "2024-07-08" in note for note in found.notes)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (reports(3), "no usable origin"),
        (reports(10).with_columns(created_at=pl.lit("soon")), "600 rejected: 时间无法识别"),
        (reports(10).drop("neighbourhood"), "缺少列“neighbourhood”"),
        (reports(10).with_columns(category=pl.lit(None, dtype=pl.String)), "known category"),
        (reports(60).with_columns(category=pl.int_range(pl.len()).cast(pl.String)), "no list of issues"),
    ],
    ids=["short", "times", "column", "categories", "free text"],
)
def test_what_cannot_be_forecast_is_refused_with_its_reason(question, frame: pl.DataFrame, words: str) -> None:
    with pytest.raises(XianbanError) as error:
        scored(question(frame))
    assert words in str(error.value)


def test_eight_weeks_give_the_origins_there_are(question) -> None:
    found = scored(question(reports(8), origins=26))
    assert found.rows["origin_date"].n_unique() == 4
    assert any(note.startswith("4 of 26 origins") for note in found.notes)
    assert any("thresholds are not assessable" in note for note in found.notes)


def test_four_weeks_ahead(question) -> None:
    frame = reports(30)
    found = scored(question(frame, horizon_weeks=4))
    assert found.rows["origin_date"].max() == dt.date(2024, 7, 1)
    assert found.rows.filter(pl.col("origin_date") == dt.date(2024, 7, 1))["count_next"].sum() == since_july(frame)


def test_what_was_known_later_leaves_the_panels_bit_identical(question) -> None:
    frame = with_closing(reports(30))
    origin = dt.date(2024, 6, 3)
    early = frame.filter(pl.col("created_at") < dt.datetime(2024, 6, 3) - dt.timedelta(hours=1))
    known_then = pl.when(pl.col("closed") < dt.datetime(2024, 6, 3)).then("closed")
    panels = []
    for part in (frame, early.with_columns(closed=known_then)):
        asked = question(part, contract=CLOSING)
        with _copied(asked.settings, quiet) as (run, _):
            past = past_of(run, 4, 1, None)
            past.has_context = True
            panels.append(past.panel_at(origin))
            panels.append(past.panel_at(origin - dt.timedelta(weeks=3)))
    whole, earlier, cut, _ = panels
    assert whole.issues == cut.issues and whole.communities == cut.communities
    assert whole.counts[-1].sum() > 0
    assert np.array_equal(whole.counts, cut.counts)
    for back in range(20):
        told = [panel.context.table(CONTEXT_INPUTS, panel.counts[: len(panel.counts) - back], back)
                for panel in (whole, cut)]  # fmt: skip
        assert told[0][:, CONTEXT_INPUTS.index("backlog")].sum() > 0
        assert np.array_equal(*told)
        if back >= 3:  # and each week is what was said of it when it was the last one
            then = earlier.context.table(STOCKS, earlier.counts, back - 3)
            assert np.array_equal(told[0][:, : len(STOCKS)], then)


@pytest.mark.skipif(not DATA or not Path(DATA).is_dir(), reason="XIANBAN_DATA names no folder with the study data")
def test_a_real_city_beats_its_baselines(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, city=CHECKOUT / "pipelines" / "cities" / "pingshan", data=Path(str(DATA)))
    found = score(Question(settings, 2), "filter_logistic", quiet, quiet)
    served = found.table.row(by_predicate=pl.col("forecaster") == "filter_logistic", named=True)
    assert found.rows["origin_date"].n_unique() == 2
    assert served["log_loss_ratio"] < 1 and served["hot_pr_auc_ratio"] > 1
