"""A new publication shows at once, while the page keeps the file it reads open."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import web_sample
from fastapi.testclient import TestClient
from web_sample import person_in_header

from pipelines.warehouse.snapshot import adopt, current_snapshot
from pipelines.web.app import create_app


def test_a_new_publication_shows_at_once(tmp_path: Path) -> None:
    settings = web_sample.settings_in(tmp_path)
    web_sample.publish(settings)
    client = TestClient(create_app(settings, person_in_header), headers={"who": "analyst"})
    assert client.get("/api/forecast").json()["as_of_date"] == "2026-11-30"

    built = tmp_path / "next.duckdb"
    built.write_bytes(current_snapshot(settings.snapshot_dir).path.read_bytes())
    tomorrow = web_sample.AS_OF + dt.timedelta(days=1)
    with duckdb.connect(str(built)) as connection:
        connection.execute("update mart.hotspot_forecast set as_of_date = as_of_date + 1")
    adopt(settings.snapshot_dir, built, tomorrow, "f" * 64)

    answer = client.get("/api/forecast").json()
    assert (answer["as_of_date"], answer["total"]) == ("2026-12-01", 60)
