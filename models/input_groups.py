"""What a model looks at, by name, so that one input can be left out and its worth be measured."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

INPUT_GROUPS: dict[str, tuple[str, ...]] = {
    "counts": ("last_week", "mean_4w", "mean_8w", "mean_26w", "mean_52w", "deviation_26w", "max_8w", "max_52w"),
    "smoothing": ("ewma_02", "ewma_05", "ewma_10", "ewma_20", "ewma_50"),
    "recency": ("weeks_since_complaint", "weeks_since_hot", "active_weeks_52w"),
    "hot_weeks": ("hot_weeks_8w", "hot_weeks_52w"),
    "community": ("community_last_week", "community_mean_8w", "community_mean_52w"),
    "city": ("city_last_week", "city_mean_4w", "city_mean_52w", "city_ratio", "log_exposure"),
    "calendar": ("last_year", "season", "week_of_year_sine", "week_of_year_cosine"),
    "speeds": ("half_year_shift", "month_shift", "week_shift"),
    "filter": (
        "log_mean_slow", "log_mean_half_year", "log_mean_month", "log_mean_week", "log_shift_half_year",
        "log_shift_month", "log_shift_week", "level_slow", "level_half_year", "level_month", "level_week",
        "filter_size",
    ),
    "outbreaks": ("outbreak_shift", "level_outbreak"),
    "handling": ("backlog", "overdue", "reopened", "unsatisfied"),
    "repetition": ("repeats", "incidents"),
    "signals": ("urgent", "danger", "dispute", "unresolved"),
    "records": ("grid", "disposals"),
}  # fmt: skip
"""Inputs that say the same in several ways: one alone can be left out at no cost, because its neighbours stand in."""


def inputs_named(name: str, known: Collection[str]) -> tuple[str, ...]:
    """The inputs of a group, or the one input of that name, as far as a model has them.

    Args:
        name: a key of ``INPUT_GROUPS`` or the name of an input.
        known: names of the model's inputs.

    Raises:
        ValueError: the model has no such input; names the groups and the inputs it has.
    """
    found = tuple(one for one in INPUT_GROUPS.get(name, (name,)) if one in known)
    if not found:
        groups = [group for group, members in INPUT_GROUPS.items() if set(members) & set(known)]
        raise ValueError(f"no input {name!r}; groups are {', '.join(groups)}; inputs are {', '.join(sorted(known))}")
    return found


def blanked(table: NDArray[np.floating], names: Sequence[str], without: Collection[str]) -> NDArray[np.floating]:
    """The table with the columns of some inputs set to zero: a constant tells neither a tree nor a logistic anything.

    Args:
        table: shape (rows, inputs).
        names: of its columns.
        without: inputs to leave out; names of other inputs are passed over.
    """
    dropped = [position for position, name in enumerate(names) if name in without]
    if not dropped:
        return table
    table = table.copy()
    table[:, dropped] = 0
    return table


def named_without(name: str, without: Collection[str], context: Collection[str] = ()) -> str:
    """The name of a forecaster to which inputs are added or from which some are left out, to stand beside the usual."""
    added = f"_with_{'_'.join(context)}" if context else ""
    return f"{name}{added}_without_{'_'.join(without)}" if without else name + added
