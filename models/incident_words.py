"""What records say, as numbers: words of title and text as columns, how often, and whether they belong to a name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

COLUMNS = 2**20


class Words(NamedTuple):
    """Words of some records, one record after the other, each record's in ascending order.

    Attributes:
        sizes: how many each record has, shape (records,).
        columns: a number a word (odd: of the title), shape (words,), as the following.
        weights: 1 + ln of how often the record says it.
        is_name: whether it stands in the name of a place that the record names.
    """

    sizes: NDArray[np.int64]
    columns: NDArray[np.int32]
    weights: NDArray[np.float32]
    is_name: NDArray[np.bool_]

    def since(self, first: int) -> Words:
        """Without the records before this one."""
        start = int(self.sizes[:first].sum())
        return Words(self.sizes[first:], self.columns[start:], self.weights[start:], self.is_name[start:])


def together(parts: Sequence[Words]) -> Words:
    """The records of all parts."""
    return Words(*map(np.concatenate, zip(NO_WORDS, *parts, strict=True)))


def read_words(records: Iterable[tuple[Sequence[str], Sequence[str], Iterable[str]]]) -> Words:
    """Words of the title, pairs of them (they hold names that the dictionary does not know), and words of both.

    Args:
        records: of each the words of the title, those of the text, and the places that it names.
    """
    columns: list[int] = []
    named: list[bool] = []
    lengths: list[int] = []
    known = _Columns()
    for title, words, places in records:
        before = len(columns)
        pairs = [f"{one} {following}" for one, following in pairwise(title)]
        columns += [known[word] + 1 for word in title]
        # hashed, so that no dictionary of all pairs must be held or stored
        columns += [crc32(pair.encode()) % (COLUMNS // 2) * 2 + 1 for pair in pairs]
        columns += [known[word] for word in title]
        columns += [known[word] for word in words]
        lengths.append(len(columns) - before)
        names = "\n".join(places)
        if names:
            in_title = [word in names for word in title]
            either = [one or other for one, other in pairwise(in_title)]
            named += [*in_title, *either, *in_title, *(word in names for word in words)]
        else:
            named += [False] * lengths[-1]
    sizes = np.array(lengths, dtype=np.int64)
    key = np.repeat(np.arange(len(sizes)), sizes) * COLUMNS + np.array(columns, dtype=np.int64)
    order = np.argsort(key, kind="stable")
    key = key[order]
    is_last = np.append(key[1:] != key[:-1], True)[: len(key)]
    last = np.flatnonzero(is_last)
    return Words(
        np.bincount(key[last] // COLUMNS, minlength=len(sizes)),
        (key[last] % COLUMNS).astype(np.int32),
        1 + np.log(np.diff(last, prepend=-1).astype(np.float32)),
        np.array(named, dtype=np.bool_)[order[last]],
    )


class _Columns(dict[str, int]):
    """The even column of each word, filled as met."""

    def __missing__(self, word: str) -> int:
        column = self[word] = crc32(word.encode()) % (COLUMNS // 2) * 2
        return column


NO_WORDS = read_words(())
