"""Trees: the facts they read, and that they fall back where there is nothing to learn from."""

import datetime as dt

import numpy as np
import pytest
from sklearn.metrics import average_precision_score
from threadpoolctl import threadpool_limits

from models.boosted import BoostedClassifier
from models.features import FEATURES, features_at
from models.hybrid import FilterBoosted
from models.targets import frozen_thresholds, label


@pytest.fixture(autouse=True)
def one_thread():
    """On small tables threads that wait for each other on a busy machine cost a hundred times what they bring."""
    with threadpool_limits(1, user_api="openmp"):
        yield


def fact(table: np.ndarray, name: str, cell: int = 0) -> float:
    return float(table[cell, FEATURES.index(name)])


def test_facts_by_hand(make_panel) -> None:
    counts = np.zeros((60, 2, 1))
    counts[[10, 50, 57], 0, 0] = [9, 4, 2]
    counts[:, 1, 0] = 1
    panel = make_panel(counts)
    thresholds = frozen_thresholds(panel)
    table = features_at(panel.counts, thresholds, week_of_year=13)
    assert table.shape == (2, len(FEATURES))
    assert thresholds.weekly.tolist() == [3]
    assert fact(table, "last_week") == 0
    assert fact(table, "mean_8w") == pytest.approx(2 / 8)
    assert fact(table, "max_52w") == 9
    assert fact(table, "weeks_since_complaint") == 3
    assert fact(table, "weeks_since_hot") == 10
    assert fact(table, "weeks_since_hot", cell=1) == 53
    assert fact(table, "hot_weeks_8w") == 0
    assert fact(table, "hot_weeks_52w") == 2
    assert fact(table, "last_year") == pytest.approx(0)  # weeks 7 to 9, around week 60 a year before
    assert fact(table, "community_last_week", cell=1) == 1
    assert fact(table, "city_last_week") == 1
    assert fact(table, "week_of_year_sine") == pytest.approx(1)


@pytest.mark.parametrize(
    ("model", "horizon"),
    [
        (BoostedClassifier(training_weeks=16, iterations=20), 1),
        (FilterBoosted(training_weeks=16, iterations=20), 4),
    ],
    ids=["classifier", "hybrid"],
)
def test_trees_rank_better_than_chance(city, model, horizon) -> None:
    origin = city.before(city.as_of - dt.timedelta(weeks=horizon))
    thresholds = frozen_thresholds(origin, horizon_weeks=horizon)
    p_hot = model.fit(origin, thresholds).predict(origin, thresholds).p_hot.ravel()
    hot = label(city.counts[-horizon:].sum(axis=0), origin, thresholds).hot.ravel()
    assert average_precision_score(hot, p_hot) > 2 * hot.mean()


@pytest.mark.parametrize("kind", [BoostedClassifier, FilterBoosted])
def test_fitting_twice_gives_the_same_bits(city, kind) -> None:
    thresholds = frozen_thresholds(city)
    first, second = (
        kind(training_weeks=4, max_rows=400, iterations=3).fit(city, thresholds).predict(city, thresholds)
        for _ in range(2)
    )
    assert np.array_equal(first.p_hot, second.p_hot)


@pytest.mark.parametrize("model", [BoostedClassifier(), FilterBoosted()], ids=str)
def test_too_little_history_is_no_obstacle(city, make_panel, model) -> None:
    for panel in (make_panel(city.counts[-5:]), make_panel(np.zeros((40, 3, 2)))):
        thresholds = frozen_thresholds(panel)
        p_hot = model.fit(panel, thresholds).predict(panel, thresholds).p_hot
        assert ((p_hot > 0) & (p_hot < 1)).all()


def test_hybrid_contributions_add_up(city) -> None:
    thresholds = frozen_thresholds(city)
    model = FilterBoosted(training_weeks=16, iterations=10).fit(city, thresholds)
    explained = model.explain(city, thresholds)
    parts = explained.drop("community_code", "issue_code", "logit").to_numpy().sum(axis=1)
    assert np.allclose(1 / (1 + np.exp(-parts)), model.predict(city, thresholds).p_hot.ravel(), rtol=1e-9)
    assert explained["pattern"].abs().max() > 0.01
