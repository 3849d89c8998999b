"""The DAGs: wiring that imports nothing heavy, in the order of the flow, and run for real by Airflow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from pipelines.airflow_home import environment
from pipelines.flow import FLOW
from pipelines.reports import status
from tests.conftest import CHECKOUT, SmallCity

LOOK = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(dag_folder={dags!r}, bundle_path=__import__("pathlib").Path({dags!r}), bundle_name="dags-folder")
print(json.dumps({{
    "errors": bag.import_errors,
    "heavy": sorted({{"polars", "sklearn", "jieba", "rjieba", "pandas", "great_expectations"}} & set(sys.modules)),
    "dags": {{
        name: {{
            "tasks": [task.task_id for task in dag.topological_sort()],
            "edges": sorted([a.task_id, b] for a in dag.tasks for b in a.downstream_task_ids),
            "owners": sorted({{task.owner for task in dag.tasks}}),
            "pools": sorted({{task.pool for task in dag.tasks}}),
            "tags": sorted(dag.tags),
            "doc": dag.doc_md or "",
            "title": dag.dag_display_name,
            "schedule": str(dag.schedule),
            "zone": str(dag.timezone),
        }}
        for name, dag in bag.dags.items()
    }},
}}))
"""


@pytest.fixture(scope="module")
def airflow(tiny_city: SmallCity, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with an AIRFLOW_HOME of its own."""
    home = tmp_path_factory.mktemp("airflow")
    (home / tiny_city.folder.name).mkdir()
    (home / tiny_city.folder.name / "data").symlink_to(tiny_city.data)
    return os.environ | environment(tiny_city.settings(home)) | {"XIANBAN_HMAC_KEY": "test-key"}


@pytest.fixture(scope="module")
def parsed(airflow: dict[str, str]) -> dict:
    """What a fresh process sees when it parses the DAG folder."""
    code = LOOK.format(dags=str(CHECKOUT / "dags"))
    done = subprocess.run([sys.executable, "-c", code], env=airflow, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_parsing_works_and_imports_nothing_heavy(parsed: dict) -> None:
    assert parsed["errors"] == {}
    assert parsed["heavy"] == []


def test_dags_hold_the_flow_in_its_order(parsed: dict) -> None:
    sources = ["app", "departments", "grid", "hotline"]
    assert sorted(parsed["dags"]) == sorted(
        [*(f"ingest_{name}" for name in sources), "brief", "conform", "forecast", "maintenance"]
    )
    assert parsed["dags"]["maintenance"]["tasks"] == ["purge", "backup"]
    assert parsed["dags"]["maintenance"]["schedule"] == "0 4 * * 0"
    for name, dag in parsed["dags"].items():
        if name == "maintenance":
            continue
        steps = [step.name for step in FLOW if step.dag == name.split("_")[0]]
        assert dag["tasks"] == steps
        assert dag["edges"] == sorted([a, b] for a, b in pairwise(steps))


def test_clock_schedules_are_the_citys_own(parsed: dict) -> None:
    """05:30 means half past five where the brief is read, not in Greenwich."""
    clocked = {name: dag for name, dag in parsed["dags"].items() if name not in ("forecast", "brief")}
    assert {dag["zone"] for dag in clocked.values()} == {"Asia/Shanghai"}
    assert parsed["dags"]["conform"]["schedule"] == "30 5 * * *"


def test_dags_tell_the_person_on_call_what_to_do(parsed: dict) -> None:
    for dag in parsed["dags"].values():
        assert dag["owners"] == ["xianban"]
        assert dag["pools"] == ["warehouse"]
        assert "先办" in dag["tags"]
        for piece in ("**Purpose**", "**Reads**", "**Writes**", "**When it fails**"):
            assert piece in dag["doc"]
        assert any("\u4e00" <= letter <= "\u9fff" for letter in dag["title"])


def test_airflow_runs_the_main_job(tiny_city: SmallCity, airflow: dict[str, str]) -> None:
    command = [str(Path(sys.executable).with_name("xianban")), "dags", "--date", tiny_city.as_of_date.isoformat()]
    done = subprocess.run(command, env=airflow, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "dag brief: success" in done.stdout
    assert "今日要办" in done.stdout
    found = status(tiny_city.settings(Path(airflow["XIANBAN_HOME"])), None)
    assert found["date"] == tiny_city.as_of_date.isoformat()
    assert found["forecast_rows"] > 0
