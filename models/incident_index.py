"""Rows of word weights that grow, and where each word stands among rows of one community and time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.incident_words import COLUMNS

Ints = NDArray[np.int64]
Number = TypeVar("Number", np.float32, np.int32)
_UNKNOWN = -1
_POSTINGS = 2_000_000  # so many are multiplied at once
_DAYS = 1 << 20  # more than there are between any two records
_LAST_DAY = _DAYS - 1
_ISSUES = 1 << 20


class GrowingRows:
    """A sparse matrix to which rows are appended without copying those that it has."""

    def __init__(self) -> None:
        self.height = 0
        self._data = np.empty(1, dtype=np.float32)
        self._indices = np.empty(1, dtype=np.int32)
        self._starts = np.zeros(1, dtype=np.int32)

    def append(self, rows: csr_matrix) -> None:
        """Add rows of ``COLUMNS`` columns."""
        held, height = int(self._starts[self.height]), self.height + rows.shape[0]
        stop = held + rows.nnz
        self._data = _room(self._data, held, stop)
        self._indices = _room(self._indices, held, stop)
        self._starts = _room(self._starts, self.height + 1, height + 1)
        self._data[held:stop], self._indices[held:stop] = rows.data, rows.indices
        self._starts[self.height + 1 : height + 1] = rows.indptr[1:] + held
        self.height = height

    def rows(self, first: int = 0, stop: int | None = None) -> csr_matrix:
        """These rows, as a view."""
        starts = self._starts[first : (self.height if stop is None else stop) + 1]
        begin, end = int(starts[0]), int(starts[-1])
        return _matrix(self._data[begin:end], self._indices[begin:end], starts - starts[0], COLUMNS)

    def products(self, one: Ints, other: Ints) -> NDArray[np.float64]:
        """Scalar products of pairs of rows, shape (pairs,)."""
        rows = self.rows()
        return np.asarray(rows[one].multiply(rows[other]).sum(axis=1), dtype=np.float64).ravel()


class WordIndex:
    """Where each word stands, so that a row meets only rows that share one, of its kind and near in time.

    A row of unknown issue or community meets all of them, and is met by all.

    Args:
        rows: word weights.
        kinds: community and issue of each row, -1 where unknown, shape (rows, 2).
        days: when each happened.
    """

    def __init__(self, rows: csr_matrix, kinds: Ints, days: Ints) -> None:
        self._first_day = int(days.min(initial=0))
        keys = _keys(kinds[:, 0], kinds[:, 1], days - self._first_day)
        self._order = np.argsort(keys, kind="stable")  # by community, issue and day, unknown ones first
        self._keys = keys[self._order]
        by_word = rows[self._order].T.tocsr()
        self._data, self._at, self._starts = by_word.data, by_word.indices, by_word.indptr

    def alike(
        self, rows: csr_matrix, kinds: Ints, days: Ints, window_days: int
    ) -> tuple[Ints, Ints, NDArray[np.float32]]:
        """Pairs that share a word: number of the row asked for, number of the row met, and their product.

        Args:
            rows: rows asked for, with their ``kinds`` and ``days``.
            window_days: rows further apart need not be met, though some are.
        """
        if not len(self._order) or not rows.nnz:
            return _NONE, _NONE, np.empty(0, dtype=np.float32)
        row_of = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        begin, end = self._starts[rows.indices].astype(np.int64), self._starts[rows.indices + 1].astype(np.int64)
        parts = []
        for low, high in self._ranges(kinds, days - self._first_day, window_days):
            if (low >= high).all():
                continue
            first = _bisected(self._at, begin, end, low[row_of])
            parts.append((first, _bisected(self._at, first, end, high[row_of]) - first))
        if not parts:
            return _NONE, _NONE, np.empty(0, dtype=np.float32)
        met = np.zeros(rows.shape[0] + 1, dtype=np.int64)
        np.cumsum(np.bincount(row_of, sum(length for _, length in parts), rows.shape[0]), out=met[1:])
        found = []
        start = 0
        while start < rows.shape[0]:
            stop = max(start + 1, int(np.searchsorted(met, met[start] + _POSTINGS, side="right")) - 1)
            found.append(self._multiplied(rows, parts, start, stop))
            start = stop
        one, other, value = map(np.concatenate, zip(*found, strict=True))
        return one, self._order[other], value

    def _ranges(self, kinds: Ints, days: Ints, window: int) -> Iterator[tuple[Ints, Ints]]:
        """Positions from, and before, which lie the rows that each row asked for may meet."""
        early, late = np.maximum(days - window, 0), np.clip(days + window + 1, 0, _LAST_DAY)
        unknown = np.full(len(days), _UNKNOWN)
        community, issue = kinds[:, 0], kinds[:, 1]
        is_known, is_issue = community != _UNKNOWN, issue != _UNKNOWN
        for place, is_asked in ((unknown, np.ones_like(is_known)), (community, is_known)):
            # of unknown issue, and of its own or of all others
            low, high = self._between(_keys(place, unknown, early), _keys(place, unknown, late))
            yield low, np.where(is_asked, high, low)
            low, high = self._between(
                np.where(is_issue, _keys(place, issue, early), _keys(place, unknown + 1, early * 0)),
                np.where(is_issue, _keys(place, issue, late), _keys(place + 1, unknown, early * 0)),
            )
            yield low, np.where(is_asked, high, low)
        # whose own community is unknown meets all others
        low, high = self._between(_keys(unknown[:1] + 1, unknown[:1], np.zeros(1, dtype=np.int64)), self._keys[-1:] + 1)
        low, high = np.repeat(low, len(days)), np.repeat(high, len(days))
        yield low, np.where(is_known, low, high)

    def _between(self, low: Ints, high: Ints) -> tuple[Ints, Ints]:
        return np.searchsorted(self._keys, low), np.searchsorted(self._keys, high)

    def _multiplied(
        self, rows: csr_matrix, parts: list[tuple[Ints, Ints]], start: int, stop: int
    ) -> tuple[Ints, Ints, NDArray[np.float32]]:
        held = slice(rows.indptr[start], rows.indptr[stop])
        first = np.stack([one[held] for one, _ in parts], axis=1).ravel()
        length = np.stack([size[held] for _, size in parts], axis=1).ravel()
        ends = np.cumsum(length)
        taken = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - ends + length, length)
        size = len(length)
        starts = (rows.indptr[start : stop + 1] - rows.indptr[start]) * len(parts)
        asked = _matrix(np.repeat(rows.data[held], len(parts)), np.arange(size, dtype=np.int32), starts, size)
        postings = _matrix(
            self._data[taken], self._at[taken], np.concatenate([[0], ends]).astype(np.int32), len(self._order)
        )
        product = (asked @ postings).tocoo()
        return product.row.astype(np.int64) + start, product.col.astype(np.int64), product.data


_NONE = np.empty(0, dtype=np.int64)


def _keys(communities: Ints, issues: Ints, days: Ints) -> Ints:
    return ((communities + 1) * _ISSUES + issues + 1) * _DAYS + days


def _bisected(values: NDArray[np.int32], low: Ints, high: Ints, sought: Ints) -> Ints:
    """The first place from ``low`` on, before ``high``, whose value is not less than the one sought."""
    low, size = low.copy(), high - low
    while (size > 0).any():
        half = size >> 1
        middle = low + half
        # a closed one looks at a place that may not exist, and stays
        is_less = (values[np.minimum(middle, len(values) - 1)] < sought) & (size > 0)
        low = np.where(is_less, middle + 1, low)
        size = np.where(is_less, size - half - 1, half)
    return low


def _room(held: NDArray[Number], used: int, wanted: int) -> NDArray[Number]:
    if wanted <= len(held):
        return held
    grown = np.empty(wanted + wanted // 2, dtype=held.dtype)
    grown[:used] = held[:used]
    return grown


def _matrix(data: NDArray[np.float32], indices: NDArray[np.int32], starts: NDArray[np.int32], width: int) -> csr_matrix:
    return csr_matrix((data, indices, starts), (len(starts) - 1, width))
