"""Who may see which rows.

``grants.csv`` in the home folder has one line a grant: ``person,area_code``. An area code is the code of a district,
street or community, or the beginning of community codes; ``*`` as the area is the whole city, ``*`` as the person is
everyone. A third column, ``titles``, may be added: ``yes`` lets the person read the masked titles of single records of
that area; nobody else may. Without the file, everyone who can log in sees the whole city but no such title, and the
page says so. With the file, a person without a line sees nothing.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import ConfigurationError, XianbanError

ANY = "*"
_HEADER = ["person", "area_code"]
_WITH_TITLES = [*_HEADER, "titles"]
_YES = "yes"


class NothingGranted(XianbanError):
    """The grants file exists and has no line for this person."""


@dataclass(frozen=True)
class Areas:
    """What one person may see, and of which areas the titles of single records."""

    codes: tuple[str, ...]
    is_whole_city: bool
    is_granted: bool
    title_codes: tuple[str, ...] = ()
    is_titles_whole_city: bool = False

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
    granted = [(area, may_read) for granted_to, area, may_read in lines if granted_to in (person, ANY)]
    codes = {area for area, _ in granted}
    titled = {area for area, may_read in granted if may_read}
    if not codes:
        raise NothingGranted(f"{path} has no line for this person; add one as `person,area_code`")
    return Areas(
        tuple(sorted(codes - {ANY})),
        is_whole_city=ANY in codes,
        is_granted=True,
        title_codes=tuple(sorted(titled - {ANY})),
        is_titles_whole_city=ANY in titled,
    )


def _lines(path: Path) -> list[tuple[str, str, bool]]:
    """All grants, checked as a whole: one bad line must not widen or narrow anyone's rights unnoticed."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            rows = [[field.strip() for field in row] for row in csv.reader(handle, strict=True)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path}: not a UTF-8 CSV file ({error}); save it again as UTF-8 CSV") from None
    if not rows or rows[0] not in (_HEADER, _WITH_TITLES):
        raise ConfigurationError(f"{path}: the first line must be `{','.join(_HEADER)}` or `{','.join(_WITH_TITLES)}`")
    grants = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(row):
            continue
        if len(row) != len(rows[0]) or not all(row[:2]):
            raise ConfigurationError(f"{path} line {number}: needs a person and an area code (`*` for all)")
        if row[2:] not in ([], [""], [_YES]):
            raise ConfigurationError(f"{path} line {number}: titles is `{_YES}` or empty")
        grants.append((row[0], row[1], row[2:] == [_YES]))
    return grants
