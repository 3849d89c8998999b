"""A made-up city whose true rates are known: the laboratory in which forecasters are measured against the possible.

On real data nobody knows how good a forecast could have been. Here counts are drawn from a state-space model of the
log rate, so the best forecast that any history could support, and more, can be computed: that of someone who knows
every parameter and the true state at the origin, and lacks only what the coming week itself brings.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from models.forecaster import Forecast, Forecaster
from models.panel import DAYS_PER_WEEK, Panel
from models.tails import Floats, negative_binomial_tail
from models.targets import Thresholds, surge_thresholds

YEAR = 52
QUADRATURE_POINTS = 15
LEAST_SIZE_SHARE = 1e-6
AS_OF = dt.date(2026, 11, 16)


@dataclass(frozen=True)
class Dynamics:
    """How a simulated city behaves. Spreads and drifts are standard deviations on the log scale.

    Attributes:
        communities, issues: size of the city.
        rate: weekly complaints of the median cell.
        community_spread, issue_spread, cell_spread: lasting differences.
        persistence: share of a cell's deviation that is left after a week; 1 is a random walk.
        drift: weekly innovation of a cell.
        outbreak_chance: of a new outbreak in a cell, per week.
        outbreak_height, outbreak_spread: mean and spread of its jump.
        outbreak_decay: share of an outbreak that is left after a week.
        season: amplitude of a yearly wave; every issue has its own month.
        city_persistence, city_drift: the same for swings of an issue in the whole city.
        burst: overdispersion of the median issue within one week (negative binomial), which nobody can foresee.
        burst_spread: of the overdispersion between issues.
        trend: change within a year, drawn for each issue and each community.
        change_weeks: weeks before the end from which ``changed_share`` of the cells have another level.
    """

    communities: int = 60
    issues: int = 20
    rate: float = 0.1
    community_spread: float = 0.85
    issue_spread: float = 1.3
    cell_spread: float = 0.75
    persistence: float = 0.97
    drift: float = 0.08
    outbreak_chance: float = 0.003
    outbreak_height: float = 1.3
    outbreak_spread: float = 0.5
    outbreak_decay: float = 0.75
    season: float = 0.25
    city_persistence: float = 0.9
    city_drift: float = 0.1
    burst: float = 0.25
    burst_spread: float = 0.5
    trend: float = 0.0
    change_weeks: int = 0
    changed_share: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        shares = (self.persistence, self.outbreak_chance, self.outbreak_decay, self.city_persistence)
        if not all(0 <= share <= 1 for share in (*shares, self.changed_share)):
            raise ValueError("persistence, decay, chance and changed_share lie between 0 and 1")
        signed = {"outbreak_height"}
        negative = [one.name for one in fields(self) if one.name not in signed and getattr(self, one.name) < 0]
        if negative or not (self.rate and self.communities and self.issues):
            raise ValueError(f"sizes and rate must be positive and no spread negative; look at {negative or 'rate'}")


PRESETS = {
    "ordinary": Dynamics(),
    "bursty": Dynamics(burst=1.0, city_drift=0.2),
    "sparse": Dynamics(rate=0.03),
    "trending": Dynamics(trend=0.5),
    "regime_change": Dynamics(change_weeks=20, changed_share=0.3),
    "seasonal": Dynamics(season=0.9),
    "outbreaks": Dynamics(outbreak_chance=0.015, outbreak_height=1.8, outbreak_decay=0.8),
    "many_small": Dynamics(communities=300, issues=12, rate=0.03),
}
"""Cities of different temper; a forecaster tuned on one of them is checked on the others.

