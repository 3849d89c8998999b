"""Reading a published snapshot: its ``mart`` schema for one as-of date is all that a brief knows."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import duckdb

from pipelines.briefs.model import BriefError
from pipelines.briefs.wording import issue_label, place_name, plain

DAY = dt.timedelta(days=1)
Row = dict[str, Any]
_PARAMETER = re.compile(r"\$([a-z_]\w*)")

_PRESENT = """
select
    (select count(*) from mart.hotspot_forecast where as_of_date = $as_of_date)
    + (select count(*) from mart.daily_counts where as_of_date = $as_of_date)
    + (select count(*) from mart.source_status where as_of_date = $as_of_date) as row_count
"""
_PLACES = """
select place_level, place_code, place_name, district_name, street_name
from mart.places
where as_of_date = $as_of_date
order by valid_from nulls first
"""
_ISSUES = "select issue_code, issue_name from mart.issues where as_of_date = $as_of_date"
_LEVELS = """
select count(distinct district_code) as district, count(distinct street_code) as street,
    count(distinct community_code) as community
from mart.daily_counts
where as_of_date = $as_of_date and is_resident
"""


class Reader:
    """One as-of date of a snapshot, with the names of its places and issues.

    Args:
        connection: read-only, on a published snapshot.
        as_of_date: the date of the brief.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, as_of_date: dt.date) -> None:
        """Read the names.

        Raises:
            BriefError: the snapshot holds nothing for the date.
        """
        self._connection = connection
        self.as_of_date = as_of_date
        if not self.rows(_PRESENT)[0]["row_count"]:
            raise BriefError(
                f"the snapshot holds nothing for {as_of_date}; open the snapshot of that date, "
                f"or run `xianban run --date {as_of_date}` first"
            )
        self._places = {(row["place_level"], row["place_code"]): row for row in self.rows(_PLACES)}
        self._issues = {row["issue_code"]: row["issue_name"] for row in self.rows(_ISSUES)}
        self.area_level = self._area_level()

    @property
    def yesterday(self) -> dt.date:
        """The day that the brief reports."""
        return self.as_of_date - DAY

    def rows(self, sql: str, **params: Any) -> list[Row]:
        """Run one select with the parameters it names; ``as_of_date`` is always at hand."""
        at_hand = {"as_of_date": self.as_of_date, **params}
        wanted = {name: at_hand[name] for name in _PARAMETER.findall(sql)}
        found = self._connection.execute(sql, wanted)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def issue(self, code: str) -> str:
        """The issue with its code."""
        return issue_label(self._issues.get(code), code)

    def place(self, level: str, code: str | None) -> str:
        """One place by its own name, or by its code when the snapshot does not name it."""
        if code is None:
            return "未定位"
        row = self._places.get((level, code))
        return plain(row["place_name"] if row else code)

    def whole_place(self, community_code: str) -> str:
        """A community with the district and street above it."""
        row = self._places.get(("community", community_code))
        return place_name(row["district_name"], row["street_name"], row["place_name"]) if row else plain(community_code)

    def _area_level(self) -> str | None:
        """The highest level that divides the city; a city of one district is divided by streets."""
        counts = self.rows(_LEVELS)[0]
        divided = [level for level in ("district", "street", "community") if counts[level] > 1]
        present = [level for level in ("district", "street", "community") if counts[level]]
        return next(iter(divided or present), None)
