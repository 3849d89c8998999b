"""The ``xianban`` command. Thin: it reads options, calls the flow, prints what people need."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from pipelines.errors import XianbanError
from pipelines.settings import Settings

app = typer.Typer(
    help="先办 xianban: forecast which hotline issues return in which community, and brief those who can act first.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
console = Console()
errors = Console(stderr=True)

CityOption = Annotated[Path | None, typer.Option("--city", help="City folder; default: XIANBAN_CITY, else the sample.")]
DateOption = Annotated[
    dt.datetime | None,
    typer.Option("--date", formats=["%Y-%m-%d"], help="As-of date; its own rows are invisible. Default: the city's."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _settings(city: Path | None) -> Settings:
    settings = Settings()
    return settings if city is None else settings.model_copy(update={"city": city})


def _date(settings: Settings, given: dt.datetime | None) -> dt.date:
    if given is not None:
        return given.date()
    from pipelines.cities.city import City

    return City(settings.city).config.default_date


def _bar_columns() -> tuple[ProgressColumn, ...]:
    return SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()


def _print_json(content: Any) -> None:
    print(json.dumps(content, ensure_ascii=False, indent=2, default=str))


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

    settings = _settings(city)
    as_of_date = _date(settings, date)
    quiet = as_json or not console.is_terminal
    prepare(settings, say=lambda line: None if as_json else console.print(line, style="dim"))
    planned = list(calls(Run(settings, as_of_date), steps_from(first)))
    with Progress(*_bar_columns(), console=console, disable=quiet, transient=True) as progress:
        bar = progress.add_task("", total=len(planned))

        def show(step: Any, source: str | None) -> None:
            progress.update(bar, description=f"{step.name} {source or ''}", advance=1)

        run_flow(settings, as_of_date, first, show)
    if as_json:
        _print_json(status_of(settings, as_of_date))
        return
    _show_brief(settings, as_of_date)
    _show_paths(settings, as_of_date)


@app.command()
def brief(city: CityOption = None, date: DateOption = None, as_json: JsonOption = False) -> None:
    """Print the saved brief of a date; it is the brief as composed then, not a recomputation.

    Example: xianban brief --date 2026-11-16
    """
    settings = _settings(city)
    as_of_date = _date(settings, date)
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

    found = status_of(_settings(city), None if date is None else date.date())
    if as_json:
        _print_json(found)
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

    settings = _settings(city)
    found = trace_of(settings, _date(settings, date), order)
    if not found["raw_rows"] and not found["set_aside"]:
        errors.print(f"{order}: no such record; give the source's own number, optionally as source:number")
        raise typer.Exit(1)
    if as_json:
        _print_json(found)
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

    settings = _settings(city)
    given, flags = load_text(Path("/dev/stdin") if str(file) == "-" else file)
    found = reading_of(settings, given, _date(settings, date), flags)
    if as_json:
        _print_json(found)
        return
    from pipelines.text_report import lines_of

    for line in lines_of(found):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


@app.command()
def steps(as_json: JsonOption = False) -> None:
    """List the steps of the flow in order."""
    from pipelines.flow import FLOW

    if as_json:
        _print_json([{"name": s.name, "per": s.per, "reads": s.reads, "writes": s.writes} for s in FLOW])
        return
    for item in FLOW:
        console.print(f"{item.name:<10} per {item.per:<7} {item.reads} -> {item.writes}", highlight=False)


@app.command()
def doctor(city: CityOption = None, as_json: JsonOption = False) -> None:
    """Check environment, city, data, fonts, port, disk and keys; exit 1 if something needs to be done."""
    from pipelines.doctor import examine

    findings = examine(_settings(city))
    if as_json:
        _print_json([finding.__dict__ for finding in findings])
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

    console.print(f"backup: {back_up(_settings(city), to, keep, with_key)}", soft_wrap=True, highlight=False)


@app.command()
def restore(file: Path, city: CityOption = None) -> None:
    """Put a backup in the place of the city's warehouse, publication and briefs."""
    from pipelines.warehouse.backup import restore as put_back

    done = put_back(_settings(city), file)
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

    settings = _settings(city)
    prepare(settings)
    console.print(purge_step(Run(settings, _date(settings, date))).as_text(), highlight=False, soft_wrap=True)


