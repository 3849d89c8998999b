"""Compare a batch with the one before: what changed in how a source writes, told in the words of the data owner.

Nothing here holds a batch back. A sum that no rule forbids may still be wrong: minutes that became seconds, a renamed
column that is now silently empty, a clock written in another form.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator

import polars as pl

from pipelines.sources import normalise
from pipelines.sources.contract import Source
from pipelines.warehouse.expectations import Verdict

SUITE = "drift"
_FACTORS = {60: "60倍（分与秒、时与分）", 1000: "1000倍（秒与毫秒）", 3600: "3600倍（时与秒）"}
_TOLERANCE = 0.25  # how far the ratio of the medians may lie from a factor
_LEAST_ROWS = 20
_LEAST_SIMILAR = 0.6
_MOST_LOST = 0.2  # of the share of values that can be read
_MOST_NEW = 0.05  # share of rows with new values, beyond what chance explains
_MOST_VALUES = 200  # a column with more values is no category
_BY_CHANCE = 1e-6
_OURS = ("batch_id", "row_no")


def drift(previous: pl.DataFrame, current: pl.DataFrame, source: Source) -> list[Verdict]:
    """What is different in a batch, as failed warnings for ``ops.validation_results``; empty if nothing is.

    Args:
        previous: the text columns of the last accepted batch of the source.
        current: those of the batch that came now.
        source: the contract of both.
    """
    if not previous.height or not current.height:
        return []
    return [
        *_header_changes(previous, current, source),
        *_time_changes(previous, current, source),
        *_unit_changes(previous, current, source),
        *_new_values(previous, current, source),
    ]


def _headers(frame: pl.DataFrame) -> list[str]:
    """The columns that hold something: the table of raw rows also has the columns of other files."""
    return [name for name in frame.columns if name not in _OURS and frame[name].null_count() < frame.height]


def _header_changes(previous: pl.DataFrame, current: pl.DataFrame, source: Source) -> Iterator[Verdict]:
    gone = _only_in(previous, current)
    new = _only_in(current, previous)
    mapped, rows = source.mapped_headers, current.height
    for name in gone:
        near = difflib.get_close_matches(name, new, n=1, cutoff=_LEAST_SIMILAR)
        if near:
            new.remove(near[0])
            remedy = f"，请在来源配置中补上“{near[0]}”" if name in mapped and near[0] not in mapped else ""
            yield _verdict("renamed_header", near[0], rows, rows, f"列“{name}”疑似改名为“{near[0]}”{remedy}")
        else:
            use = "" if name in mapped else "未使用的"
            yield _verdict(
                "missing_header", name, rows, rows, f"{use}列“{name}”本批没有或全为空，上一批有；请核对导出设置"
            )
    for name in new:
        yield _verdict("new_header", name, rows, rows, f"出现新列“{name}”，上一批没有；如有用请补入来源配置")


def _only_in(frame: pl.DataFrame, other: pl.DataFrame) -> list[str]:
    """Columns of a frame that the other lacks, or where chance does not explain that it holds nothing there."""
    found = []
    for name in _headers(frame):
        if name not in other.columns:
            found.append(name)
        elif other[name].null_count() == other.height:
            blank = frame[name].null_count() / frame.height
            if blank**other.height < _BY_CHANCE:
                found.append(name)
    return found


def _time_changes(previous: pl.DataFrame, current: pl.DataFrame, source: Source) -> Iterator[Verdict]:
    for name in _time_headers(source):
        if name not in previous.columns or name not in current.columns:
            continue
        (read_before, count_before), (read, count) = _read_times(previous[name]), _read_times(current[name])
        if min(count_before, count) < _LEAST_ROWS:
            continue
        if read / count < read_before / count_before - _MOST_LOST:
            yield _verdict(
                "readable_times", name, count, count - read,
                f"时间列“{name}”能识别的比例由{read_before / count_before:.0%}降到{read / count:.0%}，书写格式可能已改",
            )  # fmt: skip


def _time_headers(source: Source) -> list[str]:
    names = [*source.occurred_at, *source.known_at.from_, *(source.entered_at.from_ if source.entered_at else [])]
    names += [h for column, item in source.columns.items() if column.endswith("_at") for h in item.from_]
    return list(dict.fromkeys(names))


def _read_times(column: pl.Series) -> tuple[int, int]:
    """How many values are times within reach, and how many values there are."""
    frame = column.to_frame("x")
    text = frame.select(normalise.to_text(pl.col("x"))).to_series()
    time = frame.select(normalise.in_reach(normalise.to_time(pl.col("x")))).to_series()
    return len(time) - time.null_count(), len(text) - text.null_count()


def _unit_changes(previous: pl.DataFrame, current: pl.DataFrame, source: Source) -> Iterator[Verdict]:
    # what the contract names is a code, a time or a text, where a factor between medians means nothing
    for name in _headers(current):
        if name not in previous.columns or name in source.mapped_headers:
            continue
        before, now = _numbers(previous[name]), _numbers(current[name])
        if before is None or now is None:
            continue
        low, high = sorted((before, now))
        for factor, words in _FACTORS.items():
            if low > 0 and abs(high / low / factor - 1) <= _TOLERANCE:
                side = "增大到" if now > before else "减小到"
                reason = f"数值列“{name}”的中位数由{before:g}{side}{now:g}，约差{words}，计量单位可能已改"
                yield _verdict("unit", name, current.height, None, reason)


def _numbers(column: pl.Series) -> float | None:
    """The median of a column of measures; None where it holds something else, as codes and record numbers do."""
    text = column.drop_nulls().str.strip_chars()
    if len(text) < _LEAST_ROWS:
        return None
    plain = text.str.contains(r"^-?\d{1,9}(?:\.\d+)?$")
    is_code = text.str.contains(r"^0\d")
    if plain.mean() != 1 or is_code.any():
        return None
    median = text.cast(pl.Float64).median()
    return float(median) if isinstance(median, int | float) else None


def _new_values(previous: pl.DataFrame, current: pl.DataFrame, source: Source) -> Iterator[Verdict]:
    names = [source.issues.from_] if source.issues else []
    names += [source.columns[name].from_ for name in ("channel", "demand_type", "status") if name in source.columns]
    for name in dict.fromkeys(header for headers in names for header in headers):
        if name not in previous.columns or name not in current.columns:
            continue
        seen, values = previous[name].drop_nulls(), current[name].drop_nulls()
        if min(len(seen), len(values)) < _LEAST_ROWS or seen.n_unique() > _MOST_VALUES:
            continue
        unseen = values.filter(~values.is_in(seen.unique().implode()))
        if len(unseen) > (_MOST_NEW + _expected_new(seen, len(values))) * len(values):
            reason = (
                f"分类列“{name}”有{len(unseen) / len(values):.0%}的行是上一批没有的取值（{unseen.n_unique()}种），"
                "分类口径可能已改"
            )
            yield _verdict("new_values", name, len(values), len(unseen), reason)


def _expected_new(seen: pl.Series, rows: int) -> float:
    """Share of new values to expect without any change (Good and Turing), with three standard deviations."""
    once = int((seen.value_counts()["count"] == 1).sum()) / len(seen)
    return once + 3 * math.sqrt(once * (1 - once) / rows)


def _verdict(expectation: str, column: str, checked: int, unexpected: int | None, reason: str) -> Verdict:
    return Verdict(f"{SUITE}_{expectation}", column, "warning", False, checked, unexpected, reason)
