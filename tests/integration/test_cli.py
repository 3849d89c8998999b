"""The command as a person calls it: output, exit codes, help with examples."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SmallCity

COMMAND = str(Path(sys.executable).with_name("xianban"))


def xianban(city: SmallCity, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "XIANBAN_HOME": str(city.home),
        "XIANBAN_CITY": str(city.folder),
        "XIANBAN_HMAC_KEY": "test-key",
    }
    return subprocess.run([COMMAND, *arguments], env=environment, capture_output=True, text=True, check=False)


def test_status_as_json_has_the_promised_keys(finished_city: SmallCity) -> None:
    done = xianban(finished_city, "status", "--json")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert list(found) == [
        "date", "sources", "forecast_rows", "model", "baselines", "snapshot", "brief", "fingerprint",
    ]  # fmt: skip
    assert list(found["sources"][0]) == ["name", "rows_in", "accepted", "rejected", "superseded"]
    assert Path(found["snapshot"]).is_file() and Path(found["brief"]).is_file()


def test_brief_is_plain_lines_into_a_pipe(finished_city: SmallCity) -> None:
    done = xianban(finished_city, "brief", "--date", finished_city.as_of_date.isoformat())
    assert done.returncode == 0
    assert "\x1b[" not in done.stdout
    for piece in ("今日要办", "昨日受理", "未来7日热点预测", "基线", "数据质量与时效"):
        assert piece in done.stdout
    actions = done.stdout.split("今日要办", 1)[1].split("一、", 1)[0]
    assert sum(line.lstrip()[:2].rstrip(".").isdigit() for line in actions.splitlines()) <= 10


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("brief", "--date", "2020-01-01"), 1, "no brief of 2020-01-01"),
        (("status", "--date", "2020-01-01"), 1, "no published snapshot"),
        (("trace", "hotline:nothing"), 1, "no such record"),
        (("run", "--from", "nowhere"), 1, "no step 'nowhere'"),
        (("run", "--city", "/nowhere"), 1, "city.toml"),
        (("run", "--date", "tomorrow"), 2, "tomorrow"),
    ],
)
def test_problems_are_one_line_without_traceback(
    finished_city: SmallCity, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = xianban(finished_city, *arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_passes_and_help_shows_an_example(finished_city: SmallCity) -> None:
    assert xianban(finished_city, "doctor").returncode == 0
    shown = xianban(finished_city, "run", "--help").stdout
    assert "Examples" in shown and "--city pipelines/cities/pingshan" in shown
