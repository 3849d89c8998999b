"""The source contract: all that an engineer writes to connect a system. One YAML file a source.

Nothing heavy is imported here, because the DAGs are built from the contracts.
"""

from __future__ import annotations

import datetime as dt
import difflib
import hashlib
import re
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

Kind = Literal["hotline_order", "grid_event", "dept_disposal"]

EVENT_COLUMNS = (
    "channel", "demand_type", "title", "content", "caller", "caller_phone", "district", "street", "community",
    "grid_code", "address", "latitude", "longitude", "unit", "dispatched_at", "due_at", "closed_at", "status",
    "is_resolved", "is_satisfied", "linked_record_id",
)  # fmt: skip
DISPOSAL_COLUMNS = (
    "order_id", "sequence_no", "unit", "signed_at", "closed_at", "action", "is_true", "is_resolved",
    "unresolved_reason",
)  # fmt: skip
ROW_FAULT = "行解析问题"  # column that a reader adds for rows that cannot be read
# formats that ask a server, and the keys of the reader that mean something for them
REMOTE_KEYS: dict[str, frozenset[str]] = {
    "postgres": frozenset({"connection", "table", "query", "cursor", "overlap", "batch_rows"}),
    "open311": frozenset(
        {"connection", "service_codes", "jurisdiction", "page_size", "start", "window_days", "lookback_days"}
    ),
}
_DELAY = re.compile(r"(\d+)\s*(min|h|d)")
_UNITS = {"min": "minutes", "h": "hours", "d": "days"}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _without_unused_keys(dumped: dict[str, Any], added: set[str]) -> dict[str, Any]:
    """Keys added later are left out while unused, so that batches of older contracts stay valid."""
    return {name: value for name, value in dumped.items() if name not in added or value is not None}


def _span(text: str | None) -> dt.timedelta | None:
    found = _DELAY.fullmatch(text.strip()) if text else None
    return dt.timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None


