"""What a contract makes of a file, or of a server's first rows, for the engineer who writes it; nothing is stored.

Texts are shown masked, also those that no canonical column masks: a wrong contract may take a telephone for a unit.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.cities.city import City
from pipelines.errors import RefusedFile, XianbanError
from pipelines.sources import normalise, open311, postgres
from pipelines.sources.atlas import BLANK, Atlas
from pipelines.sources.contract import DISPOSAL_COLUMNS, EVENT_COLUMNS, Source
from pipelines.sources.mapping import map_batch
from pipelines.sources.peek import Peek, peek, unpacked
from pipelines.sources.readers import check_headers, read_file
from pipelines.text.mask import masked

SHOWN_ROWS = 3
ASKED_ROWS = 200
MOST = 10
_HIDDEN = ("source_name", "batch_id", "row_hash", "caller_hash", "reporter_address_hash", "text_hash")
_NOT_A_SECRET = b"preview: pseudonyms made here are thrown away"


@dataclass
class Preview:
    """What would become of a file or of a server's first rows; all after ``refusal`` is empty where that is said.

    Attributes:
        columns: canonical column (or key, clock, category) -> the header it is read from, None where none was found.
        mapped_rows: the first rows as they would be stored, masked.
        unmapped_categories: what ``issue_map.csv`` has no code for, with counts; so ``unplaced_communities``.
        uncounted_channels: channels that ``resident_channels`` leaves out.
        missing_shares: share of rows without a value, per column.
        unused_headers: headers of the file that the contract does not name.
        clocks: first and last moment, and the lag from occurring to being known, in hours.
    """

    source: str
    file: str
    format: str
    encoding: str | None = None
    header_row: int | None = None
    columns: dict[str, str | None] = field(default_factory=dict)
    unused_headers: list[str] = field(default_factory=list)
    refusal: str | None = None
    rows_in: int = 0
    accepted: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    superseded: dict[str, int] = field(default_factory=dict)
    mapped_rows: list[dict[str, Any]] = field(default_factory=list)
    unmapped_categories: dict[str, int] = field(default_factory=dict)
    uncounted_channels: dict[str, int] = field(default_factory=dict)
    unplaced_communities: dict[str, int] = field(default_factory=dict)
    missing_shares: dict[str, float] = field(default_factory=dict)
    clocks: dict[str, str | float] = field(default_factory=dict)


def preview(source: Source, city: City, path: Path, exported: dt.date | None) -> Preview:
    """What the contract makes of a file.

    Args:
        exported: the day of export; rows of later days would be rejected.
    """
    shown = Preview(source.name, path.name, source.reader.format)
    try:
        with unpacked(path, source.reader.format) as inner:
            if inner.stat().st_size:
                _look(shown, source, peek(inner, source.reader.format, source.reader.separator, source.reader.sheet))
            raw = read_file(source, inner, path.name)
    except RefusedFile as error:
        shown.refusal = str(error)
        return shown
    before = None if exported is None else dt.datetime.combine(exported, dt.time()) + dt.timedelta(days=1)
    return _filled(shown, source, city, raw, before)


def preview_server(source: Source, city: City, today: dt.date) -> Preview:
    """What the contract makes of the first rows that a database or service gives; it is asked for one page."""
    shown = Preview(source.name, str(source.reader.connection), source.reader.format)
    ask = postgres.first_rows if source.reader.format == "postgres" else open311.first_page
    try:
        raw = ask(source, city.config.timezone, today, ASKED_ROWS)
        shown.columns = {name: _header(names, raw.columns) for name, names in _wanted(source).items()}
        shown.unused_headers = _unused(source, raw.columns)
        check_headers(source, raw.columns, f"{source.name} {source.reader.connection}")
    except RefusedFile as error:
        shown.refusal = str(error)
        return shown
    return _filled(shown, source, city, raw, None)


def _filled(shown: Preview, source: Source, city: City, raw: pl.DataFrame, before: dt.datetime | None) -> Preview:
    raw = raw.with_row_index("row_no", offset=1)
    raw = raw.with_columns(pl.col("row_no").cast(pl.Int64), batch_id=pl.lit("preview"))
    mapped = map_batch(source, raw, before, city.config.cells, _NOT_A_SECRET, city.config.timezone)
    shown.columns = {name: _header(names, raw.columns) for name, names in _wanted(source).items()}
    shown.unused_headers = _unused(source, [c for c in raw.columns if c not in ("row_no", "batch_id")])
    shown.rows_in, shown.accepted = raw.height, mapped.accepted.height
    shown.rejected = _counted(mapped.rejected["reason"], None)
    shown.superseded = _counted(mapped.superseded["reason"], None)
    shown.mapped_rows = [
        {name: _shown(value) for name, value in row.items() if name not in _HIDDEN}
        for row in mapped.accepted.head(SHOWN_ROWS).iter_rows(named=True)
    ]
    shown.missing_shares = _missing(shown.columns, raw)
    shown.clocks = _clocks(mapped.accepted)
    if source.kind != "dept_disposal":
        shown.unmapped_categories = _unmapped(source, city, mapped.accepted)
        shown.uncounted_channels = _uncounted(source, mapped.accepted)
        shown.unplaced_communities = _unplaced(city, mapped.accepted)
    return shown


def _look(shown: Preview, source: Source, found: Peek) -> None:
    index = found.header_at(source.mapped_headers, source.reader.header_within)
    headers = found.rows[index][1] if found.rows else []
    shown.encoding = found.encoding
    shown.header_row = found.rows[index][0] if found.rows else None
    shown.columns = {name: _header(names, headers) for name, names in _wanted(source).items()}
    shown.unused_headers = _unused(source, headers)


def _wanted(source: Source) -> dict[str, list[str]]:
    """All that the contract asks for, with the headers it may have."""
    wanted = {f"key {name}" if len(source.key or []) > 1 else "key": [name] for name in source.key or []}
    wanted["occurred_at"] = source.occurred_at
    for name, clock in (("entered_at", source.entered_at), ("known_at", source.known_at)):
        if clock is not None and clock.from_:
            wanted[name] = clock.from_
    if source.issues is not None:
        joined = source.issues.join is not None
        wanted |= {f"category {names[0]}" if joined else "category": names for names in source.issues.needed}
    return wanted | {name: item.from_ for name, item in source.columns.items()}


def _header(names: Iterable[str], headers: list[str]) -> str | None:
    there = {header.lower(): header for header in headers}
    return next((there[name.lower()] for name in names if name.lower() in there), None)


def _unused(source: Source, headers: list[str]) -> list[str]:
    used = {name.lower() for name in source.mapped_headers}
    return [masked(header) for header in headers if header and header.lower() not in used]


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    return value.isoformat(" ") if isinstance(value, dt.datetime) else value


def _counted(values: pl.Series, most: int | None = MOST) -> dict[str, int]:
    """How often each value stands, the most frequent first; masked, for a wrong column may hold anything."""
    counts = Counter(BLANK if value is None else masked(value) for value in values)
    return dict(counts.most_common(most))


def _missing(columns: dict[str, str | None], raw: pl.DataFrame) -> dict[str, float]:
    found = {name: header for name, header in columns.items() if header is not None}
    shares = raw.select(
        normalise.to_text(pl.col(header)).is_null().mean().alias(name) for name, header in found.items()
    )
    return {name: round(float(share or 0), 4) for name, share in zip(shares.columns, shares.row(0), strict=True)}


def _clocks(accepted: pl.DataFrame) -> dict[str, str | float]:
    if not accepted.height:
        return {}
    lag = (accepted["known_at"] - accepted["occurred_at"]).dt.total_seconds() / 3600
    ends: dict[str, str | float] = {}
    for name in ("occurred_at", "known_at"):
        ends[f"{name}_first"], ends[f"{name}_last"] = str(accepted[name].min()), str(accepted[name].max())
    return ends | {f"lag_hours_p{round(q * 100)}": round(float(lag.quantile(q) or 0), 1) for q in (0.1, 0.5, 0.9, 0.99)}


def _unmapped(source: Source, city: City, accepted: pl.DataFrame) -> dict[str, int]:
    if source.issues is None or "issues" in city.lists_from_data:
        return {}
    known = {row.value for row in city.issue_map if row.system == source.issues.system}
    categories = accepted["category_text"]
    return _counted(categories.filter(~categories.is_in(list(known)).fill_null(False)))


def _uncounted(source: Source, accepted: pl.DataFrame) -> dict[str, int]:
    if not isinstance(source.resident_channels, list):
        return {}
    return _counted(accepted.filter(~pl.col("is_resident"))["channel"])


def _unplaced(city: City, accepted: pl.DataFrame) -> dict[str, int]:
    """Communities that conforming would not place, and why; the rules are those of ``core.fct_event_versions``."""
    texts = accepted.select(
        "grid_code", "community_text", "street_text", "district_text", day=pl.col("occurred_at").dt.date()
    )
    if city.config.cells is not None:
        return {"outside of [cells]": lost} if (lost := texts["community_text"].null_count()) else {}
    if "places" in city.lists_from_data:
        return {BLANK: lost} if (lost := texts["community_text"].null_count()) else {}
    atlas = Atlas(city.divisions)
    counts: Counter[str] = Counter()
    for (grid, community, street, district, day), rows in Counter(texts.iter_rows()).items():
        reason = atlas.why_not(grid, community, street, district, day)
        if reason is not None:
            counts[reason] += rows
    return dict(counts.most_common(MOST))


def as_lines(shown: Preview, source: Source) -> Iterator[str]:
    """A preview for a terminal."""
    form = ", ".join(filter(None, [shown.format, shown.encoding]))
    if source.reader.is_remote:
        yield f"server: {shown.file} ({form}), first {shown.rows_in} rows"
    else:
        yield f"file: {shown.file} ({form}), header in row {shown.header_row}"
    yield "columns:"
    for name, header in shown.columns.items():
        share = shown.missing_shares.get(name)
        yield f"  {name} <- {header or 'NOT FOUND'}" + (f"  ({share:.1%} missing)" if share else "")
    allowed: tuple[str, ...] = DISPOSAL_COLUMNS if source.kind == "dept_disposal" else EVENT_COLUMNS
    free = [name for name in allowed if name not in source.columns]
    yield f"  not in the contract: {', '.join(free) or 'none'}"
    yield f"headers not used: {', '.join(shown.unused_headers) or 'none'}"
    if shown.refusal:
        yield f"REFUSED: {shown.refusal}"
        return
    yield f"rows: {shown.rows_in} in, {shown.accepted} accepted, {sum(shown.rejected.values())} rejected, " + (
        f"{sum(shown.superseded.values())} superseded"
    )
    for title, counts in (
        ("rejected", shown.rejected), ("superseded", shown.superseded),
        ("categories without a line in issue_map.csv", shown.unmapped_categories),
        ("channels that count as no resident's", shown.uncounted_channels),
        ("communities that cannot be placed", shown.unplaced_communities),
    ):  # fmt: skip
        if counts:
            yield f"{title}: " + ", ".join(f"{value} {count}" for value, count in counts.items())
    for name, value in shown.clocks.items():
        yield f"clock {name}: {value}"
    for number, row in enumerate(shown.mapped_rows, 1):
        yield f"row {number}: " + ", ".join(f"{name}={value}" for name, value in row.items() if value is not None)


def newest_file(source: Source, files: list[tuple[Path, str | None]], folder: Path) -> Path:
    """The file of the latest export.

    Raises:
        XianbanError: there is none.
    """
    if not files:
        wanted = source.reader.path or source.reader.format
        raise XianbanError(f"{source.name}: no file matches {wanted} in {folder}; give one with --file")
    return files[-1][0]
