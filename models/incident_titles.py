"""What an incident is called."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import polars as pl

TITLE_LENGTH = 30
_LEAST_TITLE = 6  # characters that must be left of a title
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
