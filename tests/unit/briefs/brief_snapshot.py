"""A small published snapshot whose figures were worked out by hand.

The as-of date is Saturday 2026-11-21. Residents' complaints by day before it (back 1 is yesterday):

    back  1: 12 = 6 垃圾 in 福泽 (open 3, overdue 1) + 3 噪声 in 星河 (open 1) + 3 燃气 in 泉眼 (open 2)
    back  2: 10   垃圾 in 福泽
    back  5:  3   neither placed nor mapped
    back  8:  8   垃圾 in 福泽
    back 40: 40   噪声 in 星河 (open 30, overdue 24)

so the mean of back 2 to 8 is (10 + 3 + 8) / 7 = 3, the last 7 days hold 25 and the 7 days before 8.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

AS_OF = dt.date(2026, 11, 21)
FUZE, XINGHE, QUANYAN = "990101001001", "990101001002", "990102001001"
WASTE, GAS, NOISE = "06010", "01057", "06028"
MIGRATIONS = sorted((Path(__file__).parents[3] / "sql" / "migrations").glob("*.sql"))

_PLACES = {
    "990101": ("district", "东岭区", None),
    "990102": ("district", "南泽区", None),
    "990101001": ("street", "梧桐街道", "990101"),
    "990102001": ("street", "泽源街道", "990102"),
    FUZE: ("community", "福泽社区", "990101001"),
    XINGHE: ("community", "星河社区", "990101001"),
    QUANYAN: ("community", "泉眼社区", "990102001"),
}
_ISSUES = {WASTE: ("暴露垃圾", False), GAS: ("露天燃气管道异常", True), NOISE: ("噪声扰民", False)}
_UNITS = {
    WASTE: ("梧桐街道办事处", "街道专有", "示例市街道职责清单（2024版）"),
    GAS: ("市燃气集团", "部门专有", "示例市部门职责清单（2024版）"),
    NOISE: ("东岭区生态环境局", "共同承担", "示例市共同承担事项清单（2024版）"),
}


def sql(*statements: str) -> Callable[[duckdb.DuckDBPyConnection], None]:
    """A change of the snapshot written as statements."""

    def change(connection: duckdb.DuckDBPyConnection) -> None:
        for statement in statements:
            connection.execute(statement)

    return change


def insert(connection: duckdb.DuckDBPyConnection, table: str, **values: Any) -> None:
    """Insert one row by column names."""
    names = ", ".join(values)
    marks = ", ".join("?" for _ in values)
    connection.execute(f"insert into mart.{table} ({names}) values ({marks})", list(values.values()))


def add_complaints(
    connection: duckdb.DuckDBPyConnection,
    back: int,
    count: int,
    community: str | None,
    issue: str | None,
    channel: str | None = "phone",
    demand_type: str | None = "投诉",
    kind: str = "hotline_order",
    is_resident: bool = True,
    open_count: int = 0,
    overdue_count: int = 0,
) -> None:
    """Add ``count`` records of the day ``back`` days before the as-of date."""
    insert(
        connection,
        "daily_counts",
        as_of_date=AS_OF,
        occurred_date=AS_OF - dt.timedelta(days=back),
        district_code=community and community[:6],
        street_code=community and community[:9],
        community_code=community,
        issue_code=issue,
        channel=channel,
        demand_type=demand_type,
        kind=kind,
        is_resident=is_resident,
        event_count=count,
        open_count=open_count,
        overdue_count=overdue_count,
    )


def add_forecast(
    connection: duckdb.DuckDBPyConnection, rank: int, community: str, issue: str, probability: float, **changes: Any
) -> None:
    """Add one forecast cell; ``changes`` replace single columns."""
    name, is_dangerous = _ISSUES[issue]
    unit, category, basis = _UNITS[issue]
    values: dict[str, Any] = {
        "as_of_date": AS_OF,
        "window_end_date": AS_OF + dt.timedelta(days=6),
        "community_code": community,
        "issue_code": issue,
        "district_code": community[:6],
        "district_name": _PLACES[community[:6]][1],
        "street_code": community[:9],
        "street_name": _PLACES[community[:9]][1],
        "community_name": _PLACES[community][1],
        "issue_name": name,
        "is_dangerous": is_dangerous,
        "risk_rank": rank,
        "risk_level": "高",
        "hot_probability": probability,
        "recurring_probability": 0.0,
        "baseline_probability": probability - 0.05,
        "expected_count": 6.1,
        "hot_threshold": 5,
        "complaint_count_7d": 4,
        "complaint_count_28d": 18,
        "complaint_count_same_28d_last_year": 11,
        "complaint_count_364d": 150,
        "hot_weeks_8w": 0,
        "unresolved_count_28d": 0,
        "reasons": "近4周18件，去年同期11件",
        "responsible_unit": unit,
        "responsibility_category": category,
        "responsibility_basis": basis,
        "is_held_out": False,
        "forecaster_name": "r1",
    }
    insert(connection, "hotspot_forecast", **(values | changes))


def add_lookback(
    connection: duckdb.DuckDBPyConnection,
    community: str,
    issue: str,
    model_rank: int,
    baseline_rank: int,
    probability: float,
    actual: int,
    basis: str = "service",
) -> None:
    """Add one judged cell with the threshold 3."""
    insert(
        connection,
        "lookback",
        as_of_date=AS_OF,
        origin_date=AS_OF - dt.timedelta(days=7),
        basis=basis,
        community_code=community,
        issue_code=issue,
        district_name=_PLACES[community[:6]][1],
        street_name=_PLACES[community[:9]][1],
        community_name=_PLACES[community][1],
        issue_name=_ISSUES[issue][0],
        hot_probability=probability,
        baseline_probability=0.5,
        model_rank=model_rank,
        baseline_rank=baseline_rank,
        hot_threshold=3,
        actual_count=actual,
        was_hot=actual >= 3,
    )


def add_source(connection: duckdb.DuckDBPyConnection, name: str, **changes: Any) -> None:
    """Add one source that arrived on time and balances: 100 = 90 + 4 + 6."""
    values: dict[str, Any] = {
        "as_of_date": AS_OF,
        "source_name": name,
        "source_title": {"hotline": "12345热线工单", "grid": "网格案件"}[name],
        "kind": {"hotline": "hotline_order", "grid": "grid_event"}[name],
        "owner": {"hotline": "热线中心数据组", "grid": "市网格中心"}[name],
        "rows_in": 100,
        "accepted": 90,
        "rejected": 4,
        "superseded": 6,
        "held_back": 0,
        "refused_files": 0,
        "latest_exported_date": AS_OF,
        "promised_by": "02:00",
        "is_late": False,
        "unplaced_count": 3,
        "unmapped_count": 3,
        "critical_failures": 0,
        "warnings": 0,
    }
    insert(connection, "source_status", **(values | changes))


def add_gate(connection: duckdb.DuckDBPyConnection, name: str, **changes: Any) -> None:
    """Add what the gate said of a source: twenty files, the newest passed."""
    values: dict[str, Any] = {
        "as_of_date": AS_OF,
        "source_name": name,
        "file_count": 20,
        "recent_file_count": 14,
        "gate": "passed",
        "in_force_date": AS_OF,
    }
    insert(connection, "source_gates", **(values | changes))


def add_outcome(
    connection: duckdb.DuckDBPyConnection, name: str, outcome: str, reason: str, count: int, **changes: Any
) -> None:
    """Add rows of a source that went one way for one reason; ``changes`` replace single columns."""
    values = {"as_of_date": AS_OF, "source_name": name, "outcome": outcome, "reason": reason, "row_count": count}
    insert(connection, "row_outcomes", **(values | changes))


def add_finding(connection: duckdb.DuckDBPyConnection, name: str, reason: str, **changes: Any) -> None:
    """Add an expectation that one file of a source failed in 30 of 120 rows."""
    values: dict[str, Any] = {
        "as_of_date": AS_OF,
        "source_name": name,
        "suite_name": "stg.hotline_order",
        "expectation": "expect_column_values_to_not_be_null",
        "severity": "warning",
        "reason": reason,
        "batch_count": 1,
        "latest_exported_date": AS_OF,
        "checked_count": 120,
        "unexpected_count": 30,
    }
    insert(connection, "gate_findings", **(values | changes))


def add_method(connection: duckdb.DuckDBPyConnection, name: str, chosen: bool, **changes: Any) -> None:
    """Add the backtest of 模型 ("r1") or of 基线 ("ewma")."""
    is_baseline = name == "ewma"
    values: dict[str, Any] = {
        "as_of_date": AS_OF,
        "forecaster_name": name,
        "forecaster_title": "指数平滑" if is_baseline else "折扣伽马－泊松",
        "is_baseline": is_baseline,
        "is_chosen": chosen,
        "is_best_baseline": is_baseline,
        "origin_count": 26,
        "hot_count": 812,
        "hot_pr_auc": 0.398 if is_baseline else 0.412,
        "hot_log_loss": 0.0851 if is_baseline else 0.0812,
        "hot_ece": 0.009 if is_baseline else 0.004,
        "hot_precision_at_k": 0.418 if is_baseline else 0.432,
        "hot_recall_at_k": 0.302 if is_baseline else 0.31,
        "capacity_k": 50,
    }
    insert(connection, "evaluations", **(values | changes))


def add_incident(connection: duckdb.DuckDBPyConnection, incident: str, **changes: Any) -> None:
    """Add one incident: twelve people, fifteen records in 福泽, three of them of the last 7 days."""
    values: dict[str, Any] = {
        "as_of_date": AS_OF,
        "incident_id": incident,
        "incident_title": "梧桐路垃圾堆放",
        "people_count": 12,
        "event_count": 15,
        "first_date": AS_OF - dt.timedelta(days=60),
        "last_date": AS_OF - dt.timedelta(days=1),
        "community_code": FUZE,
        "issue_code": WASTE,
        "channels": "phone",
        "heat_recency": 0.57,
        "heat_volume": 0.28,
        "heat": 12.85,
        "district_code": FUZE[:6],
        "district_name": "东岭区",
        "street_code": FUZE[:9],
        "street_name": "梧桐街道",
        "community_name": "福泽社区",
        "issue_name": "暴露垃圾",
        "event_count_7d": 3,
        "closing_known_count": 14,
        "open_count": 4,
        "unit_names": "梧桐街道办事处",
    }
    insert(connection, "incidents", **(values | changes))


def add_totals(connection: duckdb.DuckDBPyConnection, **changes: Any) -> None:
    """Add the totals of incidents: of 33 records of 28 days 20 belong to three incidents, and 8 repeat."""
    values: dict[str, Any] = {
        "as_of_date": AS_OF,
        "event_count_28d": 33,
        "unassigned_count_28d": 0,
        "incident_count": 3,
        "incident_event_count_28d": 20,
        "repeat_count_28d": 8,
        "same_caller_count_28d": 3,
        "same_place_count_28d": 6,
        "same_text_count_28d": 1,
    }
    insert(connection, "incident_totals", **(values | changes))


def choose(connection: duckdb.DuckDBPyConnection, baseline_wins: bool = False, assessable: bool = True) -> None:
    """Record which method was chosen, with both backtests."""
    for table in ("selections", "evaluations"):
        connection.execute(f"delete from mart.{table}")
    add_method(connection, "r1", chosen=not baseline_wins)
    add_method(connection, "ewma", chosen=baseline_wins)
    insert(
        connection,
        "selections",
        as_of_date=AS_OF,
        forecaster_name="ewma" if baseline_wins else "r1",
        forecaster_title="指数平滑" if baseline_wins else "折扣伽马－泊松",
        is_baseline=baseline_wins,
        baseline_name="ewma",
        baseline_title="指数平滑",
        reason="对数损失最小",
        is_threshold_assessable=assessable,
    )


def fill(connection: duckdb.DuckDBPyConnection) -> None:
    """The snapshot of this module's docstring."""
    for code, (level, name, parent) in _PLACES.items():
        insert(
            connection,
            "places",
            place_code=code,
            place_level=level,
            place_name=name,
            parent_code=parent,
            district_code=code[:6],
            district_name=_PLACES[code[:6]][1],
            street_code=code[:9] if len(code) > 6 else None,
            street_name=_PLACES[code[:9]][1] if len(code) > 6 else None,
            as_of_date=AS_OF,
        )
    for code, (name, is_dangerous) in _ISSUES.items():
        insert(connection, "issues", issue_code=code, issue_name=name, is_dangerous=is_dangerous, as_of_date=AS_OF)
    add_complaints(connection, 0, 99, FUZE, WASTE)
    add_complaints(connection, 1, 6, FUZE, WASTE, open_count=3, overdue_count=1)
    add_complaints(connection, 1, 3, XINGHE, NOISE, channel="wechat", demand_type="求助", open_count=1)
    add_complaints(connection, 1, 3, QUANYAN, GAS, demand_type="求助", open_count=2)
    add_complaints(connection, 2, 10, FUZE, WASTE)
    add_complaints(connection, 5, 3, None, None, channel="wechat")
    add_complaints(connection, 8, 8, FUZE, WASTE)
    add_complaints(connection, 40, 40, XINGHE, NOISE, open_count=30, overdue_count=24)
    add_complaints(connection, 1, 5, FUZE, WASTE, channel="patrol", kind="grid_event", is_resident=False)
    add_complaints(connection, 1, 2, FUZE, WASTE, channel="staff", is_resident=False)
    add_forecast(connection, 1, FUZE, WASTE, 0.72, hot_weeks_8w=3, recurring_probability=0.72, unresolved_count_28d=2)
    add_forecast(connection, 2, XINGHE, NOISE, 0.55, is_held_out=True)
    add_forecast(connection, 3, FUZE, NOISE, 0.45)
    add_forecast(connection, 4, QUANYAN, GAS, 0.25, hot_threshold=3)
    add_forecast(connection, 5, XINGHE, WASTE, 0.40)
    add_forecast(connection, 6, XINGHE, GAS, 0.10)
    add_forecast(connection, 7, FUZE, GAS, 0.35)
    add_totals(connection)
    add_incident(connection, "hotline:1")
    add_incident(
        connection,
        "hotline:2",
        incident_title=None,
        people_count=2,
        event_count=5,
        heat=2.8388,
        heat_recency=0.5953,
        heat_volume=0.2435,
        community_code=None,
        district_name=None,
        street_name=None,
        community_name=None,
        issue_name=None,
        event_count_7d=4,
        closing_known_count=0,
        open_count=None,
        unit_names=None,
    )
    add_incident(connection, "hotline:3", people_count=1, event_count=9, heat=1.84, event_count_7d=9)
    add_lookback(connection, FUZE, WASTE, 1, 2, 0.70, 6)
    add_lookback(connection, FUZE, NOISE, 2, 4, 0.60, 1)
    add_lookback(connection, XINGHE, NOISE, 3, 1, 0.50, 3)
    add_lookback(connection, QUANYAN, GAS, 4, 3, 0.08, 7)
    add_lookback(connection, QUANYAN, NOISE, 5, 5, 0.02, 0)
    add_source(connection, "hotline")
    add_source(connection, "grid", unplaced_count=0, unmapped_count=0)
    add_gate(connection, "hotline")
    add_gate(connection, "grid")
    choose(connection)
    for word, weight in (("清运", 2.0), ("垃圾桶", 3.0)):
        insert(connection, "issue_words", as_of_date=AS_OF, issue_code=WASTE, word=word, text_count=4, weight=weight)
