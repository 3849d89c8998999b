"""The main job: every step of the flow for one date, in order, without Airflow."""

from __future__ import annotations

import datetime as dt
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipelines.cities.city import City
from pipelines.flow import FLOW, Step, step
from pipelines.settings import Settings
from pipelines.steps.run import Counts, Run
from pipelines.warehouse.door import locked
from pipelines.warehouse.migrate import migrate

log = logging.getLogger("xianban")
OnStep = Callable[[Step, str | None], None]


def prepare(settings: Settings, say: Callable[[str], None] = lambda line: None) -> City:
    """Make the city ready to run: its warehouse migrated and, for a synthetic city, its files written.

    Raises:
        ConfigurationError: the city folder is wrong.
    """
    city = City(settings.city)
    run = Run(settings, city.config.default_date)
    data = run.data_dir  # refuses a city without data before anything is made for it
    with _alone(settings):
        if city.config.is_synthetic and not data.exists():
            from pipelines.synthetic.emit import emit

            # under another name first: a folder that is half written must not pass for the city's files
            writing = data.with_name(f".{data.name}.{os.getpid()}")
            emit(writing, city_folder=city.folder, progress=say)
            os.replace(writing, data)
        for name in migrate(run.warehouse):
            say(f"migrated {name}")
    return city


def steps_from(first: str | None) -> tuple[Step, ...]:
    """The flow, or its tail from a step on."""
    return FLOW if first is None else FLOW[FLOW.index(step(first)) :]


def calls(run: Run, steps: tuple[Step, ...]) -> Iterator[tuple[Step, str | None]]:
    """Each step with the source it is for: the per-source steps go source by source."""
    per_source = [candidate for candidate in steps if candidate.per == "source"]
    for source in run.sources:
        yield from ((candidate, source.name) for candidate in per_source)
    yield from ((candidate, None) for candidate in steps if candidate.per == "date")


def run_flow(
    settings: Settings, as_of_date: dt.date, first: str | None = None, on_step: OnStep = lambda step, source: None
) -> dict[str, Counts]:
    """Run the flow for one date; each step replaces exactly its own rows.

    Args:
        first: the step to begin with; the ones before it are taken as done.
        on_step: called before each step.

    Returns:
        What each step counted, by ``step`` or ``step:source``.
    """
    prepare(settings)
    done = {}
    for current, source_name in calls(Run(settings, as_of_date), steps_from(first)):
        on_step(current, source_name)
        key = current.name if source_name is None else f"{current.name}:{source_name}"
        done[key] = run_step(settings, as_of_date, current.name, source_name)
    return done


def run_step(settings: Settings, as_of_date: dt.date, name: str, source_name: str | None = None) -> Counts:
    """Run one step; what an Airflow task calls.

    One step at a time works on a city: a step asks what is new before it writes, and two that asked at once would
    take in the same file twice.
    """
    current, started = step(name), time.monotonic()
    with _alone(settings):
        counts = current.run(Run(settings, as_of_date), source_name)
    where = f" source={source_name}" if source_name else ""
    text = counts.as_text()
    log.info("step=%s%s date=%s seconds=%.1f %s", name, where, as_of_date, time.monotonic() - started, text)
    return counts


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    settings.of_city().mkdir(parents=True, exist_ok=True)
    with locked(settings.of_city("steps.lock"), timeout_seconds=6 * 3600):
        yield
