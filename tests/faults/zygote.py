"""A process that has imported everything and done nothing: it forks a child per job, and kills it when told to.

Starting Python with all libraries takes longer than a step of the tiny city. A forked child may use Polars as long as
its parent did not. Jobs come as JSON lines on stdin, answers go as JSON lines to stdout.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

BLOCK_ROWS = 250
STEPS = (
    "land",
    "clean",
    "validate",
    "conform",
    "read",
    "classify",
    "incidents",
    "features",
    "train",
    "forecast",
    "publish",
    "brief",
)


class Zygote:
    """The side of the test: :meth:`run` sends a job and returns what became of it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(
        self, city: Any, job: str, source: str | None = None, kill_after: float | None = None, log: Path | None = None
    ) -> dict[str, Any]:
        """Returns ``status`` (0, or -9 when killed), ``seconds`` and ``max_kilobytes`` of the child."""
        order = {"folder": str(city.folder), "home": str(city.home), "date": city.as_of_date.isoformat(), "job": job,
                 "source": source, "kill_after": kill_after, "log": str(log) if log else None}  # fmt: skip
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def zygote() -> Iterator[Zygote]:
    """A started process, ended with the block."""
    root = Path(__file__).resolve().parents[2]
    environment = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "2"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.zygote"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=environment, cwd=root,
    )  # fmt: skip
    try:
        yield Zygote(process)
    finally:
        assert process.stdin
        process.stdin.close()
        process.wait(timeout=30)


def _work(order: dict[str, Any]) -> None:
    from pipelines.main_job import prepare, run_flow, run_step
    from pipelines.settings import Settings

    settings = Settings(home=Path(order["home"]), city=Path(order["folder"]), hmac_key="test-key", data=None)
    if order["job"] == "prepare":
        prepare(settings)
    elif order["job"] == "flow":
        run_flow(settings, date.fromisoformat(order["date"]))
    else:
        run_step(settings, date.fromisoformat(order["date"]), order["job"], order["source"])


def _child(order: dict[str, Any]) -> None:
    status = 1
    try:
        if order["log"]:
            handle = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(handle, 1)
            os.dup2(handle, 2)
        else:
            os.dup2(2, 1)
        _work(order)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _serve() -> None:
    for name in ("pipelines.main_job", *(f"pipelines.steps.{step}" for step in STEPS)):
        importlib.import_module(name)
    for name in ("great_expectations", "pandas", "sklearn.linear_model", "sklearn.ensemble", "pyarrow"):
        importlib.import_module(name)
    # small blocks, so that a step commits many times and can be killed between
    importlib.import_module("pipelines.steps.run").in_blocks.__defaults__ = (BLOCK_ROWS,)
    importlib.import_module("pipelines.steps.read")._BLOCK = 60
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", force=True)
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    for line in sys.stdin:
        order = json.loads(line)
        started = time.monotonic()
        pid = os.fork()
        if pid == 0:
            _child(order)
        done, status, used = 0, 0, None
        while not done:
            if order["kill_after"] is not None and time.monotonic() - started >= order["kill_after"]:
                os.kill(pid, signal.SIGKILL)
                done, status, used = os.wait4(pid, 0)
            else:
                done, status, used = os.wait4(pid, os.WNOHANG)
                time.sleep(0 if done else 0.001)
        answer = {"status": os.waitstatus_to_exitcode(status), "seconds": time.monotonic() - started,
                  "max_kilobytes": used.ru_maxrss if used else 0}  # fmt: skip
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _serve()
