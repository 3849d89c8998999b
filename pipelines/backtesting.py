"""Backtest a city in a copy of its own: take its files in, go through past weeks, keep what was said beside what came.

The copy lies in a temporary home and is removed at the end, so the warehouse that serves is neither read nor written.
"""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from models.backtest import backtest, contract, development, from_contract
from models.context import CONTEXT_INPUTS, ELSEWHERE
from models.evaluation import differences, summary, summary_by
from models.input_groups import INPUT_GROUPS, inputs_named
from models.registry import all_models, forecaster_named
from models.selection import select, weekly_losses
from pipelines.cities.city import City
from pipelines.errors import ConfigurationError
from pipelines.flow import FLOW
from pipelines.main_job import calls, prepare, run_step
from pipelines.settings import Settings
from pipelines.steps.past import Past, past_of
from pipelines.steps.run import Run
from pipelines.steps.signals import read_signals

Say = Callable[[str], None]
OnOrigin = Callable[[int, int, dt.date], None]
_INTAKE = ("land", "clean", "validate", "conform")
_REFIT_EVERY = 4


@dataclass(frozen=True)
class Question:
    """What to backtest.

    Attributes:
        settings: city and data as for a run; its home is only looked at for the files of a synthetic city.
        origins: how many weekly origins, at most.
        horizon_weeks: 1 or 4.
        last_origin: the newest origin; the last one whose window is complete in the data when None.
    """

    settings: Settings
    origins: int = 26
    horizon_weeks: int = 1
    last_origin: dt.date | None = None


@dataclass(frozen=True)
class Scored:
    """A backtest and its measures.

    Attributes:
        rows: the contract's columns, origin × cell.
        model, reason: the forecaster in ``p_hot``, and why it is that one.
        notes: what was not forecast or cannot be judged, and why.
        table: measures of the model and of every baseline, computed from ``rows`` alone.
        by_district, by_size: the same without intervals.
        seconds: time of ``intake`` and ``backtest``.
    """

    rows: pl.DataFrame
    model: str
    reason: str
    notes: list[str]
    table: pl.DataFrame
    by_district: pl.DataFrame
    by_size: pl.DataFrame
    seconds: dict[str, float]


def score(question: Question, model: str | None, say: Say, on_origin: OnOrigin) -> Scored:
    """Backtest the models and all baselines, and measure the one that serves.

    Args:
        model: the forecaster for ``p_hot``; when None, the one that ``models.selection`` chooses on all but the
            last 13 origins, as the service does on all it has.
        say: told what is going on.
        on_origin: called after each origin with (origins done, origins in all, origin).

    Raises:
        ConfigurationError: no forecaster is called ``model``, or the city cannot be read.
        NothingKnown: not one origin can be scored; says why.
    """
    if model is not None:
        _named(model)
    models = all_models() if model is None else [one for one in all_models() if one.name == model]
    with _copied(question.settings, say) as (run, intake_seconds):
        begun = time.monotonic()
        past = _past(run, question)
        frame = _replayed(run, past, models, "ewma_05" if model is None else model, on_origin)
    if model is None:
        shown = development(frame)
        # weekly origins: windows of more weeks overlap
        selection = select(weekly_losses(shown), overlap=question.horizon_weeks)
        chosen, reason = selection.name, selection.reason
        seen, all_of_them = shown["origin_date"].n_unique(), frame["origin_date"].n_unique()
        which = f"the first {seen} origins" if seen < all_of_them else f"all {seen} origins, too few to hold 13 back"
        reason = f"chosen on {which}: {reason}"
    else:
        chosen, reason = model, "asked for"
    rows = contract(frame, chosen)
    named = from_contract(rows, chosen)
    seconds = {"intake": round(intake_seconds, 1), "backtest": round(time.monotonic() - begun, 1)}
    notes = [*past.notes, *_unjudged(rows)]
    return Scored(rows, chosen, reason, notes, summary(named), summary_by(named, "district_code"),
                  summary_by(named, "size_band"), seconds)  # fmt: skip


