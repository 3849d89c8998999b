"""Measure work in a process of its own and print one JSON line a figure."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import resource
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Measured:
    """What a piece of work returned, how long it took and the most memory its process and its workers held together."""

    result: Any
    seconds: float
    peak_mb: float


def measured(work: Callable[..., Any], *arguments: Any) -> Measured:
    """Run ``work`` in a fresh process, so that peaks do not add up and no cache is warm."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(sender, work, arguments))
    process.start()
    sender.close()
    try:
        result, seconds, peak_mb = receiver.recv()
    finally:
        process.join()
    return Measured(result, seconds, peak_mb)


def figure(
    name: str, value: float, unit: str, *, rows: int, seconds: float, peak_mb: float, goal: str, met: bool, **more: Any
) -> None:
    """Print one figure, and whatever else is needed to read it."""
    line = {
        "name": name, "value": round(value, 4), "unit": unit, "rows": rows, "seconds": round(seconds, 2),
        "peak_mb": round(peak_mb), "goal": goal, "met": bool(met), **more,
    }  # fmt: skip
    # a line of its own, whatever pytest has printed before on this one
    print("\n" + json.dumps(line, ensure_ascii=False), flush=True)


def _run(sender: Any, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    peaks = [0.0]
    threading.Thread(target=_watch, args=(peaks,), daemon=True).start()
    started = time.perf_counter()
    result = work(*arguments)
    seconds = time.perf_counter() - started
    # sampling may miss a short peak, but not that of this process
    alone = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sender.send((result, seconds, max(alone, peaks[0])))


def _watch(peaks: list[float]) -> None:
    """Keep the largest sum of the memory of this process and of all that it started, looked at five times a second."""
    while True:
        parents, held = {}, {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
                parents[int(folder.name)], held[int(folder.name)] = int(fields[1]), int(fields[21])
        mine = {os.getpid()}
        while more := {one for one, parent in parents.items() if parent in mine} - mine:
            mine |= more
        peaks[0] = max(peaks[0], sum(held.get(one, 0) for one in mine) * os.sysconf("SC_PAGE_SIZE") / 2**20)
        time.sleep(0.2)
