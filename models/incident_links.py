"""Which earlier records tell of the same matter? Weigh words, compare each new record with those of the window.

A record is a weighted bag of words: its title and its title and text together (:mod:`.incident_words`). Words that few
records hold weigh most, words that many hold (扰民, 投诉) least or nothing; how many do is counted over the records of
the window, so that no list of stop words is kept by hand and memory is bounded. Similarity is held down where the
titles name different places and where records are alike in names alone (one estate, two matters); a place that both
name raises it. Whom to compare is found by the rarer words that two records share; only such pairs are compared whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from models.incident_words import COLUMNS, Text, is_shared_place, read_text

_BLOCK = 256
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
    weigh_days: int = 14
    weigh_again: float = 0.1


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
        self._known: list[int] = []  # by row of the window, as all that follow
        self._texts: list[Text] = []
        self._days = np.empty(0, dtype=np.int64)
        self._kinds = np.empty((0, 2), dtype=np.int64)
        self._codes: dict[tuple[int, str], int] = {}
        self._has_title = np.empty(0, dtype=np.bool_)  # whether the title names a place
        self._counts = np.zeros(COLUMNS, dtype=np.int32)
        self._period: int | None = None
        self._weighed = 0  # rows that were there when the window was last weighed
        self._full, self._matter = _no_rows(), _no_rows()
        self._index = _no_rows().T.tocsr()

    @classmethod
    def begin_of(cls, day: int, rule: LinkRule) -> int:
        """The first day (since 1970) whose records matter to the state on a day."""
        return day - day % rule.weigh_days - rule.count_days

    def add(self, records: pl.DataFrame, is_past: bool = False) -> range:
        """Append the records of a day; their row numbers.

        Args:
            records: record_id, occurred_at, known_at, title_tokens, tokens, title_places, places (lists of names;
                ``places`` of title and text); optional issue, community: records that differ there are not linked.
            is_past: of a period before the one to be compared, so that weighing can wait for that.
        """
        day = records.select(pl.col("known_at").dt.epoch("d").max()).item() or 0
        period = day // self.rule.weigh_days
        is_new = period != self._period and not is_past
        if is_new:
            self._period = period
            self._forget(self.begin_of(day, self.rule))
        first = len(self._texts)
        for title, words, in_title, places in records.select(
            "title_tokens", "tokens", "title_places", "places"
        ).iter_rows():
            text = read_text(
                title or [], (words or [])[: self.rule.text_words], frozenset(in_title or ()), frozenset(places or ())
            )
            self._counts[text.words] += 1
            self._texts.append(text)
        self._known += [day] * records.height
        named = np.array([bool(text.title_places) for text in self._texts[first:]], dtype=np.bool_)
        self._has_title = np.concatenate([self._has_title, named])
        self._days = np.concatenate([self._days, records["occurred_at"].dt.epoch("d").to_numpy()])
        self._kinds = np.concatenate([self._kinds, self._coded(records)])
        if is_past:
            return range(self._first + first, self._first + len(self._texts))
        if is_new or len(self._texts) > self._weighed * (1 + self.rule.weigh_again):
            self._weigh()
        else:
            full, matter = self._matrices(range(first, len(self._texts)))
            self._full = vstack([self._full, full], format="csr")
            self._matter = vstack([self._matter, matter], format="csr")
        return range(self._first + first, self._first + len(self._texts))

    def links(self, rows: range) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.float64]]]:
        """Links of each row to rows before it: (row, earlier rows, similarities 0–1, the strongest first)."""
        for start in range(rows.start - self._first, rows.stop - self._first, _BLOCK):
            block = range(start, min(start + _BLOCK, rows.stop - self._first))
            one, other = self._candidates(block)
            value = np.minimum(_products(self._full, one, other), 1)
            near = value >= self.rule.least_similarity
            one, other, value = one[near], other[near], value[near]
            is_matter = _products(self._matter, one, other) >= self.rule.least_matter
            place = self._place_factors(one, other)
            value *= np.where(is_matter, place, np.minimum(place, 1) * self.rule.names_alone)
            value = np.minimum(value, 1)
            order = np.lexsort((other, -value, one))
            order = order[value[order] >= self.rule.least_similarity]
            bounds = np.searchsorted(one[order], [*block, block.stop])
            for row, begin, end in zip(block, bounds, bounds[1:], strict=False):
                kept = order[begin:end][: self.rule.most_links]
                yield row + self._first, other[kept] + self._first, np.round(value[kept], 6).astype(np.float64)

    def _candidates(self, block: range) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pairs (row of the block, earlier row of the window) that share enough of rare words."""
        part = self._full[block.start : block.stop]
        columns = np.unique(part.indices[self._counts[part.indices] <= self._rare()])
        asked = part[:, columns]
        indexed = (asked @ self._index[columns]).tocoo()
        fresh = (asked @ self._full[self._weighed : block.stop][:, columns].T).tocoo()
        one = np.concatenate([indexed.row, fresh.row]).astype(np.int64) + block.start
        other = np.concatenate([indexed.col, fresh.col + self._weighed]).astype(np.int64)
        value = np.concatenate([indexed.data, fresh.data])
        near = (value >= self.rule.rare_likeness) & (other < one)
        one, other, value = one[near], other[near], value[near]
        near = np.abs(self._days[other] - self._days[one]) <= self.rule.window_days
        for kind in self._kinds.T:
            near &= (kind[one] == kind[other]) | (kind[one] < 0) | (kind[other] < 0)
        one, other, value = one[near], other[near], value[near]
        order = np.lexsort((other, -value, one))
        one, other = one[order], other[order]
        rank = np.arange(len(one)) - np.searchsorted(one, one)
        return one[rank < self.rule.most_compared], other[rank < self.rule.most_compared]

    def _rare(self) -> float:
        return max(self.rule.rare_share * len(self._texts), self.rule.rare_count)

    def _forget(self, begin: int) -> None:
        gone = int(np.searchsorted(self._known, begin))
        for text in self._texts[:gone]:
            self._counts[text.words] -= 1
        del self._texts[:gone], self._known[:gone]
        self._days, self._kinds, self._has_title = self._days[gone:], self._kinds[gone:], self._has_title[gone:]
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

    def _weigh(self) -> None:
        self._weighed = len(self._texts)
        self._full, self._matter = self._matrices(range(self._weighed))
        rare = self._full.copy()
        rare.data[self._counts[rare.indices] > self._rare()] = 0
        rare.eliminate_zeros()
        self._index = rare.T.tocsr()

    def _matrices(self, rows: range) -> tuple[csr_matrix, csr_matrix]:
        """Rows of unit length, in which titles weigh ``title_share``: of all words, and of those outside of names."""
        if not rows:
            return _no_rows(), _no_rows()
        texts = self._texts[rows.start : rows.stop]
        columns = np.concatenate([text.words for text in texts])
        counts, total = self._counts[columns], len(self._texts)
        data = np.concatenate([text.weights for text in texts]) * (np.log((1 + total) / (1 + counts)) + 1)
        data[counts > max(self.rule.common_share * total, self.rule.common_count)] = 0
        at = np.repeat(np.arange(len(rows)), [len(text.words) for text in texts])
        is_name = np.concatenate([text.is_name for text in texts])
        return self._unit(data, at, columns, counts, len(rows)), self._unit(
            np.where(is_name, 0, data), at, columns, counts, len(rows)
        )

    def _unit(
        self,
        data: NDArray[np.float64],
        at: NDArray[np.int64],
        columns: NDArray[np.int32],
        counts: NDArray[np.int32],
        size: int,
    ) -> csr_matrix:
        data, in_title, is_shared = data.copy(), columns % 2 == 1, counts > 1

        def divide(part: NDArray[np.bool_], share: float) -> None:
            squares = np.bincount(at[part & is_shared], data[part & is_shared] ** 2, size)
            alone = np.bincount(at[part], data[part] ** 2, size)
            length = np.sqrt(np.where(squares > 0, squares, np.where(alone > 0, alone, 1)))
            data[part] *= math.sqrt(share) / length[at[part]]

        divide(in_title, self.rule.title_share)
        divide(~in_title, 1 - self.rule.title_share)
        divide(np.ones(len(data), dtype=np.bool_), 1)
        held = data > 0
        return csr_matrix((data[held].astype(np.float32), (at[held], columns[held])), (size, COLUMNS))

    def _place_factors(self, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.float64]:
        factors = np.ones(len(one))
        has_title = self._has_title
        for at in np.flatnonzero(has_title[one] | has_title[other]).tolist():
            if is_shared_place(self._texts[one[at]], self._texts[other[at]]):
                factors[at] = self.rule.same_place
            elif has_title[one[at]] and has_title[other[at]]:
                factors[at] = self.rule.other_place
        return factors


def _products(rows: csr_matrix, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(rows[one].multiply(rows[other]).sum(axis=1), dtype=np.float64).ravel()


def _no_rows() -> csr_matrix:
    return csr_matrix((0, COLUMNS), dtype=np.float32)
