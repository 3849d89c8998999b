"""The state of every cell: a cascade of discounted gamma–Poisson filters under a city-wide exposure.

Each level forgets faster than the one above it and shrinks towards it: the slowest towards the community's share of
the city, the fastest towards the last weeks, and each with what the community as a whole did lately. The city-wide
rate of the issue is the exposure, so a cell's level is its *share* of the city, and a busy week everywhere does not
look like trouble in one community. The numbered steps are those of model R1 in the forecast protocol, to which the
community's factor was added; the gamma–Poisson update with discounting is the power steady model (Smith 1979, JRSS B
41:375-387; West & Harrison 1997, chapter 14).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from models.city_rate import CityRate
from models.outbreak_filter import OutbreakFilter
from models.panel import Counts
from models.tails import Floats

LEVELS = ((0.985, 4.0), (0.93, 4.0), (0.8, 6.0), (0.5, 8.0))
"""Weekly discount δ and prior strength κ of each level, slow to fast."""
COMMUNITY_STRENGTH = 30.0
"""So many expected complaints of a community hold its own factor halfway to one."""
SHARE_DISCOUNT = 0.99
SHARE_FLOOR = 1e-6
DISPERSION_WEEKS = 52
OUTBREAK_WEEKS = 39
"""The hidden Markov filter begins so many weeks before the first state that is asked for."""
DISPERSION_PRIOR = 50.0
DISPERSION_RANGE = (0.005, 2.0)

Item = TypeVar("Item")


@dataclass(frozen=True)
class WeekState:
    """What the filter expects of the ``horizon`` weeks after week ``week``; L levels, C communities, K issues.

    Attributes:
        week: index of the last week seen.
        mean: expected count within the horizon, shape (L, C, K).
        size: negative binomial size, uncertainty of the level and overdispersion together, shape (L, C, K).
        exposure: expected city-wide count a week before season, shape (K,).
        season: log factor on the exposure, shape (K,).
        outbreaks: what a hidden Markov filter makes of the last ``OUTBREAK_WEEKS``; it moves on with the replay.
    """

    week: int
    mean: Floats
    size: Floats
    exposure: Floats
    season: Floats
    outbreaks: OutbreakFilter

    @property
    def expected_city(self) -> Floats:
        """Expected city-wide count within the horizon, season included, shape (K,)."""
        return np.asarray(self.outbreaks.horizon_weeks * self.exposure * np.exp(self.season))


def replay(counts: Counts, horizon_weeks: int, first_week: int, rate: CityRate) -> Iterator[WeekState]:
    """Run the filter over the weeks in one pass and yield its state after each week from ``first_week`` on.

    The state after week w uses weeks <= w only; the dispersion uses forecasts whose windows had closed by then.

    Args:
        counts: shape (weeks, communities, issues).
        horizon_weeks: H, length of the window forecast.
        first_week: index of the first week to yield.
        rate: of the city as a whole, fitted.
    """
    city = counts.sum(axis=1, dtype=np.float64)
    exposure, outlook, season = rate.level(city), rate.outlook(city), rate.season(city)
    expected_city = horizon_weeks * outlook * np.exp(season)
    outbreaks = OutbreakFilter(horizon_weeks)
    for week, seen, mean, shape, overdispersion in _ahead(
        _levels(counts, exposure, expected_city, horizon_weeks, max(0, first_week - DISPERSION_WEEKS - horizon_weeks))
    ):
        if week >= first_week - OUTBREAK_WEEKS:
            outbreaks.update(counts[week].ravel(), np.tile(exposure[week], counts.shape[1]))
            outbreaks.look_at(seen.ravel(), (mean[0] / expected_city[week]).ravel(), shape[0].ravel())
        if week >= first_week:
            size = 1 / (1 / shape + overdispersion[:, None, :])
            if len(outbreaks.cells):
                outbreaks.look_ahead()  # now, for several thresholds may be asked about at once
            yield WeekState(week, mean, size, outlook[week], season[week], outbreaks)


class _Levels(NamedTuple):
    """The levels after a week: discounted counts of the slowest (C, K), mean and gamma shape (L, C, K), φ (L, K)."""

    week: int
    seen: Floats
    mean: Floats
    shape: Floats
    overdispersion: Floats


def _levels(
    counts: Counts, exposure: Floats, expected_city: Floats, horizon_weeks: int, first_week: int
) -> Iterator[_Levels]:
    """Steps 3 to 5 after each week from ``first_week`` on; ``exposure`` and ``expected_city`` by week and issue."""
    weeks, communities, issues = counts.shape
    seen = np.zeros((len(LEVELS), communities, issues))
    exposed = np.zeros((len(LEVELS), issues))
    community_seen, city_exposed = np.zeros(communities), 0.0
    excess, square = np.zeros((weeks, len(LEVELS), issues)), np.zeros((weeks, len(LEVELS), issues))
    for week in range(weeks):
        for level, (discount, _) in enumerate(LEVELS):
            seen[level] *= discount
            seen[level] += counts[week]
            exposed[level] = discount * exposed[level] + exposure[week]
        community_seen = SHARE_DISCOUNT * community_seen + counts[week].sum(axis=1, dtype=np.float64)
        city_exposed = SHARE_DISCOUNT * city_exposed + exposure[week].sum()
        if week < first_week:
            continue
        mean, shape = _cascade(seen, exposed, community_seen / city_exposed, expected_city[week])
        if week + horizon_weeks < weeks:
            came = counts[week + 1 : week + 1 + horizon_weeks].sum(axis=0)
            excess[week], square[week] = _dispersion_sums(came, mean, shape)
        closed = slice(max(0, week - horizon_weeks - DISPERSION_WEEKS + 1), max(0, week - horizon_weeks + 1))
        overdispersion = _dispersion(excess[closed].sum(axis=0), square[closed].sum(axis=0))
        yield _Levels(week, seen[0].copy(), mean, shape, overdispersion)


def _ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items, each made while the one before is in use: numpy lets go of the interpreter for a second core."""
    with ThreadPoolExecutor(1) as beside:
        coming = beside.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = beside.submit(next, items, None)
            yield item


