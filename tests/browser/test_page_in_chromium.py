"""The page in a real browser: the chart is drawn under our content security policy, and nothing is complained of."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
import web_sample
from web_sample import CELL, INCIDENT, INCIDENTS, QUALITY, Person

from pipelines.web.app import create_app


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page served on a free port of this machine only."""
    settings = web_sample.settings_in(tmp_path_factory.mktemp("home"))
    web_sample.publish(settings)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(create_app(settings, lambda: Person("analyst")), log_level="warning", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 30
        while not server.started:
            assert time.monotonic() < deadline, "the page did not start"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


def look(chromium: str, address: str, folder: Path) -> tuple[str, list[str]]:
    """The DOM after scripts ran, and what the console said."""
    done = subprocess.run(
        [
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            f"--user-data-dir={folder / 'profile'}",
            "--window-size=1366,768",
            "--enable-logging=stderr",
            "--virtual-time-budget=20000",
            "--dump-dom",
            address,
        ],
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    return done.stdout, re.findall(r"CONSOLE.*", done.stderr)


def test_the_history_chart_is_drawn(chromium: str, address: str, tmp_path: Path) -> None:
    page, console = look(chromium, f"{address}{CELL}", tmp_path)
    assert 'data-drawn="yes"' in page
    chart = re.search(r'<div id="chart".*?</svg>', page, re.S)
    assert chart and chart[0].count("<path") > 90
    assert "每周件数" in chart[0] and "热点周" in chart[0]
    assert console == []


def test_the_list_is_quiet_and_offers_printing(chromium: str, address: str, tmp_path: Path) -> None:
    page, console = look(chromium, f"{address}/?district=110105&sort=expected", tmp_path)
    assert re.search(r'<button type="button" id="print">', page)
    assert page.count("/cell/") == 30
    assert console == []


def test_the_quality_page_is_quiet(chromium: str, address: str, tmp_path: Path) -> None:
    page, console = look(chromium, f"{address}{QUALITY}", tmp_path)
    assert "附表1" in page and "附表7" in page
    assert console == []


def test_the_incidents_are_quiet_and_lead_to_their_records(chromium: str, address: str, tmp_path: Path) -> None:
    page, console = look(chromium, f"{address}{INCIDENTS}?since=2026-11-01", tmp_path)
    assert page.count("/incident?id=") == 3
    assert re.search(r'<button type="button" id="print">', page)
    assert console == []
    page, console = look(chromium, f"{address}{INCIDENT}", tmp_path)
    assert "诉求清单" in page and "4＋0.50＋0.24" in page
    assert console == []
