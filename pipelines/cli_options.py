"""What the commands share: consoles, options, and how results are printed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, SpinnerColumn, TextColumn, TimeElapsedColumn

from pipelines.settings import Settings

console = Console()
errors = Console(stderr=True)

CityOption = Annotated[Path | None, typer.Option("--city", help="City folder; default: XIANBAN_CITY, else the sample.")]
DateOption = Annotated[
    dt.datetime | None,
    typer.Option("--date", formats=["%Y-%m-%d"], help="As-of date; its own rows are invisible. Default: the city's."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def settings_of(city: Path | None) -> Settings:
    """The settings, with another city where one is named."""
    settings = Settings()
    return settings if city is None else settings.model_copy(update={"city": city})


def date_of(settings: Settings, given: dt.datetime | None) -> dt.date:
    """The as-of date: the one given, else the city's own."""
    if given is not None:
        return given.date()
    from pipelines.cities.city import City

    return City(settings.city).config.default_date


def bar_columns() -> tuple[ProgressColumn, ...]:
    """What a progress bar shows."""
    return SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()


def print_json(content: Any) -> None:
    """Print JSON on standard output, Chinese as it is."""
    print(json.dumps(content, ensure_ascii=False, indent=2, default=str))


def print_lines(lines: Iterable[str]) -> None:
    """Print lines as they are, unbroken."""
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
