"""Conform: make one model of reported matters out of all streams, with both clocks on every version."""

from __future__ import annotations

import datetime as dt

import polars as pl

from pipelines.cities.city import City
from pipelines.cities.lists import Division
from pipelines.sources.contract import Source
from pipelines.steps.run import Counts, Run
from pipelines.warehouse.door import Door

_FACTS = ("core.fct_event_versions", "core.fct_handling")
# a new record may belong to any earlier one, so these are derived as a whole
_INCIDENTS = ("core.fct_incident_links", "core.fct_incident_events", "core.fct_incidents")
_STAGED = ("stg.hotline_order", "stg.grid_event", "stg.dept_disposal")


def conform(run: Run) -> Counts:
    """Derive the core tables for the records that new batches touch; everything anew when the city's lists changed.

    All in one transaction: killed half-way, nothing happened. Grain and keys stand in ``sql/core/``.
    """
    with run.warehouse.writing() as door:
        reference = run.city.reference_hash
        before = door.scalar("select fact_value from ops.facts where fact_name = 'reference_hash'")
        cells = _cells(door) if run.city.config.cells else []
        for table, frame in reference_frames(run.city, run.sources, cells).items():
            door.replace(table, frame)
        changed = _mark_changed(door, everything=reference != before)
        derive(door)
        door.run("update ops.batches set is_conformed = true where gate in ('passed', 'warned')")
        door.run("insert or replace into ops.facts values ('reference_hash', $h)", h=reference)
        versions = door.scalar("select count(*) from core.fct_event_versions")
        matters = door.scalar("select count(*) from core.fct_events")
        incidents = door.scalar("select count(*) from core.fct_incidents")
        stateless = door.scalar("select count(*) from core.fct_events where status is not null and state_code is null")
    return Counts(
        details={
            "changed_records": changed,
            "versions": versions,
            "matters": matters,
            "incidents": incidents,
            "unknown_states": stateless,
        }
    )


def derive(door: Door) -> None:
    """Derive the facts of the records named in ``ops.changed_records`` anew, and all incidents."""
    for table in _FACTS:
        door.run(f"delete from {table} where (source_name, record_id) in "
                 "(select (source_name, record_id) from ops.changed_records)")  # fmt: skip
        door.extend(table)
    for table in _INCIDENTS:
        door.build(table)
    door.run("delete from ops.changed_records")


def reference_frames(city: City, sources: list[Source], cells: list[str]) -> dict[str, pl.DataFrame]:
    """The city's lists as the ``core.dim_*`` tables.

    Args:
        cells: codes of the squares that stand for communities, for a city without a list of communities.
    """
    return {
        "core.dim_source": pl.DataFrame(
            [
                {
                    "source_name": source.name,
                    "source_title": source.title,
                    "kind": source.kind,
                    "owner": source.owner or None,
                    "promised_by": source.promised_by,
                    "issue_system": source.issues.system if source.issues else None,
                    "reports_closing": "closed_at" in source.columns,
                }
                for source in sources
            ],
            schema_overrides={"owner": pl.String, "promised_by": pl.String, "issue_system": pl.String},
        ),
        "core.dim_issue": pl.DataFrame([row.model_dump() for row in city.issues], infer_schema_length=None),
        "core.dim_issue_map": pl.DataFrame([row.model_dump() for row in city.issue_map], infer_schema_length=None),
        "core.dim_responsibility": pl.DataFrame(
            [row.model_dump() for row in city.responsibilities], infer_schema_length=None
        ),
        "core.dim_place": _places(city, cells),
    }


def _places(city: City, cells: list[str]) -> pl.DataFrame:
    rows = list(city.divisions)
    top = next((row.code for row in rows if row.level == "district"), None)
    rows += [Division(code=code, level="community", name=f"{code}方格", parent_code=top) for code in cells]
    # a renamed place has several rows; its present name speaks for it as an ancestor
    latest = {row.code: row for row in sorted(rows, key=lambda row: row.valid_from or dt.date.min)}
    placed = []
    for row in rows:
        up: dict[str, Division] = {}
        walker: Division | None = row
        while walker is not None:
            up[walker.level] = walker
            walker = latest.get(walker.parent_code) if walker.parent_code else None
        district, street = up.get("district"), up.get("street")
        placed.append(
            {
                "place_code": row.code,
                "place_level": row.level,
                "place_name": row.name,
                "parent_code": row.parent_code,
                "district_code": district and district.code,
                "district_name": district and district.name,
                "street_code": street and street.code,
                "street_name": street and street.name,
                "valid_from": row.valid_from,
                "valid_to": row.valid_to,
                "population": row.population or None,
            }
        )
    return pl.DataFrame(placed, infer_schema_length=None)


def _cells(door: Door) -> list[str]:
    found = "select distinct community_text from stg.hotline_order where community_text is not null order by 1"
    return [code for (code,) in door.rows(found)]


def _mark_changed(door: Door, everything: bool) -> int:
    """Name the records that batches not conformed yet touch, or once touched before they were read again."""
    passed = "select batch_id from ops.batches where gate in ('passed', 'warned')"
    staged = f"where batch_id in ({passed}{'' if everything else ' and not is_conformed'})"
    parts = [f"select source_name, record_id from {table} {staged}" for table in _STAGED]
    parts.append(f"select source_name, record_id from ops.superseded_rows {staged} and reason = 'voided'")
    taken_back = "" if everything else "where batch_id in (select batch_id from ops.batches where not is_conformed)"
    parts += [f"select source_name, record_id from {table} {taken_back}" for table in _FACTS]
    door.run("delete from ops.changed_records")
    door.run(f"insert into ops.changed_records {' union '.join(parts)}")
    return int(door.scalar("select count(*) from ops.changed_records"))
