"""When to forecast from: weekly origins as a pure function of dates."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from models.panel import DAYS_PER_WEEK


@dataclass(frozen=True)
class Split:
    """One rolling origin.

    Attributes:
        origin: the as-of date. Features read what was known before it.
        newest_training_date: origin - horizon. The newest as-of date a training example may have: the label window
            of a later one would not be closed at the origin.
        window_end: first day after the forecast window ``[origin, window_end)``.
    """

    origin: dt.date
    newest_training_date: dt.date
    window_end: dt.date


def weekly_origins(
    end: dt.date, first_usable: dt.date, horizon_weeks: int = 1, origins: int = 26, history_weeks: int = 8
) -> tuple[Split, ...]:
    """List the last weekly origins whose forecast windows are closed, oldest first.

    Fewer usable origins than asked for are no error: the ones there are come back, and the caller prints how many.

    Args:
        end: first day whose complaints are not yet complete; no forecast window reaches beyond it.
        first_usable: first day from which recording is complete (``dense_from`` of the city).
        horizon_weeks: length of the forecast window.
        origins: how many to return at most.
        history_weeks: complete weeks needed before the first origin.

    Raises:
        ValueError: not a single origin is usable; says how much is missing.
    """
    horizon = dt.timedelta(weeks=horizon_weeks)
    last = end - horizon
    earliest = first_usable + dt.timedelta(weeks=history_weeks)
    usable = (last - earliest).days // DAYS_PER_WEEK + 1
    if usable < 1:
        raise ValueError(
            f"no usable origin between {first_usable} and {end}: {history_weeks} weeks of history and "
            f"{horizon_weeks} of forecast are needed; load older data or ask for less history"
        )
    dates = (last - dt.timedelta(weeks=back) for back in reversed(range(min(origins, usable))))
    return tuple(Split(date, date - horizon, date + horizon) for date in dates)
