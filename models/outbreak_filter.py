"""A cell's rate as a probability over levels and outbreaks: a hidden Markov filter on a grid of log rates.

The gamma–Poisson levels remember at fixed speeds: a fast one takes a single loud week for a change, a slow one takes a
change for noise. Here a cell has a level that drifts slowly, now and then jumps, and on top of it an outbreak that
begins at once and fades in a few weeks; how much of a loud week is which follows by Bayes' rule (the forward algorithm
of a hidden Markov model: Rabiner 1989, Proc. IEEE 77:257-286). Counts are negative binomial around the rate, so that a
burst within one week is also possible.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from models.tails import LOGIT_LIMIT, Floats, negative_binomial_tail

STEP = 0.25
LEVEL = np.arange(-2.5, 2.51, STEP)
"""Log of the rate over what the slowest gamma–Poisson level said when the cell was first looked at."""
HEIGHT = np.array([0.0, 0.75, 1.5, 2.25])
"""Log factor of the outbreak, in whole steps; the first is none."""
DRIFT = 0.05
"""Standard deviation of the level's weekly move."""
RESET_CHANCE, RESET_SPREAD = 0.002, 1.0
OUTBREAK_CHANCE = 0.01
OUTBREAK_DECAY = 0.75
DISPERSION = 0.15
"""Of counts within a week: their variance is mean + 0.15 mean²."""
LEAST_SEEN = 2.0
"""A cell is looked at once its slowest level has seen so much: of quieter ones nothing can be told beside it."""
LEAST_SPREAD = 0.3
BLOCK = 8192
"""So many cells are moved on at a time: the processor's cache holds them, and new ones do not move the others."""
_FINE_STEP = 0.02
_FINE = np.arange(-14.0, 8.0, _FINE_STEP)

_States = NDArray[np.float32]
"""Chances of the states, shape (heights × levels, cells), heights outside: one state of all cells lies in one piece."""
_Rates = NDArray[np.float32]
"""Figures of the rates that states can have, shape (rates, cells)."""


class OutbreakFilter:
    """The states of those cells that have been looked at; fed week by week.

    Args:
        horizon_weeks: H, length of the window forecast; bursts within a week even out over several.

    Attributes:
        cells: their positions, in the order in which they were first looked at.
    """

    def __init__(self, horizon_weeks: int) -> None:
        self.horizon_weeks = horizon_weeks
        self.cells = np.empty(0, dtype=np.intp)
        self._share = np.empty(0)  # rate over the city's exposure that LEVEL is relative to
        self._blocks: list[_States] = []  # of the cells, in their order
        self._ahead: list[_States] | None = None  # the states a week on, once they were asked for
        self._rates: _Rates | None = None  # and the rates

    def look_at(self, seen: Floats, share: Floats, shape: Floats) -> None:
        """Take in cells that have been loud enough by now.

        Args:
            seen: discounted counts of the slowest level, shape (cells,).
            share: that level's rate over the exposure.
            shape: its gamma shape; the level starts with a spread of 1/√shape.
        """
        loud = seen >= LEAST_SEEN
        loud[self.cells] = False
        new = np.flatnonzero(loud)
        if not len(new):
            return
        states = np.zeros((len(HEIGHT) * len(LEVEL), len(new)), np.float32)
        states[: len(LEVEL)] = _normal(np.maximum(1 / np.sqrt(shape[new]), LEAST_SPREAD))
        self.cells = np.concatenate([self.cells, new])
        self._share = np.concatenate([self._share, share[new]])
        if self._blocks:
            states = np.hstack([self._blocks.pop(), states])  # the last one may have room
        self._blocks += np.array_split(states, range(BLOCK, states.shape[1], BLOCK), axis=1)
        self._ahead, self._rates = None, None

    def update(self, counts: NDArray[np.float32], exposure: Floats) -> None:
        """Move on by a week and take in its counts.

        Args:
            counts: of all cells, shape (cells,).
            exposure: the city's, of each cell's issue, shape (cells,).
        """
        if not len(self.cells):
            return
        came, rate = counts[self.cells], self._share * exposure[self.cells]
        start = 0
        for number, block in enumerate(self._blocks):
            states = _week_on(block) if self._ahead is None else self._ahead[number]
            of = slice(start, start + states.shape[1])
            likelihood = _likelihood(came[of], rate[of])
            for of_height, rates in _HEIGHTS:
                states[of_height] *= likelihood[rates]
            states /= states.sum(axis=0)
            self._blocks[number], start = states, of.stop
        self._ahead, self._rates = None, None

    def tail_logits(
        self, expected_city: Floats, threshold: Floats, otherwise: Floats, cells: NDArray[np.intp] | None = None
    ) -> Floats:
        """Logit P(count >= threshold) of the window after the last week.

        Args:
            expected_city: expected city-wide count of each cell's issue within the window, shape (all cells,).
            threshold: of each cell asked for, integer-valued.
            otherwise: their logits if they are not looked at.
            cells: positions of those asked for; all when None.
        """
        result = np.array(otherwise, dtype=np.float64)
        asked = np.arange(len(result)) if cells is None else cells
        row_of = np.full(len(expected_city), -1)
        row_of[self.cells] = np.arange(len(self.cells))
        at = np.flatnonzero(row_of[asked] >= 0)
        if not len(at):
            return result
        rows, heights = row_of[asked[at]], threshold[at]
        chances = self.look_ahead()[:, rows]
        log_mean = np.log(self._share[rows] * expected_city[asked[at]]) + _LOG_FACTOR
        nearest = np.clip(np.rint((log_mean - _FINE[0]) / _FINE_STEP).astype(np.int32), 0, len(_FINE) - 1)
        tail = np.empty(len(rows))
        for height in np.unique(heights):
            of = np.flatnonzero(heights == height)
            table = negative_binomial_tail(np.exp(_FINE), self.horizon_weeks / DISPERSION, height)
            tail[of] = (chances[:, of] * table[nearest[:, of]]).sum(axis=0)
        result[at] = np.clip(special.logit(tail), -LOGIT_LIMIT, LOGIT_LIMIT)
        return result

    def look_ahead(self) -> _Rates:
        """The chances of the rates a week on; worked out once, however often they are asked for until the next week."""
        if self._rates is None:
            self._ahead = [_week_on(block) for block in self._blocks]
            self._rates = np.hstack([_rates(states) for states in self._ahead])
        return self._rates


