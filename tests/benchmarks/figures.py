"""Measure work in a process of its own and print one JSON line a figure."""

from __future__ import annotations

import json
import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measured:
    """What a piece of work returned, how long it took and the most memory its process held."""

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
    name: str, value: float, unit: str, *, rows: int, seconds: float, peak_mb: float, goal: str, met: bool
) -> None:
    """Print one figure."""
    line = {
        "name": name, "value": round(value, 4), "unit": unit, "rows": rows, "seconds": round(seconds, 2),
        "peak_mb": round(peak_mb), "goal": goal, "met": bool(met),
    }  # fmt: skip
    # a line of its own, whatever pytest has printed before on this one
    print("\n" + json.dumps(line, ensure_ascii=False), flush=True)


def _run(sender: Any, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    started = time.perf_counter()
    result = work(*arguments)
    seconds = time.perf_counter() - started
    sender.send((result, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
