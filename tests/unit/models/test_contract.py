"""What others score us by: every figure of the summary can be computed from the contract's columns alone."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss

from models.backtest import CONTRACT_COLUMNS, backtest, contract, from_contract
from models.baselines import BASELINES, CLASSICAL_BASELINES
from models.context import CONTEXT_INPUTS
from models.evaluation import WITH_INTERVAL, best_classical, differences, summary
from models.filter_logistic import FilterLogistic
from models.hybrid import RATE_INPUTS, FilterBoosted
from models.input_groups import INPUT_GROUPS, blanked, inputs_named

MODEL = "filter_logistic"


@pytest.fixture(scope="module")
def whole(city) -> pl.DataFrame:
    origins = [city.as_of - dt.timedelta(weeks=weeks) for weeks in range(8, 0, -1)]
    models = [FilterLogistic(), FilterLogistic(without=("week_shift", "month_shift"))]
    return backtest(city.before, city, origins, models, capacity_k=10, refit_every=8, chosen=MODEL)


@pytest.fixture(scope="module")
def rows(whole) -> pl.DataFrame:
    return contract(whole, MODEL)


def test_the_contract_holds_the_model_and_the_baselines_and_nothing_else(rows) -> None:
    beside = [f"p_{target}_{name}" for name in BASELINES for target in ("hot", "surge")]
    assert rows.columns == [*CONTRACT_COLUMNS, *beside]


def test_an_outside_scorer_gets_the_same_figures(rows) -> None:
    table = summary(from_contract(rows, MODEL), resamples=0)
    hot = rows["y_hot"].to_numpy()
    for name, column in [(MODEL, "p_hot"), *((name, f"p_hot_{name}") for name in BASELINES)]:
        found = table.row(by_predicate=pl.col("forecaster") == name, named=True)
        p = rows[column].to_numpy().astype(np.float64)
        assert found["hot_pr_auc"] == pytest.approx(average_precision_score(hot, p), abs=1e-12)
        assert found["log_loss"] == pytest.approx(log_loss(hot, np.clip(p, 1e-15, 1 - 1e-15)), abs=1e-9)
        assert found["brier"] == pytest.approx(brier_score_loss(hot, p), abs=1e-12)
        bins = np.array_split(np.argsort(p, kind="stable"), 15)
        ece = sum(len(b) / len(p) * abs(p[b].mean() - hot[b].mean()) for b in bins)
        assert found["ece"] == pytest.approx(ece, abs=1e-12)
        for target in ("recurring", "emerging"):
            part = rows.filter(f"eligible_{target}")
            expected = average_precision_score(part[f"y_{target}"], part[column].to_numpy().astype(np.float64))
            assert found[f"{target}_pr_auc"] == pytest.approx(expected, abs=1e-12)
    served = table.row(by_predicate=pl.col("forecaster") == MODEL, named=True)
    top = rows.sort("p_hot", descending=True, maintain_order=True).group_by("origin_date").head(10)
    assert served["precision_at_k"] == pytest.approx(top["y_hot"].mean())
    assert served["recall_at_k"] == pytest.approx(top["y_hot"].sum() / hot.sum())
    best = max(table.filter(pl.col("forecaster").is_in(CLASSICAL_BASELINES))["hot_pr_auc"])
    assert served["hot_pr_auc_ratio"] == pytest.approx(served["hot_pr_auc"] / best)
    named = table.row(by_predicate=pl.col("forecaster") == best_classical(table, "hot_pr_auc"), named=True)
    assert named["hot_pr_auc"] == best


def test_every_ratio_but_of_stability_has_an_interval_around_it(rows) -> None:
    served = summary(from_contract(rows, MODEL), resamples=200).row(0, named=True)
    assert served["forecaster"] == MODEL
    for measure in WITH_INTERVAL:
        low, high = served[f"{measure}_ratio_low"], served[f"{measure}_ratio_high"]
        assert low <= high and low <= served[f"{measure}_ratio"] * 1.3 and high >= served[f"{measure}_ratio"] / 1.3
    assert "jaccard_ratio_low" not in served


def test_a_forecaster_does_not_differ_from_itself_and_does_from_its_part(whole) -> None:
    assert differences(whole, MODEL, MODEL)["difference"].drop_nans().abs().max() == 0
    part = f"{MODEL}_without_week_shift_month_shift"
    found = {row["measure"]: row for row in differences(whole, MODEL, part).iter_rows(named=True)}
    loss = found["log_loss"]
    assert loss["difference"] == pytest.approx(loss["first"] - loss["second"]) != 0
    assert loss["low"] <= loss["difference"] <= loss["high"]
    assert np.isnan(found["jaccard"]["low"])
    with pytest.raises(ValueError, match="nobody"):
        differences(whole, MODEL, "nobody")


def test_without_cases_measures_are_blank_and_not_zero(rows) -> None:
    quiet = rows.with_columns(pl.lit(False).alias(f"y_{name}") for name in ("hot", "recurring", "emerging", "surge"))
    served = summary(from_contract(quiet, MODEL), resamples=50).row(0, named=True)
    assert np.isnan(served["hot_pr_auc"]) and np.isnan(served["recall_at_k"]) and served["log_loss"] > 0


def test_inputs_are_left_out_by_name() -> None:
    table = np.ones((2, len(RATE_INPUTS)))
    season = RATE_INPUTS.index("season")
    left = blanked(table, RATE_INPUTS, ("season",))
    assert left[:, season].tolist() == [0, 0] and left.sum() == table.sum() - 2 and table.all()
    assert inputs_named("calendar", FilterBoosted().inputs) == INPUT_GROUPS["calendar"]
    assert inputs_named("season", RATE_INPUTS) == ("season",)
    with pytest.raises(ValueError, match=r"no input 'weather'; groups are counts, .*inputs are "):
        inputs_named("weather", FilterBoosted().inputs)
    every = FilterBoosted(context=CONTEXT_INPUTS).inputs
    assert {one for group in INPUT_GROUPS.values() for one in group} <= set(every)


def test_the_columns_of_the_rate_have_as_many_names(city) -> None:
    from models.city_rate import CityRate
    from models.filter_logistic import last_state
    from models.hybrid import rate_inputs
    from models.targets import frozen_thresholds
    from models.threshold_logits import ThresholdLogits

    thresholds = frozen_thresholds(city)
    rate = CityRate().fit(city.observed.sum(axis=1, dtype=np.float64), 1, 104)
    state = last_state(city, 1, rate)
    hot = ThresholdLogits.at(state, thresholds.hot)
    assert rate_inputs(city.observed, state, hot, thresholds, city.as_of).shape[1] == len(RATE_INPUTS)
