"""The flow end to end: nothing lost, nothing leaked, the same twice."""

from __future__ import annotations

import json
import re
import shutil
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines.briefs.archive import load
from pipelines.main_job import prepare, run_flow, run_step
from pipelines.reports import status, trace
from pipelines.steps.contexts import TABLES as CONTEXT
from pipelines.steps.run import Run
from pipelines.warehouse.snapshot import current_snapshot
from tests.conftest import SmallCity

FEATURES = ("cohort.cells", "feature.cell_weeks", "feature.complaint_counts")


def tables(city: SmallCity, home: Path | None, names: tuple[str, ...], date) -> dict[str, pl.DataFrame]:
    run = Run(city.settings(home), date)
    with run.warehouse.reading() as door:
        return {name: door.query(f"select * from {name} where as_of_date = $d order by all", d=date) for name in names}


def asked(city: SmallCity, home: Path | None, date) -> dict[str, pl.DataFrame]:
    with Run(city.settings(home), date).warehouse.reading() as door:
        found = {name: door.ask(name, as_of_date=date, history_weeks=8) for name in CONTEXT}
    return {name: frame.sort(frame.columns) for name, frame in found.items()}


def test_every_row_is_accounted_for_as_the_manifest_says(finished_city: SmallCity) -> None:
    manifest = json.loads((finished_city.data / "manifest.json").read_text(encoding="utf-8"))["sources"]
    found = {source["name"]: source for source in status(finished_city.settings(), None)["sources"]}
    assert found.keys() == manifest.keys()
    for name, known in manifest.items():
        source = found[name]
        assert source["rows_in"] == known["rows"]
        assert source["rejected"] == sum(known["dirty"].values())
        assert source["accepted"] == known["records"] - known["voided"]
        assert source["rows_in"] == source["accepted"] + source["rejected"] + source["superseded"]


def test_every_outcome_of_a_row_is_told_in_the_snapshot(finished_city: SmallCity) -> None:
    with current_snapshot(finished_city.settings().snapshot_dir).connect() as connection:
        found = connection.execute(
            "select s.source_name, s.rows_in, s.accepted, s.rejected, s.superseded, s.held_back, sum(o.row_count), "
            "sum(o.row_count) filter (where o.outcome = 'accepted'), sum(o.row_count) filter (where o.outcome = 'rejected'), "
            "sum(o.row_count) filter (where o.outcome = 'superseded'), "
            "coalesce(sum(o.row_count) filter (where o.reason = 'held'), 0) "
            "from mart.source_status as s inner join mart.row_outcomes as o using (source_name) group by all"
        ).fetchall()
        gates = connection.execute("select count(*), count(gate), min(file_count) from mart.source_gates").fetchone()
    assert len(found) == 4
    for name, rows_in, accepted, rejected, superseded, held, *told in found:
        assert told == [rows_in, accepted, rejected, superseded, held], name
    assert gates[:2] == (4, 4) and gates[2] > 0


def test_the_brief_carries_the_quality_page(finished_city: SmallCity) -> None:
    brief = load(finished_city.settings().brief_dir, finished_city.as_of_date)
    assert brief.quality_page is not None
    assert len(brief.quality_page.sources) == 4
    assert {row.outcome for row in brief.quality_page.outcomes} == {"rejected", "superseded"}
    assert brief.quality_page.unmapped and brief.quality_page.unplaced


def test_rejected_rows_keep_their_text_and_say_why(finished_city: SmallCity) -> None:
    run = Run(finished_city.settings(), finished_city.as_of_date)
    with run.warehouse.reading() as door:
        rows = door.rows("select reason, remedy, raw_text from ops.rejected_rows")
    assert rows
    assert all(reason and remedy and json.loads(raw_text) for reason, remedy, raw_text in rows)
    assert {reason for reason, _, _ in rows} >= {"编号为空（工单编号）", "时间无法识别（来电时间）"}


def test_forecast_has_one_row_per_community_and_issue_beside_its_baseline(finished_city: SmallCity) -> None:
    with current_snapshot(finished_city.settings().snapshot_dir).connect() as connection:
        rows, keys = connection.execute(
            "select count(*), count(distinct (community_code, issue_code)) from mart.hotspot_forecast"
        ).fetchone()
        cells = connection.execute(
            "select (select count(*) from mart.places where place_level = 'community') "
            "* (select count(*) from mart.issues)"
        ).fetchone()[0]
        forecasters = {
            name for (name,) in connection.execute("select forecaster_name from mart.evaluations").fetchall()
        }
        blank = connection.execute(
            "select count(*) from mart.hotspot_forecast where responsible_unit is null or reasons = ''"
        ).fetchone()[0]
        chosen = connection.execute("select count(*) from mart.evaluations where is_chosen").fetchone()[0]
    assert rows == keys == cells
    assert {"persistence", "ewma_05", "croston_sba", "filter_logistic"} <= forecasters
    assert blank == 0
    assert chosen == 1


