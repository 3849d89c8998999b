"""What a reader is shown of incidents: which records repeat earlier ones, how hot an incident is, what it is called."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import polars as pl

TITLE_LENGTH = 30
_RECENT_DAYS = 14
_LEAST_WORDS = 6  # shorter texts are the same by chance
_LEAST_TITLE = 6  # characters that must be left of a title
_LONG_AGO = pl.duration(days=36_500)
# what a complaint says of itself before its matter; a wish stays, for without its first word it reads as a fact, and so
# does a word that is part of the matter itself (投诉电话打不通, 投诉三次无果, 就业补贴)
_OPENING = re.compile(
    r"^(?:再次|继续|我要|强烈|坚决)*(?:关于|对于|就(?![业医近餐读学诊职是地])"
    r"|(?:投诉|举报|反映|反应|咨询|询问|请问|求助|质疑)(?!电话|热线|平台|渠道|无门|无果|[后了已多没无未几两三四五]))+[:：,，]?"
)
# and what after it: its own kind, a plea, a question to nobody; none of them is the matter
_CLOSING = re.compile(
    r"的(?:投诉|举报|反映|咨询|疑问|求助|诉求)$"
    r"|[,，](?:请|望|盼|求|跪求|希望|恳请|强烈要求|要求)[^,，]{0,10}$"
    r"|(?:恳请|希望|请求|[请求望盼])(?:尽快|早日|给予|予以|有关部门|相关部门|政府|领导)*(?:解决|处理|管管|管一管|关注|答复|回复|重视)$"
    r"|[,，](?:真的)?(?:合理|合法|有人管|可以)吗$|[,，](?:谁来管|谁管|怎么办|何时休|谁为\w{1,4}做主)$"
)
_PLEA = re.compile(r"^(?:请求|恳请|敦促|希望|建议|请)+|尽快|尽早|切实")  # the first to go where room is short
# what stands for a name that was masked
_MASKED = re.compile(r"\[[^\]]*\]|【[^】]*】|\d{5,}")
# words that stand in the titles of any matter, and so tell of none
_GENERAL = {
    "的", "了", "在", "是", "和", "与", "有", "就", "都", "请", "求", "望", "问题", "情况", "现象", "行为",
    "影响", "生活", "严重", "有关", "相关", "关于", "投诉", "举报", "反映", "反应", "咨询", "询问", "求助",
    "建议", "希望", "要求", "解决", "处理", "居民", "市民",
}  # fmt: skip
_END = re.compile(r"[。！!？?；;]")


def mark_repeats(records: pl.DataFrame, matter_days: int = 180, place_days: int = 30) -> pl.DataFrame:
    """Which earlier record does each record repeat, by three rules that do not depend on each other?

    Args:
        records: one row a record: record_id, occurred_at, caller, incident_id, place, issue, text (its words).
        matter_days: the same caller tells of the same incident again within so many days.
        place_days: the same issue is told of the same place again within so many days, by whomever.

    Returns:
        record_id, repeats_matter_of, repeats_place_of, repeats_text_of: the latest earlier record that fits, or null.
        The same text counts however long ago, from six words on. Grain: record. Key: record_id.
    """
    text = pl.when(pl.col("text").list.len() >= _LEAST_WORDS).then(pl.col("text").list.join(" "))
    marked = records.with_columns(_text=text).sort("occurred_at", "record_id")
    return marked.select(
        "record_id",
        _earlier(("caller", "incident_id"), pl.duration(days=matter_days)).alias("repeats_matter_of"),
        _earlier(("place", "issue"), pl.duration(days=place_days)).alias("repeats_place_of"),
        _earlier(("_text",), _LONG_AGO).alias("repeats_text_of"),
    )


def _earlier(keys: Sequence[str], within: pl.Expr) -> pl.Expr:
    is_known = pl.all_horizontal(pl.col(key).is_not_null() for key in keys)
    is_near = (pl.col("occurred_at") - pl.col("occurred_at").shift(1).over(keys)) <= within
    return pl.when(is_known & is_near).then(pl.col("record_id").shift(1).over(keys))


def measure_heat(records: pl.DataFrame, as_of: datetime, days: int = 90) -> pl.DataFrame:
    """How hot is each incident: by distinct people first, then by how recent and by how many records.

    People are whole points, the other two together less than one, so that they only order incidents of as many
    people: eleven messages of two people never stand above three people, and likes do not count. Records without a
    caller are together one person, since who is behind them is unknown.

    Args:
        records: record_id, incident_id, occurred_at, known_at, caller.
        as_of: only what was known before counts.
        days: and only what happened in so many days before.

    Returns:
        incident_id, people_count, record_count, last_occurred_at, heat_people, heat_recency (0–0.6, half of it lost
        in 14 days), heat_volume (0–0.3), heat (their sum); the hottest first. Key: incident_id.
    """
    age = (pl.lit(as_of) - pl.col("last_occurred_at")).dt.total_seconds() / 86_400
    return (
        records.filter(
            (pl.col("known_at") < as_of)
            & (pl.col("occurred_at") < as_of)
            & (pl.col("occurred_at") >= pl.lit(as_of) - pl.duration(days=days))
        )
        .group_by("incident_id")
        .agg(
            people_count=pl.col("caller").n_unique(),
            record_count=pl.len(),
            last_occurred_at=pl.col("occurred_at").max(),
        )
        .with_columns(
            heat_people=pl.col("people_count").cast(pl.Float64),
            heat_recency=0.6 * (age * (-math.log(2) / _RECENT_DAYS)).exp(),
            heat_volume=0.3 * (1 - 1 / pl.col("record_count")),
        )
        .with_columns(heat=pl.sum_horizontal("heat_people", "heat_recency", "heat_volume"))
        .sort(["heat", "incident_id"], descending=[True, False])
    )


def title_incidents(records: pl.DataFrame) -> pl.DataFrame:
    """Call each incident by the title among its records that says most of what all of them say.

    A word counts by the share of the other records whose title holds it, and a title by its words to its length; so
    the place and the matter that most name win over how one person puts it.

    Args:
        records: record_id, incident_id, occurred_at, title (masked), title_tokens.

    Returns:
        incident_id, title: at most 30 characters; null where no record has a title. Key: incident_id.
    """
    titled = records.filter(pl.col("title").str.strip_chars() != "").sort("occurred_at", "record_id")
    grouped = titled.group_by("incident_id", maintain_order=True).agg("title", "title_tokens")
    named = [(incident, _best_title(told, tokens)) for incident, told, tokens in grouped.iter_rows()]
    titles = pl.DataFrame(
        named, schema={"incident_id": records.schema["incident_id"], "title": pl.String}, orient="row"
    )
    return records.select("incident_id").unique().join(titles, on="incident_id", how="left").sort("incident_id")


def _best_title(titles: Sequence[str], tokens: Sequence[Sequence[str]]) -> str | None:
    if len(titles) == 1:
        return clean_title(titles[0]) or None
    share = Counter(word for words in tokens for word in set(words))
    best: tuple[float, int] | None = None
    for at, words in enumerate(tokens):
        worth = sum(share[word] - 1 for word in set(words) - _GENERAL) / len(titles) / math.sqrt(max(len(words), 4))
        cleaned = clean_title(titles[at])
        worth -= 0.5 * (len(cleaned) < 4)
        worth *= 0.85 if cleaned.endswith("…") else 1.0
        if best is None or worth > best[0] + 1e-12:
            best = (worth, at)
    return clean_title(titles[best[1]]) or None if best else None


def clean_title(title: str) -> str:
    """A title without opening and closing phrase, masked names, long numbers, second sentence; at most 30 long."""
    text = re.sub(r"\s+", "", _MASKED.sub("", title))
    text = next((part for part in _END.split(text) if part), "")
    text = _OPENING.sub("", text) or text
    while len(shorter := _CLOSING.sub("", text)) >= _LEAST_TITLE and shorter != text:
        text = shorter
    text = text.replace("的问题", "问题") if text.endswith("的问题") else text
    text = _PLEA.sub("", text) if len(text) > TITLE_LENGTH else text
    if len(text) > TITLE_LENGTH:
        comma = max(text.rfind(sign, 8, TITLE_LENGTH) for sign in "，,、")
        text = text[:comma] if comma > 0 else text[: TITLE_LENGTH - 1] + "…"
    return text.strip('，,、“”"：:')
