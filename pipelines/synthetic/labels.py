"""The words each system uses for an issue, and the unit that has to deal with it, read from the city's lists."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from pipelines.synthetic.places import read_rows
from pipelines.synthetic.profiles import NEAR


@dataclass(frozen=True)
class Duty:
    """One line of the responsibility list: who leads, by when, from which day on."""

    category: str
    lead_unit: str
    deadline_hours: float
    valid_from: date


class CategoryBook:
    """Draws the category an operator or resident files a matter under, mistakes included."""

    def __init__(self, folder: Path, system: str, blank: float, vague: float, wrong: float) -> None:
        """Args: city folder, system of ``issue_map.csv``, and the shares left blank, filed as other, filed wrongly."""
        self._values: dict[str, list[str]] = defaultdict(list)
        for row in read_rows(folder / "issue_map.csv"):
            if row["system"] == system:
                self._values[row["issue_code"]].append(row["value"])
        self._shares = np.cumsum([blank, vague, wrong])

    def draw(self, issues: list[str], rng: np.random.Generator) -> list[str]:
        """One category per matter; an issue of "" (none of the city's) always gets an unmapped value or a blank."""
        fate = np.searchsorted(self._shares, rng.random(len(issues)), side="right").tolist()
        pick = rng.random(len(issues)).tolist()
        return [self._one(i, f, p) for i, f, p in zip(issues, fate, pick, strict=True)]

    def _one(self, issue: str, fate: int, pick: float) -> str:
        if fate == 0:
            return ""
        if fate == 2 and issue:
            near = NEAR[issue]
            issue = near[int(pick * 1000) % len(near)]
        values = self._values["" if fate == 1 else issue]
        return values[int(pick * len(values))]


_HOURS = {"紧急工作时": 1.0, "工作时": 3.0, "工作日": 24.0}


def load_duties(folder: Path) -> dict[str, list[Duty]]:
    """The responsibility list by issue, oldest line first; deadlines roughly in hours (8 working hours a day)."""
    duties: dict[str, list[Duty]] = defaultdict(list)
    for row in read_rows(folder / "responsibilities.csv"):
        hours = float(row["deadline_value"]) * _HOURS[row["deadline_unit"]]
        since = date.fromisoformat(row["valid_from"])
        duties[row["issue_code"]].append(Duty(row["category"], row["lead_unit"], hours, since))
    return {issue: sorted(lines, key=lambda duty: duty.valid_from) for issue, lines in duties.items()}


def duty_on(duties: dict[str, list[Duty]], issue: str, day: date) -> Duty:
    """The line in force on a day."""
    return [duty for duty in duties[issue] if duty.valid_from <= day][-1]


def issue_names(folder: Path) -> dict[str, str]:
    """Issue names by code."""
    return {row["issue_code"]: row["issue_name"] for row in read_rows(folder / "issues.csv")}
