"""Selection over time: the preferred model serves unless past weeks say clearly otherwise."""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import polars as pl
import pytest

from models.selection import LEAST_ORIGINS, select, weekly_losses

FIRST = dt.date(2026, 1, 5)


def table(weeks: int = 26, **losses: object) -> pl.DataFrame:
    """Losses of each forecaster by origin; a number stands for the same in every week."""
    dates = [FIRST + dt.timedelta(weeks=week) for week in range(weeks)]
    filled = {name: np.broadcast_to(np.asarray(loss, float), weeks) for name, loss in losses.items()}
    return pl.DataFrame({"origin_date": dates, **filled})


def noisy(mean: float, swing: float, weeks: int = 26) -> np.ndarray:
    """Weeks that alternate around a mean, so that the mean of the weeks is exact and their spread is known."""
    return mean + swing * np.tile([1, -1], weeks // 2)


def test_the_preferred_model_serves_though_another_leads_by_chance() -> None:
    """A lead of one per cent that half of the weeks contradict, as on thirteen weeks of one city."""
    losses = table(filter_stack=0.100, boosted=noisy(0.099, 0.03), ewma_05=0.11)
    found = select(losses)
    assert (found.name, found.code, found.baseline) == ("filter_stack", "preferred", "ewma_05")
    assert found.duel is not None and found.duel.second == "ewma_05"


def test_another_replaces_it_when_every_interval_is_on_its_side() -> None:
    losses = table(filter_stack=0.100, boosted=noisy(0.099, 0.001), filter_logistic=noisy(0.098, 0.001), ewma_05=0.11)
    found = select(losses)
    assert (found.name, found.code) == ("filter_logistic", "clearly_better")
    assert found.duel is not None
    assert found.duel.difference == pytest.approx(-0.002)
    assert found.duel.low < -0.002 < found.duel.high < 0


def test_the_interval_is_that_of_the_weeks() -> None:
    """Mean of n alternating differences: sd swing/√n, so 90 % lie within 1.645 of them."""
    found = select(table(filter_stack=0.1, boosted=noisy(0.09, 0.01), ewma_05=0.2))
    assert found.duel is not None
    assert found.duel.high - found.duel.low == pytest.approx(2 * 1.645 * 0.01 / np.sqrt(26), rel=0.1)


def test_windows_that_overlap_are_drawn_together() -> None:
    """Runs of two equal weeks hold half as much as they seem to; drawing weeks one by one would not see it."""
    runs = 0.09 + 0.01 * np.tile([1, 1, -1, -1, -1, -1, 1, 1], 4)[:26]
    losses = table(filter_stack=0.1, boosted=runs, ewma_05=0.2)
    alone, together = select(losses).duel, select(losses, overlap=2).duel
    assert alone is not None and together is not None
    assert together.high - together.low > 1.1 * (alone.high - alone.low)
    assert together.difference == alone.difference


def test_few_weeks_make_nobody_clearly_better() -> None:
    few = table(LEAST_ORIGINS - 1, filter_stack=0.100, boosted=0.05, ewma_05=0.11)
    assert select(few).name == "filter_stack"
    enough = table(LEAST_ORIGINS, filter_stack=0.100, boosted=0.05, ewma_05=0.11)
    assert select(enough).name == "boosted"


def test_the_incumbent_stays_until_the_challenger_does_not_lose() -> None:
    """Boosted served; it is still ahead, though not clearly any more."""
    ahead = table(filter_stack=0.100, boosted=noisy(0.0999, 0.001), ewma_05=0.2)
    kept = select(ahead, incumbent="boosted")
    assert (kept.name, kept.code, kept.incumbent) == ("boosted", "kept", "boosted")
    assert select(ahead).name == "filter_stack"
    level = select(table(filter_stack=0.100, boosted=0.100, ewma_05=0.2), incumbent="boosted")
    assert (level.name, level.code) == ("filter_stack", "not_worse")
    assert select(table(filter_stack=0.100, boosted=0.101, ewma_05=0.2), incumbent="boosted").code == "not_worse"


def test_the_list_does_not_flicker_around_equality() -> None:
    """Two models that are equal but for chance, chosen week by week over two years on the last 26 origins."""
    random = np.random.default_rng(3)
    weeks = 130
    stack, boosted = 0.1 + random.normal(0, 0.004, (2, weeks))
    losses = table(weeks, filter_stack=stack, boosted=boosted, ewma_05=0.12)
    incumbent, names, least = None, [], []
    for end in range(26, weeks + 1):
        incumbent = select(losses.head(end), incumbent=incumbent).name
        names.append(incumbent)
        least.append(stack[end - 26 : end].mean() <= boosted[end - 26 : end].mean())
    by_choice = sum(one != other for one, other in itertools.pairwise(names))
    by_least_loss = sum(one != other for one, other in itertools.pairwise(least))
    assert by_least_loss >= 4
    assert by_choice <= by_least_loss / 2


def test_a_baseline_serves_where_the_model_loses_to_it_and_stays_until_it_clearly_loses() -> None:
    losing = table(filter_stack=0.101, ewma_05=0.100, mean_8w=0.12)
    fallen = select(losing, incumbent="filter_stack")
    assert (fallen.name, fallen.baseline, fallen.code) == ("ewma_05", "ewma_05", "baseline_better")
    unclear = table(filter_stack=noisy(0.0995, 0.01), ewma_05=0.100)
    assert select(unclear, incumbent="ewma_05").code == "baseline_kept"
    clear = table(filter_stack=noisy(0.095, 0.001), ewma_05=0.100)
    back = select(clear, incumbent="ewma_05")
    assert (back.name, back.code) == ("filter_stack", "baseline_left")


def test_only_the_newest_origins_decide() -> None:
    old_and_new = np.concatenate([np.full(20, 0.3), np.full(26, 0.09)])
    losses = table(46, filter_stack=0.1, boosted=old_and_new, ewma_05=0.2)
    assert select(losses).name == "boosted"
    assert select(losses, last=46).name == "filter_stack"


def test_a_stormy_week_counts_no_more_than_a_quiet_one() -> None:
    """One week of tenfold losses: the sum of losses would be decided by it alone."""
    stack = np.full(26, 0.10)
    ewma = np.full(26, 0.11)
    stack[5], ewma[5] = 2.6, 2.3
    assert stack.mean() > ewma.mean()
    assert select(table(filter_stack=stack, ewma_05=ewma)).name == "filter_stack"


def test_no_models_and_unknown_incumbents() -> None:
    assert select(table(ewma_05=0.1, mean_8w=0.2)).code == "only_baselines"
    assert select(table(filter_stack=0.1, ewma_05=0.2), incumbent="gone").incumbent is None
    with pytest.raises(ValueError, match="no baseline"):
        select(table(filter_stack=0.1))


def test_weekly_losses_are_means_over_the_cells_of_an_origin() -> None:
    frame = pl.DataFrame(
        {
            "origin_date": [FIRST, FIRST, FIRST + dt.timedelta(weeks=1)],
            "y_hot": [True, False, True],
            "p_hot_ewma_05": [0.5, 0.5, 0.25],
        }
    )
    found = weekly_losses(frame)
    assert found["ewma_05"].to_list() == pytest.approx([np.log(2), np.log(4)])
