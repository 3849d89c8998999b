"""Map the text columns of one batch to the canonical, typed, masked rows of its kind.

Only a bad key or a bad time rejects a row; whatever else is odd is kept and counted later. Masking happens here,
because from here on rows are copied into tables, logs and tests.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from dataclasses import dataclass

import polars as pl

from pipelines.cities.city import CellGrid
from pipelines.sources import normalise
from pipelines.sources.contract import Clock, ColumnMap, Source
from pipelines.text.mask import masked

_EARLIEST = dt.datetime(2000, 1, 1)
_MASKED = ("title", "content", "address")
_TIMES = ("dispatched_at", "due_at", "closed_at", "signed_at")
_FLAGS = ("is_resolved", "is_satisfied", "is_true")


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
    source: Source, raw: pl.DataFrame, exported_before: dt.datetime | None, cells: CellGrid | None, key: bytes
) -> Mapped:
    """Sort and map one batch.

    Args:
        raw: ``batch_id``, ``row_no`` and the text columns as they came.
        exported_before: rows that occurred at or after this moment cannot be in the file.
        cells: the grid that stands for communities, if the city has one.
        key: HMAC key for pseudonyms.
    """
    texts = [name for name in raw.columns if name not in ("batch_id", "row_no")]
    frame = raw.with_columns(row_hash=pl.Series(_hashes(raw.select(texts))), source_name=pl.lit(source.name))
    frame = frame.with_columns(record_id=_record_id(source, frame), **_clocks(source, frame))
    reason = _reason(source, exported_before)
    frame = frame.with_columns(reject_reason=reason)
    bad = frame.filter(pl.col("reject_reason").is_not_null())
    good = frame.filter(pl.col("reject_reason").is_null())
    # a clock that ran backwards must not make a record known before it happened
    good = good.with_columns(entered_at=pl.max_horizontal("entered_at", "occurred_at")).with_columns(
        entered_at=pl.min_horizontal("entered_at", pl.max_horizontal("known_at", "occurred_at")),
        known_at=pl.max_horizontal("known_at", "occurred_at"),
    )
    good = good.with_columns(supersede_reason=_supersede_reason(source, good))
    return Mapped(
        accepted=_typed(source, good.filter(pl.col("supersede_reason").is_null()), cells, key),
        rejected=bad.select(
            "batch_id",
            "source_name",
            "row_no",
            reason=pl.col("reject_reason"),
            remedy=pl.lit("请在来源系统更正后重新导出"),
            raw_text=pl.Series(_as_json(bad.select(texts)), dtype=pl.String),
        ),
        superseded=good.filter(pl.col("supersede_reason").is_not_null()).select(
            "batch_id", "source_name", "row_no", "record_id", "known_at", reason=pl.col("supersede_reason")
        ),
    )


def _record_id(source: Source, frame: pl.DataFrame) -> pl.Expr:
    if source.key is None:
        # the same content twice is two records, told apart by their occurrence
        return pl.format("{}-{}", pl.col("row_hash"), pl.col("row_no").cum_count().over("row_hash"))
    parts = [normalise.to_text(pl.col(name)) for name in source.key]
    return pl.concat_str(parts, separator="-")


def _clocks(source: Source, frame: pl.DataFrame) -> dict[str, pl.Expr]:
    occurred = normalise.to_time(_first(frame, source.occurred_at))

    def clock(given: Clock) -> pl.Expr:
        column = normalise.to_time(_first(frame, given.from_))
        return column if given.length is None else pl.coalesce(column, occurred + pl.lit(given.length))

    known = clock(source.known_at)
    entered = known if source.entered_at is None else clock(source.entered_at)
    return {"occurred_at": occurred, "known_at": known, "entered_at": pl.coalesce(entered, known)}


def _reason(source: Source, exported_before: dt.datetime | None) -> pl.Expr:
    key = "、".join(source.key or [])
    occurred, known = "、".join(source.occurred_at), "更新时间"
    if source.known_at.from_:
        known = "、".join(source.known_at.from_)
    latest = exported_before or dt.datetime(2100, 1, 1)
    return (
        pl.when(pl.col("record_id").is_null())
        .then(pl.lit(f"编号为空（{key}）"))
        .when(pl.col("record_id").str.contains(r"[\p{Cc}\p{Cf}]") | (pl.col("record_id").str.len_chars() > 100))
        .then(pl.lit(f"编号含不可见字符或过长（{key}）"))
        .when(pl.col("occurred_at").is_null())
        .then(pl.lit(f"时间无法识别（{occurred}）"))
        .when(pl.col("known_at").is_null())
        .then(pl.lit(f"时间无法识别（{known}）"))
        .when(pl.col("occurred_at") < _EARLIEST)
        .then(pl.lit(f"时间早于2000年（{occurred}）"))
        .when(pl.col("occurred_at") >= latest)
        .then(pl.lit(f"时间晚于导出日期（{occurred}）"))
        .otherwise(None)
    )


def _supersede_reason(source: Source, good: pl.DataFrame) -> pl.Expr:
    repeated = pl.col("row_no").cum_count().over("record_id", "row_hash") > 1
    reason = pl.when(repeated).then(pl.lit("duplicate")) if source.key else pl.when(pl.lit(False)).then(pl.lit(""))
    voided = pl.lit(False)
    for mark in source.voided:
        if mark.column in good.columns:
            voided = voided | pl.col(mark.column).str.contains_any(mark.contains).fill_null(False)
    return reason.when(voided).then(pl.lit("voided")).otherwise(None)


def _typed(source: Source, good: pl.DataFrame, cells: CellGrid | None, key: bytes) -> pl.DataFrame:
    base = good.select(
        "source_name", "batch_id", "row_no", "record_id", "row_hash", "occurred_at", "entered_at", "known_at"
    )
    if source.kind == "dept_disposal":
        names: tuple[str, ...] = (
            "order_id", "unit", "signed_at", "closed_at", "action", "is_true", "is_resolved", "unresolved_reason",
        )  # fmt: skip
        columns = good.select([_column(source, good, name) for name in names])
        sequence = _mapped(source, good, "sequence_no").cast(pl.Int32, strict=False)
        return pl.concat(
            [base, columns.rename({"unit": "unit_name"}), good.select(sequence_no=sequence)], how="horizontal"
        )
    names = (
        "channel", "demand_type", "title", "content", "caller", "caller_phone", "district", "street", "community",
        "grid_code", "address", "unit", "dispatched_at", "due_at", "closed_at", "status", "is_resolved",
        "is_satisfied", "linked_record_id",
    )  # fmt: skip
    columns = good.select([_column(source, good, name) for name in names])
    reporter = columns.select(pl.coalesce("caller_phone", "caller")).to_series()
    address = columns.get_column("address")
    caller_hash = _pseudonyms(reporter, key)
    if cells is not None:
        columns = columns.with_columns(community=_cell_codes(source, good, cells))
    columns = columns.with_columns([_each_masked(columns.get_column(name)) for name in _MASKED]).with_columns(
        caller_hash=caller_hash, reporter_address_hash=_reporter_address(caller_hash, address)
    )
    text = pl.concat_str([pl.col("title").fill_null(""), pl.col("content").fill_null("")], separator="\n")
    columns = columns.with_columns(text=text.str.strip_chars())
    hashes = [hashlib.md5(t.encode(), usedforsecurity=False).hexdigest() if t else None for t in columns["text"]]
    category = pl.lit(None, dtype=pl.String)
    if source.issues is not None:
        category = normalise.to_text(_first(good, source.issues.from_))
    resident = pl.lit(source.resident_channels == "all")
    if isinstance(source.resident_channels, list):
        resident = pl.col("channel").is_in(source.resident_channels).fill_null(False)
    columns = columns.with_columns(
        text_hash=pl.Series(hashes, dtype=pl.String),
        category_text=good.select(category).to_series(),
        is_resident=resident,
    )
    columns = columns.drop("caller", "caller_phone", "text").rename(
        {"unit": "unit_name", "district": "district_text", "street": "street_text", "community": "community_text"}
    )
    return pl.concat([base, columns], how="horizontal")


def _column(source: Source, frame: pl.DataFrame, name: str) -> pl.Expr:
    column = _mapped(source, frame, name)
    if name in _TIMES:
        return normalise.to_time(column).alias(name)
    if name in _FLAGS:
        return normalise.to_flag(column).alias(name)
    return column.alias(name)


def _mapped(source: Source, frame: pl.DataFrame, name: str) -> pl.Expr:
    given: ColumnMap | None = source.columns.get(name)
    if given is None:
        return pl.lit(None, dtype=pl.String)
    column = normalise.to_text(_first(frame, given.from_))
    return column.replace(given.values) if given.values else column


def _first(frame: pl.DataFrame, names: list[str]) -> pl.Expr:
    for name in names:
        if name in frame.columns:
            return pl.col(name)
    return pl.lit(None, dtype=pl.String)


def _cell_codes(source: Source, good: pl.DataFrame, cells: CellGrid) -> pl.Series:
    latitude = _mapped(source, good, "latitude").cast(pl.Float64, strict=False)
    longitude = _mapped(source, good, "longitude").cast(pl.Float64, strict=False)
    inside = latitude.is_between(cells.south, cells.north) & longitude.is_between(cells.west, cells.east)
    code = normalise.to_cell(latitude, longitude, cells.south, cells.west, cells.size_km)
    return good.select(code=pl.when(inside).then(code).otherwise(None)).to_series()


def _each_masked(column: pl.Series) -> pl.Series:
    distinct = {text: masked(text) for text in column.unique() if text is not None}
    return pl.Series(column.name, [None if text is None else distinct[text] for text in column], dtype=pl.String)


def _pseudonyms(column: pl.Series, key: bytes) -> pl.Series:
    distinct = {text: hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32] for text in column.unique() if text}
    return pl.Series("caller_hash", [distinct.get(text) for text in column], dtype=pl.String)


def _reporter_address(caller_hash: pl.Series, address: pl.Series) -> pl.Series:
    joined = [
        hashlib.md5(f"{caller}|{place}".encode(), usedforsecurity=False).hexdigest() if caller and place else None
        for caller, place in zip(caller_hash, address, strict=True)
    ]
    return pl.Series("reporter_address_hash", joined, dtype=pl.String)


def _as_json(frame: pl.DataFrame) -> list[str]:
    return [json.dumps(row, ensure_ascii=False) for row in frame.iter_rows(named=True)]


def _hashes(frame: pl.DataFrame) -> list[str]:
    names = sorted(frame.columns)
    return [
        # named and without blanks, so that a column which another export of the row lacks does not change it
        hashlib.md5(
            "\x1f".join(f"{n}={v}" for n, v in zip(names, row, strict=True) if v).encode(), usedforsecurity=False
        ).hexdigest()
        for row in frame.select(names).iter_rows()
    ]
