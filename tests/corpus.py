"""Complaint texts for tests and benchmarks, written by the sample city's own writer."""

from __future__ import annotations

import csv
import datetime as dt
import random
from pathlib import Path

from pipelines.synthetic.texts import Spot, Writer, load_phrases


def complaints(count: int, city_folder: Path, seed: int = 11) -> list[str]:
    """``count`` complaints with titles; the same seed gives the same texts."""
    return [text for _, text in labelled_complaints(count, city_folder, seed)]


def labelled_complaints(count: int, city_folder: Path, seed: int = 11) -> list[tuple[str, str]]:
    """As :func:`complaints`, each with the issue it was written for."""
    rng = random.Random(seed)
    writer = Writer(seed)
    phrases = load_phrases()
    with (city_folder / "issues.csv").open(encoding="utf-8-sig", newline="") as handle:
        issues = [row["issue_code"] for row in csv.DictReader(handle) if row["issue_code"] in phrases]
    with (city_folder / "gazetteer.csv").open(encoding="utf-8-sig", newline="") as handle:
        names = [row["name"] for row in csv.DictReader(handle)]
    texts = []
    for number in range(count):
        spot = Spot(*(rng.choice(names) for _ in range(6)))
        when = dt.datetime(2026, 1, 1) + dt.timedelta(hours=rng.randrange(8000))
        issue = rng.choice(issues)
        text = writer.complain(issue, spot, when, number)
        texts.append((issue, f"{text.title}\n{text.content}"))
    return texts
