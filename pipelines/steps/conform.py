"""Conform: make one model of reported matters out of all streams, with both clocks on every version."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import polars as pl

from pipelines.cities.city import City
from pipelines.cities.lists import Division
from pipelines.sources.contract import Source
from pipelines.steps.found_lists import FoundLists, found_lists
from pipelines.steps.run import Counts, Run
from pipelines.warehouse.door import Door

_FACTS = ("core.fct_event_versions", "core.fct_handling")
_LINKS = "core.fct_incident_links"
PART_ROWS = 250_000
NO_LISTS = FoundLists()
_STAGED = ("stg.hotline_order", "stg.grid_event", "stg.dept_disposal")


def conform(run: Run) -> Counts:
    """Derive the core tables for the records that new batches touch; everything anew when the city's lists changed.

    All in one transaction: killed half-way, nothing happened. Many records are derived some at a time, so that memory
    is bounded. Which incidents they make is left to the step ``incidents``, through ``ops.pending_incidents``. Grain
    and keys stand in ``sql/core/``.
    """
    with run.warehouse.writing() as door:
        reference = run.city.reference_hash
        before = door.scalar("select fact_value from ops.facts where fact_name = 'reference_hash'")
        cells = _cells(door) if run.city.config.cells else []
        found = found_lists(door, run.city, run.sources)
        for table, frame in reference_frames(run.city, run.sources, cells, found).items():
            door.replace(table, frame)
        changed = _mark_changed(door, everything=reference != before)
        derive(door)
        door.run("update ops.batches set is_conformed = true where gate in ('passed', 'warned')")
        door.run("insert or replace into ops.facts values ('reference_hash', $h)", h=reference)
        versions = door.scalar("select count(*) from core.fct_event_versions")
        matters = door.scalar("select count(*) from core.fct_events")
        links = door.scalar(f"select count(*) from {_LINKS}")
        stateless = door.scalar("select count(*) from core.fct_events where status is not null and state_code is null")
    return Counts(
        details={
            "changed_records": changed,
            "versions": versions,
            "matters": matters,
            "links": links,
            "unknown_states": stateless,
        }
    )


def derive(door: Door) -> None:
    """Derive the facts and links of the records that wait, one part after the other."""
    for _ in _parts(door):
        for table in _FACTS:
            door.run(f"delete from {table} as t using ops.changed_records as c "
                     "where t.source_name = c.source_name and t.record_id = c.record_id")  # fmt: skip
            door.extend(table)
    # links need the versions of all parts
    for _ in _parts(door):
        _relink(door)
    door.run("delete from ops.changed_records")
    door.run("delete from ops.waiting_records")


def reference_frames(
    city: City, sources: list[Source], cells: list[str], found: FoundLists = NO_LISTS
) -> dict[str, pl.DataFrame]:
    """The city's lists as the ``core.dim_*`` tables.

    Args:
        cells: codes of the squares that stand for communities, for a city without a list of communities.
        found: what its records tell, for a city without lists.
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
        "core.dim_issue": pl.DataFrame(
            [row.model_dump() for row in city.issues or found.issues], infer_schema_length=None
        ),
        "core.dim_issue_map": pl.DataFrame(
            [row.model_dump() for row in city.issue_map or found.issue_map], infer_schema_length=None
        ),
        "core.dim_responsibility": pl.DataFrame(
            [row.model_dump() for row in city.responsibilities], infer_schema_length=None
        ),
        "core.dim_place": _places([*city.divisions, *found.divisions], cells),
    }


def _places(rows: list[Division], cells: list[str]) -> pl.DataFrame:
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
    """Let the records wait that batches not conformed yet touch, or once touched before they were read again."""
    passed = "select batch_id from ops.batches where gate in ('passed', 'warned')"
    staged = f"where batch_id in ({passed}{'' if everything else ' and not is_conformed'})"
    found = [f"select source_name, record_id from {table} {staged}" for table in _STAGED]
    found.append(f"select source_name, record_id from ops.superseded_rows {staged} and reason = 'voided'")
    taken_back = "" if everything else "where batch_id in (select batch_id from ops.batches where not is_conformed)"
    found += [f"select source_name, record_id from {table} {taken_back}" for table in _FACTS]
    return let_wait(door, " union ".join(found))


def let_wait(door: Door, records: str, **params: Any) -> int:
    """Name the records to derive anew, cut into parts: what a select finds, and those whose link means one of them.

    Args:
        records: a select of ``source_name`` and ``record_id``.
        params: what it names.

    Returns:
        How many there are.
    """
    door.run("delete from ops.waiting_records")
    door.run(f"insert into ops.waiting_records select distinct source_name, record_id, 0 from ({records})", **params)
    # whom a number means depends on everybody who bears it
    door.run("insert into ops.waiting_records select distinct v.source_name, v.record_id, 0 "
             "from core.fct_event_versions as v anti join ops.waiting_records as w "
             "on v.source_name = w.source_name and v.record_id = w.record_id "
             "where v.linked_record_id in (select record_id from ops.waiting_records)")  # fmt: skip
    waiting = int(door.scalar("select count(*) from ops.waiting_records"))
    if waiting > PART_ROWS:
        parts = -(-waiting // PART_ROWS)
        door.run("update ops.waiting_records set part_no = hash(source_name, record_id) % $parts", parts=parts)
    return waiting


def _parts(door: Door) -> Iterator[None]:
    """Let ``ops.changed_records`` hold one part after another of the records that wait."""
    for number in range(int(door.scalar("select coalesce(max(part_no), -1) + 1 from ops.waiting_records"))):
        door.run("delete from ops.changed_records")
        door.run("insert into ops.changed_records select source_name, record_id from ops.waiting_records "
                 "where part_no = $number", number=number)  # fmt: skip
        yield


def _relink(door: Door) -> None:
    """Derive the links of the changed records anew, and queue them and whoever they were or are linked to."""
    ids = "select source_name || ':' || record_id from ops.changed_records"
    ends = f"from {_LINKS} where event_id in ({ids}) or earlier_event_id in ({ids})"
    queue = f"insert into ops.pending_incidents select unnest([event_id, earlier_event_id]) {ends}"
    door.run(f"insert into ops.pending_incidents {ids}")
    door.run(queue)
    door.run(f"delete {ends}")
    door.extend(_LINKS)
    door.run(queue)
