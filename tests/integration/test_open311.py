"""An Open311 service as a source, against a server on this machine that misbehaves as told."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from pipelines.settings import Settings
from pipelines.sources import open311
from pipelines.sources.contract_file import load_source
from pipelines.sources.preview import preview_server
from pipelines.steps.clean import clean
from pipelines.steps.land import land
from pipelines.steps.run import Run
from pipelines.warehouse.door import Warehouse

CITY = 'name = "town"\ntitle = "镇"\ndefault_date = 2025-09-03\ndense_from = 2025-01-01\n'
SOURCE = """
name: requests
title: 诉求
kind: hotline_order
reader: {format: open311, connection: open311_api, start: 2025-08-01, window_days: 20, lookback_days: 5, page_size: 2}
key: service_request_id
occurred_at: requested_datetime
known_at: updated_datetime
columns: {content: description, address: address, status: status, unit: agency_responsible}
resident_channels: all
issues: {from: service_code, system: open311}
"""


class Service:
    """What the server holds, what it was asked, and how it misbehaves: ``troubles`` are used up one a request."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.asked: list[dict[str, str]] = []
        self.troubles: list[Any] = []
        self.ignores_page = False
        self.most_rows = 1000
        self.uri = ""

    def answer(self, url: str) -> tuple[int, bytes, dict[str, str]]:
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self.asked.append({"path": urlsplit(url).path, **query})
        trouble = self.troubles.pop(0) if self.troubles else None
        if callable(trouble):
            trouble()
        elif isinstance(trouble, bytes):
            return 200, trouble, {}
        elif trouble is not None:
            return trouble, b"<html>s3cret</html>", {"Retry-After": "7"}
        wanted = [
            request
            for request in self.requests
            if query["start_date"] <= _utc(request["requested_datetime"]) <= query["end_date"]
        ]
        size = min(int(query["page_size"]), self.most_rows)
        first = 0 if self.ignores_page else (int(query["page"]) - 1) * size
        return 200, json.dumps(wanted[first : first + size]).encode(), {}


