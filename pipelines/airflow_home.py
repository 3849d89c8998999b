"""Run our DAGs with Airflow kept wholly below the home folder and on the loopback address.

Everything Airflow generates (metadata, logs, secrets, passwords) lies in ``$XIANBAN_HOME/airflow``. The variables
below are set before Airflow is imported, because it reads its configuration at import.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pipelines.errors import XianbanError
from pipelines.settings import CHECKOUT, Settings

Say = Callable[[str], None]
PARTS = {
    "api-server": ["api-server", "--host", "127.0.0.1"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
}


def environment(settings: Settings) -> dict[str, str]:
    """Airflow's configuration as environment variables, ours included, so that tasks see the same city and home."""
    home = settings.airflow_home
    address = f"http://127.0.0.1:{settings.port}"
    variables = {
        # Airflow starts its task runners by name
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
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
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
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
    """Start Airflow's parts on the loopback address, say where the page is, and end them with us.

    Not ``airflow standalone``: its scheduler and triggerer open log servers on every address. Logs are read from the
    disk here, and nothing of ours waits in a triggerer.

    Raises:
        XianbanError: a part ended by itself, or nothing answered in time.
    """
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", settings.port)) == 0:
            raise XianbanError(f"port {settings.port} is taken; end what uses it, or set XIANBAN_PORT to another")
    migrate_metadata(settings)
    signal.signal(signal.SIGTERM, _interrupt)
    log = settings.airflow_home / "serve.log"
    parts: dict[str, subprocess.Popen[bytes]] = {}
    try:
        with log.open("ab") as output:
            for name, arguments in PARTS.items():
                parts[name] = subprocess.Popen(
                    [_program(), *arguments], start_new_session=True, stdout=output, stderr=subprocess.STDOUT
                )
        say(f"starting Airflow (log: {log})")
        address = f"http://127.0.0.1:{settings.port}"
        _wait_until_answered(parts, f"{address}/api/v2/version")
        say(f"page: {address}/plugin/xianban")
        say(f"users and passwords: {settings.airflow_home / 'passwords.json'}; end with Ctrl-C")
        while True:
            _check_alive(parts)
            time.sleep(1)
    finally:
        _end(parts)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _wait_until_answered(parts: dict[str, subprocess.Popen[bytes]], url: str, seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        _check_alive(parts)
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(1)
    raise XianbanError(f"Airflow did not answer within {seconds:.0f} s; see serve.log in its home")


def _check_alive(parts: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, process in parts.items():
        if process.poll() is not None:
            raise XianbanError(f"Airflow's {name} ended with code {process.returncode}; see serve.log in its home")


def _end(parts: dict[str, subprocess.Popen[bytes]]) -> None:
    """End every part with its children, politely first."""
    for process in parts.values():
        _signal_group(process, signal.SIGTERM)
    for process in parts.values():
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        _signal_group(process, signal.SIGKILL)


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _airflow(*arguments: str) -> None:
    done = subprocess.run([_program(), *arguments], env=dict(os.environ), capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise XianbanError(f"`airflow {' '.join(arguments)}` failed: {' '.join(last)}")


def _program() -> str:
    return str(Path(sys.executable).with_name("airflow"))
