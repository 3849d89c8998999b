"""Which forecaster serves: the preferred model, unless past origins say clearly that another one is better.

A choice made anew every day by the least loss would flicker, and a model that led by chance on a dozen weeks would
serve until the next dozen. So one model is preferred beforehand, others must beat it beyond doubt, whoever serves stays
until another does not lose to it, and where no model is worth its cost the best baseline serves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from models.baselines import BASELINES
from models.evaluation import forecasters_in
from models.measures import log_losses
from models.tails import Floats

PREFERRED = "filter_stack"
"""In development windows seldom the best in a city and never far from it (:mod:`models.stack`)."""
CONFIDENCE = 0.90
RESAMPLES = 2000
LEAST_ORIGINS = 6
"""With fewer weeks an interval over weeks says nothing, so nobody can be clearly better."""

Code = Literal[
    "preferred",
    "clearly_better",
    "not_worse",
    "kept",
    "baseline_better",
    "baseline_kept",
    "baseline_left",
    "only_baselines",
]


@dataclass(frozen=True)
class Duel:
    """Two forecasters on the same origins; losses are log losses of ``hot``.

    Attributes:
        first, second: names.
        first_regret, second_regret: mean regret.
        difference: mean over the origins of first's loss minus second's; below zero the first is better.
        low, high: its interval by a weekly bootstrap at ``CONFIDENCE``.
    """

    first: str
    second: str
    first_regret: float
    second_regret: float
    difference: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the first is better beyond doubt."""
        return self.high < 0


@dataclass(frozen=True)
class Selection:
    """Who serves, and why.

    Attributes:
        name: the forecaster.
        baseline: the best baseline.
        code: the rule that decided.
        origins: on how many origins.
        duel: the comparison that decided; None where there was nothing to compare.
        incumbent: who served before; None at the first choice.
    """

    name: str
    baseline: str
    code: Code
    origins: int
    duel: Duel | None
    incumbent: str | None

    @property
    def reason(self) -> str:
        """The decision in English, for the command line."""
        if self.duel is None:
            return f"{self.code}, {self.origins} origins"
        one = self.duel
        return (
            f"{self.code}, {self.origins} origins: {one.first} against {one.second}, log loss differs by "
            f"{one.difference:+.5f} [{one.low:+.5f}, {one.high:+.5f}], mean regret {one.first_regret:.4f} against "
            f"{one.second_regret:.4f}"
        )


def weekly_losses(frame: pl.DataFrame) -> pl.DataFrame:
    """Mean log loss of ``hot`` over the cells of each origin, of every forecaster in a backtest.

    Grain: origin. Key: origin_date. One further column a forecaster, by its name.
    """
    hot = frame["y_hot"].cast(pl.Boolean).to_numpy()
    losses = {
        name: log_losses(frame[f"p_hot_{name}"].to_numpy().astype(np.float64), hot) for name in forecasters_in(frame)
    }
    return frame.select("origin_date").with_columns(**losses).group_by("origin_date").mean().sort("origin_date")


def select(
    losses: pl.DataFrame, incumbent: str | None = None, last: int = 26, overlap: int = 1, seed: int = 0
) -> Selection:
    """Choose the forecaster that serves.

    1. Among the models the preferred one is the candidate; another takes its place only if it is clearly better: the
       interval of the mean paired weekly difference lies below zero. Of several, the one with the least regret.
    2. An incumbent model stays unless the candidate's mean regret is no greater than its own.
    3. The best baseline serves where its mean regret is less than that of the model. Once a baseline serves, a model
       takes over only when it is clearly better than the best baseline.

    Regret of an origin is the relative distance to the best forecaster of that origin, so a stormy week, in which all
    losses are high, counts no more than a quiet one.

    Args:
        losses: from :func:`weekly_losses`; closed windows only.
        incumbent: who served before; a name that is not among ``losses`` counts as none.
        last: how many of the newest origins decide.
        overlap: how many neighbouring origins share part of their windows; they are drawn together.
        seed: of the bootstrap.

    Raises:
        ValueError: no origins, or no baseline among the forecasters.
    """
    names = [name for name in losses.columns if name != "origin_date"]
    baselines = [name for name in names if name in BASELINES]
    if losses.is_empty() or not baselines:
        raise ValueError("no closed origins or no baseline to compare with; run the backtest with its baselines")
    table = losses.sort("origin_date").tail(last)
    judge = _Judge({name: table[name].to_numpy() for name in names}, overlap, seed)
    incumbent = incumbent if incumbent in names else None
    baseline = judge.best(baselines)
    models = [name for name in names if name not in BASELINES]
    if not models:
        return Selection(baseline, baseline, "only_baselines", table.height, None, incumbent)
    candidate, code, duel = _best_model(judge, models, incumbent)
    against = judge.duel(candidate, baseline)
    if incumbent in baselines:
        code, duel = ("baseline_left" if against.is_clear else "baseline_kept"), against
        candidate = candidate if against.is_clear else baseline
    elif against.first_regret > against.second_regret:
        candidate, code, duel = baseline, "baseline_better", against
    return Selection(candidate, baseline, code, table.height, duel or against, incumbent)


def _best_model(judge: _Judge, models: Sequence[str], incumbent: str | None) -> tuple[str, Code, Duel | None]:
    """The model that would serve if there were no baselines."""
    preferred = PREFERRED if PREFERRED in models else judge.best(models)
    better = [one for name in models if name != preferred and (one := judge.duel(name, preferred)).is_clear]
    candidate: tuple[str, Code, Duel | None] = (preferred, "preferred", None)
    if better:
        duel = min(better, key=lambda one: (one.first_regret, one.first))
        candidate = (duel.first, "clearly_better", duel)
    if incumbent not in models or incumbent is None or incumbent == candidate[0]:
        return candidate
    duel = judge.duel(candidate[0], incumbent)
    if duel.first_regret <= duel.second_regret:
        return candidate if better else (preferred, "not_worse", duel)
    return incumbent, "kept", duel


class _Judge:
    """Regrets and paired differences of forecasters on the same origins."""

    def __init__(self, losses: dict[str, Floats], overlap: int, seed: int) -> None:
        self._losses = losses
        lowest = np.maximum(np.min(list(losses.values()), axis=0), 1e-12)
        self._regret = {name: float((loss / lowest - 1).mean()) for name, loss in losses.items()}
        weeks = len(lowest)
        random = np.random.default_rng(seed)
        starts = random.integers(0, weeks, (RESAMPLES, -(-weeks // overlap)))
        drawn = (starts[..., None] + np.arange(overlap)) % weeks
        self._drawn = drawn.reshape(RESAMPLES, -1)[:, :weeks]

    def best(self, names: Sequence[str]) -> str:
        return min(names, key=lambda name: (self._regret[name], name))

    def duel(self, first: str, second: str) -> Duel:
        difference = self._losses[first] - self._losses[second]
        low, high = -np.inf, np.inf
        if len(difference) >= LEAST_ORIGINS:
            tail = (1 - CONFIDENCE) / 2
            low, high = np.quantile(difference[self._drawn].mean(axis=1), [tail, 1 - tail])
        return Duel(first, second, self._regret[first], self._regret[second],
                    float(difference.mean()), float(low), float(high))  # fmt: skip
