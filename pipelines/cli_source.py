"""``xianban source``: connect a source."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli_options import CityOption, JsonOption, print_json, print_lines, settings_of
from pipelines.settings import Settings

source_app = typer.Typer(help="Connect a source: guess its contract from a file, and see what a contract makes of one.",
                         no_args_is_help=True, rich_markup_mode=None)  # fmt: skip


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
    _show_preview(settings_of(city), name, file, as_json)


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

    settings = settings_of(city)
    written, left = scaffold(City(settings.city), name, file, settings.data, kind)
    if not as_json:
        print_lines([f"written: {written}", *(f"not guessed: {line}" for line in left)])
    _show_preview(settings, name, file, as_json)


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
        print_json(dataclasses.asdict(found))
    else:
        print_lines(as_lines(found, source))
    if found.refusal is not None:
        raise typer.Exit(1)
