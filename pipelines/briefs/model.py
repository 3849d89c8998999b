"""What a brief holds. Figures and sentences are both stored, so that a past brief reads as it was signed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pydantic import TypeAdapter

from pipelines.briefs.incident_model import Incidents
from pipelines.briefs.quality_model import QualityPage
from pipelines.errors import XianbanError


class BriefError(XianbanError):
    """A brief cannot be composed, saved or found; the message says what to do."""


@dataclass(frozen=True)
class BriefRules:
    """What a city may decide about its brief.

    Attributes:
        list_length: rows of the forecast table, and k of the look-back.
        orders_per_street_cap: most action lines that one street (district where there are no streets) gets a day.
        action_limit: most lines under 今日要办; never above ten.
        min_probability: a cell below this is no action, unless its issue is dangerous.
        min_dangerous_probability: the same for dangerous issues.
        top_issues: rows of the table of issues.
        emerging_min_count: complaints within 7 days from which a cell without any in the 28 days before is new.
        backlog_min_overdue: overdue complaints from which the backlog of a unit may stand out.
        backlog_min_share: and the share of all overdue complaints that it must hold.
        backlog_lines: most action lines about backlog.
        incident_rows: rows of the table of incidents.
        incident_min_people: people from whom on an incident is listed.
    """

    list_length: int = 20
    orders_per_street_cap: int = 3
    action_limit: int = 10
    min_probability: float = 0.3
    min_dangerous_probability: float = 0.2
    top_issues: int = 10
    emerging_min_count: int = 3
    backlog_min_overdue: int = 10
    backlog_min_share: float = 0.2
    backlog_lines: int = 2
    incident_rows: int = 5
    incident_min_people: int = 2

    def __post_init__(self) -> None:
        """Refuse rules under which the brief would not be one.

        Raises:
            ValueError: more than ten action lines, or a length or cap below 1.
        """
        if not 1 <= self.action_limit <= 10:
            raise ValueError(f"action_limit is {self.action_limit}; a brief lists 1 to 10 actions")
        if min(self.list_length, self.orders_per_street_cap, self.top_issues) < 1:
            raise ValueError("list_length, orders_per_street_cap and top_issues must be at least 1")


@dataclass(frozen=True)
class Masthead:
    """The red head. ``issue_no`` is the day of the year of the as-of date."""

    title: str
    issue_no: int
    as_of_date: dt.date
    cut_off: str
    marking: str


@dataclass(frozen=True)
class Action:
    """One thing to do today. ``kind``: dangerous, hotspot, backlog or source."""

    kind: str
    unit: str
    place: str | None
    issue: str | None
    probability: float | None
    text: str


@dataclass(frozen=True)
class Actions:
    """今日要办, with the number of cells that met the condition and were left out, by reason."""

    items: tuple[Action, ...]
    forgone_by_cap: int
    forgone_by_limit: int
    held_out: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """A figure against its base. ``base`` is None where there is nothing to compare with."""

    base: float | None
    change: float | None
    rate: float | None
    text: str


@dataclass(frozen=True)
class Share:
    """One part of a total."""

    name: str
    count: int
    share: float


@dataclass(frozen=True)
class Breakdown:
    """A total by one attribute, largest first."""

    title: str
    shares: tuple[Share, ...]


@dataclass(frozen=True)
class Intake:
    """一、昨日受理. Residents' complaints; other records apart."""

    date: dt.date
    total: int
    comparisons: tuple[Comparison, ...]
    breakdowns: tuple[Breakdown, ...]
    open_count: int | None
    overdue_count: int | None
    backlog_open: int | None
    backlog_overdue: int | None
    grid_events: int
    other_records: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class TopIssue:
    """One row of the table of issues; windows are the 7 days before the as-of date and the 7 days before those."""

    rank: int
    issue: str
    count_7d: int
    share: float
    count_yesterday: int
    base_7d: int
    change: str
    area: str
    words: str


@dataclass(frozen=True)
class EmergingCell:
    """A cell with complaints now and none in the 28 days before."""

    place: str
    issue: str
    count_7d: int


@dataclass(frozen=True)
class Trends:
    """二、热点与异动."""

    top_issues: tuple[TopIssue, ...]
    emerging: tuple[EmergingCell, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class ForecastRow:
    """One cell of the forecast table."""

    rank: int
    place: str
    issue: str
    is_dangerous: bool
    is_held_out: bool
    hot_threshold: int
    probability: float
    baseline_probability: float
    expected_count: float
    recurring: str
    reasons: str
    unit: str
    is_thin: bool = False


@dataclass(frozen=True)
class MethodFigures:
    """Backtest figures of one method; None where the backtest could not compute one."""

    title: str
    role: str
    pr_auc: float | None
    precision_at_k: float | None
    recall_at_k: float | None
    log_loss: float | None
    calibration_error: float | None


@dataclass(frozen=True)
class Outlook:
    """三、未来7日热点预测. Lines before the table, and on the method after it."""

    first_day: dt.date
    last_day: dt.date
    rows: tuple[ForecastRow, ...]
    lines: tuple[str, ...]
    methods: tuple[MethodFigures, ...]
    capacity_k: int | None
    method_lines: tuple[str, ...]


@dataclass(frozen=True)
class ListScore:
    """How a list of the same length did. Precision or recall is None where its base is zero."""

    name: str
    listed: int
    hits: int
    precision: float | None
    recall: float | None


@dataclass(frozen=True)
class Reviewed:
    """One cell of the look-back that was missed or wrongly listed."""

    place: str
    issue: str
    probability: float
    hot_threshold: int
    actual_count: int


@dataclass(frozen=True)
class Lookback:
    """四、回看: the forecast whose window closed last night. ``basis`` is None where there is none."""

    origin_date: dt.date
    last_day: dt.date
    basis: str | None
    hot_count: int
    scores: tuple[ListScore, ...]
    misses: tuple[Reviewed, ...]
    false_alarms: tuple[Reviewed, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class SourceRow:
    """One source; rows in = accepted + rejected + superseded when it balances."""

    title: str
    owner: str
    rows_in: int
    accepted: int
    rejected: int
    superseded: int
    is_balanced: bool
    held_back: int
    refused_files: int
    latest_exported: dt.date | None
    promised_by: str
    is_late: bool
    unplaced_28d: int
    unmapped_28d: int


@dataclass(frozen=True)
class Quality:
    """六、数据质量与时效."""

    sources: tuple[SourceRow, ...]
    alerts: tuple[str, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Brief:
    """A composed brief: everything that any rendering shows.

    ``quality_page`` and ``incidents`` are None in briefs that were archived before there were any.
    """

    masthead: Masthead
    summary: str
    actions: Actions
    intake: Intake
    trends: Trends
    outlook: Outlook
    lookback: Lookback
    calendar: tuple[str, ...]
    quality: Quality
    definitions: tuple[str, ...]
    signature: tuple[str, ...]
    quality_page: QualityPage | None = None
    incidents: Incidents | None = None


_ADAPTER = TypeAdapter(Brief)


def to_json(brief: Brief) -> str:
    """The composed brief as JSON; ``from_json`` gives an equal brief back."""
    return _ADAPTER.dump_json(brief, indent=1).decode()


def from_json(text: str | bytes) -> Brief:
    """Read what ``to_json`` wrote.

    Raises:
        pydantic.ValidationError: the text is not a brief.
    """
    return _ADAPTER.validate_json(text)
