"""Segment Chinese text as jieba does, with the city's user dictionary.

jieba is the reference; rjieba, the same algorithm in Rust, is the engine and many times as fast. They differ in four
things, and each is undone here, so that a test proves the tokens identical:

- rjieba leaves ``2-3`` and ``baidu.com`` joined, which jieba splits by a rule of its own: such tokens are split again,
  unless the dictionary knows them as a word (``C++``);
- it takes rare Han characters for words, jieba for symbols: texts with any are cut clause by clause;
- of two readings that score alike, as those of repeated characters do (路路路路), it may take the other one, because
  it rounds otherwise: clauses in which that can be are left to jieba;
- where a user word is in the dictionary already, jieba counts its old frequency on, rjieba does not: a word that no
  text can hold carries the difference.

Texts go to the engine joined, because a call costs as much as a sentence.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

MAX_CHARACTERS = 20_000
_CHARACTERS_A_CALL = 30_000  # more, and the tokens no longer fit in the processor's cache
_BETWEEN = "\0"  # a symbol of its own to both; texts that hold it are cut clause by clause
_NEVER = "\ue000"  # neither engine looks up a private character

_HAN = "\u4e00-\u9fd5"
# jieba's own blocks, which it segments one by one
_CLAUSE = re.compile(rf"([{_HAN}a-zA-Z0-9+#&._%-]+)")
_REPEATED = re.compile(rf"([{_HAN}])\1\1|([{_HAN}]{{2}})[{_HAN}]{{0,2}}\2")
# 路路路, 看一看一看: with 路路 or 看一看 in the dictionary, the same words fit in another order
_PERIODIC = re.compile(rf"([{_HAN}])([{_HAN}]{{0,3}})\1\2\1")
_JOINT = re.compile(r"[a-zA-Z0-9][+#&._%-]|[+#&._%-][a-zA-Z0-9+#&._%-]")
_ASCII_RUN = re.compile(r"([a-zA-Z0-9]+(?:\.\d+)?%?)")

Cut = Callable[[str], list[str]]


def _table(ranges: Sequence[tuple[int, int]], size: int = 0x110000) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """By code point, whether it lies in one of these ranges."""
    table = np.zeros(size, dtype=bool)
    for first, last in ranges:
        table[first : last + 1] = True
    return table


# Han characters that jieba takes for symbols and rjieba does not, surrogates, and what parts the texts
_HARD = _table(
    [(0x2E80, 0x2FD5), (0x3005, 0x3005), (0x3007, 0x3007), (0x3021, 0x3029), (0x3038, 0x303B), (0x3400, 0x4DBF),
     (0x9FD6, 0x9FFF), (0xF900, 0xFAD9), (0x20000, 0x323AF), (0xD800, 0xDFFF), (0, 0)]
)  # fmt: skip
_IN_CLAUSE = _table([(code, code) for code in range(0xFFFF) if _CLAUSE.match(chr(code))], 0x10000)


class Segmenter:
    """Segmentation with one city's dictionary.

    Args:
        user_dictionary: words with explicit frequencies, or None.
        cache_dir: a private folder for jieba's prefix dictionary; its default is a shared temporary folder, where
            another user could plant one.
    """

    def __init__(self, user_dictionary: Mapping[str, int] | None, cache_dir: Path) -> None:
        self._words = dict(sorted((user_dictionary or {}).items()))
        self._cache_dir = cache_dir

    @cached_property
    def engine(self) -> str:
        """Changes whenever the same text could be segmented otherwise with the same words."""
        return f"jieba-{version('jieba')}"

    @cached_property
    def dictionary_hash(self) -> str:
        """Changes whenever the same text could be segmented otherwise: the engine and the user dictionary."""
        return hashlib.sha256(json.dumps([self.engine, self._words], ensure_ascii=False).encode()).hexdigest()[:16]

    def tokens(self, texts: Iterable[str | None]) -> list[tuple[list[str], bool]]:
        """Tokens of each text and whether it was cut at ``MAX_CHARACTERS``; blanks and punctuation are left out."""
        whole = [text or "" for text in texts]
        cut = self.cut_all([text[:MAX_CHARACTERS] for text in whole])
        return [(tokens_of(words), is_cut(text)) for text, words in zip(whole, cut, strict=True)]

    def cut(self, text: str) -> list[str]:
        """``jieba.lcut`` of a text."""
        return self.cut_all([text])[0]

    def cut_all(self, texts: Sequence[str]) -> list[list[str]]:
        """``jieba.lcut`` of each text, by the fast engine, or by jieba itself where rjieba is not installed."""
        if self._fast is None:
            return [self.reference_cut(text) for text in texts]
        found: list[list[str]] = []
        part: list[str] = []
        held = 0
        for text in texts:
            part.append(text)
            held += len(text)
            if held >= _CHARACTERS_A_CALL:
                found += self._cut_joined(part)
                part, held = [], 0
        return found + (self._cut_joined(part) if part else [])

    def _cut_joined(self, texts: Sequence[str]) -> list[list[str]]:
        hard, repeated = _exceptions(texts)
        hard |= {number for number, clause in repeated if self._may_tie(clause)}
        easy = ["" if number in hard else text for number, text in enumerate(texts)]
        words = self._fast.cut(_BETWEEN.join(easy) + _BETWEEN, True)
        found: list[list[str]] = []
        start = 0
        for number, text in enumerate(texts):
            end = words.index(_BETWEEN, start)
            if number in hard:
                found.append(self._cut_clauses(text))
            elif _JOINT.search(text):
                found.append(self._split_again(words[start:end]))
            else:
                found.append(words[start:end])
            start = end + 1
        return found

    def _may_tie(self, clause: str) -> bool:
        """Whether two readings may score alike: of what is periodic, or repeats outside dictionary words."""
        singles = [word if len(word) == 1 else " " for word in self._fast.cut(clause, False)]
        return _REPEATED.search("".join(singles)) is not None or _PERIODIC.search(clause) is not None

    def _cut_clauses(self, text: str) -> list[str]:
        words: list[str] = []
        for clause in filter(None, _CLAUSE.split(text)):
            if _CLAUSE.match(clause) and not _REPEATED.search(clause):
                words += self._split_again(self._fast.cut(clause, True))
            else:
                words += self.reference_cut(clause)
        return words

    def _split_again(self, words: list[str]) -> list[str]:
        joined = [n for n, word in enumerate(words) if not word.isalnum() and len(word) > 1 and word.isascii()]
        for n in reversed(joined):
            if not self._fast.has_word(words[n]):
                words[n : n + 1] = filter(None, _ASCII_RUN.split(words[n]))
        return words

    @cached_property
    def _fast(self) -> Any:
        try:
            import rjieba
        except ModuleNotFoundError:
            return None
        engine = rjieba.Jieba()
        known = _frequencies({word for word in self._words if engine.has_word(word)})
        counted_on = 0
        for word, frequency in self._words.items():
            counted_on += known.get(word, 0)
            known[word] = frequency
            engine.add_word(word, frequency, None)
        if counted_on:
            engine.add_word(_NEVER, counted_on, None)
        return engine

    @cached_property
    def reference_cut(self) -> Cut:
        """Jieba itself."""
        import jieba

        jieba.setLogLevel(logging.WARNING)
        self._cache_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        tokenizer = jieba.Tokenizer()
        tokenizer.tmp_dir = str(self._cache_dir)
        tokenizer.cache_file = f"jieba-{version('jieba')}.cache"
        tokenizer.initialize()
        for word, frequency in self._words.items():
            tokenizer.add_word(word, frequency)
        cut: Cut = tokenizer.lcut
        return cut


def tokens_of(words: Iterable[str]) -> list[str]:
    """The words without blanks and punctuation."""
    return [word for word in words if word.isalnum() or (len(word) > 1 and any(map(str.isalnum, word)))]


def is_cut(text: str | None) -> bool:
    """Whether a text is longer than what is read of it."""
    return text is not None and len(text) > MAX_CHARACTERS


def _exceptions(texts: Sequence[str]) -> tuple[set[int], list[tuple[int, str]]]:
    """Numbers of the texts with a hard character, and the clauses with a repetition, each with its text's number.

    A repetition is two Han characters in a row that stand 1 to 4 places further on as well.
    """
    joined = _BETWEEN.join(texts) + _BETWEEN
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    ends = np.cumsum([len(text) + 1 for text in texts]) - 1
    is_hard = _HARD[codes]
    is_hard[ends] = False
    is_han = (codes >= 0x4E00) & (codes <= 0x9FD5)
    is_repeated = np.zeros(len(codes), dtype=bool)
    for lag in range(1, 5):
        same = (codes[lag:] == codes[:-lag]) & is_han[lag:]
        is_repeated[: max(0, len(same) - 1)] |= same[1:] & same[:-1]
    at = np.flatnonzero(is_repeated)
    borders = np.flatnonzero(~_IN_CLAUSE[np.minimum(codes, _IN_CLAUSE.size - 1)])
    right = np.searchsorted(borders, at)
    clauses = {(int(borders[i - 1]) + 1 if i else 0, int(borders[i])) for i in right.tolist()}
    return (
        set(np.searchsorted(ends, np.flatnonzero(is_hard)).tolist()),
        [(int(np.searchsorted(ends, first)), joined[first:last]) for first, last in sorted(clauses)],
    )


def _frequencies(words: set[str]) -> dict[str, int]:
    """What jieba's own dictionary says of these words."""
    if not words:
        return {}
    with files("jieba").joinpath("dict.txt").open(encoding="utf-8") as lines:
        return {word: int(frequency) for word, frequency, *_ in map(str.split, lines) if word in words}
