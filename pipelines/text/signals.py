"""Count in a text what may tell urgency, danger, a group, a dispute, or a matter that was not solved.

A list of words, kept by people, with two guards: a word that is marked so does not count shortly after a negation
(没有发生火灾), and none counts within a longer word that means something else (火灾报警).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

import polars as pl

from pipelines.cities.lists import SIGNAL_KINDS, Signal

# also what is to be prevented, and what was only practised
_NEGATION = "(?:没有?|未|无|并非|不会|不存在|不是|防止|避免|以免|预防|杜绝|防范)"
_BETWEEN = r"[^，。；！？、,;!?\s]{0,4}?"


def lexicon_hash(lexicon: Sequence[Signal]) -> str:
    """Changes whenever the same text could give other signals."""
    rows = sorted(f"{s.kind}\0{s.word}\0{s.is_negatable}\0{s.unless}" for s in lexicon)
    return hashlib.sha256("\n".join([_NEGATION, _BETWEEN, *rows]).encode()).hexdigest()[:16]


def find_signals(text_hashes: pl.Series, texts: pl.Series, lexicon: Sequence[Signal]) -> pl.DataFrame:
    """How many words of each kind stand in each text.

    Args:
        text_hashes: key of each text, kept as it is.
        texts: masked texts; null holds no signal.
        lexicon: the words; of two that overlap, the longer counts.

    Returns:
        One row per text and kind, zeros included, so that a missing row means that the text was not read.
        Key: text_hash, signal_kind. Columns: text_hash, signal_kind, word_count (Int32).
    """
    frames = []
    for kind in SIGNAL_KINDS:
        signals = [signal for signal in lexicon if signal.kind == kind]
        counts = pl.Series([0], dtype=pl.Int32).new_from_index(0, len(texts))
        if signals:
            counted = texts.fill_null("")
            for pattern in _passed_over(signals):
                counted = counted.str.replace_all(pattern, "\n")
            counts = counted.str.count_matches(_any_of(signal.word for signal in signals)).cast(pl.Int32)
        frames.append(
            pl.DataFrame({"text_hash": text_hashes, "word_count": counts}).with_columns(signal_kind=pl.lit(kind))
        )
    return pl.concat(frames).select("text_hash", "signal_kind", "word_count").sort("text_hash", "signal_kind")


def _passed_over(signals: Sequence[Signal]) -> list[str]:
    longer = [word for signal in signals for word in (signal.unless or "").split("|") if word]
    negated = [signal.word for signal in signals if signal.is_negatable]
    patterns = [_any_of(longer)] if longer else []
    return patterns + ([f"{_NEGATION}{_BETWEEN}{_any_of(negated)}"] if negated else [])


def _any_of(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(re.escape(word) for word in sorted(set(words), key=lambda word: (-len(word), word)))})"
