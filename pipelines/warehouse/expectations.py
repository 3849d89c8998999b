"""Run a Great Expectations suite over a frame and keep the verdicts without the values.

The library has no DuckDB or Polars engine, so the needed columns go over to pandas. Its results list offending values;
those may be personal data, so only counts are kept.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from pipelines.errors import ConfigurationError
from pipelines.settings import CHECKOUT

if TYPE_CHECKING:
    import polars as pl

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
# what fits into 64 bits of nanoseconds
_NANOSECONDS = (dt.datetime(1700, 1, 1), dt.datetime(2260, 1, 1))
_BY_ROW = {
    "expect_table_row_count_to_be_between",
    "expect_column_values_to_not_be_null",
    "expect_column_values_to_be_between",
    "expect_column_values_to_be_in_set",
    "expect_column_values_to_match_regex",
    "expect_column_value_lengths_to_be_between",
    "expect_column_pair_values_a_to_be_greater_than_b",
}


@dataclass(frozen=True)
class Verdict:
    """What one expectation said of one batch."""

    expectation: str
    column: str | None
    severity: str
    is_met: bool
    checked_count: int | None
    unexpected_count: int | None
    reason: str


@dataclass(frozen=True)
class Suite:
    """A suite file of ``expectations/``; named like the table it judges."""

    name: str
    expectations: list[dict[str, Any]]

    @property
    def columns(self) -> list[str]:
        """The columns it needs, so that no other is converted."""
        wanted: list[str] = []
        for item in self.expectations:
            kwargs = item["kwargs"]
            wanted += [kwargs[k] for k in ("column", "column_A", "column_B") if k in kwargs]
            wanted += kwargs.get("column_list", [])
        return list(dict.fromkeys(wanted))

    @property
    def is_by_row(self) -> bool:
        """Whether each row is judged without the others, so that counts of parts of a table add up."""
        return all(item["type"] in _BY_ROW and not {"row_condition", "strict_min", "strict_max"} & item["kwargs"].keys()
                   for item in self.expectations)  # fmt: skip


def load_suite(table: str) -> Suite:
    """The suite of a table (``schema.table``).

    Raises:
        ConfigurationError: there is none, or an expectation lacks its reason or severity.
    """
    path = CHECKOUT / "expectations" / (table.replace(".", "/") + ".json")
    if not path.is_file():
        raise ConfigurationError(f"{path}: no such suite; every gated table needs one")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        suite = Suite(content["name"], content["expectations"])
        for item in suite.expectations:
            if item.get("severity") not in ("critical", "warning") or not item.get("meta", {}).get("reason"):
                raise ConfigurationError(
                    f"{path}: {item['type']} needs a severity (critical or warning) and meta.reason"
                )
            item["kwargs"] = dict(item["kwargs"])
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"{path}:{error.lineno}: {error.msg}; correct the JSON there") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigurationError(
            f"{path}: not a suite ({error}); it needs a name and expectations, each with type, kwargs and meta"
        ) from None
    return suite


def judge(suite: Suite, frame: pl.DataFrame) -> list[Verdict]:
    """The verdicts of a suite on a frame that holds at least ``suite.columns``.

    Raises:
        ConfigurationError: an expectation could not be evaluated at all; that is a fault of the suite, not of the data.
    """
    return judge_blocks(suite, [frame])


def judge_blocks(suite: Suite, frames: Iterable[pl.DataFrame]) -> list[Verdict]:
    """As :func:`judge`, on the rows of all frames; only one of them is over in pandas at a time.

    More than one frame is for suites that judge by rows (:attr:`Suite.is_by_row`).

    Raises:
        ConfigurationError: as :func:`judge`, or rows were to be judged apart that must be compared.
    """
    judged: list[_Judged] = []
    rows = 0
    for frame in frames:
        found = _judge(suite, frame)
        judged = [one.add(other) for one, other in zip(judged, found, strict=True)] if judged else found
        rows += frame.height
        if rows > frame.height and not suite.is_by_row:
            raise ConfigurationError(f"suite {suite.name}: compares rows, so it needs all of them in one frame")
    if not judged:
        raise ConfigurationError(f"suite {suite.name}: no frame to judge; pass an empty one where there are no rows")
    return [one.verdict(rows, is_whole=rows == frame.height) for one in judged]


@dataclass(frozen=True)
class _Judged:
    """What the library says of one expectation on some rows: its verdict, and the counts that it rests on.

    Attributes:
        considered: the rows that ``mostly`` is a share of; null values are none of them.
    """

    config: Any
    is_met: bool
    checked: int | None
    considered: int
    unexpected: int | None

    def add(self, other: _Judged) -> _Judged:
        """As said of the rows of both."""
        if self.checked is None or other.checked is None:
            return self
        return _Judged(
            self.config,
            self.is_met and other.is_met,
            self.checked + other.checked,
            self.considered + other.considered,
            (self.unexpected or 0) + (other.unexpected or 0),
        )

    def verdict(self, rows: int, is_whole: bool) -> Verdict:
        kwargs = self.config.kwargs
        return Verdict(
            expectation=self.config.type,
            column=kwargs.get("column") or kwargs.get("column_A") or ",".join(kwargs.get("column_list", [])) or None,
            severity=str(getattr(self.config.severity, "value", self.config.severity)),
            is_met=self.is_met if is_whole else self._is_met_of(rows),
            checked_count=rows if self.checked is None else self.checked,
            unexpected_count=self.unexpected,
            reason=self.config.meta["reason"],
        )

    def _is_met_of(self, rows: int) -> bool:
        kwargs = self.config.kwargs
        if self.checked is None:
            lowest, highest = kwargs.get("min_value"), kwargs.get("max_value")
            return (lowest is None or rows >= lowest) and (highest is None or rows <= highest)
        if not self.considered:
            return True
        return bool((self.considered - (self.unexpected or 0)) / self.considered >= kwargs.get("mostly", 1))


def _judge(suite: Suite, frame: pl.DataFrame) -> list[_Judged]:
    import great_expectations as gx
    from great_expectations.exceptions.exceptions import GreatExpectationsError

    absent = [column for column in suite.columns if column not in frame.columns]
    if absent:
        raise ConfigurationError(f"suite {suite.name}: the table has no column {absent[0]!r}; correct the suite")
    batch = _batch_definition().get_batch({"dataframe": _in_nanoseconds(frame.select(suite.columns)).to_pandas()})
    try:
        expectations = gx.ExpectationSuite(name=suite.name, expectations=_for_frame(suite, frame))
    except (GreatExpectationsError, TypeError, ValueError) as error:
        kind = type(error).__name__
        raise ConfigurationError(
            f"suite {suite.name}: an expectation or one of its arguments is unknown ({kind}); correct the suite"
        ) from None
    if len(expectations.expectations) < len(suite.expectations):
        # the library logs what it does not know and goes on without it
        known = {item.expectation_type for item in expectations.expectations}
        unknown = [item["type"] for item in suite.expectations if item["type"] not in known]
        raise ConfigurationError(f"suite {suite.name}: {unknown} are unknown or wrongly set; correct the suite")
    result = batch.validate(expectations, result_format={"result_format": "BASIC", "partial_unexpected_count": 0})
    judged = []
    for item in result.results:
        config, counted = item.expectation_config, item.result or {}
        if _raised(item.exception_info):
            raise ConfigurationError(
                f"suite {suite.name}: {config.type} on {config.kwargs} cannot be evaluated; fix it"
            )
        checked = counted.get("element_count")
        judged.append(
            _Judged(
                config=config,
                is_met=bool(item.success),
                checked=checked,
                considered=(checked or 0) - (counted.get("missing_count") or 0),
                unexpected=counted.get("unexpected_count"),
            )
        )
    return judged


def _in_nanoseconds(frame: pl.DataFrame) -> pl.DataFrame:
    """Times in the unit that pandas once had alone; any other one the library compares value by value, at some cost."""
    import polars as pl

    times = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime) and kind.time_unit != "ns"]
    fit = [name for name in times if frame.get_column(name).is_between(*_NANOSECONDS).all()]
    return frame.with_columns(pl.col(fit).dt.cast_time_unit("ns"))


def _for_frame(suite: Suite, frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The expectations with the bounds of date columns, text in JSON, as dates."""
    made = []
    for item in suite.expectations:
        kwargs = dict(item["kwargs"])
        if (
            frame.schema.get(kwargs.get("column", ""), None) is not None
            and frame.schema[kwargs["column"]].is_temporal()
        ):
            for bound in {"min_value", "max_value"} & kwargs.keys():
                kwargs[bound] = dt.datetime.fromisoformat(kwargs[bound])
        made.append({**item, "kwargs": kwargs})
    return made


def _raised(info: Any) -> bool:
    """Whether evaluation failed; the library reports it flat, or once a metric."""
    if not isinstance(info, dict):
        return False
    return bool(info.get("raised_exception")) or any(_raised(inner) for inner in info.values())


@cache
def _batch_definition() -> Any:
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    for name in ("great_expectations", "great_expectations.data_context"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # by default it makes a folder in /tmp for pages that nobody builds; a kill at that moment left it there
    kept_in_memory = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    context = gx.get_context(mode="ephemeral", project_config=DataContextConfig(store_backend_defaults=kept_in_memory))
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return (
        context.data_sources.add_pandas("frames")
        .add_dataframe_asset("frame")
        .add_batch_definition_whole_dataframe("whole")
    )
