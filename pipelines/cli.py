"""The ``xianban`` command. Thin: it reads options, calls the flow, prints what people need."""

from __future__ import annotations

import datetime as dt
import logging
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from pipelines.cli_backtest import backtest, evaluate
from pipelines.cli_options import (
    CityOption,
    DateOption,
    JsonOption,
    bar_columns,
    console,
    date_of,
    errors,
    print_json,
    print_lines,
    settings_of,
)
from pipelines.cli_review import review_app
from pipelines.cli_source import source_app
from pipelines.errors import XianbanError
from pipelines.settings import Settings

app = typer.Typer(
    help="先办 xianban: forecast which hotline issues return in which community, and brief those who can act first.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command()
def run(
    city: CityOption = None,
    date: DateOption = None,
    first: Annotated[str | None, typer.Option("--from", help="Begin with this step; see `xianban steps`.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Run the flow for one date, from the files to the brief; `xianban steps` names its steps.

    Examples:
      xianban run

      xianban run --city pipelines/cities/pingshan --date 2018-11-01

      xianban run --from forecast
    """
    from pipelines.main_job import calls, prepare, run_flow, steps_from
    from pipelines.reports import status as status_of
    from pipelines.steps.run import Run

    settings = settings_of(city)
    as_of_date = date_of(settings, date)
    quiet = as_json or not console.is_terminal
    prepare(settings, say=lambda line: None if as_json else console.print(line, style="dim"))
    planned = list(calls(Run(settings, as_of_date), steps_from(first)))
    with Progress(*bar_columns(), console=console, disable=quiet, transient=True) as progress:
        bar = progress.add_task("", total=len(planned))

        def show(step: Any, source: str | None) -> None:
            progress.update(bar, description=f"{step.name} {source or ''}", advance=1)

        run_flow(settings, as_of_date, first, show)
    if as_json:
        print_json(status_of(settings, as_of_date))
        return
    _show_brief(settings, as_of_date)
    _show_paths(settings, as_of_date)


@app.command()
def brief(city: CityOption = None, date: DateOption = None, as_json: JsonOption = False) -> None:
    """Print the saved brief of a date; it is the brief as composed then, not a recomputation.

    Example: xianban brief --date 2026-11-16
    """
    settings = settings_of(city)
    as_of_date = date_of(settings, date)
    if as_json:
        from pipelines.briefs.archive import load
        from pipelines.briefs.model import to_json

        print(to_json(load(settings.brief_dir, as_of_date)))
        return
    _show_brief(settings, as_of_date)
    _show_paths(settings, as_of_date)


@app.command()
def status(city: CityOption = None, date: DateOption = None, as_json: JsonOption = False) -> None:
    """Account for every row of the latest (or a date's) published run, and name what forecast.

    Example: xianban status --json
    """
    from pipelines.reports import status as status_of

    found = status_of(settings_of(city), None if date is None else date.date())
    if as_json:
        print_json(found)
        return
    console.print(f"date {found['date']}  forecast rows {found['forecast_rows']}  model {found['model']['name']}")
    for source in found["sources"]:
        parts = ", ".join(f"{key} {source[key]}" for key in ("rows_in", "accepted", "rejected", "superseded"))
        console.print(f"  {source['name']}: {parts}")
    for key in ("snapshot", "brief", "fingerprint"):
        console.print(f"{key}: {found[key]}", soft_wrap=True)


@app.command()
def trace(order: str, city: CityOption = None, date: DateOption = None, as_json: JsonOption = False) -> None:
    """Follow one order from its raw rows to the cell and the forecast it fed; text is shown masked.

    Example: xianban trace hotline:261115093012345678
    """
    from pipelines.reports import trace as trace_of

    settings = settings_of(city)
    found = trace_of(settings, date_of(settings, date), order)
    if not found["raw_rows"] and not found["set_aside"]:
        errors.print(f"{order}: no such record; give the source's own number, optionally as source:number")
        raise typer.Exit(1)
    if as_json:
        print_json(found)
        return
    for key in ("raw_rows", "set_aside", "versions", "handling", "forecast"):
        console.print(f"{key}:" if found[key] else f"{key}: none", style="bold")
        for row in found[key]:
            for name, value in row.items():
                console.print(f"  {name}: {value}", highlight=False, markup=False, soft_wrap=True)
            console.print()


@app.command()
def text(
    file: Annotated[Path, typer.Argument(help="A file with one text, UTF-8 or GB18030; - reads standard input.")],
    city: CityOption = None,
    date: DateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is read in one text: masked text, tokens, places, signals, issue with confidence, similar past cases.

    Examples:
      xianban text complaint.txt
      echo 小区门口垃圾没人清 | xianban text - --json
    """
    from pipelines.text_report import load_text, reading_of

    settings = settings_of(city)
    given, flags = load_text(Path("/dev/stdin") if str(file) == "-" else file)
    found = reading_of(settings, given, date_of(settings, date), flags)
    if as_json:
        print_json(found)
        return
    from pipelines.text_report import lines_of

    print_lines(lines_of(found))


@app.command()
def steps(as_json: JsonOption = False) -> None:
    """List the steps of the flow in order."""
    from pipelines.flow import FLOW

    if as_json:
        print_json([{"name": s.name, "per": s.per, "reads": s.reads, "writes": s.writes} for s in FLOW])
        return
    for item in FLOW:
        console.print(f"{item.name:<10} per {item.per:<7} {item.reads} -> {item.writes}", highlight=False)


@app.command()
def doctor(city: CityOption = None, as_json: JsonOption = False) -> None:
    """Check environment, city, data, fonts, port, disk and keys; exit 1 if something needs to be done."""
    from pipelines.doctor import examine

    findings = examine(settings_of(city))
    if as_json:
        print_json([finding.__dict__ for finding in findings])
    else:
        for finding in findings:
            console.print(f"{finding.level:<5} {finding.name}: {finding.message}", highlight=False, soft_wrap=True)
    if any(finding.level == "fail" for finding in findings):
        raise typer.Exit(1)


@app.command()
def backup(
    city: CityOption = None,
    to: Annotated[Path | None, typer.Option("--to", help="Folder; default: backups/ of the city's home.")] = None,
    keep: Annotated[int, typer.Option("--keep", min=1, help="How many backups stay in the folder.")] = 8,
    with_key: Annotated[bool, typer.Option("--with-key", help="Put the key of the pseudonyms in as well.")] = False,
) -> None:
    """Write warehouse, publication, briefs and the list of landed files into one checked file."""
    from pipelines.warehouse.backup import backup as back_up

    console.print(f"backup: {back_up(settings_of(city), to, keep, with_key)}", soft_wrap=True, highlight=False)


@app.command()
def restore(file: Path, city: CityOption = None) -> None:
    """Put a backup in the place of the city's warehouse, publication and briefs."""
    from pipelines.warehouse.backup import restore as put_back

    done = put_back(settings_of(city), file)
    console.print(f"restored {done.rows} rows of {done.created_at}", highlight=False)
    console.print(f"fingerprint: {done.fingerprint}", highlight=False, soft_wrap=True)
    if done.missing_files:
        console.print(f"{done.missing_files} landed files are not in landing/: copy them back from your file backup")
    console.print("older than the retention limit? then `xianban purge` again", style="dim")


@app.command()
def purge(city: CityOption = None, date: DateOption = None) -> None:
    """Take away originals older than XIANBAN_RETENTION_DAYS: raw rows, landed files, texts. Counts stay."""
    from pipelines.main_job import prepare
    from pipelines.steps.purge import purge as purge_step
    from pipelines.steps.run import Run

    settings = settings_of(city)
    prepare(settings)
    console.print(purge_step(Run(settings, date_of(settings, date))).as_text(), highlight=False, soft_wrap=True)


@app.command("dags")
def run_dags(date: DateOption = None, city: CityOption = None) -> None:
    """Run the flow through the real Airflow DAGs, in this process, and print the brief. This is `make run`."""
    from pipelines.airflow_home import migrate_metadata, run_all_dags
    from pipelines.main_job import prepare

    settings = settings_of(city)
    as_of_date = date_of(settings, date)
    prepare(settings, say=lambda line: console.print(line, style="dim"))
    migrate_metadata(settings)
    run_all_dags(settings, as_of_date, say=lambda line: console.print(line, style="dim", highlight=False))
    _show_brief(settings, as_of_date)
    _show_paths(settings, as_of_date)


@app.command()
def serve(city: CityOption = None) -> None:
    """Start Airflow with our DAGs and the page on 127.0.0.1 until interrupted. This is `make serve`."""
    from pipelines.airflow_home import serve as serve_airflow
    from pipelines.main_job import prepare

    settings = settings_of(city)
    prepare(settings)
    serve_airflow(settings, say=lambda line: console.print(line, highlight=False))


app.command()(backtest)
app.command()(evaluate)
app.add_typer(source_app, name="source")
app.add_typer(review_app, name="review")


def _show_brief(settings: Settings, as_of_date: dt.date) -> None:
    from pipelines.briefs.archive import load
    from pipelines.briefs.render import to_terminal

    to_terminal(load(settings.brief_dir, as_of_date), console)


def _show_paths(settings: Settings, as_of_date: dt.date) -> None:
    from pipelines.briefs.archive import paths_of
    from pipelines.warehouse.snapshot import snapshot_of

    console.print()
    lines = {
        "brief (HTML)": paths_of(settings.brief_dir, as_of_date).html_path,
        "snapshot": snapshot_of(settings.snapshot_dir, as_of_date).path,
        "page": f"http://127.0.0.1:{settings.port}/plugin/xianban after `make serve`",
    }
    for name, value in lines.items():
        console.print(f"{name}: {value}", highlight=False, soft_wrap=True)


def main() -> None:
    """Entry point: 0 done, 1 a problem a person can solve, 2 wrong usage, 130 interrupted."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when scikit-learn loads; more threads are slower here
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    logging.getLogger("xianban").setLevel(logging.INFO if not sys.stderr.isatty() else logging.WARNING)
    try:
        app()
    except XianbanError as error:
        errors.print(f"xianban: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
