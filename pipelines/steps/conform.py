"""Conform: make one model of reported matters out of all streams, with both clocks on every version."""

from __future__ import annotations

import polars as pl

from pipelines.cities.city import City
from pipelines.sources.contract import Source
from pipelines.steps.run import Counts, Run
from pipelines.warehouse.door import Door

_FACTS = ("core.fct_event_versions", "core.fct_handling")
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
        for table in _FACTS:
            door.run(f"delete from {table} where (source_name, record_id) in "
                     "(select (source_name, record_id) from ops.changed_records)")  # fmt: skip
            door.extend(table)
        door.run("delete from ops.changed_records")
        door.run("update ops.batches set is_conformed = true where gate in ('passed', 'warned')")
        door.run("insert or replace into ops.facts values ('reference_hash', $h)", h=reference)
        versions = door.scalar("select count(*) from core.fct_event_versions")
        matters = door.scalar("select count(*) from core.fct_events")
    return Counts(details={"changed_records": changed, "versions": versions, "matters": matters})


def reference_frames(city: City, sources: list[Source], cells: list[str]) -> dict[str, pl.DataFrame]:
    """The city's lists as the ``core.dim_*`` tables.

    Args:
        cells: codes of the squares that stand for communities, for a city without a list of communities.
    """
    responsibilities = pl.DataFrame(
        [
            {
                "issue_code": row["issue_code"],
                "category": row.get("category"),
                "lead_unit": row["lead_unit"],
                "basis": row.get("basis"),
                "deadline_value": int(row.get("deadline_value") or 0) or None,
                "deadline_unit": row.get("deadline_unit"),
                "valid_from": row.get("valid_from"),
            }
            for row in city.responsibilities
        ],
        schema={
            "issue_code": pl.String, "category": pl.String, "lead_unit": pl.String, "basis": pl.String,
            "deadline_value": pl.Int32, "deadline_unit": pl.String, "valid_from": pl.String,
        },
    )  # fmt: skip
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
            [
                {
                    "issue_code": row["issue_code"],
                    "issue_name": row["issue_name"],
                    "major_name": row.get("major_name"),
                    "standard": row.get("standard"),
                    "is_dangerous": (row["is_dangerous"] or "").lower() in ("1", "true", "是"),
                }
                for row in city.issues
            ],
            schema_overrides={"major_name": pl.String, "standard": pl.String},
        ),
        "core.dim_issue_map": pl.DataFrame(
            [
                {
                    "system": row["system"],
                    "value": row["value"],
                    "issue_code": row["issue_code"],
                    "confidence": float(row.get("confidence") or 1),
                }
                for row in city.issue_map
            ],
            schema_overrides={"issue_code": pl.String},
        ),
        "core.dim_responsibility": responsibilities.with_columns(pl.col("valid_from").str.to_date(strict=False)),
        "core.dim_place": _places(city, cells),
    }


def _places(city: City, cells: list[str]) -> pl.DataFrame:
    rows: list[dict[str, str | None]] = list(city.divisions)
    top = next((row["code"] for row in rows if row["level"] == "district"), None)
    rows += [{"code": code, "level": "community", "name": f"{code}方格", "parent_code": top} for code in cells]
    # a renamed place has several rows; its present name speaks for it as an ancestor
    latest = {row["code"]: row for row in sorted(rows, key=lambda row: row.get("valid_from") or "")}
    placed = []
    for row in rows:
        up: dict[str, tuple[str | None, str | None]] = {"district": (None, None), "street": (None, None)}
        walker: dict[str, str | None] | None = row
        while walker is not None:
            if walker["level"] in up:
                up[str(walker["level"])] = (walker["code"], walker["name"])
            walker = latest.get(walker["parent_code"])
        placed.append(
            {
                "place_code": row["code"],
                "place_level": row["level"],
                "place_name": row["name"],
                "parent_code": row["parent_code"],
                "district_code": up["district"][0],
                "district_name": up["district"][1],
                "street_code": up["street"][0],
                "street_name": up["street"][1],
                "valid_from": row.get("valid_from"),
                "valid_to": row.get("valid_to"),
                "population": int(row.get("population") or 0) or None,
            }
        )
    texts = ["parent_code", "district_code", "district_name", "street_code", "street_name", "valid_from", "valid_to"]
    frame = pl.DataFrame(placed, schema_overrides=dict.fromkeys(texts, pl.String) | {"population": pl.Int64})
    return frame.with_columns(pl.col("valid_from", "valid_to").str.to_date(strict=False))


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