``ordinary`` was set beside St. Louis, Chicago, Boston and Stuttgart: how far communities, issues and cells lie apart,
how much a busy cell varies within a year and how soon it forgets. Each of the others differs in one respect.
"""


@dataclass(frozen=True)
class SimulatedCity:
    """Counts and what made them; arrays over weeks have shape (weeks, communities, issues).

    Attributes:
        dynamics: what it was drawn from.
        panel: the counts.
        shared: the part of the log rate that a cell has in common with its issue and its community.
        foreseen: log rate of each week as it stands in the state at the end of the week before: without that week's
            innovations and without a new outbreak.
        intensity: the rate the counts were drawn around, innovations included.
        burst: overdispersion, shape (issues,).
    """

    dynamics: Dynamics
    panel: Panel
    shared: Floats
    foreseen: Floats
    intensity: Floats
    burst: Floats

    def tail(self, week: int, threshold: Floats) -> Floats:
        """P(count of week ``week`` >= threshold) for one who knows the state at the end of the week before.

        The log rate is a mixture of two normals, with and without a new outbreak; the negative binomial tail is
        integrated over them by Gauss-Hermite quadrature.

        Args:
            week: index of the week forecast.
            threshold: integer-valued, broadcast against (communities, issues).
        """
        probability = np.zeros(self.foreseen.shape[1:])
        size = np.broadcast_to(1 / np.maximum(self.burst, LEAST_SIZE_SHARE), probability.shape)
        for weight, shift, spread in self._innovations():
            points, weights = np.polynomial.hermite_e.hermegauss(QUADRATURE_POINTS)
            for point, share in zip(points, weights / weights.sum(), strict=True):
                rate = np.exp(self.foreseen[week] + shift + spread * point)
                probability += weight * share * negative_binomial_tail(rate, size, threshold)
        return probability

    def expected(self, week: int) -> Floats:
        """Expected count of week ``week``, shape (communities, issues), for the same one."""
        factor = sum(weight * np.exp(shift + spread**2 / 2) for weight, shift, spread in self._innovations())
        return np.asarray(np.exp(self.foreseen[week]) * factor)

    def _innovations(self) -> tuple[tuple[float, float, float], ...]:
        """What a week adds to the log rate: weight, mean and spread, without and with a new outbreak."""
        one = self.dynamics
        drift = one.drift**2 + one.city_drift**2
        jumped = float(np.sqrt(drift + one.outbreak_spread**2))
        chance = one.outbreak_chance
        return (1 - chance, 0.0, float(np.sqrt(drift))), (chance, one.outbreak_height, jumped)


class StateOracle(Forecaster):
    """The forecast of one who knows the parameters and the true state at the origin, for one week ahead.

    Season, trend and the date of a change are parameters, so it knows them too. No forecaster that sees counts only
    can reach it; the share of its PR-AUC that a model reaches says how much of the foreseeable is foreseen.
    """

    def __init__(self, city: SimulatedCity) -> None:
        self.city = city

    @property
    def name(self) -> str:
        """Key used in column names."""
        return "oracle"

    @property
    def title(self) -> str:
        """Chinese label."""
        return "真实状态"

    def fit(self, panel: Panel, thresholds: Thresholds) -> Self:
        """Learn nothing: it knows."""
        return self

    def predict(self, panel: Panel, thresholds: Thresholds) -> Forecast:
        """Forecast the week that begins at ``panel.as_of``.

        Raises:
            ValueError: the week lies outside the city, or more than one week is asked for.
        """
        whole = self.city.panel
        week = whole.weeks - (whole.as_of - panel.as_of).days // DAYS_PER_WEEK
        if thresholds.horizon_weeks != 1 or not 0 <= week < whole.weeks:
            raise ValueError(
                f"the oracle knows single weeks from {whole.as_of - dt.timedelta(weeks=whole.weeks)} to {whole.as_of}, "
                f"not {thresholds.horizon_weeks} from {panel.as_of}; simulate a longer city or use a horizon of 1"
            )
        return Forecast(
            p_hot=self.city.tail(week, thresholds.hot),
            p_surge=self.city.tail(week, surge_thresholds(panel, thresholds)),
            expected_count=self.city.expected(week),
        )


def simulate(dynamics: Dynamics, weeks: int = 130, seed: int = 0, as_of: dt.date = AS_OF) -> SimulatedCity:
    """Draw a city; the same arguments give the same counts.

    Args:
        dynamics: how it behaves.
        weeks: how many to draw; the last ends the day before ``as_of``.
        seed: of all that is random.
        as_of: first day that is not in the panel.
    """
    random = np.random.default_rng(seed)
    shape = (dynamics.communities, dynamics.issues)
    community = random.normal(0, dynamics.community_spread, (shape[0], 1))
    issue = random.normal(0, dynamics.issue_spread, shape[1])
    cell, other_cell = random.normal(0, dynamics.cell_spread, (2, *shape))
    changed = random.random(shape) < dynamics.changed_share
    month = random.uniform(0, 2 * np.pi, shape[1])
    slope = random.normal(0, dynamics.trend, (shape[0], 1)) + random.normal(0, dynamics.trend, shape[1])
    burst = dynamics.burst * np.exp(random.normal(0, dynamics.burst_spread, shape[1]))
    state = random.normal(0, _settled(dynamics.persistence, dynamics.drift), shape)
    swing = random.normal(0, _settled(dynamics.city_persistence, dynamics.city_drift), shape[1])
    outbreak = np.zeros(shape)
    shared, foreseen, intensity = (np.empty((weeks, *shape)) for _ in range(3))
    for week in range(weeks):
        wave = dynamics.season * np.cos(2 * np.pi * week / YEAR + month)
        state, swing = dynamics.persistence * state, dynamics.city_persistence * swing
        outbreak = dynamics.outbreak_decay * outbreak
        shared[week] = np.log(dynamics.rate) + community + issue + slope * (week - weeks / 2) / YEAR + wave + swing
        level = np.where(changed & (week >= weeks - dynamics.change_weeks), other_cell, cell)
        foreseen[week] = shared[week] + level + state + outbreak
        moved = random.normal(0, dynamics.drift, shape)
        jump = random.normal(dynamics.outbreak_height, dynamics.outbreak_spread, shape)
        new = np.where(random.random(shape) < dynamics.outbreak_chance, jump, 0.0)
        innovation = random.normal(0, dynamics.city_drift, shape[1])
        intensity[week] = np.exp(foreseen[week] + moved + new + innovation)
        state, swing, outbreak = state + moved, swing + innovation, outbreak + new
    size = 1 / np.maximum(burst, LEAST_SIZE_SHARE)
    counts = random.poisson(intensity * random.gamma(size, 1 / size, intensity.shape)).astype(np.float32)
    communities, issues = (
        tuple(f"{kind}{n:04d}" for n in range(length)) for kind, length in zip("ck", shape, strict=True)
    )
    return SimulatedCity(dynamics, Panel(as_of, communities, issues, counts), shared, foreseen, intensity, burst)


def _settled(persistence: float, drift: float) -> float:
    """Spread at the start: that of a process that has run for ever, or none if it has no such spread."""
    return drift / float(np.sqrt(1 - persistence**2)) if persistence < 1 else 0.0
