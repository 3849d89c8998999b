"""What the addresses of the incidents answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response

from pipelines.briefs.wording import heat_in_parts
from pipelines.web import export, incident_export, incidents, queries
from pipelines.web.view import INCIDENT_COLUMNS, PAGE_SIZES, IncidentView, View
from pipelines.web.views import LEVEL_TITLES, ReaderDep, download, render

router = APIRouter()
ViewDep = Annotated[IncidentView, Query()]
IncidentId = Annotated[str, Query(max_length=200)]


@router.get("/incidents")
def incident_list(request: Request, reader: ReaderDep, view: ViewDep) -> Response:
    """The incidents with their filters; an empty page where they were not published yet."""
    overview = queries.overview(reader)
    view = queries.settle(reader, view)
    totals = incidents.totals(reader, view) if incidents.is_published(reader) else None
    view = view.model_copy(update={"page": min(view.page, view.pages(totals["incident_count"]) if totals else 1)})
    return render(
        request,
        "incidents.html",
        reader=reader,
        view=view,
        overview=overview,
        totals=totals,
        city=incidents.city_totals(reader) if totals else None,
        columns=[one for one in INCIDENT_COLUMNS if one.level is None or one.level in overview["levels"]],
        rows=incidents.page(reader, view) if totals else [],
        options=queries.options(reader, view, overview["levels"]),
        crumbs=queries.breadcrumbs(reader, view),
        level_titles=LEVEL_TITLES,
        page_sizes=PAGE_SIZES,
    )


@router.get("/incident")
def incident_page(request: Request, reader: ReaderDep, id: IncidentId) -> Response:
    """One incident: its heat in parts, its records as far as the person may see them, and which of them repeat."""
    incident = incidents.incident(reader, id) if incidents.is_published(reader) else None
    if incident is None:
        raise HTTPException(404)
    records = incidents.records(reader, id)
    heat, parts = heat_in_parts(incident["people_count"], incident["heat_recency"], incident["heat"])
    return render(
        request,
        "incident.html",
        reader=reader,
        incident=incident,
        heat=heat,
        heat_parts=parts.split("＋"),
        records=records,
        hidden_count=incident["event_count"] - len(records),
        may_read_titles=any(record["record_title"] is not None for record in records),
        bases=incidents.BASES,
        cell=queries.cell(reader, incident["community_code"] or "", incident["issue_code"] or ""),
        crumbs=queries.breadcrumbs(
            reader,
            View(
                district=incident["district_code"],
                street=incident["street_code"],
                community=incident["community_code"],
            ),
        ),
        view=IncidentView(),
    )


@router.get("/incidents.csv")
def incidents_csv(reader: ReaderDep, view: ViewDep) -> Response:
    """All incidents of the view as CSV."""
    content = incident_export.to_csv(_published(reader), queries.settle(reader, view))
    return download(reader, content, "csv", export.CSV, incident_export.NAME, incident_export.TITLE)


@router.get("/incidents.xlsx")
def incidents_xlsx(reader: ReaderDep, view: ViewDep) -> Response:
    """All incidents of the view with their records as an Excel workbook."""
    content = incident_export.to_xlsx(_published(reader), queries.settle(reader, view))
    return download(reader, content, "xlsx", export.XLSX, incident_export.NAME, incident_export.TITLE)


def _published(reader: queries.Reader) -> queries.Reader:
    if not incidents.is_published(reader):
        raise HTTPException(404)
    return reader
