"""One view of the forecast: what to show, in which order, which page. It is the query part of the address."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from pipelines.web.text import is_invisible

RISK_LEVELS = ("极高", "高", "中", "低")
PAGE_SIZES = (20, 50, 100, 200)


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes:
        key: its name in the address; the list of these is the allow-list for sorting.
        title: its Chinese heading.
        order_by: the SQL expression to sort by; places and issues sort by code, the official order.
        is_number: right-aligned.
        first_order: the order of the first click, the one that puts what matters on top.
        level: the place level it shows, if any; hidden where the city lacks that level.
    """

    key: str
    title: str
    order_by: str
    is_number: bool = False
    first_order: Literal["asc", "desc"] = "asc"
    level: str | None = None


COLUMNS = (
    Column("rank", "位次", "risk_rank", is_number=True),
    Column("district", "区", "district_code", level="district"),
    Column("street", "街道", "street_code", level="street"),
    Column("community", "社区", "community_code"),
    Column("issue", "问题", "issue_code"),
    Column("level", "风险等级", "list_position(['低', '中', '高', '极高'], risk_level)", first_order="desc"),
    Column("probability", "热点概率", "hot_probability", is_number=True, first_order="desc"),
    Column("baseline", "基线概率", "baseline_probability", is_number=True, first_order="desc"),
    Column("expected", "预计件数", "expected_count", is_number=True, first_order="desc"),
    Column("last_7d", "近7天", "complaint_count_7d", is_number=True, first_order="desc"),
    Column("last_28d", "近28天", "complaint_count_28d", is_number=True, first_order="desc"),
    Column("last_year", "去年同期", "complaint_count_same_28d_last_year", is_number=True, first_order="desc"),
    Column("unit", "主责单位", "responsible_unit"),
    Column("reasons", "依据", "reasons"),
)
COLUMN_OF = {column.key: column for column in COLUMNS}
INCIDENT_COLUMNS = (
    Column("title", "事件", "incident_title"),
    Column("district", "区", "district_code", level="district"),
    Column("street", "街道", "street_code", level="street"),
    Column("community", "社区", "community_code"),
    Column("issue", "问题", "issue_code"),
    Column("people", "人数", "people_count", is_number=True, first_order="desc"),
    Column("events", "件数", "event_count", is_number=True, first_order="desc"),
    Column("last_7d", "近7天", "event_count_7d", is_number=True, first_order="desc"),
    Column("open", "未办结", "open_count", is_number=True, first_order="desc"),
    Column("first", "首次", "first_date", first_order="desc"),
    Column("last", "最近", "last_date", first_order="desc"),
    Column("unit", "承办单位", "unit_names"),
    Column("heat", "热度", "heat", is_number=True, first_order="desc"),
)
INCIDENT_COLUMN_OF = {column.key: column for column in INCIDENT_COLUMNS}


def _empty_is_none(value: object) -> object:
    """A form sends every field; an untouched one arrives empty."""
    return None if isinstance(value, str) and not value.strip() else value


Code = Annotated[Annotated[str, Field(max_length=64)] | None, BeforeValidator(_empty_is_none)]
Keyword = Annotated[Annotated[str, Field(max_length=50)] | None, BeforeValidator(_empty_is_none)]

Day = Annotated[date | None, BeforeValidator(_empty_is_none)]


class View(BaseModel):
    """The filters, order and page that an address names; the same for the page, the exports and the JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    columns: ClassVar[Mapping[str, Column]] = COLUMN_OF

    district: Code = None
    street: Code = None
    community: Code = None
    issue: Code = None
    level: Annotated[Literal["极高", "高", "中", "低"] | None, BeforeValidator(_empty_is_none)] = None
    keyword: Keyword = None
    sort: str = "rank"
    order: Annotated[Literal["asc", "desc"] | None, BeforeValidator(_empty_is_none)] = None
    page: int = Field(default=1, ge=1, le=100_000)
    size: int = Field(default=50, ge=1, le=PAGE_SIZES[-1])

    @field_validator("sort")
    @classmethod
    def _sort_is_a_column(cls, key: str) -> str:
        if key not in cls.columns:
            raise ValueError("not a column")
        return key

    @field_validator("district", "street", "community", "issue", "keyword")
    @classmethod
    def _is_plain_text(cls, text: str | None) -> str | None:
        if any(map(is_invisible, text or "")):
            raise ValueError("invisible characters")
        return text

    @property
    def direction(self) -> Literal["asc", "desc"]:
        """The order asked for, else the sorted column's own."""
        return self.order or self.columns[self.sort].first_order

    def query(self, **changes: Any) -> str:
        """The query part of this view's address, or of a changed view's, which then starts at page 1."""
        first_page = {"page": 1} if changes else {}
        changed = self.model_copy(update={**first_page, **changes})
        return urlencode(changed.model_dump(exclude_defaults=True, exclude_none=True))

    def sorted_by(self, column: Column) -> str:
        """The address of this view sorted by a column; a second click turns the order around."""
        if self.sort != column.key:
            return self.query(sort=column.key, order=None)
        return self.query(sort=column.key, order="asc" if self.direction == "desc" else "desc")

    def pages(self, total: int) -> int:
        """How many pages that many rows make; an empty list still has one."""
        return max(1, math.ceil(total / self.size))


class IncidentView(View):
    """A view of the incidents: of those whose time from first to last record meets two days, or of a single one."""

    columns: ClassVar[Mapping[str, Column]] = INCIDENT_COLUMN_OF

    id: Annotated[Annotated[str, Field(max_length=200)] | None, BeforeValidator(_empty_is_none)] = None
    since: Day = None
    until: Day = None
    sort: str = "heat"


_HINTS: Mapping[str, str] = {
    "level": f"风险等级只能是{'、'.join(RISK_LEVELS)}",
    "sort": f"排序只能按 {'、'.join(COLUMN_OF)}；重点事件只能按 {'、'.join(INCIDENT_COLUMN_OF)}",
    "since": "日期应写作 2026-11-16 的样子",
    "until": "日期应写作 2026-11-16 的样子",
    "order": "顺序只能是 asc 或 desc",
    "page": "页码应是 1 至 100000 的整数",
    "size": f"每页行数应是 1 至 {PAGE_SIZES[-1]} 的整数",
    "keyword": "关键词至多50个字，不能含不可见字符",
}


def explain(field: str) -> str:
    """What a person can do about a value that was refused; the value itself is not repeated."""
    return f"地址中的“{field}”不可用：{_HINTS[field]}。" if field in _HINTS else "地址中的编码过长或含不可见字符。"
