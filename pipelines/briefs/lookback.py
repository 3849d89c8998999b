"""四、回看: the forecast whose window closed last night, judged beside the baseline's list of the same length."""

from __future__ import annotations

import datetime as dt

from pipelines.briefs.model import BriefRules, ListScore, Lookback, Reviewed
from pipelines.briefs.reading import DAY, Reader, Row
from pipelines.briefs.wording import full_day, issue_label, percentage, place_name, probability, span

EXAMPLES = 3
_LOOKBACK = """
select * from mart.lookback
where as_of_date = $as_of_date and origin_date = $origin_date
order by model_rank, community_code, issue_code
"""
_FIRST = "select min(occurred_date) as first_date from mart.daily_counts where as_of_date = $as_of_date and is_resident"


def compose_lookback(reader: Reader, rules: BriefRules) -> Lookback:
    """The section. Both lists are as long as the forecast list; the snapshot holds every cell that was scored."""
    origin = reader.as_of_date - 7 * DAY
    found = reader.rows(_LOOKBACK, origin_date=origin)
    if not found:
        return Lookback(origin, reader.yesterday, None, 0, (), (), (), (_absence(reader, origin),))
    hot = [row for row in found if row["was_hot"]]
    listed, rest = found[: rules.list_length], found[rules.list_length :]
    by_baseline = sorted(found, key=lambda row: (row["baseline_rank"], *_key(row)))
    scores = (
        _score("本预测", listed, len(hot)),
        _score("最佳基线", by_baseline[: len(listed)], len(hot)),
    )
    missed = sorted((row for row in rest if row["was_hot"]), key=lambda row: (-row["actual_count"], *_key(row)))
    false = [row for row in listed if not row["was_hot"]]
    misses, false_alarms = tuple(map(_reviewed, missed[:EXAMPLES])), tuple(map(_reviewed, false[:EXAMPLES]))
    basis = "backtest" if any(row["basis"] == "backtest" for row in found) else "service"
    return Lookback(
        origin_date=origin,
        last_day=reader.yesterday,
        basis=basis,
        hot_count=len(hot),
        scores=scores,
        misses=misses,
        false_alarms=false_alarms,
        lines=(
            _opening(origin, reader.yesterday, basis, len(hot)),
            _score_line(scores),
            _examples("漏报", misses, len(missed)),
            _examples("误报", false_alarms, len(false)),
        ),
    )


def _absence(reader: Reader, origin: dt.date) -> str:
    first = reader.rows(_FIRST)[0]["first_date"]
    if first is None or first >= origin:
        reason = f"居民诉求记录不早于{full_day(origin)}，当时无从预测"
    else:
        reason = "当日未作预测，也未作回测补算"
    return f"昨夜到期的应是以{full_day(origin)}零时为起点的预测，快照中没有（{reason}），本期无法回看。"


def _key(row: Row) -> tuple[str, str]:
    return row["community_code"], row["issue_code"]


def _score(name: str, listed: list[Row], hot_count: int) -> ListScore:
    hits = sum(row["was_hot"] for row in listed)
    return ListScore(
        name=name,
        listed=len(listed),
        hits=hits,
        precision=hits / len(listed) if listed else None,
        recall=hits / hot_count if hot_count else None,
    )


def _reviewed(row: Row) -> Reviewed:
    return Reviewed(
        place=place_name(row["district_name"], row["street_name"], row["community_name"]),
        issue=issue_label(row["issue_name"], row["issue_code"]),
        probability=row["hot_probability"],
        hot_threshold=row["hot_threshold"],
        actual_count=row["actual_count"],
    )


def _opening(origin: dt.date, last_day: dt.date, basis: str, hot_count: int) -> str:
    made = "系回测补算（当日未正式发布）" if basis == "backtest" else "系当日发布"
    return (
        f"回看{full_day(origin)}零时起点的预测，窗口{span(origin, last_day)}，昨夜到期，{made}。"
        f"窗口内实际成为热点的点位{hot_count}个（以目前已收到的诉求计，迟报会使个数增加）。"
    )


def _score_line(scores: tuple[ListScore, ...]) -> str:
    parts = []
    for score in scores:
        recall = "无可比（实际热点为0）" if score.recall is None else f"{score.recall:.1%}"
        parts.append(
            f"{score.name}列{score.listed}项、命中{score.hits}项，命中率{percentage(score.precision)}，覆盖率{recall}"
        )
    return "；".join(parts) + "。"


def _examples(title: str, examples: tuple[Reviewed, ...], total: int) -> str:
    if not examples:
        return f"{title}：无。"
    shown = "；".join(
        f"{item.place}“{item.issue}”当时概率{probability(item.probability)}，"
        f"门槛{item.hot_threshold}件，实际{item.actual_count}件"
        for item in examples
    )
    count = f"共{total}个，举{len(examples)}例" if total > len(examples) else f"{total}个"
    return f"{title}{count}：{shown}。"
