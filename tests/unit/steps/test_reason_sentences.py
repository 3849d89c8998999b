"""The sentence beside a forecast: figures an official can check, and none of what was never recorded."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from pipelines.steps.reasons import sentences

TODAY = dt.date(2026, 11, 16)
COUNTS = {
    "community_code": "c",
    "issue_code": "i",
    "complaint_count_7d": 1,
    "complaint_count_28d": 3,
    "complaint_count_same_28d_last_year": 2,
    "unresolved_count_28d": 1,
    "last_closed_date": None,
}


def sentence(weeks: int, facts: dict[str, float], **counts: int | None) -> str:
    moved = pl.DataFrame(
        [
            {"community_code": "c", "issue_code": "i", "key": k, "value": v, "contribution": 0.5}
            for k, v in facts.items()
        ]
    )
    return sentences(moved, pl.DataFrame([{**COUNTS, **counts}]), TODAY, weeks)["reasons"][0]


@pytest.mark.parametrize(
    ("weeks", "words"),
    [
        (
            52,
            [
                "常年周均1.5件",
                "近13周占全市同类的比重为常年的2.0倍",
                "全市同类为常年的1.2倍",
                "近8周3周为热点",
                "时令系数1.1",
            ],
        ),
        (8, ["有记录的8周周均1.5件", None, "全市同类为有记录的8周平均的1.2倍", "近8周3周为热点", None]),
        (5, ["有记录的5周周均1.5件", None, "全市同类为有记录的5周平均的1.2倍", "近5周3周为热点", None]),
    ],
)
def test_an_average_is_named_by_what_was_recorded(weeks: int, words: list[str | None]) -> None:
    facts = {"mean_52w": 1.5, "share_13w": 2.0, "city_ratio": 1.2, "hot_weeks_8w": 3.0, "season_factor": 1.1}
    for (key, value), expected in zip(facts.items(), words, strict=True):
        found = sentence(weeks, {key: value})
        assert found == "、".join(filter(None, ["近4周3件", "去年同期2件", expected, "尚有1件未办结"]))


@pytest.mark.parametrize(
    ("share", "moved", "said"), [(1.8, 0.5, True), (0.6, -0.5, True), (0.6, 0.5, False), (1.04, 0.5, False)]
)
def test_a_share_is_said_only_where_it_says_why(share: float, moved: float, said: bool) -> None:
    fact = {"community_code": "c", "issue_code": "i", "key": "share_13w", "value": share, "contribution": moved}
    found = sentences(pl.DataFrame([fact]), pl.DataFrame([COUNTS]), TODAY, 52)["reasons"][0]
    assert ("比重" in found) == said and ("压低预测" in found) == (said and moved < 0)


def test_what_is_unknown_is_not_said() -> None:
    found = sentence(8, {"last_week": 1.0}, complaint_count_same_28d_last_year=None, unresolved_count_28d=None)
    assert found == "近4周3件、上周1件"