@app.command("dags")
def run_dags(date: DateOption = None, city: CityOption = None) -> None:
    """Run the flow through the real Airflow DAGs, in this process, and print the brief. This is `make run`."""
    from pipelines.airflow_home import migrate_metadata, run_all_dags
    from pipelines.main_job import prepare

    settings = _settings(city)
    as_of_date = _date(settings, date)
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

    settings = _settings(city)
    prepare(settings)
    serve_airflow(settings, say=lambda line: console.print(line, highlight=False))


OriginsOption = Annotated[int, typer.Option("--origins", min=1, help="How many weekly origins, at most.")]
DataOption = Annotated[
    Path | None, typer.Option("--data", exists=True, file_okay=False, help="The city's files; default: XIANBAN_DATA.")
]
LastOption = Annotated[
    dt.datetime | None,
    typer.Option("--date", formats=["%Y-%m-%d"], help="Last origin. Default: the last one whose window is complete."),
]


class Horizon(StrEnum):
    """Days ahead: a week for dispatch, four for planning."""

    week = "7"
    month = "28"


HorizonOption = Annotated[Horizon, typer.Option("--horizon", help="Days ahead.")]


@app.command()
def backtest(
    city: CityOption = None,
    origins: OriginsOption = 26,
    out: Annotated[
        Path | None, typer.Option("--out", dir_okay=False, help="Write the rows to this Parquet file.")
    ] = None,
    data: DataOption = None,
    last: LastOption = None,
    horizon: HorizonOption = Horizon.week,
    model: Annotated[
        str | None, typer.Option("--model", help="Default: as the service would choose before the last 13 origins.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Forecast past weeks from what was known then, beside every baseline, and measure both by what came.

    Works in a copy of its own: nothing that serves is touched. Every figure printed can be computed from the file.

    Examples:
      xianban backtest --city pipelines/cities/pingshan --data /data --out pingshan.parquet

      xianban backtest --origins 52 --horizon 28 --model filter_logistic --json
    """
    from pipelines import backtesting, scoreboard
    from pipelines.errors import ConfigurationError

    if out is not None and not out.resolve().parent.is_dir():
        raise ConfigurationError(f"--out {out}: its folder does not exist; make it first")
    question = _question(city, data, origins, horizon, last)
    with _origins_shown() as (say, on_origin):
        scored = backtesting.score(question, model, say, on_origin)
    if out is not None:
        backtesting.write(scored.rows, out)
    file = None if out is None else str(out.resolve())
    if as_json:
        _print_json(scoreboard.as_json(question, scored, file))
        return
    _print_lines(scoreboard.as_lines(question, scored, file))


@app.command()
def evaluate(
    with_: Annotated[str, typer.Option("--with", help="An input of the model, or a group of them.")],
    without: Annotated[str, typer.Option("--without", help="The same: what is left out for comparison.")],
    city: CityOption = None,
    origins: OriginsOption = 26,
    data: DataOption = None,
    last: LastOption = None,
    horizon: HorizonOption = Horizon.week,
    model: Annotated[str, typer.Option("--model", help="The model whose input it is.")] = "filter_boosted",
    as_json: JsonOption = False,
) -> None:
    """Measure one feature: backtest the model with it and without it on the same origins, print the difference.

    Example: xianban evaluate --with calendar --without calendar --city pipelines/cities/pingshan --data /data
    """
    from pipelines import backtesting, scoreboard

    if with_ != without:
        raise typer.BadParameter(f"one feature is measured at a time; give {with_!r} to both", param_hint="--without")
    question = _question(city, data, origins, horizon, last)
    with _origins_shown() as (say, on_origin):
        past, table = backtesting.worth(question, model, with_, say, on_origin)
    found = scoreboard.worth_as_json(question, model, with_, past, table)
    if as_json:
        _print_json(found)
        return
    _print_lines(scoreboard.worth_as_lines(found))


def _question(city: Path | None, data: Path | None, origins: int, horizon: Horizon, last: dt.datetime | None) -> Any:
    from pipelines.backtesting import Question

    settings = _settings(city)
    if data is not None:
        settings = settings.model_copy(update={"data": data})
    return Question(settings, origins, int(horizon) // 7, None if last is None else last.date())


@contextmanager
def _origins_shown() -> Iterator[tuple[Callable[[str], None], Callable[[int, int, dt.date], None]]]:
    """A bar on a terminal, plain lines elsewhere; both beside the output, which may be JSON."""
    quiet = not errors.is_terminal
    with Progress(*_bar_columns(), console=errors, disable=quiet, transient=True) as progress:
        bar = progress.add_task("", total=None)

        def say(line: str) -> None:
            progress.update(bar, description=line)
            if quiet:
                print(f"backtest {line}", file=sys.stderr, flush=True)

        def on_origin(done: int, total: int, origin: dt.date) -> None:
            progress.update(bar, description=f"origin {origin}", completed=done, total=total)
            if quiet:
                print(f"backtest origin={origin} done={done} of={total}", file=sys.stderr, flush=True)

        yield say, on_origin


def _print_lines(lines: list[str]) -> None:
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


source_app = typer.Typer(help="Connect a source: guess its contract from a file, and see what a contract makes of one.",
                         no_args_is_help=True, rich_markup_mode=None)  # fmt: skip
app.add_typer(source_app, name="source")


@source_app.command("check")
def check_source(
    name: str,
    file: Annotated[Path | None, typer.Option("--file", help="Default: the newest file of the source.")] = None,
    city: CityOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a contract makes of a file, or of a server's first rows, masked; store nothing; exit 1 if refused.

    Example: xianban source check hotline --file /tmp/orders_20261116.csv
    """
    _show_preview(_settings(city), name, file, as_json)


@source_app.command("add")
def add_source(
    name: str,
    file: Annotated[Path, typer.Option("--from", help="One export of the source.")],
    kind: Annotated[
        str | None, typer.Option(help="hotline_order, grid_event or dept_disposal; default: guessed.")
    ] = None,
    city: CityOption = None,
    as_json: JsonOption = False,
) -> None:
    """Guess sources/NAME.yaml from a file, say what could not be guessed, and check the file by it.

    Example: xianban source add mailbox --from /data/mailbox/letters_20261116.xlsx
    """
    from pipelines.cities.city import City
    from pipelines.sources.scaffold import scaffold

    settings = _settings(city)
    written, left = scaffold(City(settings.city), name, file, settings.data, kind)
    if not as_json:
        console.print(f"written: {written}", highlight=False, markup=False, soft_wrap=True)
        for line in left:
            console.print(f"not guessed: {line}", highlight=False, markup=False, soft_wrap=True)
    _show_preview(settings, name, file, as_json)


review_app = typer.Typer(help="Texts whose issue the model leaves to people: write them out, take answers in.",
                         no_args_is_help=True, rich_markup_mode=None)  # fmt: skip
app.add_typer(review_app, name="review")


@review_app.command("export")
def export_review(file: Path, city: CityOption = None, date: DateOption = None) -> None:
    """Write the review queue of a date as CSV, with masked texts; fill in issue_code and answered_by.

    Example: xianban review export /tmp/review.csv
    """
    from pipelines.steps.run import Run
    from pipelines.text.review import export_queue

    settings = _settings(city)
    run = Run(settings, _date(settings, date))
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

    settings = _settings(city)
    run = Run(settings, _date(settings, None))
    now = dt.datetime.now(ZoneInfo(run.city.config.timezone)).replace(tzinfo=None, microsecond=0)
    with run.warehouse.writing() as door:
        count = import_answers(door, file, run.city.issues, now)
    console.print(f"new answers: {count}", highlight=False)


def _show_preview(settings: Settings, name: str, file: Path | None, as_json: bool) -> None:
    import dataclasses

    from pipelines.errors import ConfigurationError
    from pipelines.sources.peek import export_day
    from pipelines.sources.preview import as_lines, newest_file, preview, preview_server
    from pipelines.sources.readers import files_of
    from pipelines.steps.run import Run

    run = Run(settings, dt.date.today())
    source = run.source(name)
    if source.reader.is_remote and file is not None:
        raise ConfigurationError(f"{name}: reads from {source.reader.format}, not from files; leave --file out")
    if source.reader.is_remote:
        found = preview_server(source, run.city, run.as_of_date)
    else:
        if file is None:
            file = newest_file(source, files_of(source, run.data_dir), run.data_dir)
        elif not file.is_file():
            raise ConfigurationError(f"{file}: no such file; --file names one export")
        found = preview(source, run.city, file, export_day(file.name) if "{date}" in source.reader.path else None)
    if as_json:
        _print_json(dataclasses.asdict(found))
    else:
        for line in as_lines(found, source):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
    if found.refusal is not None:
        raise typer.Exit(1)


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
