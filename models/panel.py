"""The counts a forecast is made from: weeks × communities × issues, as known on one date."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.context import Context

Counts = NDArray[np.float32]
"""Complaint counts, shape (weeks, communities, issues)."""

DAYS_PER_WEEK = 7


@dataclass(frozen=True)
class Panel:
    """Weekly complaint counts of every cell (community × issue), as known at ``as_of`` 00:00.

    Weeks are 7-day blocks counted back from ``as_of``, not calendar weeks: ``counts[-1]`` covers the seven days that
    end the day before ``as_of``. Cells are ordered community-major, as in ``counts.reshape(weeks, -1)``.

    Attributes:
        as_of: first day that is *not* in the panel.
        communities: community codes; opaque text, axis 1 of ``counts``.
        issues: issue codes, axis 2 of ``counts``.
        counts: float32, shape (weeks, communities, issues), never negative.
        context: what was known beside the counts; None where nobody asked for it.

    Raises:
        ValueError: the shape does not match the codes, a code occurs twice, or a count is negative or not finite.
    """

    as_of: dt.date
    communities: tuple[str, ...]
    issues: tuple[str, ...]
    counts: Counts
    context: Context | None = None

    def __post_init__(self) -> None:
        expected = (len(self.communities), len(self.issues))
        if self.counts.ndim != 3 or self.counts.shape[1:] != expected:
            raise ValueError(
                f"panel of {self.as_of}: counts have shape {self.counts.shape}, "
                f"but the codes ask for (weeks, {expected[0]}, {expected[1]})"
            )
        if min(self.counts.shape) == 0:
            raise ValueError(f"panel of {self.as_of}: needs at least one week, one community and one issue")
        for name, codes in (("community", self.communities), ("issue", self.issues)):
            if len(set(codes)) != len(codes):
                raise ValueError(f"panel of {self.as_of}: a {name} code occurs twice; pass each code once")
        if not (np.isfinite(self.counts).all() and (self.counts >= 0).all()):
            raise ValueError(f"panel of {self.as_of}: counts must be finite and not negative")

    @classmethod
    def from_counts(
        cls, frame: pl.DataFrame, communities: Sequence[str], issues: Sequence[str], weeks: int, as_of: dt.date
    ) -> Panel:
        """Lay sparse counts out as a panel.

        Args:
            frame: columns ``community_code``, ``issue_code``, ``weeks_back`` (0 = the last seven days) and
                ``complaint_count``. Several rows of one cell-week add up; rows of ``weeks`` or more weeks back are
                older than the panel and left out; cell-weeks without a row are zero.
            communities: all communities to forecast, those without complaints included.
            issues: all issues to forecast.
            weeks: number of weeks in the panel.
            as_of: first day that is not in the panel.

        Raises:
            ValueError: ``weeks_back`` is negative (that is the future) or missing, or a code is not in the lists.
        """
        wrong = frame.filter(pl.col("weeks_back").is_null() | (pl.col("weeks_back") < 0)).height
        if wrong:
            raise ValueError(
                f"panel of {as_of}: {wrong} rows have a negative or missing weeks_back; "
                "select only rows that occurred before the as-of date"
            )
        placed = frame.select(
            "weeks_back",
            "complaint_count",
            community_code=_position("community_code", communities),
            issue_code=_position("issue_code", issues),
        )
        for name, column in (("community", "community_code"), ("issue", "issue_code")):
            if placed[column].null_count():
                unknown = frame.filter(placed[column].is_null())[column].unique().sort().to_list()
                raise ValueError(
                    f"panel of {as_of}: {len(unknown)} unknown {name} codes, first {unknown[:3]}; "
                    f"add them to the {name} list or filter their rows out"
                )
        shape = (weeks, len(communities), len(issues))
        week = weeks - 1 - pl.col("weeks_back").cast(pl.Int64)
        cell_week = (week * len(communities) + pl.col("community_code")) * len(issues) + pl.col("issue_code")
        flat = placed.filter(week >= 0).select(cell_week, pl.col("complaint_count").cast(pl.Float32))
        counts = np.zeros(math.prod(shape), dtype=np.float32)
        np.add.at(counts, *(column.to_numpy() for column in flat))
        return cls(as_of, tuple(communities), tuple(issues), counts.reshape(shape))

    @property
    def weeks(self) -> int:
        """Number of weeks."""
        return int(self.counts.shape[0])

    @property
    def observed(self) -> Counts:
        """The counts from the first week in which the city recorded anything; the last week alone if it never did.

        Weeks before recording began say nothing about demand, and averages over them would be too low.
        """
        recorded = np.flatnonzero(self.counts.any(axis=(1, 2)))
        return self.counts[recorded[0] if recorded.size else -1 :]

    def before(self, as_of: dt.date) -> Panel:
        """Cut the panel back to an earlier as-of date.

        The counts are only cut: rows that became known late are still in them. For a backtest build each origin's
        panel from what was known then.

        Raises:
            ValueError: ``as_of`` is later than the panel's, not a whole number of weeks earlier, or before its start.
        """
        days = (self.as_of - as_of).days
        if days < 0 or days % DAYS_PER_WEEK or days // DAYS_PER_WEEK >= self.weeks:
            raise ValueError(
                f"panel of {self.as_of} with {self.weeks} weeks cannot be cut back to {as_of}; "
                "choose a date a whole number of weeks earlier, within the panel"
            )
        back = days // DAYS_PER_WEEK
        context = None if self.context is None else self.context.before(back)
        return Panel(as_of, self.communities, self.issues, self.counts[: self.weeks - back], context)

    def cells(self) -> pl.DataFrame:
        """Name the cells. Grain: community × issue, community-major. Key: (community_code, issue_code)."""
        return pl.DataFrame(
            {
                "community_code": np.repeat(np.array(self.communities, dtype=object), len(self.issues)),
                "issue_code": np.tile(np.array(self.issues, dtype=object), len(self.communities)),
            },
            schema={"community_code": pl.String, "issue_code": pl.String},
        )


def _position(column: str, known: Sequence[str]) -> pl.Expr:
    """A column of codes as their positions in ``known``; null where it is not there."""
    of = pl.Enum(pl.Series(list(dict.fromkeys(known)), dtype=pl.String))
    return pl.col(column).cast(pl.String).cast(of, strict=False).to_physical().cast(pl.Int64)
