"""Read a city folder into typed, frozen configuration.

Only names, codes and rules live in a city folder, never records. Nothing heavy is imported here, because Airflow reads
the folder whenever it parses the DAGs.
"""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import hashlib
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipelines.errors import ConfigurationError


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


class BriefSettings(_Strict):
    """How the brief lists."""

    list_length: Annotated[int, Field(ge=1, le=100)] = 20
    orders_per_street_cap: Annotated[int, Field(ge=0)] = 3


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

    @cached_property
    def divisions(self) -> list[dict[str, str | None]]:
        """``divisions.csv``: code, level, name, parent_code, valid_from, valid_to, population."""
        return self._rows("divisions.csv", ["code", "level", "name", "parent_code"], required=self.config.cells is None)

    @cached_property
    def issues(self) -> list[dict[str, str | None]]:
        """``issues.csv``: issue_code, issue_name, major_name, standard, is_dangerous."""
        return self._rows("issues.csv", ["issue_code", "issue_name", "is_dangerous"], required=True)

    @cached_property
    def issue_map(self) -> list[dict[str, str | None]]:
        """``issue_map.csv``: system, value, issue_code, confidence."""
        return self._rows("issue_map.csv", ["system", "value", "issue_code"], required=True)

    @cached_property
    def responsibilities(self) -> list[dict[str, str | None]]:
        """``responsibilities.csv``: issue_code, category, lead_unit, basis, deadline_value and more."""
        return self._rows("responsibilities.csv", ["issue_code", "lead_unit"], required=False)

    @cached_property
    def calendar(self) -> list[dict[str, str | None]]:
        """``calendar.csv``: date, is_workday, name; overrides of the published calendar."""
        rows = self._rows("calendar.csv", ["date", "is_workday", "name"], required=False)
        for row in rows:
            try:
                dt.datetime.strptime(row["date"] or "", "%Y-%m-%d")
            except ValueError:
                raise ConfigurationError(
                    f"{self.folder / 'calendar.csv'}: {row['date']!r} is no date; write it as 2026-06-12"
                ) from None
        return rows

    @property
    def user_dictionary(self) -> Path | None:
        """``userdict.txt`` for jieba, where the city has one."""
        path = self.folder / "userdict.txt"
        return path if path.is_file() else None

    @cached_property
    def reference_hash(self) -> str:
        """Changes whenever the lists that conforming reads change, so that everything is conformed anew."""
        digest = hashlib.sha256()
        for name in ("city.toml", "divisions.csv", "issues.csv", "issue_map.csv", "responsibilities.csv"):
            path = self.folder / name
            digest.update(path.read_bytes() if path.is_file() else b"")
        return digest.hexdigest()

    def _rows(self, name: str, columns: list[str], required: bool) -> list[dict[str, str | None]]:
        path = self.folder / name
        if not path.is_file():
            if required:
                raise ConfigurationError(f"{path}: no such file; a city needs it")
            return []
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise ConfigurationError(f"{path}: not UTF-8; save it as UTF-8 CSV") from None
        reader = csv.DictReader(text.splitlines(keepends=True))
        headers = list(reader.fieldnames or [])
        for column in columns:
            if column not in headers:
                near = difflib.get_close_matches(column, headers, n=1)
                hint = f" (nearest is {near[0]!r})" if near else ""
                raise ConfigurationError(f"{path}: column {column!r} is missing{hint}; the header needs {columns}")
        rows = []
        for row in reader:
            if None in row:
                raise ConfigurationError(
                    f"{path}:{reader.line_num}: more fields than the header; put quotes around text that holds a comma"
                )
            rows.append({key: (value.strip() or None if value else None) for key, value in row.items() if key})
        return rows


def explained(error: Exception, model: type[BaseModel]) -> str:
    """A configuration error as one line that names the keys, and for an unknown key the nearest known one."""
    if not isinstance(error, ValidationError):
        return str(error)
    parts = []
    for item in error.errors():
        where = ".".join(str(step) for step in item["loc"]) or "file"
        message = item["msg"]
        if item["type"] == "extra_forbidden":
            known = _names_at(model, item["loc"][:-1])
            near = difflib.get_close_matches(str(item["loc"][-1]), known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            message = f"no such key; {hint}"
        parts.append(f"{where}: {message}")
    return "; ".join(parts)


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
