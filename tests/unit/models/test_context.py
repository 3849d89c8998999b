"""What is known beside the counts: laid out as told, unknown where nobody tells it, and without effect where unknown."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from models.context import CONTEXT_INPUTS, ELSEWHERE, Context
from models.hybrid import RATE_INPUTS, FilterBoosted
from models.input_groups import INPUT_GROUPS, inputs_named
from models.panel import Panel
from models.stack import FilterStack
from models.targets import frozen_thresholds

COMMUNITIES, ISSUES = ("a", "b", "c"), ("x", "y")
COUNTS = np.arange(5 * 3 * 2, dtype=np.float32).reshape(5, 3, 2)


def records(*rows: tuple[str, str, int, str, int]) -> pl.DataFrame:
    names = ("community_code", "issue_code", "weeks_back", "measure", "record_count")
    schema = dict(zip(names, (pl.String, pl.String, pl.Int32, pl.String, pl.Int32), strict=True))
    return pl.DataFrame(list(rows), schema=schema, orient="row")


@pytest.fixture
def context() -> Context:
    """Three communities, two of them in one street."""
    told = records(
        ("b", "y", 0, "backlog", 3), ("b", "y", 1, "backlog", 9), ("a", "x", 0, "grid", 1), ("a", "x", 3, "grid", 2),
        ("a", "x", 4, "grid", 4), ("c", "x", 0, "grid", 8), ("elsewhere", "x", 0, "grid", 99),
    )  # fmt: skip
    return Context.from_records(told, COMMUNITIES, ISSUES, {"a": "street", "c": "street"})


def test_a_stock_is_that_of_the_week_and_records_are_those_of_four(context: Context) -> None:
    table = context.table(("backlog", "grid"), COUNTS, 0)
    assert table.tolist() == [[0, 3], [0, 0], [0, 0], [3, 0], [0, 8], [0, 0]]
    earlier = context.table(("backlog", "grid"), COUNTS[:-1], 1)
    assert earlier.tolist() == [[0, 6], [0, 0], [0, 0], [9, 0], [0, 0], [0, 0]]
    assert context.table(("backlog", "grid"), COUNTS, 0, np.array([4, 0])).tolist() == [[0, 8], [0, 3]]


def test_a_week_earlier_is_what_was_known_then(context: Context) -> None:
    np.testing.assert_array_equal(
        context.before(1).table(CONTEXT_INPUTS, COUNTS[:-1], 0), context.table(CONTEXT_INPUTS, COUNTS[:-1], 1)
    )
    panel = Panel(dt.date(2026, 3, 2), COMMUNITIES, ISSUES, COUNTS, context)
    cut = panel.before(dt.date(2026, 2, 23))
    assert cut.context is not None and cut.context.table(("backlog",), cut.counts, 0)[3] == 9


def test_neighbours_are_the_others_of_the_street(context: Context) -> None:
    table = context.table(("neighbours",), COUNTS, 0).reshape(3, 2)
    of_four_weeks = COUNTS[-4:].sum(axis=0)
    assert table[0].tolist() == of_four_weeks[2].tolist() and table[2].tolist() == of_four_weeks[0].tolist()
    assert table[1].tolist() == [0, 0]


def test_elsewhere_is_another_community_for_each(context: Context) -> None:
    true, other = (context.table((name,), COUNTS, 0).reshape(3, 2) for name in ("grid", "grid" + ELSEWHERE))
    assert sorted(true[:, 0]) == sorted(other[:, 0]) == [0, 3, 8]
    assert (true[:, 0] != other[:, 0]).all()


def test_what_nobody_tells_is_unknown_and_not_zero(context: Context) -> None:
    assert context.known(CONTEXT_INPUTS) == ("backlog", "grid", "neighbours")
    assert context.known(["grid" + ELSEWHERE, "overdue" + ELSEWHERE]) == ("grid" + ELSEWHERE,)
    alone = Context.from_records(records(), COMMUNITIES, ISSUES, {"a": "one", "b": "two"})
    assert alone.known(CONTEXT_INPUTS) == ()


def with_records(city: Panel, *rows: tuple[str, str, int, str, int]) -> Panel:
    return replace(city, context=Context.from_records(records(*rows), city.communities, city.issues, {}))


@pytest.mark.parametrize("model", [FilterBoosted, FilterStack], ids=lambda model: model.__name__)
def test_a_city_that_tells_nothing_else_gets_the_same_forecast(city: Panel, model) -> None:
    thresholds = frozen_thresholds(city)
    usual = model(training_weeks=24, iterations=20).fit(city, thresholds).predict(city, thresholds)
    for panel in (city, with_records(city)):
        asked = model(training_weeks=24, iterations=20, context=CONTEXT_INPUTS).fit(panel, thresholds)
        forecast = asked.predict(panel, thresholds)
        for part in ("p_hot", "p_surge", "expected_count"):
            np.testing.assert_array_equal(getattr(forecast, part), getattr(usual, part))
    told = with_records(city, ("c01", "k1", 0, "grid", 1))
    unasked = model(training_weeks=24, iterations=20).fit(told, thresholds).predict(told, thresholds)
    np.testing.assert_array_equal(unasked.p_hot, usual.p_hot)


@pytest.mark.parametrize("model", [FilterBoosted, FilterStack], ids=lambda model: model.__name__)
def test_a_record_that_foretells_the_count_is_learned(city: Panel, model) -> None:
    counts = city.counts
    rows = [
        (city.communities[c], city.issues[k], len(counts) - 1 - week, "backlog", int(counts[week + 1, c, k]))
        for week in range(len(counts) - 1) for c, k in zip(*np.nonzero(counts[week + 1]), strict=True)
    ]  # fmt: skip
    coming = city.counts[-1]
    told = with_records(city, *rows).before(city.as_of - dt.timedelta(weeks=1))
    thresholds = frozen_thresholds(told)
    hot = coming >= thresholds.hot
    forecasts = [
        model(training_weeks=40, iterations=60, context=names).fit(told, thresholds).predict(told, thresholds).p_hot
        for names in ((), ("backlog",))
    ]
    loss = [-np.log(np.where(hot, p, 1 - p)).mean() for p in forecasts]
    assert loss[1] < 0.8 * loss[0]
    left_out = model(training_weeks=40, iterations=60, context=("backlog",), without=("backlog",))
    blank = left_out.fit(told, thresholds).predict(told, thresholds)
    np.testing.assert_allclose(blank.p_hot, forecasts[0], atol=1e-6)


def test_a_model_that_was_told_more_asks_for_it(city: Panel) -> None:
    told, thresholds = with_records(city, ("c01", "k1", 0, "grid", 1)), frozen_thresholds(city)
    model = FilterBoosted(training_weeks=8, iterations=5, context=("grid",)).fit(told, thresholds)
    assert model.inputs[-1] == "grid" and model.name == "filter_boosted_with_grid"
    with pytest.raises(ValueError, match="has no context"):
        model.predict(city, thresholds)


def test_every_input_beside_the_counts_is_of_a_group_or_stands_alone() -> None:
    grouped = {name for group in ("handling", "repetition", "signals", "records") for name in INPUT_GROUPS[group]}
    assert grouped | {"neighbours"} == set(CONTEXT_INPUTS) and not set(CONTEXT_INPUTS) & set(RATE_INPUTS)
    assert inputs_named("neighbours", CONTEXT_INPUTS) == ("neighbours",)
