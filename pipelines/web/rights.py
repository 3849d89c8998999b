"""Who may see which rows.

``grants.csv`` in the home folder has one line a grant: ``person,area_code``. An area code is the code of a district,
street or community, or the beginning of community codes; ``*`` as the area is the whole city, ``*`` as the person is
everyone. Without the file, everyone who can log in sees the whole city, and the page says so. With the file, a person
without a line sees nothing.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import ConfigurationError, XianbanError

ANY = "*"
_HEADER = ["person", "area_code"]


class NothingGranted(XianbanError):
    """The grants file exists and has no line for this person."""


@dataclass(frozen=True)
class Areas:
    """What one person may see."""

    codes: tuple[str, ...]
    is_whole_city: bool
    is_granted: bool

    @property
    def text(self) -> str:
        """The range in words."""
        if not self.is_granted:
            return "全市（尚未设置权限名单）"
        return "全市" if self.is_whole_city else "、".join(self.codes)


def areas_of(path: Path, person: str) -> Areas:
    """The areas granted to a person.

    The file is read on every request, so that taking a right away works at once.

    Raises:
        NothingGranted: the file has no line for this person.
        ConfigurationError: the file is not readable as grants; nobody sees anything until it is mended.
    """
    try:
        lines = _lines(path)
    except FileNotFoundError:
        return Areas((), is_whole_city=True, is_granted=False)
    codes = {area for granted_to, area in lines if granted_to in (person, ANY)}
    if not codes:
        raise NothingGranted(f"{path} has no line for this person; add one as `person,area_code`")
    return Areas(tuple(sorted(codes - {ANY})), is_whole_city=ANY in codes, is_granted=True)


def _lines(path: Path) -> list[tuple[str, str]]:
    """All grants, checked as a whole: one bad line must not widen or narrow anyone's rights unnoticed."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            rows = [[field.strip() for field in row] for row in csv.reader(handle, strict=True)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path}: not a UTF-8 CSV file ({error}); save it again as UTF-8 CSV") from None
    if not rows or rows[0] != _HEADER:
        raise ConfigurationError(f"{path}: the first line must be `{','.join(_HEADER)}`")
    grants = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(row):
            continue
        if len(row) != len(_HEADER) or not all(row):
            raise ConfigurationError(f"{path} line {number}: needs a person and an area code (`*` for all)")
        grants.append((row[0], row[1]))
    return grants
