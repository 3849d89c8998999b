"""The review queue as a file for people, and their answers back. The file holds masked texts: keep it as private."""

from __future__ import annotations

import csv
import datetime as dt
import os
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from pipelines.cities.lists import Issue
from pipelines.errors import ConfigurationError
from pipelines.warehouse.door import Door

ANSWERS_FILE = "review_answers.csv"
NOT_LISTED = "none"
_COLUMNS = ("text_hash", "issue_code", "answered_by", "建议编码", "建议名称", "把握", "件数", "文本")


def export_queue(door: Door, file: Path, as_of_date: dt.date) -> int:
    """Write what waits for an answer, most matters first; ``issue_code`` and ``answered_by`` are to be filled in."""
    rows = door.rows(
        "select q.text_hash, '', '', q.issue_code, i.issue_name, round(q.confidence, 3), q.event_count, "
        "(select any_value(concat_ws(' ', s.title, s.content)) from (select text_hash, title, content from "
        "stg.hotline_order union all select text_hash, title, content from stg.grid_event) as s "
        "where s.text_hash = q.text_hash) from mart.review_queue as q left join core.dim_issue as i using (issue_code) "
        "where q.as_of_date = $d order by q.event_count desc, q.confidence, q.text_hash",
        d=as_of_date,
    )
    with open(
        os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8-sig", newline=""
    ) as out:
        writer = csv.writer(out)
        writer.writerow(_COLUMNS)
        writer.writerows([_harmless(value) for value in row] for row in rows)
    return len(rows)


def import_answers(door: Door, file: Path, issues: Iterable[Issue], answered_at: dt.datetime) -> int:
    """Store the answers of a file; rows without an answer and answers already stored are passed over.

    Args:
        file: columns ``text_hash``, ``issue_code`` (a code of ``issues.csv``, or ``none`` where no issue fits) and
            ``answered_by``, the role of who answered; further columns are ignored.
        answered_at: from when on the answers count as known.

    Returns:
        How many answers are new.

    Raises:
        ConfigurationError: the file or a row is wrong; names the line and never its content. Nothing is stored.
    """
    codes = {issue.issue_code for issue in issues}
    known = {text_hash for (text_hash,) in door.rows("select text_hash from core.fct_text_readings")}
    before = dict(
        door.rows("select text_hash, last(issue_code order by answered_at) from ops.review_answers group by text_hash")
    )
    answers: dict[str, tuple[str | None, str]] = {}
    for number, row in _rows(file):
        text_hash, code, role = (str(row.get(name) or "").strip() for name in _COLUMNS[:3])
        if not code:
            continue
        if text_hash not in known:
            raise ConfigurationError(f"{file}:{number}: no text has this text_hash; export the queue again")
        if code != NOT_LISTED and code not in codes:
            raise ConfigurationError(f"{file}:{number}: issue_code is no code of issues.csv, nor {NOT_LISTED!r}")
        if not role or len(role) > 40:
            raise ConfigurationError(f"{file}:{number}: fill in answered_by with a role, at most 40 characters")
        answer = None if code == NOT_LISTED else code
        if text_hash not in before or before[text_hash] != answer:
            answers[text_hash] = (answer, role)
    if answers:
        frame = pl.DataFrame(
            [(text_hash, code, role, answered_at) for text_hash, (code, role) in answers.items()],
            schema=dict.fromkeys(("text_hash", "issue_code", "answered_by"), pl.String) | {"answered_at": pl.Datetime},
            orient="row",
        )
        door.append("ops.review_answers", frame)
    return len(answers)


def _rows(file: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError(f"{file}: no such file; `xianban review export` writes one to fill in") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file}: not UTF-8; save it as CSV UTF-8") from None
    try:
        reader = csv.DictReader(text.splitlines(keepends=True), strict=True)
        missing = set(_COLUMNS[:3]) - set(reader.fieldnames or ())
        if missing:
            raise ConfigurationError(f"{file}: lacks the columns {', '.join(sorted(missing))}; export the queue again")
        return [(reader.line_num, row) for row in reader]
    except csv.Error:
        raise ConfigurationError(f"{file}: no CSV; save it as CSV UTF-8") from None


def _harmless(value: object) -> object:
    """A spreadsheet takes text that begins like a formula for one."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
