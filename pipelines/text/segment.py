"""Segment Chinese text as jieba does, with the city's user dictionary.

jieba is the reference; rjieba, the same algorithm in Rust, is the engine and about ten times as fast. They differ in
two things: rjieba leaves Latin letters and digits joined that jieba splits by its own rule, so tokens that hold any are
split again, unless the dictionary knows them as a word (X光); and it takes rare Han characters for words, so texts with
any are left to jieba. A test proves the tokens identical.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

MAX_CHARACTERS = 20_000
_ASCII = re.compile(r"[a-zA-Z0-9]")
# Han characters that jieba's own pattern (U+4E00–9FD5) takes for symbols; such a text is rare and left to jieba
_RARE_HAN = re.compile(
    "[\u2e80-\u2fd5\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u9fd6-\u9fff\uf900-\ufad9\U00020000-\U000323af]"
)
_ASCII_RUN = re.compile(r"([a-zA-Z0-9]+(?:\.\d+)?%?)")

Cut = Callable[[str], list[str]]


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
        return [(tokens_of(self.cut((text or "")[:MAX_CHARACTERS])), is_cut(text)) for text in texts]

    @cached_property
    def cut(self) -> Cut:
        """The fast engine, or jieba itself where rjieba is not installed."""
        try:
            import rjieba
        except ModuleNotFoundError:
            return self.reference_cut
        engine = rjieba.Jieba()
        for word, frequency in self._words.items():
            engine.add_word(word, frequency, None)

        def cut(text: str) -> list[str]:
            if _RARE_HAN.search(text):
                return self.reference_cut(text)
            words: list[str] = []
            for word in engine.cut(text, True):
                if _ASCII.search(word) and not engine.has_word(word):
                    words += [part for part in _ASCII_RUN.split(word) if part]
                else:
                    words.append(word)
            return words

        return cut

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
    return [word for word in words if any(c.isalnum() for c in word)]


def is_cut(text: str | None) -> bool:
    """Whether a text is longer than what is read of it."""
    return text is not None and len(text) > MAX_CHARACTERS
