"""The last look before a brief is saved: nothing in it may point at a person."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from pipelines.briefs.model import Brief, BriefError

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PATTERNS = (
    ("手机号码", re.compile(r"(?<![\d.])(?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?!\d)")),
    ("固定电话", re.compile(r"(?<![\d.])(?:\(0\d{2,3}\)|0\d{2,3}[ -])[ -]?\d{7,8}(?!\d)|(?<![\d.])0\d{9,11}(?!\d)")),
    ("服务电话", re.compile(r"(?<!\d)[48]00[ -]\d{3,4}[ -]?\d{3,4}(?!\d)|(?<!\d)[48]00\d{7}(?!\d)")),
    ("国际电话", re.compile(r"\+\d{1,3}[ -]?\d(?:[ -]?\d){6,12}(?!\d)")),
    ("电话号码", re.compile(r"(?:电话|手机|致电|拨打|联系方式)[是为: ]{0,3}\d{7,12}(?!\d)")),
    ("电子邮箱", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("车牌号码", re.compile(rf"[{_PROVINCES}][A-Z][·.]?(?=[A-Z\d]*\d)[A-HJ-NP-Z\d]{{5,6}}(?![A-Z\d])")),
    ("网络账号", re.compile(r"微信号?[是为: ]{0,3}[A-Za-z][A-Za-z\d_-]{5,19}|(?i:qq)号?[是为: ]{0,3}\d{5,11}(?!\d)")),
    ("门牌", re.compile(r"\d+(?:单元|门)\d+室?(?!\d)|\d+(?:号楼|栋|幢)\d{3,4}室?(?!\d)|\d{3,4}室")),
)
_ID_NUMBER = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_CARD_NUMBER = re.compile(r"(?<!\d)(?:62\d{2}|4\d{3}|5[1-5]\d{2})(?:[ -]?\d{4}){3}(?:[ -]?\d{3})?(?!\d)")
_SECTIONS = {
    "masthead": "报头",
    "summary": "摘要",
    "actions": "今日要办",
    "intake": "一、昨日受理",
    "trends": "二、热点与异动",
    "outlook": "三、未来7日热点预测",
    "lookback": "四、上期预测回看",
    "calendar": "五、时令提示",
    "quality": "六、数据质量与时效",
    "definitions": "口径说明",
    "signature": "落款",
    "quality_page": "附件　数据质量",
    "incidents": "二、热点与异动（重点事件）",
}
NOT_SHOWN = "（不示）"


class LeakFound(BriefError):
    """A brief holds what looks like personal data; the message names the section and the kind, never the value."""


def leak_check(text: str, section: str = "正文") -> None:
    """Refuse text that holds what looks like a telephone, ID or card number, e-mail, plate, account or door number.

    Work-order numbers, grid codes and credit codes survive: an ID number must have a birth date and a checksum that
    hold, a card number a known prefix and its Luhn digit.

    Raises:
        LeakFound: names ``section`` and the kind of data.
    """
    folded = unicodedata.normalize("NFKC", text)
    folded = "".join(char for char in folded if unicodedata.category(char) != "Cf")
    folded = re.sub(r"[‐‑‒–—―−]", "-", folded)
    for kind, pattern in _PATTERNS:
        if pattern.search(folded):
            raise _found(kind, section)
    if any(_is_id_number(match[0]) for match in _ID_NUMBER.finditer(folded)):
        raise _found("身份证号", section)
    if any(_passes_luhn(match[0]) for match in _CARD_NUMBER.finditer(folded)):
        raise _found("银行卡号", section)


def without_leaks(text: str) -> str:
    """The text, or that it is not shown: what a source wrote must not keep a brief from being saved."""
    try:
        leak_check(text)
    except LeakFound:
        return NOT_SHOWN
    return text


def leak_check_brief(brief: Brief) -> None:
    """Check every text of a brief.

    Raises:
        LeakFound: names the section.
    """
    for field in fields(brief):
        for text in _texts(getattr(brief, field.name)):
            leak_check(text, _SECTIONS[field.name])


def _found(kind: str, section: str) -> LeakFound:
    return LeakFound(
        f"简报“{section}”中有疑似{kind}的内容，未保存；请在来源中核对该节所用的名称、依据和说明，脱敏后重新发布快照"
    )


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _texts(getattr(value, field.name))


def _is_id_number(text: str) -> bool:
    """GB 11643: a real birth date and the mod 11-2 checksum of ISO 7064."""
    try:
        born = dt.date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    checksum = sum(int(digit) * weight for digit, weight in zip(text, _ID_WEIGHTS, strict=False))
    return born.year >= 1900 and _ID_CHECKS[checksum % 11] == text[17].upper()


def _passes_luhn(text: str) -> bool:
    digits = [int(char) for char in reversed(text) if char.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
