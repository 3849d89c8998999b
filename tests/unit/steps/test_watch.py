"""The findings of the watch in words."""

from __future__ import annotations

import datetime as dt

import pytest

from models.drift import Finding
from pipelines.steps.watch import alarm_rows

DATE = dt.date(2026, 11, 16)


@pytest.mark.parametrize("code", ["issue_mix", "volume", "skill", "baseline"])
def test_only_an_alarm_says_what_to_do(code: str) -> None:
    findings = [Finding(code, 5.0, 2.0), Finding(code, 1.5, 2.0), Finding(code, None, 2.0)]
    raised, quiet, unknown = alarm_rows(DATE, findings).iter_rows(named=True)
    assert (raised["is_raised"], quiet["is_raised"], unknown["is_raised"]) == (True, False, False)
    assert "5.0" in raised["text"] and "2.0" in raised["text"] and "宜" in raised["text"]
    assert "1.5" in quiet["text"] and "宜" not in quiet["text"]
    assert "暂不可评估" in unknown["text"] and unknown["value"] is None
