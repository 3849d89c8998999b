"""A small published snapshot for the page's tests: 2 districts × 2 streets × 3 communities × 5 issues, 60 forecasts."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Annotated

import duckdb
from fastapi import Header, HTTPException

from pipelines.settings import CHECKOUT, Settings
from pipelines.warehouse.snapshot import adopt

AS_OF = dt.date(2026, 11, 30)
DISTRICTS = [
    ("110105", "朝阳区", [("110105001", "建外街道"), ("110105002", "望京街道")]),
    ("110108", "海淀区", [("110108001", "万寿路街道"), ("110108002", "羊坊店街道")]),
]
ISSUES = [
    ("06001", "供暖不热", "供暖", False),
    ("03002", "违规停车", "交通", False),
    ("02003", "施工噪音", "环境", False),
    ("05004", "燃气泄漏", "公用事业", True),
    ("02005", "垃圾堆放", "环境", False),
]
LEVELS = [(0.6, "极高"), (0.35, "高"), (0.15, "中"), (0, "低")]
SCRIPT, FORMULA, TURNED = "<script>alert(1)</script>居", '=HYPERLINK("x","y")', "甲\u202e乙\u200b丙"

CELL = "/cell/110105001001/06001"
QUALITY = "/quality"
PLANNING = "/planning"
MODEL = "/model"
INCIDENTS, INCIDENT = "/incidents", "/incident?id=hotline:1%232"
ADDRESSES = (
    "/", CELL, QUALITY, PLANNING, MODEL, INCIDENTS, INCIDENT, "/api/forecast", "/export.csv", "/export.xlsx",
    "/incidents.csv", "/incidents.xlsx",
)  # fmt: skip

FORECAST = """insert into mart.hotspot_forecast values (
    $as_of, $end, $community, $issue, $district, $district_name, $street, $street_name, $community_name, $issue_name,
    $major, $dangerous, $rank, $level, $probability, $probability / 2, $baseline, $expected, $threshold, $last_7d,
    $last_28d, $last_year, $last_364d, $hot_weeks, 1, $last_date, null, 12.5, $reasons, $unit, '法定职责',
    '《城市供热管理条例》第三条', $held_out, 'tails', $thin, case when $thin then '该类诉求不足10件' end, false,
    '分层滤波')"""


def publish(settings: Settings, *, streets: bool = True, districts: bool = True, older: bool = True) -> None:
    """Build the sample by this checkout's migrations and publish it.

    Args:
        settings: whose snapshot folder to publish into.
        streets: whether the city has streets.
        districts: whether the city has districts.
        older: whether the file also holds a forecast of the day before, which nobody may see.
    """
    settings.snapshot_dir.mkdir(parents=True)
    built = settings.snapshot_dir / "building.duckdb"
    with duckdb.connect(str(built)) as connection:
        connection.execute("begin transaction")
        for path in sorted((CHECKOUT / "sql" / "migrations").glob("*.sql")):
            connection.execute(path.read_text(encoding="utf-8"))
        _insert_forecasts(connection, streets, districts)
        _insert_planning(connection)
        _insert_cards(connection)
        _insert_alarms(connection)
        _insert_around(connection)
        _insert_incidents(connection, streets, districts)
        if older:
            connection.execute(
                "insert into mart.hotspot_forecast select * replace (as_of_date - 1 as as_of_date) "
                "from mart.hotspot_forecast"
            )
        connection.execute("commit")
    adopt(settings.snapshot_dir, built, AS_OF, hashlib.sha256(f"{streets}{districts}".encode()).hexdigest())


def _insert_forecasts(connection: duckdb.DuckDBPyConnection, streets: bool, districts: bool) -> None:
    places = [
        (district, street, f"{street[0]}{number:03}", f"{'安宁和'[number - 1]}里社区")
        for district in DISTRICTS
        for street in district[2]
        for number in (1, 2, 3)
    ]
    names = {"110105001001": SCRIPT, "110105001002": FORMULA, "110105001003": TURNED}
    cells = [(place, issue) for place in places for issue in ISSUES]
    for rank, (place, issue) in enumerate(sorted(cells, key=lambda cell: _mix(cell[0][2], cell[1][0])), start=1):
        district, street, code, name = place
        probability = round(0.95 - rank * 0.0151, 4)
        last_7d = max(0, 14 - rank // 4)
        connection.execute(
            FORECAST,
            {
                "as_of": AS_OF,
                "end": AS_OF + dt.timedelta(days=6),
                "community": code,
                "issue": issue[0],
                "district": district[0] if districts else None,
                "district_name": district[1] if districts else None,
                "street": street[0] if streets else None,
                "street_name": street[1] if streets else None,
                "community_name": names.get(code, name),
                "issue_name": issue[1],
                "major": issue[2],
                "dangerous": issue[3],
                "rank": rank,
                "level": next(level for floor, level in LEVELS if probability >= floor),
                "probability": probability,
                "baseline": round(probability * 0.9, 4),
                "expected": round(probability * 9, 2),
                "threshold": 3 + len(issue[1]) % 3,
                "last_7d": last_7d,
                "last_28d": last_7d * 3 + 2,
                "last_year": rank % 7 or None,  # zero would be a count, none is unknown
                "last_364d": last_7d * 30,
                "hot_weeks": rank % 5,
                "last_date": AS_OF - dt.timedelta(days=rank),
                "reasons": "-1℃降温；近8周热点4周"
                if rank == 1
                else f"近7天{last_7d}件，高于平时；去年同期{rank % 7}件",
                "unit": None if rank == 60 else "＝区城管委" if rank == 2 else "区住建委",
                "thin": rank == 60,
                "held_out": rank % 10 == 0 and not issue[3],
            },
        )
        weeks = {AS_OF - dt.timedelta(days=7 * back): _mix(code, issue[0], back) % 8 for back in range(1, 105)}
        counted = {week: count for week, count in weeks.items() if count}
        connection.execute(
            "insert into mart.cell_history select $as_of, $community, $issue, unnest($weeks::date[]), "
            "unnest($counts::integer[])",
            {
                "as_of": AS_OF,
                "community": code,
                "issue": issue[0],
                "weeks": list(counted),
                "counts": list(counted.values()),
            },
        )


def _insert_planning(connection: duckdb.DuckDBPyConnection) -> None:
    """The 28 days of the same cells: a threshold twice as high, the same order."""
    connection.execute(
        "insert into mart.planning_forecast select as_of_date, as_of_date + 27, community_code, issue_code, "
        "district_code, district_name, street_code, street_name, community_name, issue_name, major_name, is_dangerous, "
        "risk_rank, hot_probability / 2, baseline_probability / 2, expected_count * 4, hot_threshold * 2, "
        "complaint_count_28d, complaint_count_same_28d_last_year, complaint_count_364d, '规划方法', '规划基线' "
        "from mart.hotspot_forecast"
    )
    connection.execute(
        "insert into mart.planning_selections values (?, 'tails', '规划方法', false, 'ewma', '规划基线', "
        "'13个起点回测中优于全部基线', true)",
        [AS_OF],
    )
    score = "insert into mart.planning_evaluations values (?, ?, ?, ?, ?, ?, 13, 840, ?, ?, ?, ?, ?, 50)"
    connection.execute(score, [AS_OF, "tails", "规划方法", False, True, False, 0.701, 0.0943, 0.003, 0.692, 0.41])
    connection.execute(score, [AS_OF, "ewma", "规划基线", True, False, True, 0.665, 0.1389, 0.018, 0.663, 0.39])


def _insert_alarms(connection: duckdb.DuckDBPyConnection) -> None:
    connection.executemany(
        "insert into mart.forecast_alarms values (?, ?, ?, ?, ?, ?)",
        [
            (AS_OF, "issue_mix", 0.31, 0.25, True, "近4周各类诉求的构成变样。请核对来源的分类口径"),
            (AS_OF, "volume", None, 2, False, "诉求总量：历史不足56周，暂不可评估"),
        ],
    )


def _insert_cards(connection: duckdb.DuckDBPyConnection) -> None:
    connection.executemany(
        "insert into mart.model_cards values (?, ?, ?, ?, ?, ?, ?)",
        [
            (AS_OF, "boosted", "提升树", False, 1, "用途", "供排查参考"),
            (AS_OF, "tails", "分层滤波", True, 1, "用途", "供提前排查"),
            (AS_OF, "tails", "分层滤波", True, 2, "分组成绩", f"{SCRIPT}：PR-AUC 0.401"),
            (AS_OF, "tails", "分层滤波", True, 3, "分组成绩", "海淀区：PR-AUC 0.377"),
            (AS_OF, "tails", "分层滤波", True, 10, "已知弱点", "新发热点较弱"),
        ],
    )


def _insert_around(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "insert into mart.selections values (?, 'tails', '分层滤波', false, 'ewma', '指数平滑', "
        "'26周回测中优于全部基线', true)",
        [AS_OF],
    )
    score = "insert into mart.evaluations values (?, ?, ?, ?, ?, ?, 26, 812, ?, ?, ?, ?, ?, ?, ?, ?, 50)"
    connection.executemany(
        score,
        [
            (AS_OF, "tails", "分层滤波", False, True, False, 0.412, 0.52, 0.13, 0.081, 0.02, 0.004, 0.48, 0.31),
            (AS_OF, "ewma", "指数平滑", True, False, True, 0.391, 0.51, 0.11, 0.084, 0.021, 0.012, 0.46, 0.30),
            (
                AS_OF,
                "last_week",
                "上周件数",
                True,
                False,
                False,
                0.28,
                0.41,
                float("nan"),
                0.12,
                0.03,
                0.05,
                0.37,
                0.25,
            ),
        ],
    )
    status = (
        "insert into mart.source_status values "
        "(?, ?, ?, 'hotline_order', ?, 900, 880, 5, 15, 0, 0, null, ?, ?, '02:00', ?, 7, 3, 0, ?, ?)"
    )
    on_time, late = dt.datetime(2026, 11, 29, 23, 58), dt.datetime(2026, 11, 26, 21, 0)
    connection.executemany(
        status,
        [
            (AS_OF, "hotline", "12345热线工单", "市民热线中心", AS_OF, on_time, False, 0, None),
            (AS_OF, "grid", "网格事件", "区网格中心", late.date(), late, True, 1, "社区为空的比例偏高"),
        ],
    )
    connection.executemany(
        "insert into mart.source_gates values (?, ?, 20, 14, ?, ?, ?)",
        [
            (AS_OF, "hotline", "passed", None, AS_OF),
            (AS_OF, "grid", "held", late.date(), late.date() - dt.timedelta(1)),
        ],
    )
    connection.executemany(
        "insert into mart.unplaced_values values (?, 'hotline', ?, ?, ?, 'street_only', ?)",
        [(AS_OF, "朝阳区", "望京街道", SCRIPT, 5), (AS_OF, "海淀区", None, TURNED, 3)],
    )


def _insert_incidents(connection: duckdb.DuckDBPyConnection, streets: bool, districts: bool) -> None:
    """Three incidents: five records of four people across two districts, two of one person, two without a place."""
    here, there = "110105001001", "110108001001"
    people = [(1, here, True), (2, here, False), (2, there, None), (3, None, True), (4, here, True)]
    incidents = [
        ("hotline:1#2", SCRIPT, 4, 5, here, "06001", 0.5, 0.24, 2, 4, 3, "＝区城管委、区住建委", people),
        (
            "app/2",
            "羊坊店垃圾",
            1,
            2,
            there,
            "02005",
            0.3,
            0.15,
            0,
            0,
            None,
            None,
            [(1, there, None), (1, there, None)],
        ),
        ("grid:3", None, 2, 2, None, None, 0.1, 0.15, 1, 2, 0, "区城管委", [(1, None, False), (2, None, False)]),
    ]
    names = {here: SCRIPT, there: "安里社区"}
    for number, row in enumerate(incidents):
        code, title, person_count, count, community, issue, recent, volume, last_7d, known, is_open, units, told = row
        district = next((item for item in DISTRICTS if community and community.startswith(item[0])), None)
        street = next((item for item in district[2] if community.startswith(item[0])), None) if district else None
        values = {
            "as_of_date": AS_OF,
            "incident_id": code,
            "incident_title": title,
            "people_count": person_count,
            "event_count": count,
            "first_date": AS_OF - dt.timedelta(days=100 - 40 * number),
            "last_date": AS_OF - dt.timedelta(days=1 + 10 * number),
            "community_code": community,
            "issue_code": issue,
            "channels": "电话",
            "heat_recency": recent,
            "heat_volume": volume,
            "heat": person_count + recent + volume,
            "district_code": district[0] if district and districts else None,
            "district_name": district[1] if district and districts else None,
            "street_code": street[0] if street and streets else None,
            "street_name": street[1] if street and streets else None,
            "community_name": names.get(community or ""),
            "issue_name": next((item[1] for item in ISSUES if item[0] == issue), None),
            "event_count_7d": last_7d,
            "closing_known_count": known,
            "open_count": is_open,
            "unit_names": units,
        }
        _insert(connection, "incidents", values)
        for at, (person, where, still_open) in enumerate(told, start=1):
            _insert(
                connection,
                "incident_records",
                {
                    "as_of_date": AS_OF,
                    "incident_id": code,
                    "event_id": f"hotline:{number}-{at}",
                    "source_name": "hotline",
                    "record_id": f"GD{number}00{at}",
                    "occurred_date": AS_OF - dt.timedelta(days=10 - at),
                    "person_no": person,
                    "district_code": where[:6] if where and districts else None,
                    "street_code": where[:9] if where and streets else None,
                    "community_code": where,
                    "community_name": names.get(where or ""),
                    "is_open": still_open,
                    "basis": ("first", "text", "caller", "link", "address")[at - 1],
                    "confidence": 0.42,
                    "record_title": f"标题{number}{at}",
                },
            )
    for at, caller, place in ((2, "hotline:0-1", None), (3, "hotline:0-2", None), (5, None, "hotline:elsewhere")):
        _insert(
            connection,
            "repeats",
            {
                "as_of_date": AS_OF,
                "event_id": f"hotline:0-{at}",
                "occurred_date": AS_OF - dt.timedelta(days=10 - at),
                "is_same_caller": caller is not None,
                "is_same_place": place is not None,
                "is_same_text": False,
                "same_caller_event_id": caller,
                "same_place_event_id": place,
            },
        )
    connection.execute("insert into mart.incident_totals values (?, 120, 6, 9, 40, 12, 3, 10, 2, 7)", [AS_OF])


def _insert(connection: duckdb.DuckDBPyConnection, table: str, values: dict[str, object]) -> None:
    marks = ", ".join("?" for _ in values)
    connection.execute(f"insert into mart.{table} ({', '.join(values)}) values ({marks})", list(values.values()))


def _mix(*parts: object) -> int:
    """A number that looks random and never changes."""
    return int.from_bytes(hashlib.sha256("|".join(map(str, parts)).encode()).digest()[:4], "big")


def settings_in(folder: Path) -> Settings:
    """Settings whose home is a test's own folder."""
    return Settings(home=folder, city=folder / "city")


class Person:
    """What Airflow's login hands over, as far as the page asks."""

    def __init__(self, name: str) -> None:
        self._name = name

    def get_name(self) -> str:
        """The account's name."""
        return self._name


def person_in_header(who: Annotated[str | None, Header()] = None) -> Person:
    """A login for tests: the name stands in a header."""
    if who is None:
        raise HTTPException(401)
    return Person(who)
