"""The map of the sample city, read from its configuration folder.

A *site* is a community as it stood on the first day. When communities merge, the sites stay (people do not move) and
only their code and name change; that is how one neighbourhood keeps its troubles through a boundary change.
"""

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

SAMPLE_CITY = Path(__file__).resolve().parents[1] / "cities" / "sample"


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a UTF-8 CSV file as one dictionary per row."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@dataclass(frozen=True)
class Division:
    """One validity period of an administrative unit; ``valid_to`` is the first day it no longer holds."""

    code: str
    level: str
    name: str
    valid_from: date
    valid_to: date
    population: int

    def holds_on(self, day: date) -> bool:
        """Whether this row is in force on ``day``."""
        return self.valid_from <= day < self.valid_to


@dataclass(frozen=True)
class Site:
    """A neighbourhood: its original community code, people, and named places by kind."""

    code: str
    population: int
    spots: dict[str, list[str]]


@dataclass(frozen=True)
class Address:
    """The official names and codes of a site on one day."""

    district_code: str
    district: str
    street_code: str
    street: str
    community_code: str
    community: str
    grids: tuple[str, ...]


@dataclass(frozen=True)
class City:
    """Divisions by level, and the sites the world is simulated on."""

    divisions: dict[str, list[Division]]
    sites: list[Site]
    successors: dict[str, str]

    def changes(self) -> list[date]:
        """Days on which a code or name changes: addresses are constant between them."""
        days = {d.valid_from for rows in self.divisions.values() for d in rows}
        return sorted(days | {d.valid_to for rows in self.divisions.values() for d in rows if d.valid_to != date.max})

    def name(self, level: str, code: str, day: date) -> str:
        """The name a unit bears on ``day``."""
        return next(d.name for d in self.divisions[level] if d.code == code and d.holds_on(day))

    def community_code(self, site: int, day: date) -> str:
        """The community a site belongs to on ``day``."""
        code = self.sites[site].code
        while not any(d.code == code and d.holds_on(day) for d in self.divisions["community"]):
            code = self.successors[code]
        return code

    def address(self, site: int, day: date) -> Address:
        """The full official address of a site on ``day``."""
        code = self.community_code(site, day)
        return Address(
            code[:6],
            self.name("district", code[:6], day),
            code[:9],
            self.name("street", code[:9], day),
            code,
            self.name("community", code, day),
            tuple(d.code for d in self.divisions["grid"] if d.code.startswith(code) and d.holds_on(day)),
        )


def load_city(folder: Path, first_day: date, communities: int | None = None) -> City:
    """Read divisions and gazetteer, and settle who succeeds whom.

    A community that closes is succeeded by the one that opens in the same street on the same day.

    Args:
        folder: a city's configuration folder.
        first_day: sites are the communities in force on this day.
        communities: keep only the first so many sites (a smaller city for tests).
    """
    divisions: dict[str, list[Division]] = {"district": [], "street": [], "community": [], "grid": []}
    for row in read_rows(folder / "divisions.csv"):
        division = Division(
            row["code"],
            row["level"],
            row["name"],
            date.fromisoformat(row["valid_from"]),
            date.fromisoformat(row["valid_to"]) if row["valid_to"] else date.max,
            int(row["population"]),
        )
        divisions[division.level].append(division)
    spots: dict[str, dict[str, list[str]]] = {}
    for row in read_rows(folder / "gazetteer.csv"):
        spots.setdefault(row["community_code"], {}).setdefault(row["kind"], []).append(row["name"])
    opened = [d for d in divisions["community"] if d.holds_on(first_day)]
    successors = {
        old.code: new.code
        for old in divisions["community"]
        for new in divisions["community"]
        if old.valid_to == new.valid_from and old.code[:9] == new.code[:9]
    }
    sites = [Site(d.code, d.population, spots[d.code]) for d in opened[:communities]]
    return City(divisions, sites, successors)
