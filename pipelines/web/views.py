"""What each address answers. Reading is :mod:`.queries`' task; here answers are put together."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import duckdb
from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi import Path as InPath
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.briefs import reading
from pipelines.briefs.quality_layout import lay_out_quality
from pipelines.briefs.quality_page import compose_quality_page
from pipelines.settings import Settings
from pipelines.warehouse.snapshot import Snapshot, current_snapshot
from pipelines.web import charts, export, incidents, planning, queries
from pipelines.web.queries import Reader
from pipelines.web.rights import areas_of
from pipelines.web.text import shown
from pipelines.web.view import COLUMNS, PAGE_SIZES, RISK_LEVELS, View

log = logging.getLogger(__name__)
router = APIRouter()

_HERE = Path(__file__).parent
_FOR_GOOD = {"Cache-Control": "private, max-age=31536000, immutable"}
_FOR_AN_HOUR = {"Cache-Control": "private, max-age=3600"}
_STATIC = {
    "page.css": "text/css",
    "page.js": "text/javascript",
    "chart.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
LEVEL_TITLES = {"district": "区", "street": "街道", "community": "社区"}


class OpenSnapshot:
    """Keeps the file of the current snapshot open between requests: opening it costs more than asking it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._connection: duckdb.DuckDBPyConnection | None = None

    def cursor(self, snapshot: Snapshot) -> duckdb.DuckDBPyConnection:
        """A connection of one's own to the snapshot's file; a new publication opens its new file."""
        with self._lock:
            if self._connection is None or self._snapshot != snapshot:
                self._snapshot, self._connection = snapshot, snapshot.connect()
            return self._connection.cursor()


def _reader(request: Request) -> Iterator[Reader]:
    """The published snapshot, cut to the areas of the person who asks."""
    settings: Settings = request.app.state.settings
    person = request.state.person_name
    areas = areas_of(settings.home / "grants.csv", person)
    snapshot = current_snapshot(settings.snapshot_dir)
    opened: OpenSnapshot = request.app.state.opened
    connection = opened.cursor(snapshot)
    try:
        yield Reader(snapshot, connection, person, areas)
    finally:
        connection.close()


ReaderDep = Annotated[Reader, Depends(_reader)]
ViewDep = Annotated[View, Query()]
CodeInPath = Annotated[str, InPath(max_length=64)]


@router.get("/")
def forecast_list(request: Request, reader: ReaderDep, view: ViewDep) -> Response:
    """The list with its filters, the parts of the chosen place and one page of rows."""
    overview = queries.overview(reader)
    view = queries.settle(reader, view)
    totals = queries.totals(reader, view)
    view = view.model_copy(update={"page": min(view.page, view.pages(totals["cell_count"]))})
    child_level = queries.child_level(view, overview["levels"])
    chosen, scores = queries.method(reader)
    return render(
        request,
        "list.html",
        reader=reader,
        view=view,
        overview=overview,
        totals=totals,
        columns=[column for column in COLUMNS if column.level is None or column.level in overview["levels"]],
        rows=queries.forecast_page(reader, view),
        options=queries.options(reader, view, overview["levels"]),
        crumbs=queries.breadcrumbs(reader, view),
        child_level=child_level,
        children=queries.children(reader, view, child_level) if child_level else [],
        issues=[] if view.issue else queries.children(reader, view, "issue"),
        chosen=chosen,
        scores=scores,
        alarms=queries.alarms(reader),
        sources=queries.sources(reader),
        level_titles=LEVEL_TITLES,
        risk_levels=RISK_LEVELS,
        page_sizes=PAGE_SIZES,
    )


@router.get("/cell/{community_code}/{issue_code}")
def forecast_cell(request: Request, reader: ReaderDep, community_code: CodeInPath, issue_code: CodeInPath) -> Response:
    """One community's forecast for one issue, with two years of history."""
    cell = queries.cell(reader, community_code, issue_code)
    if cell is None:
        raise HTTPException(404)
    history = queries.history(reader, community_code, issue_code)
    chosen, _ = queries.method(reader)
    return render(
        request,
        "cell.html",
        reader=reader,
        cell=cell,
        history=history,
        incidents=incidents.of_cell(reader, community_code, issue_code),
        chosen=chosen,
        crumbs=queries.breadcrumbs(
            reader, View(district=cell["district_code"], street=cell["street_code"], community=community_code)
        ),
        view=View(),
        chart=charts.history_chart(history, cell["hot_threshold"]),
        vega_version=charts.vega_version(),
    )