def worth(
    question: Question, model: str, feature: str, say: Say, on_origin: OnOrigin, is_placebo: bool = False
) -> tuple[Past, pl.DataFrame]:
    """What one feature, an input or a group of inputs of a model, is worth: the model with it and without it.

    A feature that the model does not look at by itself is added to it.

    Args:
        feature: a key of ``models.input_groups.INPUT_GROUPS``, or an input.
        is_placebo: compare with the same records of other communities instead of with none; only for what is added.

    Returns:
        The origins and notes, and one row a measure as ``models.evaluation.differences`` gives them.

    Raises:
        ConfigurationError: no such model, or it has no such feature; names those there are.
    """
    whole, part, added = _with_and_without(model, feature, is_placebo)
    with _copied(question.settings, say) as (run, _):
        if set(added) & set(INPUT_GROUPS["signals"]):
            say("read signals")
            read_signals(run)
        past = _past(run, question)
        past.has_context = bool(added)
        frame = _replayed(run, past, [whole, part], whole.name, on_origin)
    table = differences(frame, whole.name, part.name)
    if not table["difference"].fill_nan(0).cast(pl.Boolean).any():
        past.notes.append(f"the forecasts are the same: {model} made no use of {feature}, as with a short history")
    return past, table


def _with_and_without(model: str, feature: str, is_placebo: bool) -> tuple[Any, Any, tuple[str, ...]]:
    """The model with the feature, the one to compare it with, and which inputs are added to it."""
    whole, part = _named(model), _named(model)
    own = getattr(whole, "inputs", ())
    can_add = CONTEXT_INPUTS if "context" in whole.get_params() else ()
    try:
        found = inputs_named(feature, {*own, *can_add})
    except ValueError as error:
        raise ConfigurationError(f"{model}: {error}") from None
    added = tuple(name for name in found if name not in own)
    if is_placebo and not added:
        raise ConfigurationError(f"{model}: {feature} is part of it; a placebo is for what is added to a model")
    if not added:
        return whole, part.set_params(without=found), ()
    whole.set_params(context=(*whole.context, *added))
    if is_placebo:
        part.set_params(context=(*part.context, *(name + ELSEWHERE for name in added)))
    return whole, part, added


def write(rows: pl.DataFrame, path: Path) -> None:
    """Put the rows in place in one go."""
    part = path.with_name(f".{path.name}.part")
    try:
        rows.write_parquet(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _named(model: str) -> Any:
    try:
        return forecaster_named(model)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None


@contextmanager
def _copied(settings: Settings, say: Say) -> Iterator[tuple[Run, float]]:
    """The city taken in through the steps of the flow, in a home that is gone afterwards."""
    # later exports tell what came; what was known at an origin is told by the clocks of the records
    today = max(dt.date.today(), City(settings.city).config.default_date)
    there = Run(settings, today).data_dir
    # a synthetic city that has not run has no files yet: they are written in the copy
    data = there if there.exists() else settings.data
    with tempfile.TemporaryDirectory(prefix="xianban_backtest_") as home:
        own = settings.model_copy(update={"home": Path(home), "data": data})
        begun = time.monotonic()
        prepare(own)
        run = Run(own, today)
        for step, source in calls(run, tuple(step for step in FLOW if step.name in _INTAKE)):
            say(f"{step.name} {source or ''}".strip())
            run_step(own, today, step.name, source)
        yield run, time.monotonic() - begun


def _past(run: Run, question: Question) -> Past:
    return past_of(run, question.origins, question.horizon_weeks, question.last_origin)


def _replayed(run: Run, past: Past, models: list[Any], chosen: str, on_origin: OnOrigin) -> pl.DataFrame:
    rules = run.city.config.forecast
    return backtest(
        past.panel_at,
        past.outcomes,
        past.origins,
        models,
        minimum=rules.hot_minimum,
        horizon_weeks=past.horizon_weeks,
        dense_from=past.first_day,
        capacity_k=rules.capacity_k,
        district_of=past.district_of,
        refit_every=_REFIT_EVERY,
        chosen=chosen,
        on_progress=on_origin,
    )


def _unjudged(rows: pl.DataFrame) -> list[str]:
    """Targets without a single case: their measures are blank, not zero."""
    empty = [target for target in ("hot", "recurring", "emerging", "surge") if not rows[f"y_{target}"].any()]
    if not empty:
        return []
    return [f"no case of {', '.join(empty)} came in the windows: how well these were ranked cannot be judged"]
