"""Map the text columns of one batch to the canonical, typed, masked rows of its kind.

Only a bad key, a bad time or a row that does not fit the header rejects; whatever else is odd is kept and counted
later. Masking happens here, because from here on rows are copied into tables, logs and tests.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

import polars as pl

from pipelines.cities.city import CellGrid
from pipelines.sources import normalise
from pipelines.sources.contract import ROW_FAULT, Clock, ColumnMap, Source
from pipelines.sources.faults import FIELDS
from pipelines.sources.pseudonyms import keyed, of_each, pseudonyms, text_hashes
from pipelines.text.mask import masked

_MASKED = ("title", "content", "address")
_TIMES = ("dispatched_at", "due_at", "closed_at", "signed_at")
_FLAGS = ("is_resolved", "is_satisfied", "is_true")
_EVENT_COLUMNS = (
    "channel", "demand_type", "title", "content", "district", "street", "community", "grid_code", "address", "unit",
    "dispatched_at", "due_at", "closed_at", "status", "is_resolved", "is_satisfied", "linked_record_id",
)  # fmt: skip
_DISPOSAL_COLUMNS = (
    "order_id", "unit", "signed_at", "closed_at", "action", "is_true", "is_resolved", "unresolved_reason",
)  # fmt: skip
_STORED_AS = {
    "unit": "unit_name", "district": "district_text", "street": "street_text", "community": "community_text",
}  # fmt: skip
_DISPATCH = ("sent_to", "sent_at")
_IN_TURN = ("sent_at", "known_at", "row_no")
_DOOR = r"[A-Za-z]?[\d一二三四五六七八九十]+(?:号|栋|幢|座|单元|弄|室|期).*$"
_ROAD = r"^.{1,6}?(?:路|大街|大道|街|巷|弄|胡同)(.{3,})$"
_VAGUE = r"^(?:本|该|我们?)?(?:小区|社区|路边|街边|附近|门口|不详|未知|市民未.*|匿名)$"
# spreadsheets turn long numbers into 2.50912E+17, which many records share
_SCIENTIFIC = r"(?:^|-)\d(?:\.\d+)?[eE]\+\d+(?:-|$)"


@dataclass(frozen=True)
class Mapped:
    """The rows of one batch, sorted by what became of them. Every input row is in exactly one frame.

    Attributes:
        accepted: columns of the kind's ``stg`` table.
        rejected: columns of ``ops.rejected_rows``.
        superseded: columns of ``ops.superseded_rows``.
    """

    accepted: pl.DataFrame
    rejected: pl.DataFrame
    superseded: pl.DataFrame


def map_batch(
    source: Source,
    raw: pl.DataFrame,
    exported_before: dt.datetime | None,
    cells: CellGrid | None,
    key: bytes,
    timezone: str = normalise.CHINA,
) -> Mapped:
    """Sort and map one batch.

    Args:
        source: its contract.
        raw: ``batch_id``, ``row_no`` and the text columns as they came.
        exported_before: rows that occurred at or after this moment cannot be in the file.
        cells: the grid that stands for communities, if the city has one.
        key: HMAC key for pseudonyms.
        timezone: the city's; times that name their distance from Greenwich are moved to it.
    """
    # kept apart from the raw columns, whose names are the sender's and may be the same
    head = _head(source, raw, key, timezone)
    reason = head.select(_reason(source, exported_before)).to_series()
    is_bad = reason.is_not_null()
    bad = raw.filter(is_bad)
    rejected = bad.select(
        "batch_id",
        "row_no",
        source_name=pl.lit(source.name),
        reason=reason.filter(is_bad),
        remedy=pl.lit("请在来源系统更正后重新导出"),
        raw_text=pl.Series(_as_json(bad.drop("batch_id", "row_no")), dtype=pl.String),
    )
    raw, head = raw.filter(~is_bad), _in_order(head.filter(~is_bad))
    chains = _chains(head)
    reason = head.select(_supersede_reason(source)).to_series()
    is_old = reason.is_not_null()
    superseded = head.filter(is_old).select("batch_id", "source_name", "row_no", "record_id", "known_at")
    accepted = _typed(source, raw.filter(~is_old), head.filter(~is_old), cells, key, timezone)
    if source.chain is not None:
        accepted = accepted.join(chains, on="record_id", how="left", maintain_order="left")
    return Mapped(
        accepted=accepted,
        rejected=rejected,
        superseded=superseded.with_columns(reason=reason.filter(is_old)),
    )


def _head(source: Source, raw: pl.DataFrame, key: bytes, timezone: str) -> pl.DataFrame:
    """What decides on a row: its identity, its clocks, and its marks."""
    occurred = normalise.to_time(_first(raw, source.occurred_at), timezone)

    def clock(given: Clock) -> pl.Expr:
        column = normalise.to_time(_first(raw, given.from_), timezone)
        return column if given.length is None else pl.coalesce(column, occurred + pl.lit(given.length))

    known = clock(source.known_at)
    entered = known if source.entered_at is None else clock(source.entered_at)
    head = raw.select(
        "batch_id",
        "row_no",
        source_name=pl.lit(source.name),
        occurred_at=occurred,
        entered_at=pl.coalesce(entered, known),
        known_at=known,
        is_voided=_voided(source, raw),
        order_id=_mapped(source, raw, "order_id"),
        sent_to=normalise.to_text(_first(raw, [source.chain.unit] if source.chain else [])),
        sent_at=normalise.in_reach(
            normalise.to_time(_first(raw, [source.chain.order_by] if source.chain else []), timezone)
        ),
        fault=_first(raw, [ROW_FAULT]),
        key=_key(source, raw),
    )
    head = head.with_columns(row_hash=_row_hashes(source, raw, head["is_voided"], key, timezone))
    if source.key is None:
        # the same content twice is two records, told apart by their occurrence
        occurrence = pl.col("row_no").cum_count().over("row_hash")
        return head.with_columns(record_id=pl.format("{}-{}", pl.col("row_hash"), occurrence))
    return head.rename({"key": "record_id"})


def _voided(source: Source, raw: pl.DataFrame) -> pl.Expr:
    marks = (_first(raw, [m.column]).str.contains_any(m.contains).fill_null(False) for m in source.voided)
    return pl.any_horizontal(pl.lit(False), *marks)


def _key(source: Source, raw: pl.DataFrame) -> pl.Expr:
    names = [normalise.to_text(_first(raw, [name])) for name in source.key or []]
    return pl.concat_str(names or pl.lit(""), separator="-")


def record_of(source: Source, raw: pl.DataFrame, key: bytes, timezone: str) -> pl.Series:
    """What all rows of one record have in common: its key, or what it says where the source has none.

    Rows can be mapped some at a time if those of a record stay together.
    """
    if source.key is not None:
        return _select(raw, _key(source, raw)).to_series()
    is_voided = _select(raw, is_voided=_voided(source, raw)).to_series()
    return _row_hashes(source, raw, is_voided, key, timezone)


def _reason(source: Source, exported_before: dt.datetime | None) -> pl.Expr:
    key, occurred = "、".join(source.key or []), "、".join(source.occurred_at)
    known = "、".join(source.known_at.from_) or "更新时间"
    latest = exported_before or normalise.LATEST
    reason = (
        pl.when(pl.col("fault").is_not_null())
        .then(pl.col("fault").str.extract(r"^(.+?)：第\d+行").fill_null(FIELDS))
        .when(pl.col("record_id").is_null())
        .then(pl.lit(f"编号为空（{key}）"))
        .when(pl.col("record_id").str.contains(r"[\p{Cc}\p{Cf}]") | (pl.col("record_id").str.len_chars() > 100))
        .then(pl.lit(f"编号含不可见字符或过长（{key}）"))
        .when(pl.col("record_id").str.contains(_SCIENTIFIC))
        .then(pl.lit(f"编号被电子表格改成科学计数，已丢失位数（{key}）"))
    )
    if source.kind == "dept_disposal":
        order = "、".join(source.columns["order_id"].from_)
        reason = reason.when(pl.col("order_id").is_null()).then(pl.lit(f"编号为空（{order}）"))
    return (
        reason.when(pl.col("occurred_at").is_null())
        .then(pl.lit(f"时间无法识别（{occurred}）"))
        .when(pl.col("known_at").is_null())
        .then(pl.lit(f"时间无法识别（{known}）"))
        .when(pl.col("occurred_at") < normalise.EARLIEST)
        .then(pl.lit(f"时间早于2000年（{occurred}）"))
        .when(pl.col("occurred_at") >= latest)
        .then(pl.lit(f"时间晚于导出日期（{occurred}）"))
        # it would never become known, and so be lost in silence
        .when(pl.col("known_at") >= latest + (source.known_at.length or dt.timedelta()))
        .then(pl.lit(f"时间晚于导出日期（{known}）"))
        .otherwise(None)
    )


def _in_order(head: pl.DataFrame) -> pl.DataFrame:
    """A clock that ran backwards must not make a record known before it happened."""
    return head.with_columns(
        entered_at=pl.max_horizontal("entered_at", "occurred_at"), known_at=pl.max_horizontal("known_at", "occurred_at")
    ).with_columns(entered_at=pl.min_horizontal("entered_at", "known_at"))


def _supersede_reason(source: Source) -> pl.Expr:
    voided = pl.col("is_voided")
    if source.key is None:
        return pl.when(voided).then(pl.lit("voided")).otherwise(None)
    repeated = pl.col("row_no").cum_count().over("record_id", "row_hash") > 1
    reason = pl.when(voided).then(pl.lit("voided")).when(repeated).then(pl.lit("duplicate")).otherwise(None)
    if source.chain is None:
        return reason
    # rows that tell of the last dispatch are the order; the same dispatch at another stamp is a version of it
    last = [pl.col(name).sort_by(_IN_TURN, nulls_last=False).last().over("record_id") for name in _DISPATCH]
    is_last = pl.all_horizontal(pl.col(name).eq_missing(of) for name, of in zip(_DISPATCH, last, strict=True))
    earlier = pl.when(repeated).then(pl.lit("duplicate")).otherwise(pl.lit("merged_chain"))
    return pl.when(is_last).then(reason).otherwise(earlier)


def _chains(head: pl.DataFrame) -> pl.DataFrame:
    """To which units an order went, in turn. Grain and key: record_id."""
    sent = head.filter(pl.col("sent_to").is_not_null()).sort(*_IN_TURN, nulls_last=False)
    steps = sent.unique(["record_id", *_DISPATCH], keep="first", maintain_order=True)
    step = pl.struct(unit_name="sent_to", dispatched_at="sent_at")
    return steps.group_by("record_id", maintain_order=True).agg(unit_chain=step)


def _typed(
    source: Source, good: pl.DataFrame, head: pl.DataFrame, cells: CellGrid | None, key: bytes, timezone: str
) -> pl.DataFrame:
    base = head.select(
        "source_name", "batch_id", "row_no", "record_id", "row_hash", "occurred_at", "entered_at", "known_at"
    )
    if source.kind == "dept_disposal":
        columns = _select(
            good,
            *(_column(source, good, name, timezone) for name in _DISPOSAL_COLUMNS),
            # spreadsheets write 1 as 1.0
            sequence_no=_mapped(source, good, "sequence_no")
            .cast(pl.Float64, strict=False)
            .cast(pl.Int32, strict=False),
        )
        return base.hstack(columns.rename({"unit": "unit_name"}))
    columns = _select(good, *(_column(source, good, name, timezone) for name in _EVENT_COLUMNS))
    phone, name = _mapped(source, good, "caller_phone"), _mapped(source, good, "caller")
    caller_hash = pseudonyms(_select(good, normalise.to_reporter(phone, name)).to_series(), key)
    # keyed as well: beside the caller's pseudonym a plain hash would let anyone try all doors of an estate
    place_of_caller = pl.select(pl.concat_str(caller_hash, columns["address"], separator="|")).to_series()
    spots = pseudonyms(columns.select(_spot()).to_series(), key)
    if cells is not None:
        columns = columns.with_columns(community=_cell_codes(source, good, cells))
    columns = columns.with_columns(of_each(columns.get_column(name), masked) for name in _MASKED)
    text = pl.concat_str(pl.col("title", "content").fill_null(""), separator="\n").str.strip_chars()
    resident = pl.lit(source.resident_channels == "all")
    if isinstance(source.resident_channels, list):
        resident = pl.col("channel").is_in(source.resident_channels).fill_null(False)
    columns = columns.with_columns(
        caller_hash=caller_hash,
        reporter_address_hash=pseudonyms(place_of_caller, key),
        address_hash=spots,
        text_hash=text_hashes(columns.select(text).to_series()),
        category_text=_select(good, _category(source, good)).to_series(),
        is_resident=resident,
    )
    return base.hstack(columns.rename(_STORED_AS))


def _column(source: Source, frame: pl.DataFrame, name: str, timezone: str) -> pl.Expr:
    column = _mapped(source, frame, name)
    if name in _TIMES:
        return normalise.in_reach(normalise.to_time(column, timezone)).alias(name)
    if name in _FLAGS:
        return normalise.to_flag(column).alias(name)
    return column.alias(name)


def _mapped(source: Source, frame: pl.DataFrame, name: str) -> pl.Expr:
    given: ColumnMap | None = source.columns.get(name)
    if given is None:
        return pl.lit(None, dtype=pl.String)
    column = normalise.to_text(_first(frame, given.from_))
    return column.replace(given.values) if given.values else column


def _category(source: Source, frame: pl.DataFrame) -> pl.Expr:
    """The category; of joined columns a blank one leaves its place empty, so that no other category comes out."""
    if source.issues is None:
        return pl.lit(None, dtype=pl.String)
    if source.issues.join is None:
        return normalise.to_text(_first(frame, source.issues.from_))
    parts = [normalise.to_text(_first(frame, [name])) for name in source.issues.from_]
    joined = pl.concat_str([part.fill_null("") for part in parts], separator=source.issues.join)
    return pl.when(pl.any_horizontal(part.is_not_null() for part in parts)).then(joined)


def _select(frame: pl.DataFrame, *wanted: pl.Expr, **named: pl.Expr) -> pl.DataFrame:
    """As ``select``, with as many rows as the frame has even where all that is wanted are constants."""
    return frame.select("row_no", *wanted, **named).drop("row_no")


def _first(frame: pl.DataFrame, names: list[str]) -> pl.Expr:
    """The first of the columns that is there. DuckDB keeps the letter case in which it first saw a header."""
    there = {column.lower(): column for column in frame.columns}
    for name in names:
        if name.lower() in there:
            return pl.col(there[name.lower()])
    return pl.lit(None, dtype=pl.String)


def _cell_codes(source: Source, good: pl.DataFrame, cells: CellGrid) -> pl.Series:
    latitude = _mapped(source, good, "latitude").cast(pl.Float64, strict=False)
    longitude = _mapped(source, good, "longitude").cast(pl.Float64, strict=False)
    inside = latitude.is_between(cells.south, cells.north) & longitude.is_between(cells.west, cells.east)
    code = normalise.to_cell(latitude, longitude, cells.south, cells.west, cells.size_km)
    return _select(good, code=pl.when(inside).then(code).otherwise(None)).to_series()


def _spot() -> pl.Expr:
    """What an address names, without road before and door after: each system writes these with or without.

    Null where nothing is left, or only the community or a word that many spots answer to.
    """
    text = pl.col("address").str.normalize("NFKC").str.replace_all(r"[\s\p{P}]", "")
    text = text.str.replace(_DOOR, "").str.replace(_ROAD, "$1")
    vague = (text.str.len_chars() < 3) | text.str.contains(_VAGUE) | (text == pl.col("community")).fill_null(False)
    return pl.when(~vague).then(text)


def _as_json(frame: pl.DataFrame) -> list[str]:
    """Each row with the values it has; the table of raw rows also has the columns of other files."""
    return [
        json.dumps({name: value for name, value in row.items() if value is not None}, ensure_ascii=False)
        for row in frame.iter_rows(named=True)
    ]


def _row_hashes(source: Source, raw: pl.DataFrame, is_voided: pl.Series, key: bytes, timezone: str) -> pl.Series:
    """A hash of what the contract reads of a row: other columns of the file, and how a time is written, do not matter.

    Keyed, because everything else in the row is known to whoever sees it, and then eleven digits are quickly tried.
    """
    texts = {f"key.{name}": _first(raw, [name]) for name in source.key or []}
    texts |= {f"column.{name}": _first(raw, item.from_) for name, item in source.columns.items()}
    if source.issues is not None:
        texts["issues"] = _category(source, raw)
    if source.chain is not None:
        texts |= {f"chain.{name}": _first(raw, [name]) for name in (source.chain.unit, source.chain.order_by)}
    times = {"occurred_at": source.occurred_at, "known_at": source.known_at.from_}
    times |= {"entered_at": source.entered_at.from_} if source.entered_at else {}
    times |= {f"column.{name}": source.columns[name].from_ for name in _TIMES if name in source.columns}
    for name, headers in times.items():
        column = _first(raw, headers)
        texts[name] = pl.coalesce(normalise.to_time(column, timezone).cast(pl.String), column)
    told = [pl.lit(f"{name}=") + normalise.to_text(texts[name]) for name in sorted(texts)]
    told.append(pl.when(is_voided).then(pl.lit("voided=1")))
    rows = _select(raw, row=pl.concat_str(told, separator="\x1f", ignore_nulls=True)).to_series()
    return pl.Series([keyed(key, row) for row in rows.to_list()], dtype=pl.String)
