"""One text read from the command line: masked, whole or not, never an error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.errors import ConfigurationError
from pipelines.text.segment import MAX_CHARACTERS
from pipelines.text_report import load_text
from tests.conftest import CHECKOUT

TOLD = "我是张伟先生，电话13812345678，小区门口的烧烤店每天半夜油烟很大，投诉三次仍未解决，业主要集体上访"


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XIANBAN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XIANBAN_CITY", str(CHECKOUT / "pipelines/cities/sample"))

    def read(content: bytes, *options: str) -> str:
        file = tmp_path / "told.txt"
        file.write_bytes(content)
        done = CliRunner().invoke(app, ["text", str(file), *options])
        assert done.exit_code == 0, done.output
        return done.stdout

    return read


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_shows_masked_words_signals_and_why_there_is_no_issue(read, encoding: str) -> None:
    shown = read(TOLD.encode(encoding))
    assert "张伟" not in shown and "13812345678" not in shown and "[电话]" in shown
    assert "群体 1" in shown and "未解决 1" in shown and "先运行 xianban run" in shown


@pytest.mark.parametrize(
    ("content", "flags"),
    [
        (b"", ["empty"]),
        (b" \n\t ", ["empty"]),
        (b"\x00\x01\x02" * 1000, ["binary"]),
        (("停车难，" * 400_000).encode(), ["truncated"]),
    ],
)
def test_odd_files_are_flagged(read, content: bytes, flags: list[str]) -> None:
    found = json.loads(read(content, "--json"))
    assert found["flags"] == flags
    assert len(found["masked_text"]) <= MAX_CHARACTERS and found["similar_cases"] == []


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nothing: cannot be read"):
        load_text(tmp_path / "nothing")