def _cascade(seen: Floats, exposed: Floats, share: Floats, expected_city: Floats) -> tuple[Floats, Floats]:
    """Steps 3 and 4: mean and gamma shape of each level, each shrunk towards the one above.

    What a level is shrunk towards is the one above times the community's factor: by how much all its issues together
    came more often lately, as fast as that level forgets, than the level above says.
    """
    mean, shape = np.empty_like(seen), np.empty_like(seen)
    rate = np.repeat(np.maximum(share, SHARE_FLOOR)[:, None], seen.shape[2], axis=1)
    for level, (_, strength) in enumerate(LEVELS):
        if level:
            expected = rate @ exposed[level]
            came = seen[level].sum(axis=1)
            rate *= ((came + COMMUNITY_STRENGTH) / (expected + COMMUNITY_STRENGTH))[:, None]
        np.add(seen[level], strength, out=shape[level])
        # (a + κ) / (b + κ / θ), in the place of θ: at this size room costs more than sums
        np.divide(strength, rate, out=rate)
        rate += exposed[level]
        np.divide(shape[level], rate, out=rate)
        np.multiply(expected_city, rate, out=mean[level])
    return mean, shape


def _dispersion_sums(came: NDArray[np.float32], mean: Floats, shape: Floats) -> tuple[Floats, Floats]:
    """Step 5, one week: Σ[(y-μ)² - μ - μ²/r] and Σμ² over communities, each of shape (levels, issues)."""
    squared = mean * mean
    square = squared.sum(axis=1)
    excess = came - mean
    excess *= excess
    excess -= mean
    squared /= shape
    excess -= squared
    return excess.sum(axis=1), square


def _dispersion(excess: Floats, square: Floats) -> Floats:
    """Step 5: overdispersion φ per level and issue, shrunk towards the level's pooled value.

    The method of moments of a negative binomial; shapes (levels, issues) in and out.
    """
    low, high = DISPERSION_RANGE
    total = square.sum(axis=1, keepdims=True)
    pooled = np.divide(excess.sum(axis=1, keepdims=True), total, out=np.zeros_like(total), where=total > 0)
    pooled = np.maximum(low, pooled)
    shrunk: Floats = (excess + DISPERSION_PRIOR * pooled) / (square + DISPERSION_PRIOR)
    return np.clip(shrunk, low, high)
