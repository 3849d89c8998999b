"""今日要办: at most ten lines, dangerous issues first, no street loaded beyond its cap, what was forgone stated."""

from __future__ import annotations

from collections import Counter

from pipelines.briefs.model import Action, Actions, BriefRules, SourceRow
from pipelines.briefs.outlook import NO_UNIT, cell_place, cell_statement
from pipelines.briefs.reading import Reader, Row
from pipelines.briefs.wording import issue_label, plain

_BACKLOG = """
with units as (
    select community_code, issue_code, any_value(responsible_unit) as responsible_unit
    from mart.hotspot_forecast
    where as_of_date = $as_of_date
    group by community_code, issue_code
)

select units.responsible_unit, coalesce(sum(counts.overdue_count), 0) as overdue_count,
    coalesce(sum(counts.open_count), 0) as open_count
from mart.daily_counts as counts
left join units using (community_code, issue_code)
where counts.as_of_date = $as_of_date and counts.is_resident and counts.occurred_date < $as_of_date
group by units.responsible_unit
order by overdue_count desc, units.responsible_unit
"""


def compose_actions(reader: Reader, forecast: list[Row], sources: tuple[SourceRow, ...], rules: BriefRules) -> Actions:
    """The list.

    Room for backlog and sources is set aside first, because they are few and each stands for many complaints; within
    what remains dangerous cells come first, then the others by risk rank.
    """
    last = [*_backlog_actions(reader, rules), *_source_actions(sources)][: rules.action_limit]
    candidates = [row for row in forecast if _is_candidate(row, rules)]
    held_out = sum(row["is_held_out"] for row in candidates)
    kept, over_cap = _within_cap([row for row in candidates if not row["is_held_out"]], rules)
    room = rules.action_limit - len(last)
    over_limit = kept[room:]
    items = (*map(_cell_action, kept[:room]), *last)
    notes = _nothing_listed(items, forecast, rules)
    forgone = [
        _forgone(f"因每{_cap_level(forecast)}每日不超过{rules.orders_per_street_cap}条的上限", over_cap),
        _forgone(f"因全篇不超过{rules.action_limit}条", over_limit),
        f"随机留作对照、不派未诉先办单{held_out}项（危险问题不留对照）" if held_out else "",
    ]
    if any(forgone):
        notes.append(f"达到条件而未列入的：{'；'.join(filter(None, forgone))}。上述点位居民来电照常受理。")
    return Actions(items, len(over_cap), len(over_limit), held_out, tuple(notes))


def _is_candidate(row: Row, rules: BriefRules) -> bool:
    least = rules.min_dangerous_probability if row["is_dangerous"] else rules.min_probability
    # nobody is sent out for a number that has nothing to go by, unless the matter is dangerous
    is_told = row["is_dangerous"] or not row.get("is_thin")
    return bool(row["hot_probability"] >= least and is_told)


def _within_cap(candidates: list[Row], rules: BriefRules) -> tuple[list[Row], list[Row]]:
    """Split into those within the cap of their street (else district, else community) and those over it.

    Dangerous cells come first, so that no other issue takes their place; each part keeps its order.
    """
    ordered = sorted(candidates, key=lambda row: not row["is_dangerous"])
    load: Counter[str] = Counter()
    kept: list[Row] = []
    over: list[Row] = []
    for row in ordered:
        street = row["street_code"] or row["district_code"] or row["community_code"]
        load[street] += 1
        (kept if load[street] <= rules.orders_per_street_cap else over).append(row)
    return kept, over


def _cap_level(forecast: list[Row]) -> str:
    if any(row["street_code"] for row in forecast):
        return "街道"
    return "区" if any(row["district_code"] for row in forecast) else "社区"


def _cell_action(row: Row) -> Action:
    unit = plain(row["responsible_unit"])
    place, issue = cell_place(row), issue_label(row["issue_name"], row["issue_code"])
    what = "现场排查" if row["is_dangerous"] else "提前处置"
    who = f"请{unit}" if unit else f"（{NO_UNIT}）请先确定主责单位，"
    open_orders = row["unresolved_count_28d"]
    under_way = f"该点位尚有{open_orders}件未办结，一并督办，不重复派单。" if open_orders else ""
    text = (
        f"{who}到{place}{what}“{issue}”：{cell_statement(row)}。"
        f"依据：{plain(row['reasons'], 120).rstrip('。') or '未写明'}。{under_way}"
    )
    kind = "dangerous" if row["is_dangerous"] else "hotspot"
    return Action(kind, unit or NO_UNIT, place, issue, row["hot_probability"], text)


def _backlog_actions(reader: Reader, rules: BriefRules) -> list[Action]:
    """Units whose overdue complaints stand out, by the unit that the responsibility list names."""
    found = reader.rows(_BACKLOG)
    total = sum(int(row["overdue_count"]) for row in found)
    actions = []
    for row in found:
        overdue, unit = int(row["overdue_count"]), plain(row["responsible_unit"])
        if unit and overdue >= rules.backlog_min_overdue and overdue >= rules.backlog_min_share * total:
            text = (
                f"请{unit}清理超时限诉求{overdue}件（占全部超时限{total}件的{overdue / total:.1%}；"
                f"该单位未办结共{row['open_count']}件），按职责清单对应主责单位统计。"
            )
            actions.append(Action("backlog", unit, None, None, None, text))
    return actions[: rules.backlog_lines]


def _source_actions(sources: tuple[SourceRow, ...]) -> list[Action]:
    """One line for the sources that are late and one for the files that were refused."""
    late = [source for source in sources if source.is_late]
    refused = [source for source in sources if source.refused_files]
    actions = []
    if late:
        wanted = "；".join(f"{source.owner}补送“{source.title}”（约定{source.promised_by}）" for source in late)
        actions.append(_source_action(late, f"请{wanted}。送达前有关数字以已收到的为准，影响见第六节。"))
    if refused:
        wanted = "；".join(
            f"{source.owner}重报“{source.title}”被拒收的文件{source.refused_files}个" for source in refused
        )
        actions.append(_source_action(refused, f"请{wanted}，原因及处理办法见第六节。"))
    return actions


def _source_action(sources: list[SourceRow], text: str) -> Action:
    return Action("source", "、".join(dict.fromkeys(source.owner for source in sources)), None, None, None, text)


def _nothing_listed(items: tuple[Action, ...], forecast: list[Row], rules: BriefRules) -> list[str]:
    """Why the list names no place, where it names none."""
    if not forecast:
        return ["本期没有预测结果，不列点位事项。"]
    if any(item.place for item in items):
        return []
    return [
        f"今日没有达到条件的点位（一般问题概率{rules.min_probability:.2f}及以上，"
        f"危险问题{rules.min_dangerous_probability:.2f}及以上）。"
    ]


def _forgone(reason: str, rows: list[Row]) -> str:
    """How many cells a limit left out, dangerous ones named apart; empty where it left out none."""
    if not rows:
        return ""
    dangerous = sum(row["is_dangerous"] for row in rows)
    return f"{reason}未列{len(rows)}项{f'（其中危险问题{dangerous}项）' if dangerous else ''}"
