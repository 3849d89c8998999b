"""What counts alone could tell: the forecast of one who knows every parameter of a made-up city, but not its state.

The state oracle sees what no count shows. Between it and a model stands this forecaster, a particle filter that is
told the shared part of the log rate (communities, issues, season, trend, city-wide swings) and the laws of the rest,
and learns each cell's own part from its counts. A share of the oracle above its share is not to be had; of a change
of regime it is not told.
"""

from __future__ import annotations

import datetime as dt
from typing import Self

import numpy as np

from models.forecaster import Forecast, Forecaster
from models.panel import DAYS_PER_WEEK, Panel
from models.simulation import SimulatedCity
from models.tails import Floats, negative_binomial_tail
from models.targets import Thresholds, surge_thresholds

LEVEL_JITTER = 0.02
"""Noise on the lasting level at each week, so that resampling does not leave a single value of it."""


class ToldParameters(Forecaster):
    """A particle filter (bootstrap filter with systematic resampling) over each cell's level, deviation and outbreak.

    Attributes:
        rates_: by first day of the week forecast, rates of the particles, shape (cells, particles).
    """

    def __init__(self, city: SimulatedCity, weeks: int = 26, particles: int = 200, seed: int = 0) -> None:
        self.city = city
        self.weeks = weeks
        self.particles = particles
        self.seed = seed

    @property
    def name(self) -> str:
        return "told_parameters"

    @property
    def title(self) -> str:
        return "已知参数"

    def fit(self, panel: Panel, thresholds: Thresholds) -> Self:
        """Run over the whole city once; a forecast uses the particles as they were at its origin."""
        if not hasattr(self, "rates_"):
            self.rates_ = self._filtered()
        return self

    def predict(self, panel: Panel, thresholds: Thresholds) -> Forecast:
        rates = self.rates_[panel.as_of]
        shape = panel.counts.shape[1:]
        size = 1 / np.tile(self.city.burst, shape[0])[:, None]

        def tail(threshold: Floats) -> Floats:
            height = np.broadcast_to(threshold, shape).reshape(-1, 1)
            return negative_binomial_tail(rates, size, height).mean(axis=1).reshape(shape)

        return Forecast(
            tail(thresholds.hot), tail(surge_thresholds(panel, thresholds)), rates.mean(axis=1).reshape(shape)
        )

    def _filtered(self) -> dict[dt.date, Floats]:
        random, one, panel = np.random.default_rng(self.seed), self.city.dynamics, self.city.panel
        counts, shared = (part.reshape(panel.weeks, -1) for part in (panel.counts, self.city.shared))
        shape = (counts.shape[1], self.particles)
        size = 1 / np.tile(self.city.burst, one.communities)[:, None]
        settled = one.drift / np.sqrt(1 - one.persistence**2) if one.persistence < 1 else 0.0
        level, deviation = random.normal(0, one.cell_spread, shape), random.normal(0, settled, shape)
        outbreak = np.zeros(shape)
        rates = {}
        for week in range(panel.weeks):
            deviation = one.persistence * deviation + random.normal(0, one.drift, shape)
            jump = random.normal(one.outbreak_height, one.outbreak_spread, shape)
            outbreak = one.outbreak_decay * outbreak + np.where(random.random(shape) < one.outbreak_chance, jump, 0)
            rate = np.exp(shared[week][:, None] + level + deviation + outbreak)
            if week >= panel.weeks - self.weeks:
                swing = np.exp(random.normal(0, one.city_drift, self.particles))
                rates[panel.as_of - dt.timedelta(days=DAYS_PER_WEEK * (panel.weeks - week))] = rate * swing
            came = counts[week][:, None]
            fit = came * np.log(rate) - (came + size) * np.log(rate + size)
            reached = np.cumsum(np.exp(fit - fit.max(axis=1, keepdims=True)), axis=1)
            places = (random.random((shape[0], 1)) + np.arange(self.particles)) / self.particles
            row = np.arange(shape[0])[:, None]
            # one sorted list for all cells: cell i occupies (i, i + 1]
            drawn = np.searchsorted((reached / reached[:, -1:] + row).ravel(), (places + row).ravel()).reshape(shape)
            drawn = np.clip(drawn - row * self.particles, 0, self.particles - 1)
            level, deviation, outbreak = (
                np.take_along_axis(part, drawn, axis=1) for part in (level, deviation, outbreak)
            )
            level = level + random.normal(0, LEVEL_JITTER, shape)
        return rates
