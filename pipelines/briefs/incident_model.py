"""What the block 重点事件 of a brief holds."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class IncidentRow:
    """One incident of ``mart.incidents``; people and records of 90 days, what is open None where no source tells."""

    rank: int
    incident_id: str
    title: str
    place: str
    people_count: int
    event_count: int
    event_count_7d: int
    first_date: dt.date
    last_date: dt.date
    closing_known_count: int
    open_count: int | None
    units: str
    heat: str
    heat_parts: str


@dataclass(frozen=True)
class Incidents:
    """重点事件: the hottest ones. ``lines`` stand before the table, ``notes`` after it."""

    rows: tuple[IncidentRow, ...]
    lines: tuple[str, ...]
    notes: tuple[str, ...]
