"""Which records name one place? Names as numbers, so that many pairs of records are compared at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class PlaceNames:
    """Names met so far, and which of them are one place: 丽景 and 丽景新城."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._pairs: set[tuple[int, int]] = set()
        self._codes = np.empty(0, dtype=np.int64)
        self._has_other = np.empty(0, dtype=np.bool_)  # whether a name is one place with another

    def numbers(self, names: Sequence[str]) -> list[int]:
        """The numbers of names; those never met get one."""
        new = list(dict.fromkeys(name for name in names if name and name not in self._numbers))
        if new:
            for name in new:
                self._numbers[name] = len(self._numbers)
            self._relate(new)
        return [self._numbers[name] for name in names if name]

    def are_one(self, one: Ints, other: Ints) -> NDArray[np.bool_]:
        """Whether two names are equal, or one lies within the other; shape (pairs,)."""
        found = one == other
        near = np.flatnonzero(self._has_other[one] & self._has_other[other] & ~found)
        code = (one[near] << 32) | other[near]
        at = np.minimum(np.searchsorted(self._codes, code), len(self._codes) - 1)
        found[near] = self._codes[at] == code
        return np.asarray(found)

    def _relate(self, new: Sequence[str]) -> None:
        names = list(self._numbers)
        every = "\n".join(names)
        starts = [0, *accumulate(len(name) + 1 for name in names)]
        found: set[tuple[int, int]] = set()
        for name in new:
            number = self._numbers[name]
            at = every.find(name)
            while at >= 0:
                found.add((number, bisect_right(starts, at) - 1))
                at = every.find(name, at + 1)
            for begin in range(len(name)):
                for end in range(begin + 1, len(name) + 1):
                    within = self._numbers.get(name[begin:end])
                    if within is not None:
                        found.add((number, within))
        self._pairs |= {pair for a, b in found if a != b for pair in ((a, b), (b, a))}
        self._codes = np.sort(np.array([(a << 32) | b for a, b in self._pairs], dtype=np.int64))
        self._has_other = np.zeros(len(names), dtype=np.bool_)
        self._has_other[self._codes >> 32] = True


class NamedPlaces:
    """The places that the titles and the texts of records name, row by row."""

    def __init__(self) -> None:
        self.names = PlaceNames()
        self._in_title, self._anywhere = _Lists(), _Lists()

    def add(self, in_title: Sequence[Sequence[str]], anywhere: Sequence[Sequence[str]]) -> None:
        """Append rows; what the title names is named ``anywhere`` too."""
        self._in_title.add([self.names.numbers(row) for row in in_title])
        self._anywhere.add([self.names.numbers(row) for row in anywhere])

    @property
    def sizes(self) -> Ints:
        """How many places each row names."""
        return self._anywhere.sizes

    def forget(self, rows: int) -> None:
        """Drop the first rows."""
        self._in_title.forget(rows)
        self._anywhere.forget(rows)

    def compared(self, one: Ints, other: Ints) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Of pairs of rows: whether the title of one names a place of the other; whether both titles name any."""
        shared = np.zeros(len(one), dtype=np.bool_)
        titled = self._in_title.sizes > 0
        for ours, theirs in ((one, other), (other, one)):
            at = np.flatnonzero(titled[ours] & ~shared)
            pair, first, second = _crossed(self._in_title, ours[at], self._anywhere, theirs[at])
            shared[at[pair[self.names.are_one(first, second)]]] = True
        return shared, titled[one] & titled[other]


class _Lists:
    """Lists of numbers, one a row, in one array."""

    def __init__(self) -> None:
        self.sizes = np.empty(0, dtype=np.int64)
        self.starts = np.empty(0, dtype=np.int64)
        self.values = np.empty(0, dtype=np.int64)

    def add(self, rows: Sequence[Sequence[int]]) -> None:
        self._set(
            np.concatenate([self.sizes, np.array([len(row) for row in rows], dtype=np.int64)]),
            np.concatenate([self.values, np.array([value for row in rows for value in row], dtype=np.int64)]),
        )

    def forget(self, rows: int) -> None:
        gone = int(self.sizes[:rows].sum())
        self._set(self.sizes[rows:], self.values[gone:])

    def _set(self, sizes: Ints, values: Ints) -> None:
        self.sizes, self.values = sizes, values
        self.starts = np.cumsum(sizes) - sizes


def _crossed(ours: _Lists, one: Ints, theirs: _Lists, other: Ints) -> tuple[Ints, Ints, Ints]:
    """Every value of a row with every value of the row it is paired with: number of the pair, both values."""
    width = theirs.sizes[other]
    count = ours.sizes[one] * width
    pair = np.repeat(np.arange(len(one)), count)
    within = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    width = width[pair]
    first = ours.values[ours.starts[one[pair]] + within // width]
    return pair, first, theirs.values[theirs.starts[other[pair]] + within % width]
