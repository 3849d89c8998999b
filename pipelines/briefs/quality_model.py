"""What the annex 数据质量 of a brief holds: counts and short words of lists, nothing personal."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class SourceState:
    """One source: what it sent, what its gate said, and whether it came in time.

    Attributes:
        gate: passed, warned, held, or None before its first file.
        held_since: export day of the first file of the hold; None where nothing is held or the files tell no day.
        in_force: export day of the data that count now.
        days_late: whole days by which the promised export is missing; None where it is in time or never came.
    """

    title: str
    owner: str
    promised_by: str
    latest_exported: dt.date | None
    is_late: bool
    days_late: int | None
    gate: str | None
    held_since: dt.date | None
    in_force: dt.date | None
    file_count: int
    recent_file_count: int
    rows_in: int
    accepted: int
    rejected: int
    superseded: int
    held_back: int


@dataclass(frozen=True)
class Outcome:
    """Rows of one source that were ``rejected`` or ``superseded``, by reason.

    ``recent_count`` is None where it is unknown; only what was rejected has a remedy.
    """

    source: str
    outcome: str
    reason: str
    row_count: int
    recent_count: int | None
    remedy: str


@dataclass(frozen=True)
class Finding:
    """An expectation that files of one source failed, or a change (``kind``) against the file before."""

    source: str
    kind: str
    text: str
    batch_count: int
    latest_exported: dt.date | None
    checked_count: int | None
    unexpected_count: int | None


@dataclass(frozen=True)
class Unread:
    """What a source wrote and no list explains, how often, and which list to fill."""

    source: str
    kind: str
    written: str
    count: int
    remedy: str


@dataclass(frozen=True)
class QualityPage:
    """The annex.

    Attributes:
        pointer: the line on page 1 that sends the reader here; empty when nothing is wrong.
        unmapped_rest: kinds of writing and records beyond the listed ones.
        unplaced_rest: the same for places.
    """

    pointer: str
    lines: tuple[str, ...]
    sources: tuple[SourceState, ...]
    outcomes: tuple[Outcome, ...]
    findings: tuple[Finding, ...]
    changes: tuple[Finding, ...]
    unmapped: tuple[Unread, ...]
    unmapped_rest: tuple[int, int]
    unplaced: tuple[Unread, ...]
    unplaced_rest: tuple[int, int]
