"""Read a city folder into typed, frozen configuration.

Only names, codes and rules live in a city folder, never records. Nothing heavy is imported here, because Airflow reads
the folder whenever it parses the DAGs.
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipelines.cities.lists import (
    CalendarDay,
    Division,
    Issue,
    IssueMapping,
    KnownPlace,
    Responsibility,
    Signal,
    check_codes,
    check_communities,
    check_divisions,
    check_unique,
    read_list,
)
from pipelines.errors import ConfigurationError

DEFAULT_SIGNALS = Path(__file__).parent / "signals.csv"
_FREQUENCY = 20_000  # of a generated word: enough to win over the common words it is made of
_WORD = re.compile(r"[\u4e00-\u9fa5]{2,10}")
_BETWEEN_WORDS = re.compile(r"[^\u4e00-\u9fa5]+")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CellGrid(_Strict):
    """Square cells in place of communities, for cities whose records carry coordinates only.

    Attributes:
        south, west, north, east: bounds in degrees; points outside are unplaced.
        size_km: edge of a cell in kilometres.
    """

    south: float
    west: float
    north: float
    east: float
    size_km: Annotated[float, Field(gt=0)] = 1.0

    @model_validator(mode="after")
    def _some_area(self) -> CellGrid:
        if not (-90 <= self.south < self.north <= 90 and -180 <= self.west < self.east <= 180):
            raise ValueError("south must lie below north and west before east, in degrees")
        return self


class ForecastRules(_Strict):
    """What counts as hot, how far back history is dense, and how long a list the units can work off."""

    hot_minimum: Annotated[int, Field(ge=1)] = 3
    capacity_k: Annotated[int, Field(ge=1)] = 50
    held_out_share: Annotated[float, Field(ge=0, lt=1)] = 0.10
    history_weeks: Annotated[int, Field(ge=1)] = 156
    backtest_origins: Annotated[int, Field(ge=1)] = 26
    risk_levels: tuple[float, float, float] = (0.7, 0.4, 0.15)  # from which probability 极高, 高, 中


class TextRules(_Strict):
    """When a text's issue is taken from the model, when a person is asked, and how far back texts are compared."""

    review_below: Annotated[float, Field(ge=0, le=1)] = 0.7
    least_labelled: Annotated[int, Field(ge=50)] = 300
    linked_days: Annotated[int, Field(ge=28)] = 182


class BriefSettings(_Strict):
    """How the brief lists."""

    list_length: Annotated[int, Field(ge=1, le=100)] = 20
    orders_per_street_cap: Annotated[int, Field(ge=1)] = 3


