"""What is known of a cell beside its counts, week by week: backlog, verdicts, signals, other channels, neighbours."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

STOCKS = ("backlog", "overdue")
"""Measures of what stands at a week's end; the others count what a week told."""
CONTEXT_INPUTS = (
    *STOCKS, "reopened", "unsatisfied", "repeats", "incidents", "urgent", "danger", "dispute", "unresolved", "grid",
    "disposals", "neighbours",
)  # fmt: skip
"""Inputs that a model may be given beside the counts: a stock at the week's end, else the sum of four weeks."""
ELSEWHERE = "_elsewhere"
"""Ending of an input's name that stands for the same figure of another community: a placebo."""
SPAN_WEEKS = 4

_SEED = 2020
_Table = NDArray[np.float32]


@dataclass(frozen=True)
class WeeklyRecords:
    """One measure, sparse; all of one length.

    Attributes:
        weeks_back: ascending; 0 is the last week.
        cell: position of the cell, community-major.
        count: records.
    """

    weeks_back: NDArray[np.int64]
    cell: NDArray[np.int64]
    count: NDArray[np.float64]


@dataclass(frozen=True)
class Context:
    """What was known of every cell at the end of each week, beside the counts of its panel.

    A measure that a city's sources say nothing of is missing here and unknown; in one that is known, a cell-week
    without records is zero.

    Attributes:
        communities, issues: how many, as in the panel.
        measures: by name, see ``CONTEXT_INPUTS``.
        area: number of the area (street, else district) of each community, -1 where unknown, shape (communities,).
    """

    communities: int
    issues: int
    measures: Mapping[str, WeeklyRecords]
    area: NDArray[np.int64]

    @classmethod
    def from_records(
        cls, frame: pl.DataFrame, communities: Sequence[str], issues: Sequence[str], area_of: Mapping[str, str]
    ) -> Context:
        """Take the rows of the warehouse over.

        Args:
            frame: columns ``community_code``, ``issue_code``, ``weeks_back``, ``measure``, ``record_count``; rows of
                other cells are left out, for they belong to no forecast.
            communities, issues: of the panel.
            area_of: area of each community.
        """
        place = pl.DataFrame({"community_code": communities, "c": np.arange(len(communities))})
        kind = pl.DataFrame({"issue_code": issues, "k": np.arange(len(issues))})
        rows = (
            frame.join(place, on="community_code").join(kind, on="issue_code")
            .select("measure", "weeks_back", "record_count", cell=pl.col("c") * len(issues) + pl.col("k"))
            .sort("measure", "weeks_back", "cell")
        )  # fmt: skip
        measures = {
            str(name): WeeklyRecords(
                part["weeks_back"].to_numpy().astype(np.int64),
                part["cell"].to_numpy().astype(np.int64),
                part["record_count"].to_numpy().astype(np.float64),
            )
            for (name,), part in rows.group_by("measure", maintain_order=True)
        }
        numbers = {area: number for number, area in enumerate(sorted(set(area_of.values())))}
        area = [numbers[area_of[code]] if code in area_of else -1 for code in communities]
        return cls(len(communities), len(issues), measures, np.array(area, dtype=np.int64))

    def known(self, names: Collection[str]) -> tuple[str, ...]:
        """Those of the inputs that this city's sources tell of, in their order."""
        has_neighbours = bool((np.bincount(self.area[self.area >= 0]) > 1).any())
        told = {*self.measures} | ({"neighbours"} if has_neighbours else set())
        return tuple(name for name in names if name.removesuffix(ELSEWHERE) in told)

    def before(self, weeks: int) -> Context:
        """The context as it was that many weeks earlier: each week holds only what was known at its end."""
        earlier = {}
        for name, one in self.measures.items():
            start = np.searchsorted(one.weeks_back, weeks)
            earlier[name] = WeeklyRecords(one.weeks_back[start:] - weeks, one.cell[start:], one.count[start:])
        return Context(self.communities, self.issues, earlier, self.area)

    def table(
        self, names: Sequence[str], counts: _Table, weeks_back: int, cells: NDArray[np.intp] | None = None
    ) -> _Table:
        """The inputs of cells at the end of a week.

        Args:
            names: inputs; unknown ones are zero.
            counts: the panel's counts up to that week, for the neighbours.
            weeks_back: the week, counted back from the panel's last, which is 0.
            cells: positions of the cells to describe, community-major; all when None.

        Returns:
            shape (cells, names).
        """
        chosen = slice(None) if cells is None else cells
        columns = [self._of_all(name, counts, weeks_back).ravel()[chosen] for name in names]
        return np.stack(columns, axis=1).astype(np.float32)

    def _of_all(self, name: str, counts: _Table, weeks_back: int) -> NDArray[np.float64]:
        """One input of every cell, shape (communities, issues)."""
        measure = name.removesuffix(ELSEWHERE)
        if measure == "neighbours":
            found = self._neighbours(counts)
        else:
            found = self._records(measure, weeks_back).reshape(self.communities, self.issues)
        return found[_elsewhere(self.communities)] if measure != name else found

    def _records(self, measure: str, weeks_back: int) -> NDArray[np.float64]:
        size = self.communities * self.issues
        if measure not in self.measures:
            return np.zeros(size)
        one = self.measures[measure]
        span = 1 if measure in STOCKS else SPAN_WEEKS
        part = slice(*np.searchsorted(one.weeks_back, (weeks_back, weeks_back + span)))
        return np.bincount(one.cell[part], one.count[part], minlength=size).astype(np.float64)

    def _neighbours(self, counts: _Table) -> NDArray[np.float64]:
        """Complaints of the issue in the other communities of the area; none where the area is unknown."""
        own = counts[-SPAN_WEEKS:].sum(axis=0, dtype=np.float64)
        total = np.zeros((self.area.max(initial=-1) + 2, self.issues))
        np.add.at(total, self.area, own)
        return np.where(self.area[:, None] >= 0, total[self.area] - own, 0.0)


def _elsewhere(communities: int) -> NDArray[np.intp]:
    """Another community for each, the same in every week: no community stands for itself."""
    order = np.random.default_rng(_SEED).permutation(communities)
    other = np.empty_like(order)
    other[order] = np.roll(order, 1)
    return other
