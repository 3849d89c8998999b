"""What was put into the sample city's files on purpose, so that a reader can check that it finds exactly that."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class SourceCounts:
    """Known numbers of one source.

    Attributes:
        key: the columns that identify a record.
        files: number of files.
        rows: data rows over all files; equals records + rewritten + duplicates + all dirty rows.
        records: records with a usable key and time, each counted once.
        rewritten: rows that send a known record again because it changed.
        duplicates: rows equal to an earlier row of the source in every column.
        dirty: unusable rows by reason.
        voided: records marked void in any row, or entered as a test.
        late: records entered two days or more after they occurred.
        unplaced: records whose community is blank or not a name the city knows.
        uncategorised: records with a blank category.
        two_channels: records of a matter that another source also tells of.
    """

    key: list[str] = field(default_factory=list)
    files: int = 0
    rows: int = 0
    records: int = 0
    rewritten: int = 0
    duplicates: int = 0
    dirty: dict[str, int] = field(default_factory=dict)
    voided: int = 0
    late: int = 0
    unplaced: int = 0
    uncategorised: int = 0
    two_channels: int = 0

    @property
    def dirty_rows(self) -> int:
        """Unusable rows of all kinds."""
        return sum(self.dirty.values())

    def add_dirty(self, reason: str, count: int) -> None:
        """Count unusable rows."""
        self.dirty[reason] = self.dirty.get(reason, 0) + count

    def set_marks(self, marks: dict[str, int]) -> None:
        """Set the record counts that carry a mark's name."""
        for name, count in marks.items():
            setattr(self, name, count)


@dataclass
class Manifest:
    """The known numbers of an emitted city."""

    seed: int
    first_day: str
    last_day: str
    as_of: str
    weeks: int
    communities: int
    issues: int
    resident_matters: int
    sources: dict[str, SourceCounts]

    def save(self, path: Path) -> None:
        """Write as JSON, readable and stable."""
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
