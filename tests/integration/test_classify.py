"""Texts without a category: what the model says, what people answer, and when each counts as known."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.errors import ConfigurationError, WarehouseError
from pipelines.steps.run import Run
from pipelines.text.model_store import load_model
from pipelines.text.review import export_queue, import_answers
from tests.conftest import SmallCity


@pytest.fixture
def run(finished_city: SmallCity) -> Iterator[Run]:
    yield Run(finished_city.settings(), finished_city.as_of_date)


def rows(run: Run, sql: str) -> list[tuple]:
    with run.warehouse.reading() as door:
        return door.rows(sql)


def test_the_model_learned_from_what_was_known_before_the_date(run: Run) -> None:
    [(macro_f1, error, adopted, until, texts)] = rows(
        run,
        "select macro_f1, calibration_error, is_adopted, trained_until, text_count from ops.text_models "
        "where model_kind = 'issue'",
    )
    assert adopted and macro_f1 > 0.8 and error < 0.1 and texts >= 300
    assert until < dt.datetime.combine(run.as_of_date, dt.time())


def test_every_unmapped_text_has_a_reading_and_unsure_ones_wait(run: Run) -> None:
    [(unread,)] = rows(
        run,
        "select count(*) from core.fct_text_readings as t where text_hash in (select text_hash from "
        f"core.fct_event_versions where issue_basis <> 'mapped' and known_from < '{run.as_of_date}' "
        f"and (known_to is null or known_to >= '{run.as_of_date}')) "
        "and text_hash not in (select text_hash from core.fct_issue_readings)",
    )
    assert unread == 0
    limit = run.city.config.text.review_below
    found = rows(run, "select confidence, is_review, issue_code from core.fct_issue_readings")
    assert found and all((confidence < limit) == is_review for confidence, is_review, _ in found)
    assert {code for _, _, code in found} <= {issue.issue_code for issue in run.city.issues}


def test_a_second_run_of_the_date_changes_nothing(run: Run) -> None:
    from pipelines.steps.classify import classify

    asked = "select * from {} order by all"
    tables = ("core.fct_issue_readings", "core.fct_unit_suggestions", "ops.text_models", "mart.review_queue")
    before = [rows(run, asked.format(table)) for table in tables]
    counts = classify(run)
    assert counts.details["texts_classified"] == 0
    assert [rows(run, asked.format(table)) for table in tables] == before


def test_processes_classify_what_one_classifies(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.steps import classify as classifying
    from pipelines.steps import texts

    asked = "select * from core.fct_issue_readings order by all"
    before = rows(run, asked)
    monkeypatch.setattr(texts, "WORTH_PROCESSES", 0)
    monkeypatch.setattr(classifying, "_BLOCK", len(before) // 3)
    for workers in (1, 2):
        with run.warehouse.writing() as door:
            door.run("delete from core.fct_issue_readings where model_id <> 'review'")
        again = Run(run.settings.model_copy(update={"workers": workers}), run.as_of_date)
        assert classifying.classify(again).details["texts_classified"] > 0
        assert rows(run, asked) == before


def test_the_queue_is_not_published(finished_city: SmallCity) -> None:
    from pipelines.warehouse.snapshot import current_snapshot

    with duckdb.connect(
        str(current_snapshot(finished_city.settings().snapshot_dir).path), read_only=True
    ) as connection:
        names = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
    assert "review_queue" not in names


def test_answers_go_out_and_come_back(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "queue.csv"
    with run.warehouse.reading() as door:
        count = export_queue(door, file, run.as_of_date)
    assert file.stat().st_mode & 0o077 == 0
    with file.open(encoding="utf-8-sig", newline="") as handle:
        queue = list(csv.DictReader(handle))
    assert len(queue) == count > 0
    asked = queue[0] | {"issue_code": run.city.issues[0].issue_code, "answered_by": "坐席班长"}
    at = dt.datetime.combine(run.as_of_date, dt.time()) - dt.timedelta(hours=1)
    _write(file, [asked, *queue[1:]])
    with pytest.raises(RuntimeError, match="undo"), run.warehouse.writing() as door:
        assert import_answers(door, file, run.city.issues, at) == 1
        assert import_answers(door, file, run.city.issues, at) == 0
        door.build("core.fct_issue_labels", as_of_date=run.as_of_date)
        found = door.rows("select issue_code from core.fct_issue_labels where text_hash = $t", t=asked["text_hash"])
        assert found == [(asked["issue_code"],)]
        raise RuntimeError("undo")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"text_hash": "no such"}, "no text has this"),
        ({"issue_code": "没有的编码"}, "no code of issues.csv"),
        ({"answered_by": ""}, "answered_by"),
    ],
)
def test_a_wrong_answer_names_its_line_and_stores_nothing(
    run: Run, tmp_path: Path, change: dict[str, str], words: str
) -> None:
    [(text_hash,)] = rows(run, "select min(text_hash) from core.fct_text_readings")
    row = {"text_hash": text_hash, "issue_code": run.city.issues[0].issue_code, "answered_by": "坐席"} | change
    file = tmp_path / "answers.csv"
    _write(file, [row])
    with pytest.raises(ConfigurationError, match=f":2: .*{words}"), run.warehouse.writing() as door:
        import_answers(door, file, run.city.issues, dt.datetime(2026, 11, 1))


def test_a_model_file_that_was_changed_is_not_opened(run: Run, tmp_path: Path) -> None:
    [(content_hash,)] = rows(run, "select content_hash from ops.text_models where model_kind = 'issue'")
    folder = run.settings.of_city("models")
    model = load_model(folder, content_hash)
    assert set(model.classes_) <= {issue.issue_code for issue in run.city.issues}
    content = (folder / f"{content_hash}.skops").read_bytes()
    (tmp_path / f"{content_hash}.skops").write_bytes(content[:-1] + b"!")
    with pytest.raises(WarehouseError, match="not the model that was saved"):
        load_model(tmp_path, content_hash)
    with pytest.raises(WarehouseError, match="no such model file"):
        load_model(tmp_path / "nowhere", content_hash)


def _write(file: Path, content: list[dict[str, str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, content[0])
        writer.writeheader()
        writer.writerows(content)


def test_what_a_model_says_was_not_known_before_it_had_learned(run: Run) -> None:
    [(early, predicted)] = rows(
        run,
        "select count(*) filter (where v.known_from < r.known_from), count(*) from core.fct_event_versions as v "
        "inner join core.fct_issue_readings as r on v.text_hash = r.text_hash where v.issue_basis = 'predicted'",
    )
    assert predicted > 0 and early == 0
    [(doubled,)] = rows(
        run,
        "select count(*) from core.fct_event_versions as a inner join core.fct_event_versions as b using (event_id) "
        "where a.version_no < b.version_no and (a.known_to is null or a.known_to > b.known_from)",
    )
    assert doubled == 0
