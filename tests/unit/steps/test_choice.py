"""The choice in the service: its origins, who served before, and the sentence that tells it."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import get_args

import polars as pl
import pytest

from models.selection import Code, Duel, Selection
from pipelines.settings import Settings
from pipelines.steps.choice import NO_HISTORY, reason_of
from pipelines.steps.horizons import DISPATCH, PLANNING
from pipelines.steps.run import Run
from pipelines.steps.train import _incumbent, _origins
from pipelines.warehouse.migrate import migrate

DATE = dt.date(2026, 11, 16)
DUEL = Duel("filter_stack", "ewma_city", 0.016, 0.085, -0.00403, -0.005, -0.00305)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The sample city with an empty warehouse."""
    made = Run(Settings(home=tmp_path_factory.mktemp("home")), DATE)
    migrate(made.warehouse)
    return made


@pytest.mark.parametrize("code", get_args(Code))
def test_every_rule_has_a_sentence_that_fits_the_brief(code: Code) -> None:
    text = reason_of(Selection("filter_stack", "ewma_city", code, 26, DUEL, "boosted"), PLANNING)
    assert "据近26个起点（每2周一个，窗口28天）回测" in text
    assert "前一期用梯度提升树" in text
    assert "-0.00403（90%区间-0.00500至-0.00305）" in text and "1.6%对8.5%" in text
    assert len(text) <= 200


def test_the_first_choice_says_so() -> None:
    text = reason_of(Selection("filter_stack", "ewma_city", "preferred", 26, DUEL, None), DISPATCH)
    assert text.startswith("据近26周回测：采用首选模型滤波+多模型平均") and "此前未曾选型" in text


def test_origins_of_28_days_span_the_same_weeks_in_steps_of_two(run: Run) -> None:
    week, month = _origins(run, DISPATCH), _origins(run, PLANNING)
    assert (len(week), len(month)) == (26, 13)
    assert week[-1] == DATE - dt.timedelta(days=7) and month[-1] == DATE - dt.timedelta(days=28)
    assert {later - earlier for earlier, later in itertools.pairwise(month)} == {dt.timedelta(days=14)}
    assert len(set(month) - set(week)) == 1  # panels are shared but for the oldest


def test_the_incumbent_is_who_was_chosen_on_an_earlier_date_for_the_same_horizon(run: Run) -> None:
    def row(days_back: int, horizon: int, name: str, code: str) -> dict[str, object]:
        return {"as_of_date": DATE - dt.timedelta(days=days_back), "horizon_days": horizon, "forecaster_name": name,
                "forecaster_title": name, "is_baseline": False, "baseline_name": "ewma_05", "baseline_title": "基线",
                "reason": "-", "is_threshold_assessable": True, "reason_code": code}  # fmt: skip

    rows = [
        row(9, 7, "boosted", "clearly_better"),
        row(2, 7, "ewma_05", NO_HISTORY),  # served for want of history, chosen by nobody
        row(0, 7, "filter_boosted", "preferred"),  # the date itself, run before
        row(1, 28, "filter_logistic", "kept"),
    ]
    assert _incumbent(run, DISPATCH) is None
    with run.warehouse.writing() as door:
        door.append("forecast.selections", pl.DataFrame(rows))
    assert _incumbent(run, DISPATCH) == "boosted"
    assert _incumbent(run, PLANNING) == "filter_logistic"
