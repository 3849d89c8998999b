"""Rows of word weights that grow, and where each word stands among rows of one community and time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.incident_words import COLUMNS

Ints = NDArray[np.int64]
_UNKNOWN = -1
_POSTINGS = 2_000_000  # so many are multiplied at once
_DAYS = 1 << 24


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
    """Where each word stands, so that a row meets only rows that share one, of its community and near in time.

    A row of unknown community meets all; rows of unknown community are met by all.

    Args:
        rows: word weights.
        places: community of each row, -1 where unknown.
        days: when each happened.
    """

    def __init__(self, rows: csr_matrix, places: Ints, days: Ints) -> None:
        self._first_day = int(days.min(initial=0))
        keys = _keys(places, days - self._first_day)
        self._order = np.argsort(keys, kind="stable")  # unknown first, then by community, then by day
        self._keys = keys[self._order]
        by_word = rows[self._order].T.tocsr()
        self._data, self._at, self._starts = by_word.data, by_word.indices, by_word.indptr

    def alike(
        self, rows: csr_matrix, places: Ints, days: Ints, window_days: int
    ) -> tuple[Ints, Ints, NDArray[np.float32]]:
        """Pairs that share a word: number of the row asked for, number of the row met, and their product.

        Args:
            rows: rows asked for, with their ``places`` and ``days``.
            window_days: rows further apart are not met, save by rows of unknown community.
        """
        if not len(self._order) or not rows.nnz:
            return _NONE, _NONE, np.empty(0, dtype=np.float32)
        row_of = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        begin, end = self._starts[rows.indices], self._starts[rows.indices + 1]
        parts = []
        for low, high in self._ranges(places, days - self._first_day, window_days):
            first = _bisected(self._at, begin, end, low[row_of])
            parts.append((first, _bisected(self._at, first, end, high[row_of]) - first))
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

    def _ranges(self, places: Ints, days: Ints, window: int) -> list[tuple[Ints, Ints]]:
        """Positions that each row asked for may meet: those of unknown community, and those of its own, or all others."""
        unknown = np.full_like(places, _UNKNOWN)
        known = int(np.searchsorted(self._keys, _keys(unknown[:1], np.array([_DAYS - 1])))[0])
        found = []
        for own in (unknown, places):
            low = np.searchsorted(self._keys, _keys(own, np.maximum(days - window, 0)))
            high = np.searchsorted(self._keys, _keys(own, np.clip(days + window + 1, 0, _DAYS - 1)))
            found.append((low, high))
        low, high = found[1]
        is_unknown = places == _UNKNOWN
        low[is_unknown], high[is_unknown] = known, len(self._keys)
        return found

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


def _keys(places: Ints, days: Ints) -> Ints:
    return (places + 1) * _DAYS + days


def _bisected(values: NDArray[np.int32], low: Ints, high: Ints, sought: Ints) -> Ints:
    """The first place from ``low`` on, before ``high``, whose value is not less than the one sought."""
    low, high = low.astype(np.int64), high.astype(np.int64)
    while (is_open := low < high).any():
        middle = (low + high) // 2
        is_less = is_open & (values[np.minimum(middle, len(values) - 1)] < sought)
        low = np.where(is_less, middle + 1, low)
        high = np.where(is_open & ~is_less, middle, high)
    return low


def _room(held: NDArray[np.generic], used: int, wanted: int) -> NDArray[np.generic]:
    if wanted <= len(held):
        return held
    grown = np.empty(wanted + wanted // 2, dtype=held.dtype)
    grown[:used] = held[:used]
    return grown


def _matrix(
    data: NDArray[np.float32], indices: NDArray[np.int32], starts: NDArray[np.int32], width: int
) -> csr_matrix:
    return csr_matrix((data, indices, starts), (len(starts) - 1, width))
