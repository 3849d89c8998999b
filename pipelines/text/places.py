"""Find the places that complaint text names: by what names end in, what stands beside them, and the city's own names.

A name is looked for from its ending leftwards, until a word that no name holds, an administrative name, a sign or
another name bounds it. Where the text was segmented, a single character bounds a name only if it is a word of its own
(新 in 新路, not in 创新). Names the city knows are found first and bound the others. The rules: :mod:`.place_rules`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from pipelines.text import place_rules
from pipelines.text.place_rules import CUES, ENDINGS, GENERIC, HARD, NEVER, SOFT, STOPS, Ending
from pipelines.text.segment import MAX_CHARACTERS

_LONGEST_BARE = 8  # characters of a name without an ending
_HAN = r"[\u4e00-\u9fff]"
_NUMERALS = "一二三四五六七八九十"
_SAID_BESIDE = ("楼盘", "小区", "项目")


class Mention(NamedTuple):
    """A place named in a text, at its characters ``start`` to ``end``; the kind is a rule's or the city's own."""

    start: int
    end: int
    name: str
    kind: str


_ENDING_OF: dict[str, Ending] = {}
for _rule in ENDINGS:
    for _word in _rule.words.split():
        _ENDING_OF.setdefault(_word, _rule)
_HARD = frozenset(HARD.split())
_SOFT = frozenset(SOFT.split())
_STOPS = _HARD.union(STOPS.split())
_STOP_SIZES = {
    last: tuple(sorted({len(word) for word in _STOPS if word[-1] == last}, reverse=True))
    for last in {word[-1] for word in _STOPS}
}
_NEVER = frozenset(NEVER.split())
_GENERIC = frozenset(GENERIC.split())
_CUES = frozenset(CUES.split())
_LONGEST_STOP = max(map(len, _STOPS | _CUES))
_LONGEST_ENDING = max(map(len, _ENDING_OF))
_WORDS = frozenset({*_ENDING_OF, *_CUES, *_NEVER})


def _trie(words: Iterable[str]) -> str:
    """A pattern that takes the longest of the words and looks at each character once."""
    tails: dict[str, list[str]] = {}
    for word in sorted(filter(None, words)):
        tails.setdefault(word[0], []).append(word[1:])
    if not tails:
        return ""
    pattern = "|".join(re.escape(head) + _trie(rest) for head, rest in tails.items())
    return f"(?:{pattern}){'?' if '' in words else ''}"


_HIT = re.compile(
    # what begins no alternative is passed over at once
    rf"(?=[A-Z\d{_NUMERALS}“‘\"《\[省高经东南西北地轻{''.join(sorted({word[0] for word in _WORDS}))}])(?:"
    r"(?P<admin>[A-Z]\d{0,2}[市区县](?:县?市)?|省(?![钱心事力略得时电])"
    r"|(?:高新|经开|经济技术|高新技术)(?:技术)?(?:产业)?(?:开发)?区)"
    rf"|(?P<metro>(?:地铁|轻轨)(?:[{_NUMERALS}]{{1,2}}|\d{{1,2}})号线)"
    rf"|(?P<quoted>[“‘\"《]{_HAN}{{3,9}}[”’\"》])"
    rf"|(?P<part>[{_NUMERALS}\d]期|[A-Z]?\d{{1,3}}(?:栋|号楼|幢)|[A-Z][0-9]?(?:区|栋|座)|\[门牌\])"
    rf"|(?P<numbered>[东南西北][{_NUMERALS}]{{1,2}}[路线街])"
    rf"|(?P<word>{_trie(_WORDS)}))"
)
_COMPANY = re.compile(_HAN + "{0,12}?(?:有限(?:责任)?公司|集团)")


class KnownNames:
    """Names that a city knows, ready to be found in text.

    Args:
        kinds: kind of each name; names shorter than two characters are left out.
    """

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self.kinds = {name: kind for name, kind in kinds.items() if len(name) >= 2}
        sizes: dict[str, set[int]] = {}
        for name in self.kinds:
            sizes.setdefault(name[:2], set()).add(len(name))
        self._sizes = {head: tuple(sorted(found, reverse=True)) for head, found in sizes.items()}

    def found_in(self, text: str, starts: Iterable[int], ends: Container[int]) -> list[Mention]:
        """The longest known names from left to right; one of two characters only where it is a word of its own.

        Args:
            starts: where a name may begin, ascending; looking at the beginnings of words only takes half the time.
            ends: where words end.
        """
        found: list[Mention] = []
        sizes, kinds, free = self._sizes, self.kinds, 0
        for at in [at for at in starts if text[at : at + 2] in sizes]:
            if at < free:
                continue
            for size in sizes[text[at : at + 2]]:
                name = text[at : at + size]
                if name in kinds and (size > 2 or at + 2 in ends):
                    found.append(Mention(at, at + size, name, kinds[name]))
                    free = at + size
                    break
        return found


class _Anywhere:
    """Word boundaries of a text that was not segmented."""

    def __contains__(self, at: object) -> bool:
        return True


_ANYWHERE = _Anywhere()


def rules_hash() -> str:
    """Changes whenever the same text could be read otherwise."""
    digest = hashlib.sha256()
    for path in (__file__, str(place_rules.__file__)):
        digest.update(Path(path).read_bytes())
    return digest.hexdigest()[:16]


def find_places(text: str | None, words: Sequence[str] | None = None, known: KnownNames | None = None) -> list[Mention]:
    """The places a text names, from left to right, none within another.

    Args:
        text: masked text; only its first ``MAX_CHARACTERS`` are read.
        words: the text's segmentation, which joins to the text; without it, fewer names are bounded rightly.
        known: the city's names.
    """
    if not text:
        return []
    text = text[:MAX_CHARACTERS]
    starts: Sequence[int] = range(len(text))
    ends: Container[int] = _ANYWHERE
    if words is not None:
        starts = list(accumulate(map(len, words), initial=0))
        ends = frozenset(starts)
    listed = known.found_in(text, starts, ends) if known is not None else []
    found: list[Mention] = []
    floor = 0  # no name begins before it
    is_admin = False  # whether an administrative name ends there
    for hit in _HIT.finditer(text):
        start, end = hit.span()
        while listed and listed[0].start < end:
            if listed[0].start >= floor:
                found.append(listed[0])
                floor, is_admin = listed[0].end, listed[0].kind == "district"
            listed.pop(0)
        if start < floor:
            continue
        group = hit.lastgroup
        if group == "admin":
            floor, is_admin = end, True
        elif group in ("metro", "numbered"):
            found.append(Mention(start, end, hit[0], "station" if group == "metro" else "road"))
            floor, is_admin = end, False
        elif group == "quoted":
            found += _quoted(text, start, end)
            floor, is_admin = end, False
        elif hit[0] not in _NEVER:
            rule = _ENDING_OF.get(hit[0]) if group == "word" else None
            if rule is not None and found and found[-1].end == start == floor:
                # a city knows its communities: after another name it knows, 社区 is the office and no name
                is_office = rule.kind == "community" and known is not None and found[-1].name in known.kinds
                mention = None if is_office else _extended(text, found[-1], end, rule, ends)
                if mention is not None:
                    found[-1] = mention
                    floor = end
                continue
            if rule is None:
                mention = _bare(text, start, floor, is_admin, ends)
            else:
                mention = _ended(text, start, end, floor, is_admin, ends)
            if mention is not None:
                found.append(mention)
                floor, is_admin = end, False
    return found + [mention for mention in listed if mention.start >= floor]


def _ended(text: str, start: int, end: int, floor: int, is_admin: bool, ends: Container[int]) -> Mention | None:
    """The name with this ending, or with a shorter one that this one ends in, if something bounds it."""
    if _COMPANY.match(text, end):
        return None
    for begin in range(start, end):
        rule = _ENDING_OF.get(text[begin:end])
        if rule is None or not (rule.is_sure or _is_over(text, end, ends)):
            continue
        left = _left(text, begin, floor, is_admin, rule.least, rule.most, ends)
        if rule.is_anchored and not (left == floor and floor > 0):
            continue
        if left is not None and begin - left >= rule.least and text[left:end] not in _GENERIC:
            stop = end if rule.is_part else begin
            return Mention(left, stop, text[left:stop], rule.kind)
    return None


def _extended(text: str, last: Mention, end: int, rule: Ending, ends: Container[int]) -> Mention | None:
    """The name before with this ending too: a road's tunnel, a bridge's community."""
    if not (rule.extends and rule.is_part and (rule.is_sure or _is_over(text, end, ends))):
        return None
    return Mention(last.start, end, text[last.start : end], rule.kind)


def _bare(text: str, start: int, floor: int, is_admin: bool, ends: Container[int]) -> Mention | None:
    """A name without an ending: all that stands between an administrative name and a word that only estates take."""
    left = _left(text, start, floor, is_admin, 2, _LONGEST_BARE, ends)
    if not is_admin or left != floor or start - left < 3 or text[left:start] in _GENERIC:
        return None
    return Mention(left, start, text[left:start], "estate")


def _quoted(text: str, start: int, end: int) -> list[Mention]:
    """The name in quotes, if it ends like a place or a word beside it says that it is one."""
    name = text[start + 1 : end - 1]
    if text[max(0, start - 2) : start] in _SAID_BESIDE or text[end : end + 2] in _SAID_BESIDE:
        return [Mention(start + 1, end - 1, name, "estate")]
    endings = (_ENDING_OF.get(name[-size:]) for size in range(_LONGEST_ENDING, 0, -1))
    rule = next((rule for rule in endings if rule is not None), None)
    if rule is None or not rule.is_part or name in _GENERIC:
        return []
    return [Mention(start + 1, end - 1, name, rule.kind)]


def _left(text: str, end: int, floor: int, is_admin: bool, least: int, most: int, ends: Container[int]) -> int | None:
    """Where the name begins whose proper part ends at ``end``; None if nothing bounds it within ``most`` characters."""
    lowest = max(floor, end - most)
    for at in range(end, lowest - 1, -1):
        if at == floor:
            return at
        last = text[at - 1]
        if not "\u4e00" <= last <= "\u9fff":
            return at
        for size in _STOP_SIZES.get(last, ()):
            word = text[at - size : at] if at - size >= floor else ""
            if word not in _STOPS or (word in _SOFT and end - at < least):
                continue
            if size > 1 or word in _HARD:
                return at
            # a single character right after an administrative name is the first of the name
            if at in ends and at - 1 in ends and not (is_admin and at - 1 == floor):
                return at
    return None


def _is_over(text: str, at: int, ends: Container[int]) -> bool:
    """Whether no name goes on here."""
    if at >= len(text) or not "\u4e00" <= text[at] <= "\u9fff" or text[at] in _HARD:
        return True
    if at not in ends:
        return False
    if text[at] in _STOPS and at + 1 in ends:
        return True
    return any(text[at : at + n] in _STOPS or text[at : at + n] in _CUES for n in range(2, _LONGEST_STOP + 1))
