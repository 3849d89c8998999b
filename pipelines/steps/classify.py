"""Classify: give texts without a usable category an issue, or leave them to people; suggest units no list names."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache, partial
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from models.text_classifier import TextClassifier
from pipelines.steps.conform import derive, let_wait
from pipelines.steps.run import Counts, Run, log
from pipelines.steps.text_models import MOST_TEXTS, Served, serve
from pipelines.steps.texts import BLOCK_TEXTS, read_in_blocks
from pipelines.text.model_store import load_model
from pipelines.text.review import ANSWERS_FILE, import_answers
from pipelines.text.segment import Segmenter

_BLOCK = BLOCK_TEXTS
_SUGGESTED = 3
_TOKENS = "select text_hash, tokens from core.fct_text_readings where text_hash in (select unnest($hashes::varchar[]))"


def classify(run: Run) -> Counts:
    """Take in answers, train where due, and read the texts that the model in use has not read yet.

    What a model says counts as known from the last label that it learned from, so a backtest as of an earlier date does
    not see it. Grain of ``core.fct_issue_readings``: text × model, and answer. Saved block by block: killed half-way,
    the next run reads only the rest. Also replaces ``core.fct_issue_labels``, ``core.fct_unit_suggestions`` and the
    as-of date's partition of ``mart.review_queue``.
    """
    dictionary = Segmenter(run.city.user_dictionary, run.settings.of_city("cache")).dictionary_hash
    answers = _take_in_answers(run)
    with run.warehouse.writing() as door:
        door.build("core.fct_issue_labels", as_of_date=run.as_of_date)
        labelled = door.query(
            "select l.text_hash as key, l.issue_code as label, l.known_at, t.tokens from core.fct_issue_labels as l "
            "inner join core.fct_text_readings as t using (text_hash) where len(t.tokens) > 0 "
            "order by l.known_at desc, l.text_hash limit $n",
            n=MOST_TEXTS,
        )
    served = serve(run, "issue", labelled, dictionary)
    read = 0 if served is None else _read_texts(run, served)
    _pass_on(run)
    units = _suggest_units(run, dictionary)
    with run.warehouse.writing() as door:
        waiting = door.build("mart.review_queue", run.partition, as_of_date=run.as_of_date)
    return Counts(
        details={"answers": answers, "texts_classified": read, "to_review": waiting, "unit_suggestions": units}
    )


def _take_in_answers(run: Run) -> int:
    """Load the answers that were dropped as a file, and let every answer overrule what models said."""
    file = run.data_dir / ANSWERS_FILE
    now = dt.datetime.now(ZoneInfo(run.city.config.timezone)).replace(tzinfo=None, microsecond=0)
    with run.warehouse.writing() as door:
        found = import_answers(door, file, run.city.issues, now) if file.is_file() else 0
        door.run(
            "insert into core.fct_issue_readings by name select text_hash, 'review' as model_id, issue_code, "
            "1 as confidence, false as is_review, answered_at as known_from from ops.review_answers as a "
            "where not exists (select 1 from core.fct_issue_readings as r where r.text_hash = a.text_hash "
            "and r.model_id = 'review' and r.known_from = a.answered_at)"
        )
    return found


def _read_texts(run: Run, served: Served) -> int:
    """Classify every text without a mapped issue that was known before the date and that this model did not read."""
    with run.warehouse.reading() as door:
        waiting = door.query(
            "select distinct v.text_hash from core.fct_event_versions as v "
            "inner join core.fct_text_readings as t using (text_hash) where v.issue_basis <> 'mapped' "
            "and v.known_from < $d and (v.known_to is null or v.known_to >= $d) and v.text_hash not in "
            "(select text_hash from core.fct_issue_readings where model_id in ($m, 'review')) order by text_hash",
            d=run.as_of_date, m=served.model_id,
        )["text_hash"]  # fmt: skip
    judge = partial(_judged, run.settings.of_city("models"), served.content_hash)
    for judged in read_in_blocks(run, waiting, judge, _TOKENS, _BLOCK):
        rows = judged.with_columns(
            model_id=pl.lit(served.model_id),
            is_review=(pl.col("confidence") < run.city.config.text.review_below) | pl.col("issue_code").is_null(),
            known_from=pl.lit(served.trained_until),
        )
        with run.warehouse.writing() as door:
            door.append("core.fct_issue_readings", rows)
    return len(waiting)


def _judged(folder: Path, content_hash: str, texts: pl.DataFrame) -> pl.DataFrame:
    """The most probable issue of each text, and how sure that is, by a stored model."""
    model = _loaded(folder, content_hash)
    probabilities = model.predict_proba(texts["tokens"].to_list())
    is_blank = pl.Series(texts["tokens"].list.len() == 0)
    return pl.DataFrame(
        {
            "text_hash": texts["text_hash"],
            "issue_code": pl.Series(model.classes_[probabilities.argmax(axis=1)].tolist(), dtype=pl.String),
            "confidence": np.round(probabilities.max(axis=1), 6),
        }
    ).with_columns(
        # a text without a word says nothing: no issue, no confidence, a person looks
        pl.when(~is_blank).then("issue_code").alias("issue_code"),
        pl.when(is_blank).then(0.0).otherwise("confidence").alias("confidence"),
    )


@lru_cache(maxsize=1)
def _loaded(folder: Path, content_hash: str) -> TextClassifier:
    """The model; a process that reads many blocks loads it once."""
    return load_model(folder, content_hash)


def _pass_on(run: Run) -> None:
    """Let readings newer than the last time count in the versions of the records with these texts."""
    with run.warehouse.writing() as door:
        done = door.scalar("select fact_value from ops.facts where fact_name = 'readings_passed_on'") or "0"
        held = door.scalar("select count(*) from core.fct_issue_readings")
        if int(done) == held:
            return
        staged = " union all ".join(
            f"select source_name, record_id, text_hash from {table}"
            for table in ("stg.hotline_order", "stg.grid_event")
        )
        let_wait(
            door,
            f"select source_name, record_id from ({staged}) where text_hash in "
            "(select text_hash from core.fct_issue_readings where rowid >= $n)",
            n=int(done),
        )
        derive(door)
        door.run("insert or replace into ops.facts values ('readings_passed_on', $h)", h=str(held))


def _suggest_units(run: Run, dictionary: str) -> int:
    """Suggest units for open matters that came without one and whose issue no responsibility line names."""
    # issue and place stand before the text, as words that no text can hold
    said = (
        "select v.event_id as key, v.unit_name as label, v.known_from as known_at, "
        "list_concat(list_filter(['issue=' || v.issue_code, 'district=' || v.district_code, "
        "'street=' || v.street_code, 'community=' || v.community_code, 'both=' || v.issue_code || v.street_code], "
        "lambda x: x is not null), "
        "coalesce(t.tokens, [])) as tokens from core.fct_event_versions as v "
        "left join core.fct_text_readings as t using (text_hash) "
        "where v.known_from < $d and (v.known_to is null or v.known_to >= $d) "
    )
    with run.warehouse.reading() as door:
        handled = door.query(
            f"{said} and v.unit_name is not null order by v.known_from desc, v.event_id limit $n",
            d=run.as_of_date, n=MOST_TEXTS,
        )  # fmt: skip
        gaps = door.query(
            f"{said} and v.unit_name is null and v.closed_at is null and v.occurred_at >= $d::date - interval 28 days "
            "and not exists (select 1 from core.dim_responsibility as r where r.issue_code = v.issue_code) "
            "order by v.event_id",
            d=run.as_of_date,
        )
    served = serve(run, "unit", handled, dictionary) if gaps.height else None
    rows = pl.DataFrame()
    if served is not None:
        rows = _top_units(gaps, served.model).with_columns(model_id=pl.lit(served.model_id))
    with run.warehouse.writing() as door:
        door.replace("core.fct_unit_suggestions", rows)
    log.info("unit suggestions gaps=%d rows=%d", gaps.height, rows.height)
    return rows.height


def _top_units(matters: pl.DataFrame, model: TextClassifier) -> pl.DataFrame:
    probabilities = model.predict_proba(matters["tokens"].to_list())
    ranked = np.argsort(-probabilities, axis=1, kind="stable")[:, :_SUGGESTED]
    return pl.concat(
        pl.DataFrame(
            {
                "event_id": matters["key"],
                "rank_no": pl.repeat(rank + 1, matters.height, dtype=pl.Int32, eager=True),
                "unit_name": model.classes_[column].tolist(),
                "confidence": np.take_along_axis(probabilities, column[:, None], axis=1).ravel().round(6),
            }
        )
        for rank, column in enumerate(ranked.T)
    )
