"""Which text model serves a date: the one in use, or a newly trained one that does not lose to it."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from models.near_duplicates import near_duplicate_groups
from models.text_classifier import TextClassifier
from models.text_quality import macro_f1, quality_of, top_rate
from pipelines.errors import WarehouseError
from pipelines.steps.run import Run, log
from pipelines.text.model_store import load_model, save_model

MOST_TEXTS = 6_000  # the newest; a model of twice as many takes eight times as long
_LEAST_PER_CLASS = 20
_DAYS_BETWEEN = 7
_LEAST_NEW, _LEAST_NEW_SHARE = 100, 0.05


@dataclass(frozen=True)
class Served:
    """A model in use.

    Attributes:
        trained_until: when the last label that it learned from became known; what it says was not known earlier.
    """

    model_id: str
    model: TextClassifier
    as_of_date: dt.date
    trained_until: dt.datetime
    content_hash: str


def serve(run: Run, kind: str, labelled: pl.DataFrame, dictionary: str) -> Served | None:
    """The model for a date, trained now if that is due; None where there is too little to learn from.

    A model is due when there is none for this dictionary, or when a week has passed since the last trial and the newest
    labels hold at least 100, and 5 %, that the model in use has not seen. Both are judged on the texts of which it saw
    no near-duplicate: the new one by left-out scores. The new one takes over unless it loses.

    Args:
        kind: ``issue`` or ``unit``.
        labelled: columns key, label, known_at, tokens; newest first.
    """
    incumbent, last_trial = incumbent_of(run, kind, dictionary)
    if incumbent is not None:
        unseen = int((labelled["known_at"] > incumbent.trained_until).sum())
        enough = max(_LEAST_NEW, _LEAST_NEW_SHARE * labelled.height)
        if (run.as_of_date - last_trial).days < _DAYS_BETWEEN or unseen < enough:
            return incumbent
    frequent = labelled.filter(pl.len().over("label") >= _LEAST_PER_CLASS)
    classes = frequent["label"].n_unique()
    record: dict[str, Any] = {
        "model_kind": kind, "as_of_date": run.as_of_date, "dictionary_hash": dictionary,
        "text_count": frequent.height, "class_count": classes,
    }  # fmt: skip
    least = run.city.config.text.least_labelled
    if classes < 2 or frequent.height < least:
        reason = f"有归类依据的文本不足（{frequent.height}条、{classes}类；至少需{least}条、2类），暂不归类"
        _store(run, {**record, "model_id": f"none_{kind}", "is_adopted": False, "reason": reason})
        return incumbent
    return _compete(run, kind, frequent, record, incumbent)


def _compete(
    run: Run, kind: str, texts: pl.DataFrame, record: dict[str, Any], incumbent: Served | None
) -> Served | None:
    tokens, labels = texts["tokens"].to_list(), texts["label"].to_numpy().astype(np.str_)
    groups = near_duplicate_groups(tokens)
    model = TextClassifier().fit(tokens, labels, groups)
    left_out, classes = model.left_out_proba_, model.classes_
    del model.left_out_proba_  # to be judged by, not to be stored
    quality = quality_of(labels, left_out, classes, run.city.config.text.review_below)
    record |= {
        "model_id": _identity(kind, record["dictionary_hash"], texts),
        "trained_until": texts["known_at"].max(),
        "macro_f1": quality.macro_f1,
        "top3_rate": top_rate(labels, left_out, classes, 3),
        "calibration_error": quality.calibration_error,
        "coverage": quality.coverage,
        "accuracy_when_sure": None if np.isnan(quality.accuracy_when_sure) else quality.accuracy_when_sure,
        "is_adopted": True,
        "reason": "尚无在用模型",
    }
    if incumbent is not None:
        seen = np.unique(groups[(texts["known_at"] <= incumbent.trained_until).to_numpy()])
        rows = np.flatnonzero(~np.isin(groups, seen))
        old = incumbent.model.predict([tokens[row] for row in rows])
        new = classes[left_out[rows].argmax(axis=1)]
        old_f1, new_f1 = macro_f1(labels[rows], old), macro_f1(labels[rows], new)
        is_better = len(rows) > 0 and new_f1 >= old_f1
        record |= {
            "incumbent_id": incumbent.model_id, "judged_count": len(rows), "incumbent_macro_f1": old_f1,
            "candidate_macro_f1": new_f1, "is_adopted": is_better,
            "reason": "在未见过的文本上不逊于在用模型" if is_better else "在未见过的文本上逊于在用模型，予以沿用",
        }  # fmt: skip
    if record["is_adopted"]:
        record["content_hash"] = save_model(run.settings.of_city("models"), model)
    _store(run, record)
    if not record["is_adopted"]:
        return incumbent
    return Served(record["model_id"], model, run.as_of_date, record["trained_until"], record["content_hash"])


def incumbent_of(run: Run, kind: str, dictionary: str) -> tuple[Served | None, dt.date]:
    """The newest usable model in use as of the date, and the date of the last trial."""
    issues = {issue.issue_code for issue in run.city.issues}
    with run.warehouse.reading() as door:
        rows = door.rows(
            "select model_id, content_hash, as_of_date, trained_until, is_adopted from ops.text_models where "
            "model_kind = $k and dictionary_hash = $h and as_of_date <= $d "
            "order by as_of_date desc",
            k=kind, h=dictionary, d=run.as_of_date,
        )  # fmt: skip
    last_trial = rows[0][2] if rows else dt.date.min
    for model_id, content_hash, as_of_date, trained_until, is_adopted in rows:
        if not is_adopted:
            continue
        try:
            model = load_model(run.settings.of_city("models"), content_hash)
        except WarehouseError as error:
            log.warning("text model kind=%s id=%s not usable: %s", kind, model_id, error)
            continue
        if kind == "issue" and not set(model.classes_) <= issues:
            continue  # the list of issues changed
        return Served(model_id, model, as_of_date, trained_until, content_hash), last_trial
    return None, last_trial


def _identity(kind: str, dictionary: str, texts: pl.DataFrame) -> str:
    """The same for the same labels of the same texts."""
    digest = hashlib.sha256(f"{kind}\0{dictionary}".encode())
    for key, label in sorted(zip(texts["key"], texts["label"], strict=True)):
        digest.update(f"\0{key}\0{label}".encode())
    return digest.hexdigest()[:16]


def _store(run: Run, record: dict[str, Any]) -> None:
    """Replace the record of the kind and date."""
    log.info("text model kind=%s texts=%d classes=%d adopted=%s", record["model_kind"], record["text_count"],
             record["class_count"], record["is_adopted"])  # fmt: skip
    with run.warehouse.writing() as door:
        partition = {"model_kind": record["model_kind"], "as_of_date": record["as_of_date"]}
        door.replace("ops.text_models", pl.DataFrame([record]), partition)
