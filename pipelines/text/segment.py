"""Segment Chinese text with jieba and the city's user dictionary."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

MAX_CHARACTERS = 20_000


class Segmenter:
    """jieba with one city's dictionary.

    Args:
        user_dictionary: a jieba dictionary file (``word frequency`` a line), or None.
        cache_dir: a private folder for jieba's prefix dictionary; its default is a shared temporary folder, where
            another user could plant one.
    """

    def __init__(self, user_dictionary: Path | None, cache_dir: Path) -> None:
        self._user_dictionary = user_dictionary
        self._cache_dir = cache_dir

    @cached_property
    def dictionary_hash(self) -> str:
        """Changes whenever the same text could be segmented otherwise: jieba's version and the user dictionary."""
        digest = hashlib.sha256(version("jieba").encode())
        if self._user_dictionary is not None:
            digest.update(self._user_dictionary.read_bytes())
        return digest.hexdigest()[:16]

    def tokens(self, texts: Iterable[str | None]) -> list[tuple[list[str], bool]]:
        """Tokens of each text and whether it was cut at ``MAX_CHARACTERS``; blanks and punctuation are left out."""
        cut = self._tokenizer.lcut
        read = []
        for text in texts:
            text = text or ""
            words = cut(text[:MAX_CHARACTERS])
            read.append(([word for word in words if any(c.isalnum() for c in word)], len(text) > MAX_CHARACTERS))
        return read

    @cached_property
    def _tokenizer(self):  # type: ignore[no-untyped-def]  # jieba has no types
        import jieba

        jieba.setLogLevel(logging.WARNING)
        self._cache_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        tokenizer = jieba.Tokenizer()
        tokenizer.tmp_dir = str(self._cache_dir)
        tokenizer.cache_file = f"jieba-{version('jieba')}.cache"
        tokenizer.initialize()
        if self._user_dictionary is not None:
            with self._user_dictionary.open("rb") as handle:
                tokenizer.load_userdict(handle)
        return tokenizer