def _week_on(states: _States) -> _States:
    """The chances of the states a week later."""
    shape = len(HEIGHT), len(LEVEL), states.shape[1]
    moved = _LEVEL_STEP.T @ states.reshape(shape)
    later = (_FADING.T @ moved.reshape(len(HEIGHT), -1)).reshape(states.shape)
    later *= np.float32(1 - RESET_CHANCE)
    later[: len(LEVEL)] += _ANEW
    return np.asarray(later)


def _rates(states: _States) -> _Rates:
    """The chances of the rates: states of one level and another height may share a rate."""
    rates = np.zeros((len(_LOG_FACTOR), states.shape[1]), np.float32)
    for of_height, of_rate in _HEIGHTS:
        rates[of_rate] += states[of_height]
    return rates


def _normal(spread: Floats) -> Floats:
    """Chances of the levels, shape (levels, spreads)."""
    density = np.exp(-0.5 * (LEVEL[:, None] / spread) ** 2)
    return np.asarray(density / density.sum(axis=0))


def _fading() -> Floats:
    """Chances of going from one height to another: it decays to its neighbours on average, or a higher one begins."""
    left = OUTBREAK_DECAY * HEIGHT[:, None]
    faded = np.maximum(0, 1 - np.abs(HEIGHT - left) / (HEIGHT[1] - HEIGHT[0]))
    higher = np.triu(np.ones_like(faded), k=1)
    higher[-1, -1] = 1
    return np.asarray((1 - OUTBREAK_CHANCE) * faded + OUTBREAK_CHANCE * higher / higher.sum(axis=1, keepdims=True))


def _level_step() -> Floats:
    """Chances of going from one level to another: a step up or down."""
    step = DRIFT**2 / (2 * STEP**2)
    level = np.diag(np.full(len(LEVEL), 1 - 2 * step))
    level += step * (np.eye(len(LEVEL), k=1) + np.eye(len(LEVEL), k=-1))
    level[0, 0] += step
    level[-1, -1] += step
    return np.asarray(level)


def _likelihood(count: NDArray[np.float32], rate: Floats) -> _Rates:
    """Chance of each cell's count at each of its rates, negative binomial, but for a factor of the cell.

    Args:
        count: shape (cells,).
        rate: expected count at a log factor of none, shape (cells,).
    """
    logs = _FACTOR_OVER_SIZE * rate.astype(np.float32)
    logs += 1
    np.log(logs, out=logs)
    logs *= -(count + np.float32(1 / DISPERSION))
    some = np.flatnonzero(count)  # few
    loud = logs[:, some] + count[some] * _LOG_FACTOR
    logs[:, some] = loud - loud.max(axis=0)
    return np.asarray(np.exp(logs, out=logs))


_OFFSETS = np.rint(HEIGHT / STEP).astype(int)
_LOG_FACTOR = (LEVEL[0] + STEP * np.arange(len(LEVEL) + _OFFSETS[-1]))[:, None].astype(np.float32)
"""Of the rates that states can have, shape (rates, 1)."""
_HEIGHTS = [
    (slice(order * len(LEVEL), (order + 1) * len(LEVEL)), slice(offset, offset + len(LEVEL)))
    for order, offset in enumerate(_OFFSETS)
]
"""Of each height: which states are of it, and which rates these have."""
_FACTOR_OVER_SIZE = np.exp(_LOG_FACTOR) * np.float32(DISPERSION)
# in a week the level takes a step while the outbreak fades or another begins, or it is drawn anew without an outbreak
_LEVEL_STEP = _level_step().astype(np.float32)
_FADING = _fading().astype(np.float32)
_ANEW = (RESET_CHANCE * _normal(np.array([RESET_SPREAD]))).astype(np.float32)
