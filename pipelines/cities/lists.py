"""The lists of a city folder as typed, frozen rows, and what must hold between them.

What is wrong is named by file, line and column, with the kind of the value that stands there and not the value itself:
someone may have saved records under the name of a list.
"""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import gc
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from pipelines.errors import ConfigurationError

FOUND = "清单取自数据"
"""How an issue is marked that stands in no list of the city, but in its records."""
_BOOLEANS = {"true": True, "1": True, "是": True, "false": False, "0": False, "否": False}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LEVELS = ("district", "street", "community", "grid")
_MOST_PROBLEMS = 5


def _day(value: Any) -> Any:
    # Pydantic would take 20240101 for seconds since 1970
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise ValueError("no ISO date")
    return value


def _boolean(value: Any) -> Any:
    return _BOOLEANS.get(value.lower(), value) if isinstance(value, str) else value


_Text = Annotated[str, Field(description="fill it in")]
_Day = Annotated[dt.date, BeforeValidator(_day), Field(description="write a date as 2026-06-12")]
_Boolean = Annotated[
    bool, BeforeValidator(_boolean), Field(strict=True, description="write true, false, 1, 0, 是 or 否")
]
_Count = Annotated[int, Field(ge=0, description="write a whole number in digits only, as in 8200")]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True)


class Division(_Row):
    """A place in a period: a place renamed or merged has one row a period."""

    code: _Text
    level: Annotated[
        Literal["district", "street", "community", "grid"],
        Field(description="write district, street, community or grid"),
    ]
    name: _Text
    parent_code: str | None
    valid_from: _Day | None = None
    valid_to: _Day | None = None
    population: _Count | None = None


class Issue(_Row):
    """An issue that is forecast."""

    issue_code: _Text
    issue_name: _Text
    is_dangerous: _Boolean = False
    major_name: str | None = None
    standard: str | None = None


class IssueMapping(_Row):
    """What a source calls an issue; a blank code says that the value is known and not forecast."""

    system: _Text
    value: _Text
    issue_code: str | None
    confidence: Annotated[
        float, Field(ge=0, le=1, allow_inf_nan=False, description="write a number from 0 to 1, as in 0.9")
    ] = 1.0


class Responsibility(_Row):
    """Who must deal with an issue, and how fast."""

    issue_code: _Text
    lead_unit: _Text
    category: str | None = None
    basis: str | None = None
    deadline_value: _Count | None = None
    deadline_unit: str | None = None
    valid_from: _Day | None = None


class KnownPlace(_Row):
    """A place by the name that residents use, in the community it lies in; blank where it crosses several."""

    name: Annotated[str, Field(min_length=2, description="write the name in two characters or more")]
    kind: _Text
    community_code: str | None
    valid_from: _Day | None = None
    valid_to: _Day | None = None


class CalendarDay(_Row):
    """A day on which the city differs from the published calendar."""

    date: _Day
    is_workday: _Boolean
    name: str | None


SignalKind = Literal["danger", "urgent", "group", "dispute", "unresolved"]
SIGNAL_KINDS: tuple[SignalKind, ...] = get_args(SignalKind)


class Signal(_Row):
    """A word that may tell danger, urgency, a group, a dispute, or a matter that was not solved."""

    kind: Annotated[SignalKind, Field(description="write danger, urgent, group, dispute or unresolved")]
    word: _Text
    is_negatable: _Boolean = True
    unless: str | None = None
    note: str | None = None


Row = TypeVar("Row", bound=_Row)


Coded = TypeVar("Coded", IssueMapping, Responsibility)


class Listed(NamedTuple, Generic[Row]):
    """The rows of a list and the line in which each ends."""

    path: Path
    rows: list[Row]
    lines: list[int]


