"""``xianban backtest`` and ``evaluate``."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from pipelines.cli_options import CityOption, JsonOption, bar_columns, errors, print_json, print_lines, settings_of

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
        print_json(scoreboard.as_json(question, scored, file))
        return
    print_lines(scoreboard.as_lines(question, scored, file))


def evaluate(
    with_: Annotated[str, typer.Option("--with", help="An input of the model, or a group of them.")],
    without: Annotated[str, typer.Option("--without", help="The same: what is left out for comparison.")],
    city: CityOption = None,
    origins: OriginsOption = 26,
    data: DataOption = None,
    last: LastOption = None,
    horizon: HorizonOption = Horizon.week,
    model: Annotated[str, typer.Option("--model", help="The model whose input it is.")] = "filter_boosted",
    placebo: Annotated[
        bool, typer.Option("--placebo", help="Compare with the same records of other communities, not with none.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure one feature: backtest the model with it and without it on the same origins, print the difference.

    What the models look at by themselves is left out; handling, repetition, signals, records and neighbours are added.

    Example: xianban evaluate --with calendar --without calendar --city pipelines/cities/pingshan --data /data
    """
    from pipelines import backtesting, scoreboard

    if with_ != without:
        raise typer.BadParameter(f"one feature is measured at a time; give {with_!r} to both", param_hint="--without")
    question = _question(city, data, origins, horizon, last)
    with _origins_shown() as (say, on_origin):
        past, table = backtesting.worth(question, model, with_, say, on_origin, placebo)
    found = scoreboard.worth_as_json(question, model, with_, past, table, placebo)
    if as_json:
        print_json(found)
        return
    print_lines(scoreboard.worth_as_lines(found))


def _question(city: Path | None, data: Path | None, origins: int, horizon: Horizon, last: dt.datetime | None) -> Any:
    from pipelines.backtesting import Question

    settings = settings_of(city)
    if data is not None:
        settings = settings.model_copy(update={"data": data})
    return Question(settings, origins, int(horizon) // 7, None if last is None else last.date())


@contextmanager
def _origins_shown() -> Iterator[tuple[Callable[[str], None], Callable[[int, int, dt.date], None]]]:
    """A bar on a terminal, plain lines elsewhere; both beside the output, which may be JSON."""
    quiet = not errors.is_terminal
    with Progress(*bar_columns(), console=errors, disable=quiet, transient=True) as progress:
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
