"""The archive of briefs: what was composed, not what would be computed today."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from pipelines.briefs.leaks import leak_check_brief
from pipelines.briefs.model import Brief, BriefError, from_json, to_json
from pipelines.briefs.render import to_html
from pipelines.briefs.text import to_text

TEXT_WIDTH = 100


@dataclass(frozen=True)
class SavedBrief:
    """Where one brief lies."""

    json_path: Path
    html_path: Path
    text_path: Path


def paths_of(folder: Path, as_of_date: dt.date) -> SavedBrief:
    """Where the brief of a date lies, or would lie."""
    stem = f"brief_{as_of_date:%Y%m%d}"
    return SavedBrief(folder / f"{stem}.json", folder / f"{stem}.html", folder / f"{stem}.txt")


def save(brief: Brief, folder: Path) -> SavedBrief:
    """Write the three files, each atomically, the JSON last: where it lies, the others are complete.

    Raises:
        LeakFound: the brief holds what looks like personal data; nothing was written.
    """
    leak_check_brief(brief)
    paths = paths_of(folder, brief.masthead.as_of_date)
    contents = {
        paths.html_path: to_html(brief),
        paths.text_path: to_text(brief, TEXT_WIDTH),
        paths.json_path: to_json(brief),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in contents.items():
        _write_atomically(path, content)
    return paths


def load(folder: Path, as_of_date: dt.date) -> Brief:
    """The brief of a date as it was composed.

    Raises:
        BriefError: no brief of the date was saved, or its file is damaged.
    """
    path = paths_of(folder, as_of_date).json_path
    try:
        return from_json(path.read_bytes())
    except FileNotFoundError:
        raise BriefError(f"no brief of {as_of_date} in {folder}; run `xianban run --date {as_of_date}`") from None
    except ValidationError:
        raise BriefError(f"{path} is damaged or not a brief; restore it from a backup") from None


def _write_atomically(path: Path, content: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