def _utc(text: str) -> str:
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    held = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content, headers = held.answer(self.path)
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                pass  # the reader did not wait

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    held.uri = f"http://127.0.0.1:{server.server_port}/open311/v2"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("AIRFLOW_CONN_OPEN311_API", f"{held.uri}?api_key=s3cret")
    held.requests = [
        request(1, "2025-08-02T10:00:00+08:00"),
        request(2, "2025-08-03T10:00:00Z"),
        request(3, "2025-08-30T10:00:00+08:00"),
    ]
    try:
        yield held
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the reader meant to wait between two tries."""
    found: list[float] = []
    monkeypatch.setattr(open311, "_sleep", found.append)
    return found


@pytest.fixture
def town(tmp_path: Path, migrated: Callable[[Warehouse], None]) -> Run:
    folder = tmp_path / "town"
    (folder / "sources").mkdir(parents=True)
    (folder / "city.toml").write_text(CITY, encoding="utf-8")
    (folder / "sources" / "requests.yaml").write_text(SOURCE, encoding="utf-8")
    run = Run(Settings(home=tmp_path / "home", city=folder, data=tmp_path, hmac_key="some key"), dt.date(2025, 9, 3))
    migrated(run.warehouse)
    return run


def request(number: int, when: str, **changes: Any) -> dict[str, Any]:
    good = {"service_request_id": str(number), "status": "open", "description": "路灯不亮", "service_code": "007",
            "requested_datetime": when, "updated_datetime": when, "lat": 31.50, "long": 121.0}  # fmt: skip
    return {**good, **changes}


def source_of(town: Run, **reader: Any):
    source = load_source(town.city.folder / "sources" / "requests.yaml")
    return source.model_copy(update={"reader": source.reader.model_copy(update=reader)})


def landed(town: Run) -> list[tuple]:
    with town.warehouse.reading() as door:
        if not door.has_table("raw.requests"):
            return []
        return door.rows(
            "select service_request_id, status from raw.requests join ops.batches using (batch_id) order by file_name, row_no"
        )


def batches(town: Run) -> list[tuple]:
    with town.warehouse.reading() as door:
        return door.rows("select file_name, state, rows_in from ops.batches order by file_name")


def refusal(town: Run) -> str:
    with town.warehouse.reading() as door:
        return str(door.scalar("select refusal from ops.batches where state = 'refused'"))


def test_windows_become_batches_and_nothing_comes_twice(service: Service, town: Run) -> None:
    for files in (2, 0):
        assert land(town, source_of(town)).details["files"] == files
        assert batches(town) == [
            ("open311_api/requests/20250801-20250821", "landed", 2),
            ("open311_api/requests/20250821-20250903", "landed", 1),
        ]
    with town.warehouse.reading() as door:
        assert door.rows(
            "select requested_datetime, lat, service_code from raw.requests where service_request_id = '2'"
        ) == [("2025-08-03 18:00:00", "31.5", "007")]
    assert clean(town, source_of(town)).accepted == 3
    first = service.asked[0]
    assert first["path"] == "/open311/v2/requests.json" and first["api_key"] == "s3cret" and first["page"] == "1"
    assert (first["start_date"], first["end_date"]) == ("2025-07-31T16:00:00Z", "2025-08-20T16:00:00Z")


def test_the_last_days_are_asked_again_and_changes_are_new_versions(service: Service, town: Run) -> None:
    land(town, source_of(town))
    service.requests[2] = request(
        3, "2025-08-30T10:00:00+08:00", status="closed", updated_datetime="2025-09-01T10:00:00+08:00"
    )
    service.requests[0]["status"] = "closed"  # longer ago than is asked again
    service.asked.clear()
    land(town, source_of(town))
    assert landed(town)[-1] == ("3", "closed") and len(landed(town)) == 4
    assert {asked["start_date"] for asked in service.asked} == {"2025-08-28T16:00:00Z"}


def test_filters_are_passed_on(service: Service, town: Run) -> None:
    land(town, source_of(town, service_codes=["007", "008"], jurisdiction="city.gov"))
    assert {(a["service_code"], a["jurisdiction_id"], a["page_size"]) for a in service.asked} == {
        ("007,008", "city.gov", "2")
    }


def test_pages_smaller_than_asked_and_pages_that_repeat(service: Service, town: Run) -> None:
    service.requests = [request(n, "2025-08-02T10:00:00+08:00") for n in range(7)]
    service.most_rows = 1
    page = json.dumps(service.requests[:1]).encode()
    service.troubles = [None, page, page]  # the second and third answer are the first page again
    land(town, source_of(town))
    assert sorted(landed(town)) == [(str(n), "open") for n in (0, 3, 4, 5, 6)]
    land(town, source_of(town, lookback_days=60))
    assert sorted(landed(town)) == [(str(n), "open") for n in range(7)]


def test_a_server_that_ignores_the_page_number_does_not_hold_us(service: Service, town: Run) -> None:
    service.ignores_page = True
    land(town, source_of(town))
    assert len(landed(town)) == 3 and len(service.asked) <= 10


def test_troubles_that_pass(service: Service, town: Run, waits: list[float]) -> None:
    service.troubles = [500, 500, b"{bad json", 429, None]
    assert land(town, source_of(town)).details["refused_files"] == 0
    assert len(landed(town)) == 3
    assert waits == [7, 7, 4.0, 7]


def test_a_server_that_is_slow(
    service: Service, town: Run, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    release = threading.Event()
    timeout = httpx.Timeout
    monkeypatch.setattr(httpx, "Timeout", lambda *a, **k: timeout(0.2))
    service.troubles = [lambda: release.wait(5)] * 2
    land(town, source_of(town))
    release.set()
    assert len(landed(town)) == 3 and waits == [1.0, 2.0]


@pytest.mark.parametrize(
    ("troubles", "words"),
    [
        ([500] * 9, "对方服务返回 500，试了5次"),
        ([b"[1, 2]"] * 9, "返回的不是Open311诉求列表，试了5次"),
        ([b"{bad"] * 9, "返回的不是正确的JSON，试了5次"),
        ([403], "拒绝访问（403）；请检查连接中的 api_key"),
        ([404], "返回 404；请检查连接地址"),
        ([302], "返回 302；请检查连接地址"),
    ],
)
def test_troubles_that_stay_are_told_and_the_windows_before_are_kept(
    service: Service, town: Run, troubles: list, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    service.troubles = [None, None, *troubles]
    land(town, source_of(town))
    assert len(landed(town)) == 2
    assert words in refusal(town) and refusal(town).startswith("requests open311_api 2025-08-21至2025-09-03第1页：")
    assert "s3cret" not in refusal(town) + caplog.text
    service.troubles = []
    land(town, source_of(town))
    assert len(landed(town)) == 3 and {state for _, state, _ in batches(town)} == {"landed"}


def test_a_server_that_is_not_there(service: Service, town: Run, monkeypatch: pytest.MonkeyPatch, caplog) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_OPEN311_API", "http://me:s3cret@127.0.0.1:1/v2")
    land(town, source_of(town))
    assert "连接中断（ConnectError），试了5次" in refusal(town) and "s3cret" not in refusal(town) + caplog.text


def test_an_earlier_as_of_date_asks_for_nothing_later(service: Service, town: Run) -> None:
    land(Run(town.settings, dt.date(2025, 8, 10)), source_of(town))
    assert [row[0] for row in landed(town)] == ["1", "2"]
    land(town, source_of(town))
    assert [row[0] for row in landed(town)] == ["1", "2", "3"]


def test_odd_values_are_kept_for_cleaning_to_judge(service: Service, town: Run) -> None:
    service.requests = [
        request(1, "2025-08-02T10:00:00+08:00", updated_datetime="soon", extra={"a": [1]}, description="a\0b\ud800")
    ]
    land(town, source_of(town))
    with town.warehouse.reading() as door:
        assert door.rows("select updated_datetime, extra, description from raw.requests") == [
            ("soon", '{"a": [1]}', "ab")
        ]
    assert clean(town, source_of(town)).rejected == 1


def test_source_check_asks_for_one_page_of_the_newest_window_that_has_one(service: Service, town: Run) -> None:
    lists = {"issues": "issue_code,issue_name,is_dangerous\nA1,路灯,0\n", "issue_map": "system,value,issue_code\n",
             "divisions": "code,level,name,parent_code\n77,district,清溪区,\n"}  # fmt: skip
    for name, text in lists.items():
        (town.city.folder / f"{name}.csv").write_text(text, encoding="utf-8")
    found = preview_server(source_of(town, page_size=None), town.city, town.as_of_date)
    assert (found.refusal, found.rows_in, found.accepted) == (None, 1, 1)
    assert found.mapped_rows[0]["record_id"] == "3" and found.unmapped_categories == {"007": 1}
    assert [(asked["page"], asked["page_size"]) for asked in service.asked] == [("1", "200")]
    service.asked.clear()
    later = preview_server(source_of(town), town.city, dt.date(2026, 9, 3))
    assert [row["record_id"] for row in later.mapped_rows] == ["1", "2"] and len(service.asked) == 2
    with town.warehouse.reading() as door:
        assert not door.has_table("raw.requests") and door.scalar("select count(*) from ops.batches") == 0
    assert not (town.settings.landing_dir / "requests").exists()


def test_source_check_tells_what_is_wrong(service: Service, town: Run) -> None:
    service.requests = []
    assert "首个和最近的时段都没有诉求" in str(preview_server(source_of(town), town.city, town.as_of_date).refusal)
    service.troubles = [403]
    refusal = str(preview_server(source_of(town), town.city, town.as_of_date).refusal)
    assert "拒绝访问（403）" in refusal and "s3cret" not in refusal


def test_nobody_waits_for_real(waits: list[float]) -> None:
    assert open311._sleep is not time.sleep