class CityConfig(_Strict):
    """``city.toml``."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str
    timezone: str = "Asia/Shanghai"
    default_date: dt.date
    dense_from: dt.date
    is_synthetic: bool = False
    calendar: Literal["china", "none"] = "china"
    forecast: ForecastRules = ForecastRules()
    brief: BriefSettings = BriefSettings()
    text: TextRules = TextRules()
    cells: CellGrid | None = None

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):  # an unknown zone is a KeyError, a folder of zones an OSError
            raise ValueError(f"no time zone {value!r}; a name looks like Asia/Shanghai") from None
        return value


class City:
    """One city folder.

    Args:
        folder: holds ``city.toml``, ``sources/*.yaml`` and the lists that the properties below name.

    Raises:
        ConfigurationError: a file is missing or wrong; names the file and the key.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        path = self.folder / "city.toml"
        if not path.is_file():
            raise ConfigurationError(f"{path}: no such file; XIANBAN_CITY or --city must name a city folder")
        try:
            self.config = CityConfig.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            raise ConfigurationError(f"{path}: not UTF-8; save it as UTF-8") from None
        except (tomllib.TOMLDecodeError, ValidationError) as error:
            raise ConfigurationError(f"{path}: {explained(error, CityConfig)}") from None

    @property
    def name(self) -> str:
        """Short name, used in paths and DAG tags."""
        return self.config.name

    @property
    def lists_from_data(self) -> tuple[str, ...]:
        """Which lists the city does not bring, so that its records tell them: ``places``, ``issues``.

        One of ``issues.csv`` and ``issue_map.csv`` without the other was forgotten, and is refused.
        """
        there = {name for name in ("divisions", "issues", "issue_map") if (self.folder / f"{name}.csv").is_file()}
        places = () if "divisions" in there or self.config.cells is not None else ("places",)
        return places if there & {"issues", "issue_map"} else (*places, "issues")

    @cached_property
    def divisions(self) -> list[Division]:
        """``divisions.csv``: the places, each with its parent and its period; none where the records tell them."""
        listed = read_list(self.folder / "divisions.csv", Division, required=False)
        check_divisions(listed)
        return listed.rows

    @cached_property
    def issues(self) -> list[Issue]:
        """``issues.csv``: what is forecast; none where the records tell it."""
        listed = read_list(self.folder / "issues.csv", Issue, required="issues" not in self.lists_from_data)
        check_unique(listed, ("issue_code",), "for it would be forecast twice")
        return listed.rows

    @cached_property
    def issue_map(self) -> list[IssueMapping]:
        """``issue_map.csv``: what the sources call the issues."""
        listed = read_list(self.folder / "issue_map.csv", IssueMapping, required="issues" not in self.lists_from_data)
        check_unique(listed, ("system", "value"), "for its records would be counted twice")
        check_codes(listed, self.issues)
        return listed.rows

    @cached_property
    def responsibilities(self) -> list[Responsibility]:
        """``responsibilities.csv``: who deals with an issue."""
        listed = read_list(self.folder / "responsibilities.csv", Responsibility, required=False)
        check_codes(listed, self.issues)
        return listed.rows

    @cached_property
    def calendar(self) -> list[CalendarDay]:
        """``calendar.csv``: overrides of the published calendar."""
        return read_list(self.folder / "calendar.csv", CalendarDay, required=False).rows

    @cached_property
    def signals(self) -> list[Signal]:
        """``signals.csv``: words that may tell danger, urgency, a group, a dispute or an unsolved matter.

        A city without the list has the product's own; an empty one turns signals off.
        """
        path = self.folder / "signals.csv"
        listed = read_list(path if path.is_file() else DEFAULT_SIGNALS, Signal, required=True)
        check_unique(listed, ("kind", "word"), "for only one rule can hold")
        return listed.rows

    @cached_property
    def gazetteer(self) -> list[KnownPlace]:
        """``gazetteer.csv``: estates, roads, markets, schools by the names that residents use."""
        listed = read_list(self.folder / "gazetteer.csv", KnownPlace, required=False)
        check_communities(listed, self.divisions)
        return listed.rows

    @cached_property
    def known_places(self) -> list[KnownPlace]:
        """Every name the city knows: its divisions, under all names they ever bore, and its gazetteer."""
        return [
            KnownPlace(
                name=row.name, kind=row.level, community_code=row.code if row.level == "community" else None,
                valid_from=row.valid_from, valid_to=row.valid_to,
            )
            for row in self.divisions
            if len(row.name) >= 2
        ] + self.gazetteer  # fmt: skip

    @cached_property
    def user_dictionary(self) -> dict[str, int]:
        """Words for jieba, with explicit frequencies: issues, the sources' categories, place names, ``userdict.txt``.

        Words of Han characters only. A line of ``userdict.txt`` overrules the frequency of a generated word.
        """
        names = {row.issue_name for row in self.issues} | {place.name for place in self.known_places}
        for row in self.issue_map:
            names.update(_BETWEEN_WORDS.split(row.value))
        words = {name: _FREQUENCY for name in sorted(names) if _WORD.fullmatch(name)}
        path = self.folder / "userdict.txt"
        return words | (read_dictionary(path) if path.is_file() else {})

    @cached_property
    def reference_hash(self) -> str:
        """Changes whenever what conforming reads changes, so that everything is conformed anew."""
        digest = hashlib.sha256()
        names = ("city.toml", "divisions.csv", "issues.csv", "issue_map.csv", "responsibilities.csv")
        for path in (*(self.folder / name for name in names), *sorted((self.folder / "sources").glob("*.yaml"))):
            content = path.read_bytes() if path.is_file() else b""
            digest.update(f"{path.name}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()


def read_dictionary(path: Path) -> dict[str, int]:
    """The words of a jieba dictionary file, ``word frequency [tag]`` a line.

    Raises:
        ConfigurationError: a line without a frequency; names the line.
    """
    words = {}
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: not UTF-8; save it as UTF-8") from None
    for number, line in enumerate(lines, 1):
        parts = line.split()
        if not parts:
            continue
        # jieba would guess a missing frequency, and take 0 for an order to split the word everywhere
        if len(parts) > 3 or len(parts) < 2 or not parts[1].isdecimal() or int(parts[1]) == 0:
            raise ConfigurationError(
                f"{path}:{number}: a line is a word without blanks, a frequency from 1 on and, if you like, a tag, "
                "as in 飞线充电 20000 n"
            )
        words[parts[0]] = int(parts[1])
    return words


def explained(error: Exception, model: type[BaseModel]) -> str:
    """A configuration error as one line that names the keys, and for an unknown key the nearest known one."""
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(text for _, text in problems_of(error, model))


def problems_of(error: ValidationError, model: type[BaseModel]) -> list[tuple[tuple[int | str, ...], str]]:
    """Each problem with the steps that lead to its place in the configuration."""
    parts = []
    for item in error.errors():
        where = ".".join(str(step) for step in item["loc"]) or "file"
        message = item["msg"]
        if item["type"] == "extra_forbidden":
            known = _names_at(model, item["loc"][:-1])
            near = difflib.get_close_matches(str(item["loc"][-1]), known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            message = f"no such key; {hint}"
        parts.append((item["loc"], f"{where}: {message}"))
    return parts


def _names_at(model: type[BaseModel], steps: tuple[int | str, ...]) -> list[str]:
    """The keys allowed at a place in the configuration; list indices and free keys on the way are passed over."""
    for step in steps:
        for name, field in model.model_fields.items():
            if step in (name, field.alias):
                model = _model_in(field.annotation) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