class Clock(_Strict):
    """When something was known: a column, a delay after it occurred, or the column and, where blank, the delay."""

    from_: Annotated[list[str], Field(alias="from")] = []
    delay: str | None = None

    @property
    def length(self) -> dt.timedelta | None:
        """The delay as a time span."""
        return _span(self.delay)

    @field_validator("from_", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _readable(self) -> Clock:
        if not self.from_ and self.delay is None:
            raise ValueError("a clock needs a column (from) or a delay")
        if self.delay is not None and not _DELAY.fullmatch(self.delay.strip()):
            raise ValueError("a delay looks like 30min, 6h or 2d")
        return self


class Reader(_Strict):
    """How the records are reached: files in the drop folder, a database, or an Open311 service.

    Attributes:
        path: below the data folder; may hold ``*`` and one ``{date}`` (the export day as YYYYMMDD). A ZIP of such files
            is read as the files it holds.
        sheet: name or number; ``*`` reads every sheet that has the header.
        header_within: the header is looked for in so many first rows.
        connection: the environment variable ``AIRFLOW_CONN_<NAME>`` holds its URI.
        table: table or view (``schema.table``) to read, or ``query``: a select without parameters.
        cursor: column that grows whenever a row is written; only rows from its last position on are read.
        overlap: so far before that position rows are read again (a span as of a delay), as some are committed late.
        batch_rows: so many rows of the database become one batch.
        service_codes: Open311 services to ask for; without them, all.
        jurisdiction: Open311 ``jurisdiction_id``, where the service needs one.
        start: day of the first Open311 request wanted.
        window_days: an Open311 batch is so many days of requests.
        lookback_days: so many days before the last batch are asked for again, as requests change.
    """

    format: Literal["csv", "xlsx", "xls", "jsonl", "parquet", "postgres", "open311"]
    path: str = ""
    encoding: Literal["utf-8", "gb18030"] = "utf-8"
    separator: Annotated[str, Field(pattern=r'^[^"\r\n]$')] = ","
    sheet: str | int = 0
    header_within: Annotated[int, Field(ge=1, le=20)] = 20
    connection: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")] | None = None
    table: Annotated[str, Field(min_length=1)] | None = None
    query: Annotated[str, Field(min_length=1)] | None = None
    cursor: Annotated[str, Field(min_length=1)] | None = None
    overlap: str | None = None
    batch_rows: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    service_codes: Annotated[list[str], Field(min_length=1)] | None = None
    jurisdiction: str | None = None
    page_size: Annotated[int, Field(ge=1, le=1_000)] | None = None
    start: dt.date | None = None
    window_days: Annotated[int, Field(ge=1, le=90)] | None = None
    lookback_days: Annotated[int, Field(ge=0, le=3_660)] | None = None

    @property
    def is_remote(self) -> bool:
        """Whether a server is asked, instead of files being read."""
        return self.format in REMOTE_KEYS

    @property
    def overlap_length(self) -> dt.timedelta | None:
        """The overlap as a time span."""
        return _span(self.overlap)

    @field_validator("overlap")
    @classmethod
    def _is_a_span(cls, value: str | None) -> str | None:
        if value is not None and not _span(value):
            raise ValueError("an overlap looks like 30min, 6h or 2d")
        return value

    @field_validator("path")
    @classmethod
    def _below_the_data_folder(cls, value: str) -> str:
        if value.startswith("/") or ".." in value.split("/") or "**" in value or value.count("{date}") > 1:
            raise ValueError("a path lies below the data folder, without .. or **, and holds {date} at most once")
        return value

    @field_validator("service_codes", mode="before")
    @classmethod
    def _codes_as_text(cls, value: Any) -> Any:
        return [str(code) for code in (value if isinstance(value, list) else [value])] if value is not None else None

    @model_validator(mode="after")
    def _what_its_format_needs(self) -> Reader:
        if not self.is_remote and not self.path:
            raise ValueError(f"reader.path: a source of {self.format} files needs a path below the data folder")
        if self.is_remote and self.path:
            raise ValueError(f"reader.path: {self.format} reads from connection, not from files; remove path")
        allowed = REMOTE_KEYS.get(self.format, frozenset())
        for name in sorted(set().union(*REMOTE_KEYS.values())):
            if getattr(self, name) is not None and name not in allowed:
                raise ValueError(f"reader.{name}: means nothing for the format {self.format}; remove it")
        if self.is_remote and self.connection is None:
            raise ValueError("reader.connection: name it; its URI stands in the variable AIRFLOW_CONN_<NAME>")
        if self.format == "postgres" and ((self.table is None) == (self.query is None) or self.cursor is None):
            raise ValueError("reader: postgres needs a cursor, and either table or query")
        if self.format == "open311" and self.start is None:
            raise ValueError("reader.start: open311 needs the day of the first request wanted, as 2025-01-01")
        return self

    @model_serializer(mode="wrap")
    def _without_unused(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without_unused_keys(handler(self), set().union(*REMOTE_KEYS.values()))


class ColumnMap(_Strict):
    """A canonical column: where it comes from, and what its values become. The first name found wins.

    A value that stands for "unknown" becomes null.
    """

    from_: Annotated[list[str], Field(alias="from", min_length=1)]
    values: dict[str, str | None] = {}

    @field_validator("from_", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("values", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {str(k): None if v is None else str(v) for k, v in value.items()}


class Voided(_Strict):
    """Voided and test records to set aside: the column and the words that mark them."""

    column: str
    contains: Annotated[list[str], Field(min_length=1)]


class Issues(_Strict):
    """Which column holds the category, and which system of ``issue_map.csv`` explains it.

    Attributes:
        join: puts the columns of ``from`` together by this text, where no single one tells the category; without it the
            first of them that the file has counts.
    """

    from_: Annotated[list[str], Field(alias="from", min_length=1)]
    join: Annotated[str, Field(min_length=1, max_length=3)] | None = None
    system: str

    @field_validator("from_", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _something_to_join(self) -> Issues:
        if self.join is not None and len(self.from_) < 2:
            raise ValueError("issues.join: puts two or more columns together; list them in from, or remove join")
        return self

    @model_serializer(mode="wrap")
    def _without_unused(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without_unused_keys(handler(self), {"join"})

    @property
    def needed(self) -> list[list[str]]:
        """Its headers as of :attr:`Source.needed_headers`."""
        return [self.from_] if self.join is None else [[name] for name in self.from_]


class Chain(_Strict):
    """One order on several rows of a file, one a unit: the unit's column, and when the order was sent there."""

    unit: str
    order_by: str


class Source(_Strict):
    """One source of records.

    Attributes:
        key: column(s) that identify a record; without one, the row's content and its occurrence number do.
        occurred_at: column with the time it happened.
        entered_at: when the record was first in the system (column or delay); before that nobody knew of it.
        known_at: when this version of the record was known (column or delay).
        resident_channels: channels whose records make labels, or ``all``.
        chain: set where a file has a row for every unit an order was sent to; the last one is the order's.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str
    kind: Kind
    owner: str = ""
    schedule: str = "0 1 * * *"
    promised_by: Annotated[str, Field(pattern=r"^\d{2}:\d{2}$")] | None = None
    reader: Reader
    key: Annotated[list[str], Field(min_length=1)] | None = None
    occurred_at: Annotated[list[str], Field(min_length=1)]
    entered_at: Clock | None = None
    known_at: Clock
    columns: dict[str, ColumnMap] = {}
    resident_channels: list[str] | Literal["all", "none"] = "none"
    issues: Issues | None = None
    voided: list[Voided] = []
    chain: Chain | None = None

    @field_validator("key", "occurred_at", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("entered_at", "known_at", mode="before")
    @classmethod
    def _column_as_clock(cls, value: Any) -> Any:
        return {"from": value} if isinstance(value, str | list) else value

    @field_validator("columns", mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: item if isinstance(item, dict) else {"from": item} for key, item in value.items()}

    @model_validator(mode="after")
    def _known_columns(self) -> Source:
        allowed = DISPOSAL_COLUMNS if self.kind == "dept_disposal" else EVENT_COLUMNS
        for name in self.columns:
            if name not in allowed:
                near = difflib.get_close_matches(name, allowed, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(allowed)}"
                raise ValueError(f"columns.{name}: no such canonical column; {hint}")
        if self.kind == "dept_disposal" and "order_id" not in self.columns:
            raise ValueError("columns.order_id: a disposal record must name the order it belongs to")
        if isinstance(self.resident_channels, list) and "channel" not in self.columns:
            raise ValueError("columns.channel: resident_channels needs the column that tells channels apart")
        if self.chain is not None and (self.key is None or self.kind == "dept_disposal"):
            raise ValueError("chain: only orders and cases with a key are brought together")
        return self

    @property
    def contract_hash(self) -> str:
        """Changes whenever a file could be read otherwise, so that batches read by an older contract are read again."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    @property
    def needed_headers(self) -> list[list[str]]:
        """Headers without which a file is refused; of each inner list one must be there.

        Without them rows would be counted wrong in silence: no key, clock, place or issue, no channel to tell residents
        by, or voided records taken for real ones.
        """
        needed = [[name] for name in self.key or []] + [self.occurred_at]
        needed += [clock.from_ for clock in (self.entered_at, self.known_at) if clock is not None and clock.from_]
        canonical = {"order_id", "community", "latitude", "longitude"}
        if isinstance(self.resident_channels, list):
            canonical.add("channel")
        needed += [item.from_ for name, item in self.columns.items() if name in canonical]
        needed += [[mark.column] for mark in self.voided]
        needed += [[self.chain.unit], [self.chain.order_by]] if self.chain else []
        return needed + (self.issues.needed if self.issues else [])

    @property
    def mapped_headers(self) -> set[str]:
        """All headers that the contract names."""
        return {name for names in self.needed_headers for name in names} | {
            name for item in self.columns.values() for name in item.from_
        }
