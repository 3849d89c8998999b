"""What the product reads in one text: ``xianban text``. Nothing is stored, and only masked words are shown."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pipelines.errors import ConfigurationError
from pipelines.settings import Settings
from pipelines.steps.read import text_words
from pipelines.steps.run import Run
from pipelines.steps.text_models import incumbent_of
from pipelines.text.mask import masked
from pipelines.text.places import KnownNames, find_places
from pipelines.text.segment import MAX_CHARACTERS, Segmenter, tokens_of
from pipelines.text.signals import find_signals
from pipelines.warehouse.migrate import migrate

_MOST_BYTES = 4 * 4 * MAX_CHARACTERS  # masking shortens; of what lies behind, nothing would be read
_ISSUES, _CASES = 3, 5
_SHOWN = 400
_FLAGS = {"empty": "空文本", "truncated": "过长，只读开头", "binary": "不是文本文件"}
_SIGNALS = {"danger": "危险", "urgent": "紧急", "group": "群体", "dispute": "纠纷", "unresolved": "未解决"}
_SIMILAR = """
with readings as (
    select text_hash, list_distinct(tokens) as words from core.fct_text_readings where len(tokens) > 0
),
words as (select text_hash, unnest(words) as word from readings),
weights as (
    select word, ln(1 + (select count(*) from readings) / count(*)) as weight from words group by word
),
lengths as (select text_hash, sqrt(sum(weight * weight)) as length from words join weights using (word) group by all),
asked as (select weight, word from weights where word in (select unnest($tokens::varchar[]))),
scored as (
    select w.text_hash, sum(a.weight * a.weight) as product
    from words as w join asked as a using (word) group by w.text_hash
)
select
    e.event_id, e.occurred_at, e.issue_code, i.issue_name, e.community_code, e.status,
    coalesce(o.title, g.title, left(o.content, 40), left(g.content, 40)) as title,
    s.product / l.length / (select sqrt(sum(weight * weight)) from asked) as similarity
from scored as s
join lengths as l using (text_hash)
join core.fct_events as e using (text_hash)
left join core.dim_issue as i on e.issue_code = i.issue_code
left join stg.hotline_order as o on e.batch_id = o.batch_id and e.row_no = o.row_no
left join stg.grid_event as g on e.batch_id = g.batch_id and e.row_no = g.row_no
where e.occurred_at < $d
order by similarity desc, e.occurred_at desc, e.event_id
limit $n
"""


def load_text(path: Path) -> tuple[str, list[str]]:
    """The text of a file in UTF-8 or GB18030, and what is wrong with it: ``empty``, ``truncated``, ``binary``.

    Raises:
        ConfigurationError: the file cannot be opened.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror}); name a text file") from None
    flags = []
    if len(content) > _MOST_BYTES:
        content = content[:_MOST_BYTES]
        flags.append("truncated")
    if b"\0" in content:
        return "", [*flags, "binary"]
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError as error:
            if "truncated" in flags and len(content) - error.start < 4:  # a character that the limit cut in two
                text = content[: error.start].decode(encoding)
                break
    else:
        return "", [*flags, "binary"]
    return text, flags if text.strip() else [*flags, "empty"]


def reading_of(settings: Settings, text: str, as_of_date: dt.date, flags: list[str]) -> dict[str, Any]:
    """The reading of one text as plain data: masked text, tokens, places, signals, issue, similar past cases.

    Args:
        text: as it came; it is masked before anything looks at it.
        as_of_date: cases that occurred before it are compared; the model is the one in use on it.
        flags: from :func:`load_text`.
    """
    run = Run(settings, as_of_date)
    shown = masked(text)
    if len(shown) > MAX_CHARACTERS:
        shown, flags = shown[:MAX_CHARACTERS], [*dict.fromkeys([*flags, "truncated"])]
    segmenter = Segmenter(run.city.user_dictionary, run.settings.of_city("cache"))
    words = segmenter.cut(shown)
    tokens = tokens_of(words)
    found = find_signals(pl.Series(["text"]), pl.Series([shown]), run.city.signals)
    issue, cases = _from_history(run, segmenter.dictionary_hash, tokens)
    return {
        "flags": flags,
        "masked_text": shown,
        "tokens": tokens,
        "places": _places(run, shown, words),
        "signals": {kind: count for kind, count in found.select("signal_kind", "word_count").iter_rows() if count},
        "issue": issue,
        "similar_cases": cases,
    }


def lines_of(found: dict[str, Any]) -> list[str]:
    """A reading for people, one line an aspect; of long texts the beginning."""
    issue = found["issue"]
    said = issue.get("reason") or f"{issue['issue_name']} {issue['issue_code']}，把握 {issue['confidence']:.2f}"
    lines = {
        "文本": _beginning(found["masked_text"]),
        "标记": "、".join(_FLAGS[flag] for flag in found["flags"]),
        "分词": _beginning(" ".join(found["tokens"])),
        "地点": "、".join(f"{place['name']} {place['community_code'] or ''}".strip() for place in found["places"]),
        "信号": "、".join(f"{_SIGNALS[kind]} {count}" for kind, count in found["signals"].items()),
        "问题": said + ("，待人工复核" if issue.get("is_review") else ""),
    }
    cases = [
        f"相似 {case['similarity']:.2f}　{case['occurred_at']:%Y-%m-%d}　{case['event_id']}　{case['title'] or ''}"
        for case in found["similar_cases"]
    ]
    return [*(f"{name}：{line or '无'}" for name, line in lines.items()), *cases]


def _beginning(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…（共{len(text)}字）"


def _places(run: Run, text: str, words: list[str]) -> list[dict[str, Any]]:
    listed = text_words(run.city).filter(pl.col("kind").is_not_null())
    known = KnownNames(dict(listed.select("word", "kind").iter_rows()))
    communities = dict(listed.select("word", "community_code").iter_rows())
    return [
        {**mention._asdict(), "community_code": communities.get(mention.name)}
        for mention in find_places(text, words, known)
    ]


def _from_history(run: Run, dictionary: str, tokens: list[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What only a city that has run can say: the issue by the model in use, and the cases most alike."""
    if not run.warehouse.path.exists():
        return {"reason": "尚无历史数据，先运行 xianban run"}, []
    if not tokens:
        return {"reason": "文本没有可读的词"}, []
    migrate(run.warehouse)
    served, _ = incumbent_of(run, "issue", dictionary)
    issue: dict[str, Any] = {"reason": "尚无在用的归类模型"}
    if served is not None:
        chances = served.model.predict_proba([tokens])[0]
        names = {row.issue_code: row.issue_name for row in run.city.issues}
        best = np.argsort(-chances, kind="stable")[:_ISSUES]
        codes = [str(served.model.classes_[at]) for at in best]
        candidates = [
            {"issue_code": code, "issue_name": names.get(code), "confidence": round(float(chances[at]), 4)}
            for code, at in zip(codes, best, strict=True)
        ]
        issue = {
            **candidates[0],
            "is_review": bool(chances[best[0]] < run.city.config.text.review_below),
            "model_id": served.model_id,
            "candidates": candidates,
        }
    with run.warehouse.reading() as door:
        cases = door.query(_SIMILAR, tokens=tokens, d=run.as_of_date, n=_CASES)
    return issue, cases.with_columns(pl.col("similarity").round(4)).to_dicts()
