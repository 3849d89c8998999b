"""What a record says and names, as numbers: words of title and text as columns, how often, and the places named."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

COLUMNS = 2**20


class Text(NamedTuple):
    """A record's words as columns (odd: of the title), how often it says them, and what it names."""

    words: NDArray[np.int32]
    weights: NDArray[np.float32]
    is_name: NDArray[np.bool_]
    title_places: frozenset[str]
    places: frozenset[str]


def read_text(title: list[str], words: list[str], title_places: frozenset[str], places: frozenset[str]) -> Text:
    """Words of the title, pairs of them (they hold names that the dictionary does not know), and words of both."""
    names = "\n".join(sorted(places | title_places))
    is_name = {word: word in names for word in (*title, *words)}
    found: dict[int, tuple[int, bool]] = {}

    def say(word: str, in_title: bool, named: bool) -> None:
        # hashed, so that no dictionary of all words and pairs must be held or stored
        column = crc32(word.encode()) % (COLUMNS // 2) * 2 + in_title
        found[column] = (found.get(column, (0, False))[0] + 1, named)

    for word in title:
        say(word, True, is_name[word])
    for one, following in pairwise(title):
        say(f"{one} {following}", True, is_name[one] or is_name[following])
    for word in (*title, *words):
        say(word, False, is_name[word])
    return Text(
        np.array(list(found), dtype=np.int32),
        1 + np.log(np.array([count for count, _ in found.values()], dtype=np.float32)),
        np.array([named for _, named in found.values()], dtype=np.bool_),
        title_places,
        places | title_places,
    )


def is_shared_place(ours: Text, theirs: Text) -> bool:
    """Whether a place in the title of one is named by the other; 丽景 and 丽景新城 are one."""
    return _meet(ours.title_places, theirs.places) or _meet(theirs.title_places, ours.places)


def _meet(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    return not ours.isdisjoint(theirs) or any(one in other or other in one for one in ours for other in theirs)
