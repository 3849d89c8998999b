"""Whether conforming would place a record, and why not; the rules are those of ``core.fct_event_versions``."""

from __future__ import annotations

import datetime as dt

from pipelines.cities.lists import Division
from pipelines.text.mask import masked

BLANK = "（空）"


class Atlas:
    """The divisions by what records call them."""

    def __init__(self, divisions: list[Division]) -> None:
        self._latest = {row.code: row for row in sorted(divisions, key=lambda row: row.valid_from or dt.date.min)}
        self._called: dict[tuple[str, str], list[Division]] = {}
        for row in divisions:
            for text in {row.code, row.name}:
                self._called.setdefault((row.level, text), []).append(row)

    def why_not(
        self, grid: str | None, community: str | None, street: str | None, district: str | None, day: dt.date
    ) -> str | None:
        """Why a record has no community; None if it has one."""
        grids = [row for row in self._called.get(("grid", grid or ""), []) if row.code == grid and _holds(row, day)]
        if len({row.parent_code for row in grids}) == 1:
            return None
        if community is None:
            return BLANK
        named = self._called.get(("community", community), [])
        here = [row for row in named if _holds(row, day)]
        in_street = [row for row in here if self._within(row, "street", street)]
        fitting = {row.code for row in in_street if self._within(row, "district", district)}
        if len(fitting) == 1:
            return None
        shown = masked(community)
        if not named:
            return f"{shown}: not in divisions.csv"
        if not here:
            return f"{shown}: not on that day"
        if not fitting:
            return f"{shown}: not in that street or district"
        return f"{shown}: {len(fitting)} of that name"

    def _within(self, row: Division, level: str, text: str | None) -> bool:
        above: Division | None = row
        while above is not None and above.level != level:
            above = self._latest.get(above.parent_code) if above.parent_code else None
        return text is None or above is None or above.code in {r.code for r in self._called.get((level, text), [])}


def _holds(row: Division, day: dt.date) -> bool:
    return (row.valid_from or dt.date.min) <= day < (row.valid_to or dt.date.max)
