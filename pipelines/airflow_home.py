"""Run our DAGs with Airflow kept wholly below the home folder and on the loopback address.

Everything Airflow generates (metadata, logs, secrets, passwords) lies in ``$XIANBAN_HOME/airflow``. The variables
below are set before Airflow is imported, because it reads its configuration at import.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from pipelines.errors import XianbanError
from pipelines.settings import CHECKOUT, Settings

Say = Callable[[str], None]


def environment(settings: Settings) -> dict[str, str]:
    """Airflow's configuration as environment variables, ours included, so that tasks see the same city and home."""
    home = settings.airflow_home
    address = f"http://127.0.0.1:{settings.port}"
    variables = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(CHECKOUT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin,analyst:viewer",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(settings.port),
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "XIANBAN_HOME": str(settings.home.resolve()),
        "XIANBAN_CITY": str(settings.city.resolve()),
        "XIANBAN_PORT": str(settings.port),
        "GX_ANALYTICS_ENABLED": "false",
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "2"),
    }
    if settings.data is not None:
        variables["XIANBAN_DATA"] = str(settings.data.resolve())
    return variables


def migrate_metadata(settings: Settings) -> None:
    """Create or upgrade Airflow's metadata and the one-slot pool that keeps writers of the warehouse apart."""
    settings.airflow_home.mkdir(parents=True, exist_ok=True)
    os.environ.update(environment(settings))
    _airflow("db", "migrate")
    _airflow("pools", "set", "warehouse", "1", "one writer at a time")


def run_all_dags(settings: Settings, as_of_date: dt.date, say: Say) -> None:
    """Run every DAG once for a date, in the order of the flow, by Airflow's own ``dag.test()`` in this process.

    Raises:
        XianbanError: a DAG does not import, or a task failed; names it.
    """
    os.environ.update(environment(settings))
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=str(CHECKOUT / "dags"), bundle_path=CHECKOUT / "dags", bundle_name="dags-folder")
    if bag.import_errors:
        path, reason = next(iter(bag.import_errors.items()))
        raise XianbanError(f"{path} does not import: {reason.strip().splitlines()[-1]}; see `xianban doctor`")
    ingest = sorted(name for name in bag.dags if name.startswith("ingest_"))
    for name in [*ingest, "conform", "forecast", "brief"]:
        started = time.monotonic()
        # a manual run without a logical date, so that the same date can be run again; the parameter carries the date
        result = bag.dags[name].test(logical_date=None, run_conf={"date": as_of_date.isoformat()})
        state = str(result.state)
        say(f"dag {name}: {state} in {time.monotonic() - started:.1f} s")
        if state != "success":
            failed = [ti.task_id for ti in result.get_task_instances() if str(ti.state) == "failed"]
            raise XianbanError(f"dag {name}: task {', '.join(failed) or '?'} failed for {as_of_date}; its log is above")


def serve(settings: Settings, say: Say) -> None:
    """Start ``airflow standalone`` in a process group of its own, say where it is, and end the group with us.

    Raises:
        XianbanError: it ended by itself before it answered.
    """
    migrate_metadata(settings)
    process = subprocess.Popen(
        [_program(), "standalone"],
        env=os.environ | environment(settings),
        start_new_session=True,
        stdout=(settings.airflow_home / "standalone.log").open("ab"),
        stderr=subprocess.STDOUT,
    )

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    address = f"http://127.0.0.1:{settings.port}"
    try:
        say(f"starting Airflow (log: {settings.airflow_home / 'standalone.log'})")
        _wait_until_healthy(process, address)
        say(f"Airflow with the page: {address}/plugin/xianban   (users and passwords: "
            f"{settings.airflow_home / 'passwords.json'}; end with Ctrl-C)")  # fmt: skip
        process.wait()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def _wait_until_healthy(process: subprocess.Popen[bytes], address: str, seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise XianbanError(f"Airflow ended with code {process.returncode}; see standalone.log; is the port taken?")
        try:
            with urllib.request.urlopen(f"{address}/api/v2/version", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(1)
    raise XianbanError(f"Airflow did not answer on {address} within {seconds:.0f} s; see standalone.log")


def _airflow(*arguments: str) -> None:
    done = subprocess.run([_program(), *arguments], env=dict(os.environ), capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise XianbanError(f"`airflow {' '.join(arguments)}` failed: {' '.join(last)}")


def _program() -> str:
    return str(Path(sys.executable).with_name("airflow"))
