"""Incidents found in real citizens' messages against those marked by hand; skips where the messages are not."""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from statistics import mean

import polars as pl
import pytest

from models.incidents import find_incidents
from pipelines.text.segment import Segmenter
from tests.conftest import CHECKOUT

MESSAGES = Path(os.environ.get("XIANBAN_DATA", "")) / "citizen_messages_2017_2020.xlsx"
# enough for this test: the words before an ending, up to a sign or an administrative name
PLACE = re.compile(r"[\u4e00-\u9fff]{2,6}(?:小区|花园|家园|新城|公园|广场|大厦|小学|中学|学院|医院|[苑城园府庭郡湾路])")


def seconds(text: str) -> datetime:
    """The workbook writes 2019/1/2 3:04:05 and 2019-01-02 03:04:05, some with fractions of a second."""
    return datetime.strptime(text.strip().replace("/", "-").split(".")[0], "%Y-%m-%d %H:%M:%S")


def read_messages(cache: Path) -> pl.DataFrame:
    rows = pl.read_excel(MESSAGES, infer_schema_length=0)
    tokens = Segmenter(None, cache).tokens
    titles, texts = rows["留言主题"].to_list(), rows["留言详情"].to_list()
    times = [seconds(text) for text in rows["留言时间"]]
    return pl.DataFrame(
        {
            "record_id": rows["留言编号"],
            "occurred_at": times,
            "known_at": times,
            "title_tokens": [words for words, _ in tokens(titles)],
            "tokens": [words for words, _ in tokens(texts)],
            "title_places": [PLACE.findall(text or "") for text in titles],
            "places": [PLACE.findall(text or "") for text in texts],
        }
    )


def best_f1(marked: set[str], found: dict[str, set[str]], incident_of: dict[str, str]) -> float:
    near = [found[incident_of[record_id]] for record_id in marked]
    return max(2 * len(marked & group) / (len(marked) + len(group)) for group in near)


@pytest.mark.skipif(
    not MESSAGES.is_file(), reason="no citizens' messages: set XIANBAN_DATA to the folder that has them"
)
def test_incidents_are_those_marked_by_hand(tmp_path: Path) -> None:
    members = find_incidents(read_messages(tmp_path))[0]
    incident_of = dict(members.select("record_id", "incident_id").iter_rows())
    found: defaultdict[str, set[str]] = defaultdict(set)
    for record_id, incident_id in incident_of.items():
        found[incident_id].add(record_id)
    marked = json.loads((CHECKOUT / "tests/corpus_incidents.json").read_text())
    for half, incidents in marked.items():
        f1 = mean(best_f1({str(i) for i in ids}, found, incident_of) for ids in incidents.values())
        print(f"incidents {half}: {len(incidents)}, mean F1 {f1:.3f}")
        assert f1 >= 0.80, half