@contextmanager
def _collecting_later() -> Iterator[None]:
    """Without garbage collection: it looks through all rows again and again, and so triples the time of a long list."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_collecting_later()
def read_list(path: Path, model: type[Row], required: bool) -> Listed[Row]:
    """The rows of a list; none where an optional list is absent. Further columns are ignored.

    Raises:
        ConfigurationError: missing, unreadable, or a wrong value; names line, column and remedy.
    """
    if not path.is_file():
        if required:
            raise ConfigurationError(f"{path}: no such file; a city needs it")
        return Listed(path, [], [])
    records, lines = _records(path, model)
    try:
        return Listed(path, TypeAdapter(list[model]).validate_python(records), lines)  # type: ignore[valid-type]
    except ValidationError as error:
        items = error.errors(include_url=False, include_context=False)
        raise refusal(_wrong_value(path, model, lines, item["loc"], item["input"]) for item in items) from None


def refusal(problems: Iterable[str]) -> ConfigurationError:
    """The first problems, a line each, and how many more there are."""
    found = list(problems)
    more = [f"… and {len(found) - _MOST_PROBLEMS} more"] if len(found) > _MOST_PROBLEMS else []
    return ConfigurationError("\n".join(found[:_MOST_PROBLEMS] + more))


def _records(path: Path, model: type[_Row]) -> tuple[list[dict[str, str]], list[int]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: not UTF-8; save it as UTF-8 CSV") from None
    reader = csv.reader(io.StringIO(text, newline=""))
    records: list[dict[str, str]] = []
    lines: list[int] = []
    try:
        headers = [header.strip() for header in next(reader, [])]
        _check_headers(path, model, headers)
        wanted = [(place, name) for place, name in enumerate(headers) if name in model.model_fields]
        for fields in reader:
            if not fields:
                continue
            if len(fields) > len(headers):
                raise ConfigurationError(
                    f"{path}:{reader.line_num}: more fields than the header; put quotes around text that holds a comma"
                )
            # a blank field is left out, so that the default of the model holds
            records.append({n: text for place, n in wanted if place < len(fields) and (text := fields[place].strip())})
            lines.append(reader.line_num)
    except csv.Error:
        raise ConfigurationError(
            f"{path}:{reader.line_num}: no CSV; a quote is not closed, or a field too long"
        ) from None
    nullable = [n for n, field in model.model_fields.items() if field.is_required() and _may_be_blank(model, n)]
    for name in nullable:
        for record in records:
            record.setdefault(name, None)  # type: ignore[arg-type]
    return records, lines


def _may_be_blank(model: type[_Row], name: str) -> bool:
    return "None" in str(model.model_fields[name].annotation)


def _check_headers(path: Path, model: type[_Row], headers: list[str]) -> None:
    needed = [name for name, field in model.model_fields.items() if field.is_required()]
    if model is Issue:
        needed.append("is_dangerous")
    for column in needed:
        if column not in headers:
            near = difflib.get_close_matches(column, headers, n=1)
            hint = f" (nearest is {near[0]!r})" if near else ""
            raise ConfigurationError(f"{path}: column {column!r} is missing{hint}; the header needs {needed}")
    for column in model.model_fields:
        if headers.count(column) > 1:
            raise ConfigurationError(f"{path}: column {column!r} stands twice in the header; remove one")


def _wrong_value(path: Path, model: type[_Row], lines: list[int], where: Sequence[int | str], value: Any) -> str:
    place, column = int(where[0]), str(where[1])
    remedy = model.model_fields[column].description or _remedy_within(model, column)
    blank = "" if model.model_fields[column].is_required() else ", or leave it blank"
    return f"{path}:{lines[place]}: column {column!r} holds {_kind_of(value)}; {remedy}{blank}"


def _remedy_within(model: type[_Row], column: str) -> str:
    """The description of ``X`` in ``X | None``."""
    schema = model.model_json_schema()["properties"][column]
    options = schema.get("anyOf", [schema])
    return next((str(option["description"]) for option in options if "description" in option), "correct it")


def _kind_of(value: Any) -> str:
    if not isinstance(value, str):
        return "nothing"
    if _DAY.fullmatch(value):
        return "a date that does not exist" if not _exists(value) else "a date"
    if re.fullmatch(r"[+-]?\d+", value):
        return "a negative number" if value.startswith("-") else "a whole number"
    if re.fullmatch(r"[+-]?[\d,_]*\.?\d+%?", value):
        return "a number with a comma or a percent sign" if {",", "%"} & set(value) else "a decimal number"
    return "text"


def _exists(day: str) -> bool:
    try:
        dt.date.fromisoformat(day)
    except ValueError:
        return False
    return True


@_collecting_later()
def check_divisions(listed: Listed[Division]) -> None:
    """Every parent is there and of a higher level, and the periods of one code do not overlap.

    Raises:
        ConfigurationError: names the lines.
    """
    problems: list[str] = []
    levels = {row.code: row.level for row in sorted(listed.rows, key=lambda row: row.valid_from or dt.date.min)}
    periods: dict[str, tuple[tuple[dt.date, dt.date, int], ...]] = {}
    for row, line in zip(listed.rows, listed.lines, strict=True):
        here = f"{listed.path}:{line}"
        if row.valid_from and row.valid_to and row.valid_from >= row.valid_to:
            problems.append(f"{here}: column 'valid_to' is not after 'valid_from'; it is the first day that the place "
                            "no longer holds")  # fmt: skip
        if row.parent_code is not None:
            above = levels.get(row.parent_code)
            if above is None:
                near = _nearest_parent(row, levels) if len(problems) < _MOST_PROBLEMS else ""
                problems.append(f"{here}: parent_code {row.parent_code!r} has no line; {near}")
            elif _LEVELS.index(above) >= _LEVELS.index(row.level):
                problems.append(f"{here}: the parent {row.parent_code!r} of a {row.level} is a {above}; name a place "
                                "of a higher level")  # fmt: skip
        period = (row.valid_from or dt.date.min, row.valid_to or dt.date.max, line)
        periods[row.code] = (*periods.get(row.code, ()), period)
    for code, found in periods.items():
        for earlier, later in pairwise(sorted(found)):
            if later[0] < earlier[1]:
                first, second = sorted((earlier[2], later[2]))
                problems.append(f"{listed.path}:{second}: code {code!r} also holds on days of line {first}; "
                                "let valid_to of the older be valid_from of the newer")  # fmt: skip
    if problems:
        raise refusal(problems)


def check_unique(listed: Listed[Row], columns: tuple[str, ...], harm: str) -> None:
    """No two rows agree in these columns.

    Raises:
        ConfigurationError: names both lines, and the harm it would do.
    """
    seen: dict[tuple[str, ...], int] = {}
    problems = []
    for row, line in zip(listed.rows, listed.lines, strict=True):
        key = tuple(getattr(row, column) for column in columns)
        first = seen.setdefault(key, line)
        if first != line:
            problems.append(f"{listed.path}:{line}: {', '.join(columns)} {', '.join(map(repr, key))} is in line {first}"
                            f" as well; remove one, {harm}")  # fmt: skip
    if problems:
        raise refusal(problems)


def check_codes(listed: Listed[Coded], issues: Iterable[Issue]) -> None:
    """Every issue code is one of ``issues.csv``.

    Raises:
        ConfigurationError: names the line and the nearest code.
    """
    known = {issue.issue_code: issue.issue_name for issue in issues}
    problems: list[str] = []
    for row, line in zip(listed.rows, listed.lines, strict=True):
        if row.issue_code is not None and row.issue_code not in known:
            near = _nearest(row.issue_code, known) if len(problems) < _MOST_PROBLEMS else ""
            problems.append(f"{listed.path}:{line}: issue_code {row.issue_code!r} is not in issues.csv; {near}")
    if problems:
        raise refusal(problems)


def check_communities(listed: Listed[KnownPlace], divisions: Iterable[Division]) -> None:
    """Every community is one of ``divisions.csv``, and no period ends before it begins.

    Raises:
        ConfigurationError: names the line and the nearest code.
    """
    known = {row.code: row.name for row in divisions if row.level == "community"}
    problems: list[str] = []
    for row, line in zip(listed.rows, listed.lines, strict=True):
        here = f"{listed.path}:{line}"
        if row.community_code is not None and row.community_code not in known:
            near = _nearest(row.community_code, known) if len(problems) < _MOST_PROBLEMS else ""
            problems.append(f"{here}: community_code {row.community_code!r} is no community of divisions.csv; {near}")
        if row.valid_from and row.valid_to and row.valid_from >= row.valid_to:
            problems.append(f"{here}: column 'valid_to' is not after 'valid_from'; it is the first day that the place "
                            "no longer holds")  # fmt: skip
    if problems:
        raise refusal(problems)


def _nearest_parent(row: Division, levels: Mapping[str, str]) -> str:
    above = {code: level for code, level in levels.items() if _LEVELS.index(level) < _LEVELS.index(row.level)}
    return _nearest(row.parent_code or "", above)


def _nearest(code: str, known: dict[str, Any]) -> str:
    if len(known) > 50_000:  # comparing with each takes seconds
        near = [other for other in (code.lstrip("0"), f"0{code}", code[:-1]) if other in known]
    else:
        near = difflib.get_close_matches(code, known, n=1, cutoff=0)
    return f"the nearest is {near[0]!r}: correct it or add a line" if near else "correct it or add a line"
