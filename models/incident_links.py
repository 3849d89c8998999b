"""Which earlier records tell of the same matter? Weigh words, compare each new record with those of the window.

A record is a weighted bag of words: its title and its title and text together (:mod:`.incident_words`). Words that few
records hold weigh most, words that many hold (扰民, 投诉) least or nothing; how many do is counted over the records of
the window, so that no list of stop words is kept by hand and memory is bounded. Similarity is held down where the
titles name different places and where records are alike in names alone (one estate, two matters); a place that both
name raises it. Whom to compare is found by the rarer words that two records share; only such pairs are compared whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models.incident_index import GrowingRows, WordIndex
from models.incident_places import NamedPlaces
from models.incident_words import COLUMNS, Words, read_words, together

_BLOCK = 256
_WEIGHED_AT_ONCE = 20_000
_TELLS = -2
LINKS = {"record_id": pl.String, "earlier_record_id": pl.String, "similarity": pl.Float64}


@dataclass(frozen=True)
class LinkRule:
    """Thresholds, chosen on half of the incidents marked by hand (docs/text.md).

    Attributes:
        window_days: records further apart are not compared.
        count_days: words are counted over the records that became known in so many days.
        least_similarity: weaker links are not kept.
        title_share: of the similarity, the share that comes from the titles; the rest from title and text.
        text_words: words of the text that are read.
        common_share, common_count: a word in more records than both is no evidence.
        rare_share, rare_count: records are compared if they share words that are in no more records than one of these
        rare_likeness: and if these words alone make them so alike.
        most_compared: so many earlier records each is compared with, those most alike in rare words.
        least_matter: likeness outside of names that two records of one matter have at least.
        names_alone: factor where they have less.
        same_place: factor where one's title names a place of the other, if they are like in more than names.
        other_place: factor where the titles name different places.
        most_links: links kept of one record, the strongest first.
        least_words: a record without issue, community and place that says fewer different words does not tell which
            matter it means (请尽快处理): it is linked only to such a record of the same caller.
        weigh_days: the window is weighed anew when a period of so many days begins
        weigh_again: and when the records have grown by this share since.
    """

    window_days: int = 180
    count_days: int = 365
    least_similarity: float = 0.08
    title_share: float = 0.3
    text_words: int = 200
    common_share: float = 0.1
    common_count: int = 20
    rare_share: float = 0.01
    rare_count: int = 100
    rare_likeness: float = 0.03
    most_compared: int = 120
    least_matter: float = 0.07
    names_alone: float = 0.35
    same_place: float = 1.3
    other_place: float = 0.2
    most_links: int = 60
    least_words: int = 10
    weigh_days: int = 14
    weigh_again: float = 0.1


class Links(NamedTuple):
    """Links of some rows to rows before them, the strongest of each first.

    Attributes:
        rows: the rows.
        bounds: where the links of each begin, and where the last ones end.
        others: earlier rows.
        values: similarities, 0–1.
    """

    rows: range
    bounds: NDArray[np.int64]
    others: NDArray[np.int64]
    values: NDArray[np.float64]


class Records:
    """Records as rows of word weights, in the order in which they became known.

    A row is weighed when it comes, by the counts of its day, and with the whole window when that is weighed anew. Both
    depend on nothing but the records since ``count_days`` before the period began (:meth:`begin_of`), so that feeding
    these again restores the state. A word that no other record holds yet does not count for a row's length, so that
    the first record of a matter is found by the name the second brings.

    Args:
        rule: what is read and compared.
        first: number of the first row.
    """

    def __init__(self, rule: LinkRule, first: int = 0) -> None:
        self.rule = rule
        self._first = first  # row number of the window's first
        self._known = np.empty(0, dtype=np.int64)  # by row of the window, as all that follow
        self._words: list[Words] = []
        self._days = np.empty(0, dtype=np.int64)
        self._kinds = np.empty((0, 2), dtype=np.int64, order="F")
        self._mute = np.empty(0, dtype=np.int64)  # of who says too little, the caller (-1: unknown); else _TELLS
        self._codes: dict[tuple[int, str], int] = {}
        self._places = NamedPlaces()
        self._counts = np.zeros(COLUMNS, dtype=np.int32)
        self._period: int | None = None
        self._full, self._matter = GrowingRows(), GrowingRows()
        self._weighed = 0  # rows that were there when the window was last weighed
        self._was_rare = np.ones(COLUMNS, dtype=np.bool_)
        self._indexes: list[tuple[int, WordIndex]] = []

    @classmethod
    def begin_of(cls, day: int, rule: LinkRule) -> int:
        """The first day (since 1970) whose records matter to the state on a day."""
        return day - day % rule.weigh_days - rule.count_days

    def add(self, records: pl.DataFrame, is_past: bool = False) -> range:
        """Append the records of a day; their row numbers.

        Args:
            records: record_id, occurred_at, known_at, title_tokens, tokens, title_places, places (lists of names;
                ``places`` of title and text); optional issue, community: records that differ there are not linked;
                optional caller: who says too little to tell the matter is linked to no other's records.
            is_past: of a period before the one to be compared, so that weighing can wait for that.
        """
        day = records.select(pl.col("known_at").dt.epoch("d").max()).item() or 0
        period = day // self.rule.weigh_days
        is_new = period != self._period and not is_past
        if is_new:
            self._period = period
            self._forget(self.begin_of(day, self.rule))
        first = len(self._known)
        words = self._read(records)
        self._known = np.concatenate([self._known, np.full(records.height, day)])
        self._days = np.concatenate([self._days, records["occurred_at"].dt.epoch("d").to_numpy()])
        kinds = self._coded(records)
        self._kinds = np.concatenate([self._kinds, kinds])
        self._mute = np.concatenate([self._mute, self._muted(records, kinds, words)])
        rows = range(self._first + first, self._first + len(self._known))
        if is_past:
            return rows
        if is_new or len(self._known) > self._weighed * (1 + self.rule.weigh_again):
            self._weigh()
        else:
            self._append(words)
            # rows that came since are few: found anew each day
            self._indexes = [*self._indexes[:1], self._indexed(self._weighed, self._is_rare())]
        return rows

    def links(self, rows: range) -> Iterator[Links]:
        """Links of rows to rows before them, some rows at a time."""
        for start in range(rows.start - self._first, rows.stop - self._first, _BLOCK):
            block = range(start, min(start + _BLOCK, rows.stop - self._first))
            one, other = self._candidates(block)
            value = np.minimum(self._full.products(one, other), 1)
            near = value >= self.rule.least_similarity
            one, other, value = one[near], other[near], value[near]
            place = self._place_factors(one, other)
            near = value * place >= self.rule.least_similarity  # what follows makes none more alike
            one, other, value, place = one[near], other[near], value[near], place[near]
            is_matter = self._matter.products(one, other) >= self.rule.least_matter
            value *= np.where(is_matter, place, np.minimum(place, 1) * self.rule.names_alone)
            value = np.minimum(value, 1)
            near = value >= self.rule.least_similarity
            one, other, value = one[near], other[near], value[near]
            order = np.lexsort((other, -value, one))
            order = order[_rank(one[order]) < self.rule.most_links]
            yield Links(
                range(block.start + self._first, block.stop + self._first),
                np.searchsorted(one[order], [*block, block.stop]),
                other[order] + self._first,
                np.round(value[order], 6).astype(np.float64),
            )

    def _candidates(self, block: range) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pairs (row of the block, earlier row of the window) that share enough of rare words."""
        part = self._full.rows(block.start, block.stop)
        is_rare = self._is_rare()
        kinds, days = self._kinds[block.start : block.stop], self._days[block.start : block.stop]
        ones, others, values = [], [], []
        for first, index in self._indexes:
            asked = _only(part, is_rare & self._was_rare if first == 0 else is_rare)
            one, other, value = index.alike(asked, kinds[:, ::-1], days, self.rule.window_days)
            one, other = one + block.start, other + first
            near = np.flatnonzero((value >= self.rule.rare_likeness) & (other < one))
            one, other, value = one[near], other[near], value[near]
            is_near = np.abs(self._days[other] - self._days[one]) <= self.rule.window_days
            for kind in self._kinds.T:
                ours, theirs = kind[one], kind[other]
                is_near &= (ours == theirs) | (ours < 0) | (theirs < 0)
            ours, theirs = self._mute[one], self._mute[other]
            is_near &= ((ours == _TELLS) & (theirs == _TELLS)) | ((ours == theirs) & (ours >= 0))
            near = np.flatnonzero(is_near)
            ones.append(one[near])
            others.append(other[near])
            values.append(value[near])
        one, other, value = np.concatenate(ones), np.concatenate(others), np.concatenate(values)
        # only rows with too many must be put in order
        is_many = np.bincount(one - block.start, minlength=len(block))[one - block.start] > self.rule.most_compared
        many = np.flatnonzero(is_many)
        many = many[np.lexsort((other[many], -value[many], one[many]))]
        kept = np.concatenate([np.flatnonzero(~is_many), many[_rank(one[many]) < self.rule.most_compared]])
        return one[kept], other[kept]

    def _is_rare(self) -> NDArray[np.bool_]:
        return np.asarray(self._counts <= max(self.rule.rare_share * len(self._known), self.rule.rare_count))

    def _read(self, records: pl.DataFrame) -> Words:
        in_title, anywhere = [], []
        told = []
        for title, words, title_places, places in records.select(
            "title_tokens", "tokens", "title_places", "places"
        ).iter_rows():
            in_title.append(sorted(set(title_places or ())))
            anywhere.append(sorted({*(title_places or ()), *(places or ())}))
            told.append((title or [], (words or [])[: self.rule.text_words], anywhere[-1]))
        self._places.add(in_title, anywhere)
        words = read_words(told)
        np.add.at(self._counts, words.columns, 1)
        self._words.append(words)
        return words

    def _forget(self, begin: int) -> None:
        gone = int(np.searchsorted(self._known, begin))
        if not gone:
            return
        held = together(self._words)
        kept = held.since(gone)
        np.subtract.at(self._counts, held.columns[: len(held.columns) - len(kept.columns)], 1)
        self._words = [kept]
        self._known, self._days = self._known[gone:], self._days[gone:]
        self._kinds, self._mute = self._kinds[gone:], self._mute[gone:]
        self._places.forget(gone)
        self._first += gone

    def _coded(self, records: pl.DataFrame) -> NDArray[np.int64]:
        """Issue and community as numbers; -1 where unknown."""
        coded = np.full((records.height, 2), -1, dtype=np.int64)
        for at, column in enumerate(("issue", "community")):
            if column in records.columns:
                for row, value in enumerate(records[column]):
                    if value is not None:
                        coded[row, at] = self._codes.setdefault((at, value), len(self._codes))
        return coded

    def _muted(self, records: pl.DataFrame, kinds: NDArray[np.int64], words: Words) -> NDArray[np.int64]:
        """Callers, as numbers, of records that say too little to tell their matter; ``_TELLS`` for all others."""
        row_of = np.repeat(np.arange(records.height), words.sizes)
        said = np.bincount(row_of[words.columns % 2 == 0], minlength=records.height)
        is_named = self._places.sizes[-records.height :] > 0 if records.height else np.empty(0, dtype=np.bool_)
        muted = np.full(records.height, _TELLS)
        callers = records["caller"] if "caller" in records.columns else None
        for row in np.flatnonzero((kinds < 0).all(axis=1) & ~is_named & (said < self.rule.least_words)).tolist():
            caller = None if callers is None else callers[row]
            muted[row] = -1 if caller is None else self._codes.setdefault((2, caller), len(self._codes))
        return muted

    def _weigh(self) -> None:
        held = together(self._words)
        self._words = [held]
        self._full, self._matter = GrowingRows(), GrowingRows()
        self._append(held)
        self._weighed = len(self._known)
        self._was_rare = self._is_rare()
        self._indexes = [self._indexed(0, self._was_rare)]

    def _indexed(self, first: int, is_rare: NDArray[np.bool_]) -> tuple[int, WordIndex]:
        rows = _only(self._full.rows(first), is_rare)
        return first, WordIndex(rows, self._kinds[first:, ::-1], self._days[first:])

    def _append(self, words: Words) -> None:
        """Weigh records by the words of all: rows of unit length, in which titles weigh ``title_share``."""
        total = len(self._known)
        # by how many records hold a word
        weight_of = np.log((1 + total) / (1 + np.arange(total + 1))) + 1
        weight_of[np.arange(total + 1) > max(self.rule.common_share * total, self.rule.common_count)] = 0
        ends = np.concatenate([[0], np.cumsum(words.sizes)])
        for first in range(0, len(words.sizes), _WEIGHED_AT_ONCE):
            sizes = words.sizes[first : first + _WEIGHED_AT_ONCE]
            part = slice(ends[first], ends[first + len(sizes)])
            counts = self._counts[words.columns[part]]
            data = words.weights[part] * weight_of[counts]
            at = np.repeat(np.arange(len(sizes)), sizes)
            # and once more of the words outside of names
            for rows, is_held in ((self._full, data > 0), (self._matter, (data > 0) & ~words.is_name[part])):
                held = np.flatnonzero(is_held)
                rows.append(self._unit(data[held], at[held], words.columns[part][held], counts[held] > 1, len(sizes)))

    def _unit(
        self,
        data: NDArray[np.float64],
        at: NDArray[np.int64],
        columns: NDArray[np.int32],
        is_shared: NDArray[np.bool_],
        size: int,
    ) -> csr_matrix:
        part = at * 2 + (columns & 1)
        squares = data * data
        length = np.bincount(part, squares * is_shared, size * 2)
        is_counted = length > 0
        if not is_counted.all():
            # of words that no other record holds, all count
            alone = ~is_counted[part]
            length += np.bincount(part[alone], squares[alone], size * 2)
        share = np.tile([1 - self.rule.title_share, self.rule.title_share], size) * (length > 0)
        whole = np.where(is_counted, share, 0).reshape(-1, 2).sum(axis=1)
        whole = np.where(whole > 0, whole, share.reshape(-1, 2).sum(axis=1))
        factor = np.sqrt(share / np.where(length > 0, length, 1) / np.repeat(np.where(whole > 0, whole, 1), 2))
        starts = np.concatenate([[0], np.cumsum(np.bincount(at, minlength=size))]).astype(np.int32)
        return csr_matrix(((data * factor[part]).astype(np.float32), columns, starts), (size, COLUMNS))

    def _place_factors(self, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.float64]:
        is_shared, are_titles = self._places.compared(one, other)
        return np.where(is_shared, self.rule.same_place, np.where(are_titles, self.rule.other_place, 1.0))


def _only(rows: csr_matrix, is_kept: NDArray[np.bool_]) -> csr_matrix:
    """The words that are kept."""
    kept = is_kept[rows.indices]
    starts = np.concatenate([[0], np.cumsum(kept)])[rows.indptr].astype(np.int32)
    return csr_matrix((rows.data[kept], rows.indices[kept], starts), rows.shape)


def _rank(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which of its number each is, of numbers in ascending order: 0 for the first."""
    return np.asarray(np.arange(len(numbers)) - np.searchsorted(numbers, numbers))
