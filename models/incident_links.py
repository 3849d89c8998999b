"""Which earlier records tell of the same matter? Weigh words, compare each new record with those of the window.

A record is a weighted bag of words: its title (words and pairs of words, which hold names that the dictionary does not
know) and its title and text together. Words that few records hold weigh most, words that many hold (扰民, 投诉) least
or nothing; how many do is counted over the records known so far, so that no list of stop words is kept by hand.
Similarity is held down where the titles name different places and where records are alike in names alone (one estate,
two matters); a place that both name raises it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

_COLUMNS = 2**20
_BLOCK = 256
LINKS = {"record_id": pl.String, "earlier_record_id": pl.String, "similarity": pl.Float64}


@dataclass(frozen=True)
class LinkRule:
    """Thresholds, chosen on half of the incidents marked by hand (docs/text.md).

    Attributes:
        window_days: records further apart are not compared.
        least_similarity: weaker links are not kept.
        title_share: of the similarity, the share that comes from the titles; the rest from title and text.
        text_words: words of the text that are read.
        common_share, common_count: a word in more records than both is no evidence.
        least_matter: likeness outside of names that two records of one matter have at least.
        names_alone: factor where they have less.
        same_place: factor where one's title names a place of the other, if they are like in more than names.
        other_place: factor where the titles name different places.
        most_links: links kept of one record, the strongest first.
        weigh_again: growth of the records at which the window is weighed anew.
    """

    window_days: int = 180
    least_similarity: float = 0.08
    title_share: float = 0.3
    text_words: int = 200
    common_share: float = 0.1
    common_count: int = 20
    least_matter: float = 0.07
    names_alone: float = 0.35
    same_place: float = 1.3
    other_place: float = 0.2
    most_links: int = 200
    weigh_again: float = 0.1


class Records:
    """Records as rows of word weights, in the order in which they became known.

    A row is weighed when it comes, by the counts of its day, and those of the window anew when the records have grown
    by ``LinkRule.weigh_again``. A word that no other record holds yet does not count for a row's length, so that the
    first record of a matter is found by the name the second brings.

    Args:
        rule: what is read and compared.

    Attributes:
        ids: record ids by row.
    """

    def __init__(self, rule: LinkRule) -> None:
        self.rule = rule
        self.ids: list[str] = []
        self._days = np.empty(0, dtype=np.int64)
        self._texts: list[_Text] = []
        self._counts = np.zeros(_COLUMNS, dtype=np.int32)
        self._weighed_at = 0  # how many records there were when the window was last weighed
        self._first = 0  # row of the window's first
        self._full, self._matter = _no_rows(), _no_rows()

    def add(self, records: pl.DataFrame) -> range:
        """Append the records of a day; their rows.

        Args:
            records: record_id, occurred_at, title_tokens, tokens, title_places, places (lists of names; ``places``
                of title and text).
        """
        first = len(self.ids)
        texts = [
            _text(
                title or [], (words or [])[: self.rule.text_words], frozenset(in_title or ()), frozenset(places or ())
            )
            for title, words, in_title, places in records.select(
                "title_tokens", "tokens", "title_places", "places"
            ).iter_rows()
        ]
        for text in texts:
            self._counts[text.words] += 1
        self.ids += records["record_id"].to_list()
        self._texts += texts
        self._days = np.concatenate([self._days, records["occurred_at"].dt.epoch("d").to_numpy()])
        self._weigh(first)
        return range(first, len(self.ids))

    def links(self, rows: range) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.float64]]]:
        """Links of each row to rows before it: (row, earlier rows, similarities 0–1, the strongest first)."""
        window = self._full.T.tocsr()
        for start in range(rows.start, rows.stop, _BLOCK):
            block = range(start, min(start + _BLOCK, rows.stop))
            likeness = (self._full[start - self._first : block.stop - self._first] @ window).tocoo()
            one, other = likeness.row + start, likeness.col + self._first
            near = (other < one) & (likeness.data >= self.rule.least_similarity)
            near[near] &= abs(self._days[other[near]] - self._days[one[near]]) <= self.rule.window_days
            one, other, value = one[near], other[near], np.minimum(likeness.data[near].astype(np.float64), 1)
            matter = self._matter[one - self._first].multiply(self._matter[other - self._first]).sum(axis=1)
            is_matter = np.asarray(matter).ravel() >= self.rule.least_matter
            place = np.array([self._place_factor(a, b) for a, b in zip(one, other, strict=True)])
            value *= np.where(is_matter, place, np.minimum(place, 1) * self.rule.names_alone)
            value = np.minimum(value, 1)
            order = np.lexsort((other, -value, one))
            order = order[value[order] >= self.rule.least_similarity]
            bounds = np.searchsorted(one[order], [*block, block.stop])
            for row, begin, end in zip(block, bounds, bounds[1:], strict=False):
                kept = order[begin:end][: self.rule.most_links]
                yield row, other[kept], np.round(value[kept], 6)

    def _weigh(self, first: int) -> None:
        oldest = self._days[first:].min(initial=self._days[-1] if len(self._days) else 0) - self.rule.window_days
        start = int(np.argmax(self._days >= oldest)) if len(self._days) else 0
        if start < self._first or len(self.ids) > self._weighed_at * (1 + self.rule.weigh_again):
            self._weighed_at = len(self.ids)
            self._first, self._full, self._matter = start, *self._matrices(range(start, len(self.ids)))
            return
        full, matter = self._matrices(range(first, len(self.ids)))
        self._full = vstack([self._full[start - self._first :], full], format="csr")
        self._matter = vstack([self._matter[start - self._first :], matter], format="csr")
        self._first = start

    def _matrices(self, rows: range) -> tuple[csr_matrix, csr_matrix]:
        """Rows of unit length, in which titles weigh ``title_share``: of all words, and of those outside of names."""
        if not rows:
            return _no_rows(), _no_rows()
        texts = self._texts[rows.start : rows.stop]
        columns = np.concatenate([text.words for text in texts])
        counts, total = self._counts[columns], len(self.ids)
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
        return csr_matrix((data[held].astype(np.float32), (at[held], columns[held])), (size, _COLUMNS))

    def _place_factor(self, one: int, other: int) -> float:
        """Whether a place in the title of one is named by the other; 丽景 and 丽景新城 are one."""
        ours, theirs = self._texts[one], self._texts[other]
        if _meet(ours.title_places, theirs.places) or _meet(theirs.title_places, ours.places):
            return self.rule.same_place
        return self.rule.other_place if ours.title_places and theirs.title_places else 1.0


class _Text(NamedTuple):
    """A record's words as columns (odd: of the title), how often it says them, and what it names."""

    words: NDArray[np.int32]
    weights: NDArray[np.float64]
    is_name: NDArray[np.bool_]
    title_places: frozenset[str]
    places: frozenset[str]


def _text(title: list[str], words: list[str], title_places: frozenset[str], places: frozenset[str]) -> _Text:
    names = "\n".join(sorted(places | title_places))
    is_name = {word: word in names for word in (*title, *words)}
    found: dict[int, tuple[int, bool]] = {}

    def say(word: str, in_title: bool, named: bool) -> None:
        # hashed, so that no dictionary of all words and pairs must be held or stored
        column = crc32(word.encode()) % (_COLUMNS // 2) * 2 + in_title
        found[column] = (found.get(column, (0, False))[0] + 1, named)

    for word in title:
        say(word, True, is_name[word])
    for one, following in pairwise(title):
        say(f"{one} {following}", True, is_name[one] or is_name[following])
    for word in (*title, *words):
        say(word, False, is_name[word])
    return _Text(
        np.array(list(found), dtype=np.int32),
        1 + np.log(np.array([count for count, _ in found.values()], dtype=np.float64)),
        np.array([named for _, named in found.values()], dtype=np.bool_),
        title_places,
        places | title_places,
    )


def _no_rows() -> csr_matrix:
    return csr_matrix((0, _COLUMNS), dtype=np.float32)


def _meet(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    return not ours.isdisjoint(theirs) or any(one in other or other in one for one in ours for other in theirs)