def test_planning_has_the_same_cells_with_thresholds_of_28_days(finished_city: SmallCity) -> None:
    with current_snapshot(finished_city.settings().snapshot_dir).connect() as connection:
        both, alone = connection.execute(
            "select count(*) filter (where h.issue_code is not null and p.issue_code is not null), count(*) "
            "from mart.hotspot_forecast as h full join mart.planning_forecast as p using (community_code, issue_code)"
        ).fetchone()
        higher, more, days = connection.execute(
            "select bool_and(p.hot_threshold >= h.hot_threshold), sum(p.expected_count) / sum(h.expected_count), "
            "min(p.window_end_date - h.as_of_date) "
            "from mart.hotspot_forecast as h inner join mart.planning_forecast as p using (community_code, issue_code)"
        ).fetchone()
        chosen = connection.execute(
            "select count(*) filter (where is_chosen), count(*) filter (where is_best_baseline), min(origin_count) "
            "from mart.planning_evaluations"
        ).fetchone()
    assert both == alone > 0
    assert higher and days == 27
    assert 2.5 < more < 6  # four weeks hold about four times as much as one
    assert chosen[:2] == (1, 1) and chosen[2] >= 3


def test_model_cards_repeat_the_figures_of_the_evaluation(finished_city: SmallCity) -> None:
    snapshot = current_snapshot(finished_city.settings().snapshot_dir)
    with snapshot.connect() as connection:
        cards = connection.execute(
            "select c.forecaster_name, c.text, e.hot_pr_auc, e.hot_log_loss from mart.model_cards as c "
            "inner join mart.evaluations as e using (forecaster_name) where c.section = '总体成绩'"
        ).fetchall()
        sections = connection.execute(
            "select forecaster_name, list(distinct section order by section) from mart.model_cards group by all"
        ).fetchall()
    assert {name for name, *_ in cards} == {"filter_logistic", "boosted", "filter_stack"}
    for name, text, pr_auc, log_loss in cards:
        assert text.startswith(f"PR-AUC {pr_auc:.3f}、对数损失{log_loss:.4f}"), name
    assert all(len(found) == 6 for _, found in sections)
    assert "# 模型说明卡：" in snapshot.path.with_suffix(".md").read_text(encoding="utf-8")


def test_the_records_of_an_incident_add_up_to_it(finished_city: SmallCity) -> None:
    with current_snapshot(finished_city.settings().snapshot_dir).connect() as connection:
        listed, wrong = connection.execute(
            "select count(*), count(*) filter (where (m.event_count, m.people_count, m.closing_known_count, "
            "m.event_count_7d) <> (r.events, r.people, r.known, r.recent) or m.open_count is distinct from "
            "case when r.known > 0 then r.open end or m.last_date <> r.last) "
            "from mart.incidents as m left join (select incident_id, count(*) as events, "
            "count(distinct person_no) as people, count(is_open) as known, count(*) filter (where is_open) as open, "
            "max(occurred_date) as last, count(*) filter (where occurred_date >= as_of_date - 7) as recent "
            "from mart.incident_records group by incident_id) as r using (incident_id)"
        ).fetchone() or (0, 0)
        records, unassigned = connection.execute(
            "select (select count(*) from mart.incident_records) - (select sum(event_count) from mart.incidents), "
            "unassigned_count_28d from mart.incident_totals"
        ).fetchone() or (1, 1)
    assert listed > 10
    assert (wrong, records, unassigned) == (0, 0, 0)


def test_the_watch_is_kept_every_day_and_thin_issues_are_told(finished_city: SmallCity) -> None:
    with current_snapshot(finished_city.settings().snapshot_dir).connect() as connection:
        codes = {code for (code,) in connection.execute("select alarm_code from mart.forecast_alarms").fetchall()}
        wrong = connection.execute(
            "select count(*) from (select issue_code, is_thin, sum(complaint_count_364d) over (partition by issue_code) "
            "as total from mart.hotspot_forecast) where is_thin <> (total < 10)"
        ).fetchone()[0]
    assert codes == {"issue_mix", "volume", "skill", "baseline"}
    assert wrong == 0


def test_same_date_again_gives_the_same_tables(finished_city: SmallCity) -> None:
    first = status(finished_city.settings(), None)["fingerprint"]
    run_flow(finished_city.settings(), finished_city.as_of_date)
    assert status(finished_city.settings(), None)["fingerprint"] == first


