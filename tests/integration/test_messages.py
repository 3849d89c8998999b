"""Incidents of real citizens' messages through the whole warehouse path; skips where the messages are not."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from pathlib import Path
from statistics import mean

import pytest

from pipelines.main_job import prepare, run_step
from pipelines.settings import Settings
from pipelines.steps.run import Run
from tests.conftest import CHECKOUT
from tests.integration.test_incident_quality import MESSAGES, best_f1

DAY = dt.date(2020, 1, 27)


@pytest.mark.skipif(
    not MESSAGES.is_file(), reason="no citizens' messages: set XIANBAN_DATA to the folder that has them"
)
def test_an_outsider_finds_the_incidents_marked_by_hand(tmp_path: Path) -> None:
    city = CHECKOUT / "pipelines" / "cities" / "messages"
    settings = Settings(home=tmp_path, city=city, hmac_key="test-key", data=MESSAGES.parent)
    prepare(settings)
    for step in ("land", "clean", "validate"):
        run_step(settings, DAY, step, "messages")
    for step in ("conform", "read", "incidents"):
        run_step(settings, DAY, step)
    found: defaultdict[str, set[str]] = defaultdict(set)
    with Run(settings, DAY).warehouse.reading() as door:
        for event_id, incident_id in door.rows("select event_id, incident_id from core.fct_incident_events"):
            found[incident_id].add(event_id.removeprefix("messages:"))
        titled = door.scalar("select count(*) from core.fct_incidents where event_count > 1 and title is null")
    incident_of = {record_id: incident_id for incident_id, records in found.items() for record_id in records}
    marked = json.loads((CHECKOUT / "tests/corpus_incidents.json").read_text())
    halves = {
        half: [best_f1({str(i) for i in ids}, found, incident_of) for ids in incidents.values()]
        for half, incidents in marked.items()
    }
    every = [f1 for scores in halves.values() for f1 in scores]
    print({half: round(mean(scores), 3) for half, scores in halves.items()}, f"all {mean(every):.3f} of {len(every)}")
    assert titled == 0
    assert mean(every) >= 0.85
