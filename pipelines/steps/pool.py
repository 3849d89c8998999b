"""Work on the parts of a large batch in processes of their own; what comes back is in order and bounded."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import TypeVar

Part = TypeVar("Part")
Done = TypeVar("Done")


def in_processes(function: Callable[[Part], Done], parts: Iterable[Part], workers: int) -> Iterator[Done]:
    """``function`` of each part, in their order; with one worker in this process.

    At most one part more than there are workers is under way, so that memory is bounded however many there are. The
    workers are started afresh (a process forked after Polars was imported hangs), by the caller's thread and while it
    is not inside the door, and end with the caller, also where that is killed.
    """
    if workers == 1:
        yield from map(function, parts)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with, initargs=(os.getpid(),))
    try:
        waiting: deque[Future[Done]] = deque()
        for part in parts:
            waiting.append(pool.submit(function, part))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _end_with(parent: int) -> None:
    """Watch the parent, because a worker that waits for its next part would not notice that nobody sends one."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
