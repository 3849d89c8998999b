"""``xianban review``: texts whose issue is left to people."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import typer

from pipelines.cli_options import CityOption, DateOption, console, date_of, settings_of

review_app = typer.Typer(help="Texts whose issue the model leaves to people: write them out, take answers in.",
                         no_args_is_help=True, rich_markup_mode=None)  # fmt: skip


@review_app.command("export")
def export_review(file: Path, city: CityOption = None, date: DateOption = None) -> None:
    """Write the review queue of a date as CSV, with masked texts; fill in issue_code and answered_by.

    Example: xianban review export /tmp/review.csv
    """
    from pipelines.steps.run import Run
    from pipelines.text.review import export_queue

    settings = settings_of(city)
    run = Run(settings, date_of(settings, date))
    with run.warehouse.reading() as door:
        count = export_queue(door, file, run.as_of_date)
    console.print(f"written: {file}, {count} texts, masked; not for passing on", highlight=False, soft_wrap=True)


@review_app.command("import")
def import_review(file: Path, city: CityOption = None) -> None:
    """Take the answers of a filled-in queue in; the next run learns from them.

    Example: xianban review import /tmp/review.csv
    """
    from zoneinfo import ZoneInfo

    from pipelines.steps.run import Run
    from pipelines.text.review import import_answers

    settings = settings_of(city)
    run = Run(settings, date_of(settings, None))
    now = dt.datetime.now(ZoneInfo(run.city.config.timezone)).replace(tzinfo=None, microsecond=0)
    with run.warehouse.writing() as door:
        count = import_answers(door, file, run.city.issues, now)
    console.print(f"new answers: {count}", highlight=False)
