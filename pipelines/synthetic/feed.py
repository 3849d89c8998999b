"""How a source is exported: which file carries which version of which record, and what goes wrong on the way.

Every file is an export taken at midnight of the day in its name: half-year archives for the history, then a file each
morning for the last fourteen days. A file carries the records entered since the export before it, and again those
entered earlier that have changed since, each as it stood at the export.

The update stamp of a record's first row is the moment it was entered, even where an archive already shows its end; a
row that is sent again is stamped with the change that caused it.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import numpy as np
import polars as pl

from pipelines.synthetic.manifest import SourceCounts
from pipelines.synthetic.matters import midnight

DAILY_FILES = 14
DUPLICATE_SHARE = 0.004
DIRTY_SHARE = 0.0004
IMPOSSIBLE = "2026-02-30 25:61"
DIRTY_REASONS = ("empty_key", "impossible_date", "missing_date", "after_export")
MARKS = ("voided", "late", "unplaced", "uncategorised", "two_channels")


@dataclass(frozen=True)
class Export:
    """One file: what was entered or changed in [since, day), as known at midnight of ``day``."""

    since: datetime
    day: date

    @property
    def until(self) -> datetime:
        """The moment of the export."""
        return midnight(self.day)


def plan_exports(first_day: date, as_of: date) -> list[Export]:
    """Half-year archives up to a fortnight before the as-of date, then one file a day."""
    daily_from = as_of - timedelta(days=DAILY_FILES)
    halves = [date(y, m, 1) for y in range(first_day.year, as_of.year + 1) for m in (1, 7)]
    days = [d for d in halves if first_day < d < daily_from] + [daily_from]
    days += [daily_from + timedelta(days=n) for n in range(1, DAILY_FILES + 1)]
    starts = [midnight(first_day), *[midnight(d) for d in days[:-1]]]
    return [Export(start, day) for start, day in zip(starts, days, strict=True)]


class Feed(ABC):
    """One source: its records, their look at a given export, and its files.

    Records have a ``key``, ``entered`` (when the platform got them) and the moments in ``changes`` at which they
    change. Subclasses say how records look and how a file is written; this class decides what a file carries.
    """

    name: ClassVar[str]
    header: ClassVar[tuple[str, ...]]
    key: ClassVar[tuple[str, ...]]
    time: ClassVar[str]
    changes: ClassVar[tuple[str, ...]]
    pattern: ClassVar[str]
    prefix: ClassVar[str] = ""

    def __init__(self, records: pl.DataFrame, seed: int) -> None:
        """Args: records of the source, one row each, and the seed of what goes wrong in its export."""
        self.records = records.sort("entered", "key", maintain_order=True)
        self._rng = np.random.default_rng(seed)

    @abstractmethod
    def render(self, known: pl.DataFrame, until: datetime) -> pl.DataFrame:
        """The rows as text in header order, preceded by a boolean column for each of ``MARKS``."""

    @abstractmethod
    def write(self, path: Path, rows: pl.DataFrame) -> None:
        """Write one file of text rows in header order."""

    def emit(self, folder: Path, exports: list[Export]) -> SourceCounts:
        """Write all files of the source and count what is in them."""
        counts = SourceCounts(key=list(self.key))
        target = folder / self.name
        target.mkdir(parents=True, exist_ok=True)
        marks: list[pl.DataFrame] = []
        carried: pl.DataFrame | None = None
        for export in exports:
            known, is_new = self._known(export)
            looks = self.render(known, export.until)
            rows = looks.select(self.header)
            marks.append(known.select("key").hstack(looks.select(MARKS)))
            twice = self._sample(rows, DUPLICATE_SHARE)
            here, carry = twice[: twice.height // 2], twice[twice.height // 2 :]
            extras = [here] if carried is None else [here, carried]
            carried = carry
            dirty = list(self._spoil(rows, export, counts))
            self.write(target / self.pattern.format(day=f"{export.day:%Y%m%d}"), pl.concat([rows, *extras, *dirty]))
            counts.files += 1
            counts.rows += rows.height + sum(part.height for part in [*extras, *dirty])
            counts.duplicates += sum(part.height for part in extras)
            counts.records += int(is_new.sum())
            counts.rewritten += int((~is_new).sum())
        totals = pl.concat(marks).group_by("key").agg(pl.col(MARKS).any()).select(pl.col(MARKS).sum())
        counts.set_marks({name: int(totals[name].item()) for name in MARKS})
        return counts

    def _known(self, export: Export) -> tuple[pl.DataFrame, pl.Series]:
        """The records a file carries, with their ``stamp``, and which of them are sent for the first time."""
        since, until = pl.lit(export.since), pl.lit(export.until)
        recent = [pl.when(pl.col(c).is_between(since, until, closed="left")).then(pl.col(c)) for c in self.changes]
        known = self.records.filter(pl.col("entered") < until).with_columns(
            is_new=pl.col("entered") >= since, changed=pl.max_horizontal(recent)
        )
        known = known.filter(pl.col("is_new") | pl.col("changed").is_not_null())
        known = known.with_columns(stamp=pl.when("is_new").then("entered").otherwise("changed"))
        return known, known["is_new"]

    def _sample(self, rows: pl.DataFrame, share: float, least: int = 0) -> pl.DataFrame:
        """A random selection of rows, in file order."""
        count = min(max(int(self._rng.binomial(rows.height, share)), least), rows.height)
        chosen = np.sort(self._rng.choice(rows.height, count, replace=False))
        return rows.filter(pl.Series(np.isin(np.arange(rows.height), chosen)))

    def _spoil(self, rows: pl.DataFrame, export: Export, counts: SourceCounts) -> Iterator[pl.DataFrame]:
        """Rows that nobody can use: copies with a key of their own and one thing wrong; each kind in the first file."""
        for reason in DIRTY_REASONS:
            bad = self._sample(rows, DIRTY_SHARE, least=0 if counts.files else 1)
            number = counts.dirty_rows
            keys = [f"{self.prefix}{export.day:%y%m%d}235959{900_000 + number + i}" for i in range(bad.height)]
            later = self._rng.integers(3, 40, bad.height).tolist()
            column, values = {
                "empty_key": (self.key[0], [""] * bad.height),
                "impossible_date": (self.time, [IMPOSSIBLE] * bad.height),
                "missing_date": (self.time, [""] * bad.height),
                "after_export": (self.time, [f"{export.until + timedelta(days=d, hours=9)}" for d in later]),
            }[reason]
            bad = bad.with_columns(pl.Series(self.key[0], keys, dtype=pl.String))
            counts.add_dirty(reason, bad.height)
            yield bad.with_columns(pl.Series(column, values, dtype=pl.String))


def as_text(column: str) -> pl.Expr:
    """A moment as ``2026-09-01 09:30:00``, blank when there is none."""
    return pl.col(column).dt.strftime("%Y-%m-%d %H:%M:%S").fill_null("")


def known_text(column: str, until: datetime) -> pl.Expr:
    """The same, blank also when the moment lies at or after the export."""
    return pl.when(pl.col(column) < until).then(as_text(column)).otherwise(pl.lit(""))


def blanks(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows for a CSV file: nothing between the commas, rather than a pair of quotes, where a value is blank."""
    return rows.select(pl.all().replace("", None))
