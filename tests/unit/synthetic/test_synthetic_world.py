"""The ground truth: long enough, reproducible, and honest about what could have been foreseen."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipelines.synthetic.world import Ints, WorldConfig, festival_name, is_workday, simulate


def test_the_default_city_has_enough_history_and_a_fixed_last_day() -> None:
    config = WorldConfig()
    assert config.weeks >= 130
    assert config.as_of == date(2026, 11, 16)


def test_the_default_city_has_the_intended_volume_and_sparsity() -> None:
    counts = simulate().counts
    assert 55_000 <= counts.sum() <= 65_000
    assert 0.1 < (counts > 0).mean() < 0.3


def test_the_same_seed_gives_the_same_world_and_another_seed_another() -> None:
    config = WorldConfig(weeks=20, communities=6)
    one, two, other = simulate(3, config), simulate(3, config), simulate(4, config)
    assert np.array_equal(one.counts, two.counts) and np.array_equal(one.expected, two.expected)
    assert not np.array_equal(one.counts, other.counts)


def test_what_was_foreseen_is_right_on_average() -> None:
    config = WorldConfig(matters_per_week=500.0)
    worlds = [simulate(seed, config) for seed in range(3)]
    total = sum(world.counts.sum() for world in worlds)
    assert sum(world.expected.sum() for world in worlds) == pytest.approx(total, rel=0.04)
    assert sum(world.intensity.sum() for world in worlds) == pytest.approx(total, rel=0.01)


def test_truth_has_one_row_per_week_community_and_issue_and_follows_the_merger() -> None:
    config = WorldConfig(first_day=date(2025, 6, 2), weeks=8)
    world = simulate(1, config)
    truth = world.truth()
    assert truth["count"].sum() == world.counts.sum()
    assert truth.select("week_start", "community_code", "issue_code").is_duplicated().sum() == 0
    merger = date(2025, 6, 30)
    before = set(truth.filter(pl.col("week_start") < merger)["community_code"])
    after = set(truth.filter(pl.col("week_start") >= merger)["community_code"])
    assert before - after == {"990101004004", "990101004005"} and after - before == {"990101004006"}
    assert len(before) == 49 and len(after) == 48


@pytest.mark.parametrize(
    ("change", "measure"),
    [
        ({"outbreak_share": 0.5, "outbreak_size": 12.0}, lambda c: c.var() / c.mean()),
        ({"matters_per_week": 900.0}, lambda c: c.sum()),
        ({"trend": 1.0}, lambda c: c[-20:].sum() / c[:20].sum()),
        ({"cell_shape": 0.2}, lambda c: np.sort(c.sum(axis=0).ravel())[-50:].sum() / c.sum()),
    ],
)
def test_other_dynamics_are_one_argument_away(change: dict[str, Any], measure: Callable[[Ints], float]) -> None:
    plain = WorldConfig(weeks=60)
    assert measure(simulate(5, replace(plain, **change)).counts) > measure(simulate(5, plain).counts)


def test_a_new_regime_changes_only_what_comes_after_it() -> None:
    plain = WorldConfig(weeks=60, communities=10)
    one, two = simulate(5, plain), simulate(5, replace(plain, regime_week=30, regime_share=1.0))
    shares = [w.counts[:30].sum(axis=0) / w.counts[:30].sum() for w in (one, two)]
    late = [w.counts[30:].sum(axis=0) / w.counts[30:].sum() for w in (one, two)]
    assert np.abs(shares[0] - late[0]).sum() < np.abs(shares[1] - late[1]).sum()


def test_every_week_is_spread_over_its_seven_days() -> None:
    weights = simulate(1, WorldConfig(weeks=10, communities=3)).day_weights
    assert np.allclose(weights.sum(axis=1), 1.0) and (weights > 0).all()


def test_workdays_know_make_up_days_overrides_and_years_not_yet_published() -> None:
    assert is_workday(date(2026, 10, 10), {})  # a Saturday that makes up for the holiday week
    assert not is_workday(date(2026, 10, 1), {}) and festival_name(date(2026, 10, 1)) is not None
    assert not is_workday(date(2026, 6, 12), {date(2026, 6, 12): False})
    monday = date(2027, 11, 1)
    assert [is_workday(monday + timedelta(days=n), {}) for n in (0, 5)] == [True, False]
    assert festival_name(monday) is None
