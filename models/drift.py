"""Watch over the forecast: whether its inputs changed their shape, and whether its skill did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.panel import Panel
from models.tails import Floats

RECENT_WEEKS = 4
YEAR = 52
SEASON_WEEKS = 2
MIX_LIMIT = 0.25
"""The usual reading of the index: below .1 stable, from .25 another population."""
VOLUME_LIMIT = 2.0
"""Twice or half as many complaints, both against the year and against the same season: no season explains that."""
SKILL_LIMIT = 3.0
"""Standard errors. Four weeks by chance this far off come about once in 700 looks."""
BASELINE_LIMIT = 1.0
LEAST_WEEKS = 12
"""Fewer earlier origins give no spread worth comparing with."""


@dataclass(frozen=True)
class Finding:
    """One thing that is watched.

    Attributes:
        code: ``issue_mix``, ``volume``, ``skill`` or ``baseline``.
        value: today's; None where too little is known to judge.
        limit: an alarm is raised above it.
    """

    code: str
    value: float | None
    limit: float

    @property
    def is_raised(self) -> bool:
        """Whether people must be told."""
        return self.value is not None and self.value > self.limit


def watch_inputs(panel: Panel) -> list[Finding]:
    """Compare the city's last four weeks with the year before them, and with the same season a year ago.

    What either of the two explains is no drift: a new level that has lasted is in the year, a season was there last
    year. ``issue_mix`` is the population stability index of the issues' shares less what chance alone would give;
    ``volume`` the factor by which the total is higher or lower.
    """
    weekly = panel.observed.sum(axis=1, dtype=np.float64)
    if len(weekly) < RECENT_WEEKS + YEAR:
        return [Finding("issue_mix", None, MIX_LIMIT), Finding("volume", None, VOLUME_LIMIT)]
    recent, before = weekly[-RECENT_WEEKS:], weekly[-RECENT_WEEKS - YEAR : -RECENT_WEEKS]
    season = weekly[max(0, len(weekly) - YEAR - RECENT_WEEKS - SEASON_WEEKS) : len(weekly) - YEAR + SEASON_WEEKS]
    mixes = [stability_index(recent.sum(axis=0), other.sum(axis=0)) for other in (before, season)]
    factors = [_factor(recent.sum(axis=1).mean(), other.sum(axis=1).mean()) for other in (before, season)]
    return [Finding("issue_mix", min(mixes), MIX_LIMIT), Finding("volume", min(factors), VOLUME_LIMIT)]


def stability_index(now: Floats, then: Floats) -> float:
    """Population stability index of two tables of counts, less its expectation under no change; never below zero.

    Half a complaint is added to every class, so that a class without one does not make it infinite.
    """
    one, other = (np.asarray(counts, np.float64) + 0.5 for counts in (now, then))
    p, q = one / one.sum(), other / other.sum()
    chance = (len(p) - 1) * (1 / one.sum() + 1 / other.sum())
    return float(max(0.0, ((p - q) * np.log(p / q)).sum() - chance))


def watch_skill(losses: Sequence[float], baseline: Sequence[float]) -> list[Finding]:
    """Compare the last four closed origins with those before, and with the best baseline.

    Args:
        losses: log loss of the serving forecaster by origin, oldest first; closed windows only.
        baseline: the same of the best baseline; equal lengths. Of the baseline itself where it serves.

    Returns:
        ``skill``: by how many standard errors the mean of the last four lies above the earlier mean. ``baseline``: the
        least of the four ratios to the baseline; above one the forecaster lost in each of the four weeks.
    """
    own, beside = np.asarray(losses, np.float64), np.asarray(baseline, np.float64)
    earlier, last = own[:-RECENT_WEEKS], own[-RECENT_WEEKS:]
    skill = None
    if len(earlier) >= LEAST_WEEKS and earlier.std(ddof=1) > 0:
        skill = float((last.mean() - earlier.mean()) / (earlier.std(ddof=1) / np.sqrt(RECENT_WEEKS)))
    ratio = float((last / np.maximum(beside[-RECENT_WEEKS:], 1e-12)).min()) if len(own) >= RECENT_WEEKS else None
    return [Finding("skill", skill, SKILL_LIMIT), Finding("baseline", ratio, BASELINE_LIMIT)]


def _factor(one: float, other: float) -> float:
    return float(np.exp(abs(np.log((one + 0.5) / (other + 0.5)))))