def test_later_files_leave_the_features_of_a_past_date_bit_identical(finished_city: SmallCity, tmp_path: Path) -> None:
    """A home that saw only what had been exported by the past date, against one that has seen everything since."""
    past = finished_city.as_of_date - timedelta(days=7)
    early = tmp_path / "early"
    shutil.copytree(finished_city.data, early / "sample" / "data")
    prepare(finished_city.settings(early))
    for source in ("hotline", "app", "grid", "departments"):
        for step in ("land", "clean", "validate"):
            run_step(finished_city.settings(early), past, step, source)
    for home in (early, None):
        if home is not None:
            run_step(finished_city.settings(home), past, "conform")
            run_step(finished_city.settings(home), past, "read")
        run_step(finished_city.settings(home), past, "features")
    then, now = (
        tables(finished_city, home, FEATURES, past) | asked(finished_city, home, past) for home in (early, None)
    )
    with Run(finished_city.settings(), past).warehouse.reading() as door:
        later = door.scalar("select count(*) from core.fct_event_versions where known_from >= $d", d=past)
    assert later > 0
    for name in (*FEATURES, *CONTEXT):
        assert then[name].height > 0
        assert then[name].equals(now[name]), name


def test_no_personal_data_beyond_raw_and_rejected_rows(finished_city: SmallCity) -> None:
    """The sample city's callers have numbers of the form 1xx0000xxxx, its ID cards begin with 9901."""
    personal = re.compile(r"(?<!\d)1\d{2}0000\d{4}(?!\d)|(?<!\d)9901\d{13}[\dX](?!\d)")
    run = Run(finished_city.settings(), finished_city.as_of_date)
    with run.warehouse.reading() as door:
        columns = door.rows(
            "select schema_name || '.' || table_name, column_name from duckdb_columns() "
            "where data_type = 'VARCHAR' and not internal and schema_name <> 'raw' "
            "and schema_name || '.' || table_name not in ('ops.rejected_rows', 'core.fct_events')"
        )
        raw = door.scalar("select count(*) from raw.hotline where regexp_matches(主要内容, '1\\d{2}0000\\d{4}')")
        for table, column in columns:
            values = door.rows(f"select distinct {column} from {table} where {column} is not null")
            leaked = [value for (value,) in values if personal.search(value)]
            assert not leaked, f"{table}.{column} holds {len(leaked)} values that look personal"
    assert raw > 0
    for path in finished_city.settings().brief_dir.iterdir():
        assert not personal.search(path.read_text(encoding="utf-8"))


def test_snapshot_holds_only_what_people_may_read(finished_city: SmallCity) -> None:
    snapshot = current_snapshot(finished_city.settings().snapshot_dir)
    with snapshot.connect() as connection:
        schemas = {
            name for (name,) in connection.execute("select distinct schema_name from duckdb_tables()").fetchall()
        }
        columns = {name for (name,) in connection.execute("select column_name from duckdb_columns()").fetchall()}
        uncommented = connection.execute(
            "select table_name, column_name from duckdb_columns() where schema_name = 'mart' and comment is null"
        ).fetchall()
    assert schemas == {"mart"}
    assert not columns & {"content", "title", "caller_hash", "reporter_address_hash", "address", "raw_text"}
    assert uncommented == []


def test_trace_follows_an_order_from_raw_row_to_forecast(finished_city: SmallCity) -> None:
    run = Run(finished_city.settings(), finished_city.as_of_date)
    with run.warehouse.reading() as door:
        (record_id,) = door.rows(
            "select min(record_id) from core.fct_event_versions where source_name = 'hotline' and issue_code is not null "
            "and community_code is not null and version_no = 2 and record_id in (select order_id from core.fct_handling)"
        )[0]
    found = trace(finished_city.settings(), finished_city.as_of_date, f"hotline:{record_id}")
    assert found["raw_rows"][0]["file"].startswith("hotline/orders_")
    assert len(found["versions"]) >= 2
    assert found["versions"][0]["tokens"]
    assert found["handling"] and found["forecast"]
    assert 0 < found["forecast"][0]["hot_probability"] < 1


def test_run_from_a_step_repeats_only_the_tail(finished_city: SmallCity) -> None:
    before = status(finished_city.settings(), None)["fingerprint"]
    done = run_flow(finished_city.settings(), finished_city.as_of_date, first="publish")
    assert list(done) == ["publish", "brief"]
    assert status(finished_city.settings(), None)["fingerprint"] == before


@pytest.mark.parametrize("days", [3650, -3650])
def test_a_date_without_data_is_refused_or_served_in_words(finished_city: SmallCity, days: int) -> None:
    from pipelines.errors import NothingKnown

    with pytest.raises(NothingKnown, match="no resident's complaint"):
        run_step(finished_city.settings(), finished_city.as_of_date + timedelta(days=days), "features")
