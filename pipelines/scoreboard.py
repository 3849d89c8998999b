"""What a backtest found, in lines to read and as JSON."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
from rich.cells import cell_len

from models.evaluation import HIGHER_IS_BETTER, LOWER_IS_BETTER, WITH_INTERVAL, best_classical
from models.registry import forecaster_named
from pipelines.backtesting import Question, Scored
from pipelines.cities.city import City
from pipelines.steps.past import Past

MEASURES = (*HIGHER_IS_BETTER, *LOWER_IS_BETTER)
_SHORT = {
    "hot_pr_auc": "hot", "recurring_pr_auc": "recurring", "emerging_pr_auc": "emerging", "surge_pr_auc": "surge",
    "precision_at_k": "precision@k", "recall_at_k": "recall@k", "brier": "Brier", "log_loss": "log loss", "ece": "ECE",
}  # fmt: skip
_BLANK = "–"


def as_json(question: Question, scored: Scored, file: str | None) -> dict[str, Any]:
    """Everything that is printed, and nothing that cannot be computed from the rows; null where a measure has no value.

    ``best_baseline`` is the best classical baseline of each measure, chosen after the fact.
    """
    served = _row(scored)
    measures = []
    for name in MEASURES:
        best = best_classical(scored.table, name)
        measures.append({
            "measure": name, "model": served[name], "best_baseline": best, "baseline": _row(scored, best)[name],
            "ratio": served[f"{name}_ratio"], "ratio_low": served.get(f"{name}_ratio_low"),
            "ratio_high": served.get(f"{name}_ratio_high"), "ewma_city": _row(scored, "ewma_city")[name],
        })  # fmt: skip
    kept = ["forecaster", "is_baseline", *MEASURES]
    found = {
        **_frame_of(question, scored.rows),
        "model": {"name": scored.model, "title": forecaster_named(scored.model).title, "reason": scored.reason},
        "notes": scored.notes,
        "measures": measures,
        "forecasters": scored.table.select(kept).to_dicts(),
        "by_district": _parts(scored.by_district, "district_code").to_dicts(),
        "by_size": _parts(scored.by_size, "size_band").to_dicts(),
        "seconds": scored.seconds,
        "file": file,
    }
    return {name: _without_nan(value) for name, value in found.items()}


def as_lines(question: Question, scored: Scored, file: str | None) -> list[str]:
    """The same for people: the model beside the best classical baseline, all baselines, and the parts of the city."""
    found = as_json(question, scored, file)
    lines = [*_heading(found), f"model: {scored.model} ({found['model']['title']}), {scored.reason}"]
    lines += [f"note: {note}" for note in scored.notes]
    rows = [["measure", "model", "best classical baseline", "", "ratio", "95 % interval", "ewma_city"]]
    for one in found["measures"]:
        interval = (
            f"{_number(one['ratio_low'])}–{_number(one['ratio_high'])}" if one["measure"] in WITH_INTERVAL else ""
        )
        rows.append([one["measure"], _number(one["model"]), one["best_baseline"], _number(one["baseline"]),
                     _number(one["ratio"]), interval, _number(one["ewma_city"])])  # fmt: skip
    lines += ["", *_aligned(rows)]
    rows = [["forecaster", *_SHORT.values()]]
    rows += [[one["forecaster"], *(_number(one[name]) for name in _SHORT)] for one in found["forecasters"]]
    lines += ["", "PR-AUC of the four targets, and the rest of `hot`:", *_aligned(rows)]
    for title, key, parts in (
        ("by district", "district_code", found["by_district"]),
        ("by community size", "size_band", found["by_size"]),
    ):
        rows = [[title, *_SHORT.values(), "hot ratio", "log loss ratio", "ECE ratio"]]
        ratios = ("hot_pr_auc_ratio", "log_loss_ratio", "ece_ratio")
        for part in parts:
            if part["forecaster"] == scored.model:
                rows.append([part[key] or "(none)", *(_number(part[name]) for name in (*_SHORT, *ratios))])
        lines += ["", *_aligned(rows)]
    lines += ["", f"seconds: {scored.seconds['intake']} to take the files in, {scored.seconds['backtest']} to backtest"]
    return lines + ([f"file: {file}"] if file else [])


def worth_as_json(
    question: Question, model: str, feature: str, past: Past, table: pl.DataFrame, is_placebo: bool
) -> dict[str, Any]:
    """What ``evaluate`` found; ``difference`` is with minus without."""
    return {
        "city": past.run.city.name,
        "model": model,
        "feature": feature,
        "is_placebo": is_placebo,
        "origins": len(past.origins),
        "first_origin": str(past.origins[0]),
        "last_origin": str(past.origins[-1]),
        "horizon_days": 7 * question.horizon_weeks,
        "notes": past.notes,
        "measures": _without_nan(table.rename({"first": "with", "second": "without"}).to_dicts()),
    }


def worth_as_lines(found: dict[str, Any]) -> list[str]:
    """The same for people."""
    beside = "the same of other communities" if found["is_placebo"] else "without it"
    lines = [*_heading(found), f"model: {found['model']}, with {found['feature']} and {beside}"]
    lines += [f"note: {note}" for note in found["notes"]]
    rows = [["measure", "with", "without", "difference", "95 % interval", "better"]]
    for one in found["measures"]:
        low, high, has_interval = one["low"], one["high"], one["measure"] in WITH_INTERVAL
        sign = -1 if one["measure"] in LOWER_IS_BETTER else 1
        verdict = "" if low is None else "with" if min(sign * low, sign * high) > 0 else "without"
        verdict = "?" if low is not None and low <= 0 <= high else verdict
        rows.append([one["measure"], _number(one["with"]), _number(one["without"]), _number(one["difference"], "+"),
                     f"{_number(low, '+')} to {_number(high, '+')}" if has_interval else "", verdict])  # fmt: skip
    return [*lines, "", *_aligned(rows)]


def _frame_of(question: Question, rows: pl.DataFrame) -> dict[str, Any]:
    origins = rows["origin_date"].unique().sort()
    return {
        "city": City(question.settings.city).name,
        "origins": len(origins),
        "first_origin": str(origins[0]),
        "last_origin": str(origins[-1]),
        "horizon_days": 7 * question.horizon_weeks,
        "cells": rows.height // len(origins),
        "hot_count": int(rows["y_hot"].sum()),
        "capacity_k": int(rows["capacity_k"][0]),
    }


def _heading(found: dict[str, Any]) -> list[str]:
    more = f", {found['cells']} cells, {found['hot_count']} hot, k = {found['capacity_k']}" if "cells" in found else ""
    return [
        f"{found['city']}: {found['origins']} weekly origins from {found['first_origin']} to {found['last_origin']}, "
        f"{found['horizon_days']} days ahead{more}"
    ]


def _row(scored: Scored, name: str | None = None) -> dict[str, Any]:
    return scored.table.filter(pl.col("forecaster") == (name or scored.model)).row(0, named=True)


def _parts(table: pl.DataFrame, column: str) -> pl.DataFrame:
    ratios = [name for name in table.columns if name.endswith("_ratio")]
    return table.select(column, "forecaster", *MEASURES, *ratios)


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _number(value: float | None, sign: str = "") -> str:
    if value is None or not math.isfinite(value):
        return _BLANK
    return f"{value:{sign}.3f}" if abs(value) >= 0.1 or value == 0 else f"{value:{sign}.5f}"


def _aligned(rows: list[list[str]]) -> list[str]:
    """Columns of equal width on the screen, where a Chinese character takes two places; the first to the left."""
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        padded = [" " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        first, *others = zip(row, padded, strict=True)
        lines.append("  ".join([first[0] + first[1], *(pad + cell for cell, pad in others)]).rstrip())
    return lines
