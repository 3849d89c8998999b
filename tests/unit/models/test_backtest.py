"""Rolling origins: the contract's columns, no leakage, and an honest summary."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score

from models.backtest import CONTRACT_COLUMNS, backtest, development, size_bands, with_chosen
from models.baselines import BASELINES, Ewma, MovingAverage
from models.evaluation import summary, summary_by
from models.filter_logistic import FilterLogistic
from models.panel import Panel
from models.splits import weekly_origins


def origins_of(panel: Panel, count: int, horizon: int = 1) -> list[dt.date]:
    start = panel.as_of - dt.timedelta(weeks=panel.weeks)
    return [split.origin for split in weekly_origins(panel.as_of, start, horizon_weeks=horizon, origins=count)]


@pytest.fixture(scope="module")
def scored(city) -> pl.DataFrame:
    """Sixteen origins, so that three are left to choose on."""
    district = {code: "east" if code < "c20" else "west" for code in city.communities}
    return backtest(
        city.before,
        city,
        origins_of(city, 16),
        [FilterLogistic()],
        capacity_k=10,
        district_of=district,
        refit_every=8,
        chosen="filter_logistic",
    )


def test_columns_of_the_contract(scored, city) -> None:
    assert tuple(scored.columns[: len(CONTRACT_COLUMNS)]) == CONTRACT_COLUMNS
    for name in (*BASELINES, "filter_logistic"):
        assert {f"p_hot_{name}", f"p_surge_{name}"} <= set(scored.columns)
    assert scored.height == 16 * 160
    assert scored.select("origin_date", "community_code", "issue_code").is_duplicated().sum() == 0
    assert scored.null_count().sum_horizontal().item() == 0
    assert set(scored["district_code"]) == {"east", "west"}


def test_outcomes_are_those_of_the_week_after_the_origin(scored, city) -> None:
    origin = city.as_of - dt.timedelta(weeks=3)
    rows = scored.filter(pl.col("origin_date") == origin)
    assert rows["count_next"].to_list() == city.counts[-3].ravel().astype(int).tolist()
    hot = pl.col("count_next") >= pl.col("threshold")
    assert scored.filter(pl.col("y_hot") != hot).is_empty()
    assert scored.filter(pl.col("y_recurring") != (hot & pl.col("eligible_recurring"))).is_empty()
    assert scored.filter(pl.col("y_emerging") != (hot & pl.col("eligible_emerging"))).is_empty()
    assert scored.filter(pl.col("eligible_recurring") & pl.col("eligible_emerging")).is_empty()


def test_probabilities_are_the_chosen_ones_under_the_masks(scored) -> None:
    assert scored["p_hot"].equals(scored["p_hot_filter_logistic"], check_names=False)
    assert scored.filter((pl.col("p_recurring") > 0) != pl.col("eligible_recurring")).is_empty()
    other = with_chosen(scored, "ewma_10")
    assert other["p_hot"].equals(scored["p_hot_ewma_10"], check_names=False)
    assert other["expected_count"].equals(scored["expected_count_ewma_10"], check_names=False)
    with pytest.raises(ValueError, match="no forecaster 'other'"):
        with_chosen(scored, "other")


def test_nothing_after_an_origin_reaches_its_forecast(city) -> None:
    counts = city.counts.copy()
    counts[-3:] = np.random.default_rng(1).poisson(20, counts[-3:].shape)
    changed = Panel(city.as_of, city.communities, city.issues, counts)
    origins = origins_of(city, 4)
    frames = [
        backtest(panel.before, panel, origins, [FilterLogistic()], baselines=[Ewma(0.1)], chosen="ewma_10")
        for panel in (city, changed)
    ]
    known = pl.col("origin_date") <= city.as_of - dt.timedelta(weeks=3)
    forecasts = pl.selectors.starts_with("p_hot", "p_surge", "expected_count", "eligible", "threshold")
    first, second = (frame.filter(known).select(forecasts) for frame in frames)
    assert first.height == 2 * 160
    assert first.equals(second)
    assert not frames[0].filter(~known).select(forecasts).equals(frames[1].filter(~known).select(forecasts))


def test_shuffled_outcomes_cannot_be_forecast(city) -> None:
    # every week is dealt out anew among the cells, so the past says nothing about who is hot next
    random = np.random.default_rng(2)
    flat = city.counts.reshape(city.weeks, -1, 1)
    shuffled = Panel(
        city.as_of,
        tuple(str(cell) for cell in range(flat.shape[1])),
        ("all",),
        np.stack([random.permutation(week) for week in flat]),
    )
    frame = backtest(
        shuffled.before, shuffled, origins_of(shuffled, 6), [FilterLogistic()], baselines=[], chosen="filter_logistic"
    )
    hot = frame["y_hot"].to_numpy()
    assert average_precision_score(hot, frame["p_hot"].to_numpy()) < 1.35 * hot.mean()


def test_summary_agrees_with_scikit_learn_and_by_hand(scored) -> None:
    table = summary(scored, resamples=50)
    row = table.row(by_predicate=pl.col("forecaster") == "filter_logistic", named=True)
    hot, p_hot = scored["y_hot"].to_numpy(), scored["p_hot"].to_numpy()
    assert row["hot_pr_auc"] == pytest.approx(average_precision_score(hot, p_hot))
    eligible = scored.filter("eligible_recurring")
    recurring = average_precision_score(eligible["y_recurring"].to_numpy(), eligible["p_recurring"].to_numpy())
    assert row["recurring_pr_auc"] == pytest.approx(recurring)
    # cells that cannot be recurring have p = 0 and y = 0, so judging all cells gives the same figure
    everywhere = average_precision_score(scored["y_recurring"].to_numpy(), scored["p_recurring"].to_numpy())
    assert row["recurring_pr_auc"] == pytest.approx(everywhere)
    listed = scored.sort("p_hot", descending=True).group_by("origin_date").head(10)
    assert row["precision_at_k"] == pytest.approx(listed["y_hot"].mean())
    assert row["recall_at_k"] == pytest.approx(listed["y_hot"].sum() / hot.sum())
    assert row["brier"] == pytest.approx(((p_hot - hot) ** 2).mean(), rel=1e-5)
    best = table.filter("is_baseline", pl.col("forecaster") != "ewma_city")["hot_pr_auc"].max()
    assert row["hot_pr_auc_ratio"] == pytest.approx(row["hot_pr_auc"] / best)
    assert row["hot_pr_auc_ratio_low"] < row["hot_pr_auc_ratio"] < row["hot_pr_auc_ratio_high"]
    baselines = table.filter("is_baseline", pl.col("forecaster") != "ewma_city")
    assert baselines["hot_pr_auc_ratio"].max() == 1
    assert baselines["log_loss_ratio"].min() == 1


def test_summary_by_part_reads_the_part_only(scored) -> None:
    table = summary_by(scored, "district_code")
    east = summary(scored.filter(pl.col("district_code") == "east"), resamples=0)
    assert table.filter(pl.col("district_code") == "east").drop("district_code").equals(east, null_equal=True)
    assert set(summary_by(scored, "size_band")["size_band"]) == {"small", "medium", "large"}


def test_summary_needs_a_baseline(scored) -> None:
    with pytest.raises(ValueError, match="no p_hot_<baseline> column"):
        summary(scored.select(pl.exclude([f"p_hot_{name}" for name in BASELINES])))


def test_choice_is_made_before_the_last_thirteen_origins(scored) -> None:
    assert development(scored)["origin_date"].n_unique() == 3
    assert development(scored)["origin_date"].max() < scored["origin_date"].unique().sort()[-13]
    few = scored.filter(pl.col("origin_date") >= scored["origin_date"].unique().sort()[-13])
    assert development(few).height == few.height


def test_four_week_windows(city) -> None:
    frame = backtest(
        city.before,
        city,
        origins_of(city, 2, horizon=4),
        [FilterLogistic()],
        baselines=[MovingAverage(4)],
        horizon_weeks=4,
        chosen="filter_logistic",
    )
    last = frame.filter(pl.col("origin_date") == city.as_of - dt.timedelta(weeks=4))
    assert last["count_next"].to_list() == city.counts[-4:].sum(axis=0).ravel().astype(int).tolist()
    assert last["expected_count"].sum() == pytest.approx(last["count_next"].sum(), rel=0.25)


def test_refuses_windows_that_are_not_covered(city) -> None:
    arguments = {"baselines": [MovingAverage(1)], "chosen": "persistence"}
    with pytest.raises(ValueError, match="do not cover"):
        backtest(city.before, city, [city.as_of], [], **arguments)
    with pytest.raises(ValueError, match="no origins"):
        backtest(city.before, city, [], [], **arguments)
    with pytest.raises(ValueError, match="same name"):
        backtest(city.before, city, origins_of(city, 1), [MovingAverage(1)], **arguments)
    other = Panel(city.as_of, city.communities, ("a", "b", "c", "d"), city.counts)
    with pytest.raises(ValueError, match="different codes"):
        backtest(city.before, other, origins_of(city, 1), [], **arguments)


def test_progress_and_refits(city) -> None:
    seen: list[tuple[int, int]] = []
    fitted: list[dt.date] = []

    class Watched(MovingAverage):
        def fit(self, panel, thresholds):
            fitted.append(panel.as_of)
            return super().fit(panel, thresholds)

    origins = origins_of(city, 5)
    backtest(
        city.before,
        city,
        origins,
        [],
        baselines=[Watched(1)],
        refit_every=3,
        chosen="persistence",
        on_progress=lambda done, total, origin: seen.append((done, total)),
    )
    assert seen == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]
    assert fitted == [origins[0], origins[3]]


def test_size_bands_are_thirds_by_complaints(make_panel) -> None:
    counts = np.arange(1, 7)[None, ::-1, None] * np.ones((3, 1, 1))
    bands = size_bands(make_panel(counts))
    assert list(bands.values()) == ["large", "large", "medium", "medium", "small", "small"]