@router.get("/planning")
def planning_list(request: Request, reader: ReaderDep, view: ViewDep) -> Response:
    """The list of the coming 28 days under the same filters; an empty page where it was not published yet."""
    view = queries.settle(reader, view)
    totals = planning.totals(reader, view) if planning.is_published(reader) else None
    chosen, scores = planning.method(reader) if totals else (None, [])
    view = view.model_copy(update={"page": min(view.page, view.pages(totals["cell_count"]) if totals else 1)})
    return render(
        request,
        "planning.html",
        reader=reader,
        view=view,
        overview=queries.overview(reader),
        totals=totals,
        rows=planning.page(reader, view) if totals else [],
        crumbs=queries.breadcrumbs(reader, view),
        chosen=chosen,
        scores=scores,
    )


@router.get("/model")
def model_cards(request: Request, reader: ReaderDep) -> Response:
    """What each model is, how it does and where it fails: figures of the method, not of places one may not see."""
    return render(request, "model.html", reader=reader, lines=queries.model_cards(reader))


@router.get("/quality")
def data_quality(request: Request, reader: ReaderDep) -> Response:
    """What the sources sent and what became of it, as in the annex of the brief.

    Its counts cannot be cut by area, and writings name places of the whole city: who may see all of it may read it.
    """
    if not reader.areas.is_whole_city:
        raise HTTPException(403)
    page = compose_quality_page(reading.Reader(reader.connection, reader.snapshot.as_of_date))
    blocks = [(type(block).__name__, block) for block in lay_out_quality(page)] if page else []
    return render(request, "quality.html", reader=reader, blocks=blocks)


@router.get("/api/forecast")
def forecast_json(reader: ReaderDep, view: ViewDep) -> Response:
    """The same rows for programs; beyond the last page they are empty."""
    view = queries.settle(reader, view)
    rows = [
        {name: value.isoformat() if isinstance(value, dt.date) else value for name, value in row.items()}
        for row in queries.forecast_page(reader, view)
    ]
    return JSONResponse(
        {
            "as_of_date": reader.snapshot.as_of_date.isoformat(),
            "total": queries.totals(reader, view)["cell_count"],
            "page": view.page,
            "size": view.size,
            "rows": rows,
        }
    )


@router.get("/export.csv")
def export_csv(reader: ReaderDep, view: ViewDep) -> Response:
    """All rows of the view as CSV."""
    return download(reader, export.to_csv(reader, queries.settle(reader, view)), "csv", export.CSV)


@router.get("/export.xlsx")
def export_xlsx(reader: ReaderDep, view: ViewDep) -> Response:
    """All rows of the view as an Excel workbook."""
    return download(reader, export.to_xlsx(reader, queries.settle(reader, view)), "xlsx", export.XLSX)


@router.get("/static/{name}")
def static_file(name: str, v: str | None = None) -> Response:
    """The page's own style, scripts and icon, only these four; kept for good under an address with their hash."""
    if name not in _STATIC:
        raise HTTPException(404)
    headers = _FOR_GOOD if v == _digest(name) else _FOR_AN_HOUR
    return FileResponse(_HERE / "static" / name, media_type=_STATIC[name], headers=headers)


@router.get("/vega/{version}.js")
def vega_script(request: Request, version: str) -> Response:
    """The chart library; its version is in the address, so browsers may keep it."""
    if version != charts.vega_version():
        raise HTTPException(404)
    settings: Settings = request.app.state.settings
    path = charts.vega_script(settings.home.resolve() / "web")
    return FileResponse(path, media_type="text/javascript", headers=_FOR_GOOD)


@router.api_route("/{rest:path}", methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def unknown(rest: str) -> Response:
    """Everything else, by any method. It is a route so that strangers get the same 401 here as everywhere."""
    raise HTTPException(404)


def render(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """A page from a template; ``root`` is where the app is mounted."""
    root = request.scope.get("root_path", "").rstrip("/")
    return HTMLResponse(_templates().get_template(template).render(root=root, **values), status)


def download(
    reader: Reader,
    content: bytes,
    extension: str,
    media_type: str,
    name: str = "forecast",
    title: str = "未来7天热点预测",
) -> Response:
    """A file to save; that it was exported, by whom and what, is logged."""
    log.info(
        "export person=%s what=%s format=%s bytes=%d as_of_date=%s",
        shown(reader.person),
        name,
        extension,
        len(content),
        reader.snapshot.as_of_date,
    )
    return Response(content, media_type=media_type, headers=export.file_headers(reader, extension, name, title))


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        shown=lambda value: "—" if value is None else shown(value),
        percent=lambda value: "—" if value is None else f"{value:.1%}",
        decimal=lambda value, places=1: "—" if value is None else f"{value:,.{places}f}",
        whole=lambda value: "—" if value is None else f"{value:,}",
    )
    environment.globals.update(static=_static_address)
    return environment


def _static_address(root: str, name: str) -> str:
    return f"{root}/static/{name}?v={_digest(name)}"


def _digest(name: str) -> str:
    return hashlib.sha256((_HERE / "static" / name).read_bytes()).hexdigest()[:12]
