"""Sparse features of segmented texts: words, pairs of words and short runs of characters, hashed in bulk.

scikit-learn's vectorisers spend about a millisecond on a text, in Python; here a block of texts is one array of code
points and every n-gram is hashed by array arithmetic. Hashing needs no vocabulary: what a model keeps of the texts it
learned from is bucket numbers, from which no name can be read back by looking.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

BUCKETS = 1 << 22
_LONGEST_TEXT = 4_000  # beyond it a text says nothing new; an attachment pasted as text must not fill the memory
_LONGEST_WORD = 64
_MIX = np.uint64(0x9E3779B97F4A7C15)
_WORD_END, _TEXT_END = 0, 1  # control characters, which no word of a text may hold
_CLEAN = dict.fromkeys(range(32))

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Hashes = npt.NDArray[np.uint64]
Texts = Sequence[Sequence[str] | str | None]


@dataclass(frozen=True)
class Block:
    """One kind of feature, weighed by TF-IDF and brought to length one on its own.

    Attributes:
        unit: ``word`` or ``char``; characters run over the joined words.
        longest: n-grams of 1 to this many units.
        first_words: only the beginning of the text, where a title stands; None is all of it.
        weight: length of the block's vector.
    """

    unit: str
    longest: int
    first_words: int | None = None
    weight: float = 1.0


def cleaned(text: Sequence[str] | str | None) -> list[str]:
    """The words of a text: a string is split at blanks; control characters go, and what is then empty."""
    if not text:
        return []
    words = (text.split(maxsplit=_LONGEST_TEXT) if isinstance(text, str) else list(text))[:_LONGEST_TEXT]
    try:
        # nearly every text is well, and then it is not looked at word by word
        if "".join(words).isprintable() and all(words) and max(map(len, words)) <= _LONGEST_WORD:
            return words
    except TypeError:  # a word that is none
        pass
    kept = (word[:_LONGEST_WORD] for word in words if isinstance(word, str))
    # surrogates go as well: they come from bytes that were no text
    return [word for word in ("".join(c for c in word if c.isprintable()) for word in kept) if word]


def hashed_counts(texts: Sequence[list[str]], block: Block, salt: int) -> sp.csr_array:
    """How often each n-gram occurs in each cleaned text. Shape (texts, BUCKETS)."""
    [(columns, owners)] = hashed_grams(texts, [block], salt)
    order = np.argsort(owners, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=len(texts)))]).astype(np.int32)
    counts = sp.csr_array(
        (np.ones(len(columns), dtype=np.float32), columns[order], starts), shape=(len(texts), BUCKETS)
    )
    counts.sum_duplicates()
    return counts


def hashed_grams(
    texts: Sequence[list[str]], blocks: Sequence[Block], first_salt: int
) -> Iterator[tuple[npt.NDArray[np.int32], Ints]]:
    """Buckets of the n-grams of cleaned texts and the text of each, block by block, in any order.

    Blocks of one unit share the work: an n-gram is hashed once, and salted for each block by its number.
    """
    code, word_of, text_of = _flat(texts)
    starts = _starts(word_of)
    first_word = np.zeros(len(texts), dtype=np.int64)
    first_word[text_of[starts][::-1]] = word_of[starts][::-1]
    grams: dict[str, list[tuple[Hashes, Ints, Ints]]] = {}
    for salt, block in enumerate(blocks, first_salt):
        if block.unit not in grams:
            longest = max(other.longest for other in blocks if other.unit == block.unit)
            at = starts if block.unit == "word" else slice(None)
            units = _word_hashes(code, word_of) if block.unit == "word" else mixed(code.astype(np.uint64))
            grams[block.unit] = _grams(units, text_of[at], (word_of - first_word[text_of])[at], longest)
        runs, owners, ends = zip(*grams[block.unit][: block.longest], strict=True)
        run, owner = np.concatenate(runs), np.concatenate(owners)
        if block.first_words is not None:
            is_early = np.concatenate(ends) < block.first_words
            run, owner = run[is_early], owner[is_early]
        yield (mixed(run + np.uint64(salt)) >> np.uint64(42)).astype(np.int32), owner


def inverse_frequency(counts: sp.csr_array, least_texts: int = 1) -> npt.NDArray[np.float32]:
    """ln((1 + texts) / (1 + texts with it)) + 1 for every bucket; 0 where fewer than ``least_texts`` hold it."""
    texts_with = np.bincount(counts.indices, minlength=counts.shape[1])
    kept = np.flatnonzero(texts_with >= max(least_texts, 1))
    weights = np.zeros(counts.shape[1], dtype=np.float32)
    weights[kept] = np.log((1 + counts.shape[0]) / (1 + texts_with[kept])) + 1
    return weights


def weighed(
    counts: sp.csr_array, weights: npt.NDArray[np.float32], block_of: Ints | None = None, lengths: Floats | None = None
) -> sp.csr_array:
    """(1 + ln count) × weight of the column, each block of a text brought to its length; one without n-grams stays 0.

    Args:
        counts: shape (texts, columns).
        weights: shape (columns,).
        block_of: the block of each column, shape (columns,); all columns are one block if not given.
        lengths: of each block; 1 if not given.
    """
    lengths = np.ones(1) if lengths is None else lengths
    values = (1 + np.log(counts.data)) * weights[counts.indices]
    part = np.repeat(np.arange(counts.shape[0]) * len(lengths), np.diff(counts.indptr))
    if block_of is not None:
        part += block_of[counts.indices]
    norms = np.sqrt(
        np.bincount(part, weights=values.astype(np.float64) ** 2, minlength=counts.shape[0] * len(lengths))
    ).reshape(-1, len(lengths))
    values *= (lengths / np.where(norms > 0, norms, 1)).astype(np.float32).ravel()[part]
    return sp.csr_array((values.astype(np.float32), counts.indices, counts.indptr), shape=counts.shape)


def _flat(words: Sequence[list[str]]) -> tuple[npt.NDArray[np.uint32], Ints, Ints]:
    """Code points of all words in a row, with the number of the word and of the text each belongs to."""
    joined = "\x01".join("\x00".join(text) for text in words)
    code = np.frombuffer(joined.encode("utf-32-le"), dtype="<u4")
    is_text_end = code == _TEXT_END
    is_end = is_text_end | (code == _WORD_END)
    word_of, text_of = np.cumsum(is_end), np.cumsum(is_text_end)
    return code[~is_end], word_of[~is_end], text_of[~is_end]


def _starts(numbers: Ints) -> Ints:
    """Where a new number begins."""
    return np.flatnonzero(np.diff(numbers, prepend=-1))


def _word_hashes(code: npt.NDArray[np.uint32], word_of: Ints) -> Hashes:
    starts = _starts(word_of)
    if not len(starts):
        return np.zeros(0, dtype=np.uint64)
    within = np.arange(len(code)) - np.repeat(starts, np.diff(starts, append=len(code)))
    return mixed(np.add.reduceat(mixed(code.astype(np.uint64) + (within.astype(np.uint64) << np.uint64(32))), starts))


def _grams(units: Hashes, text_of: Ints, word_in: Ints, longest: int) -> list[tuple[Hashes, Ints, Ints]]:
    """Of each size from 1 to ``longest``: hashes of the runs of so many units that lie in one text, and their texts.

    Beside them the place in its text of the word in which each run ends.
    """
    found = [(units, text_of, word_in)]
    run = units
    for size in range(2, longest + 1):
        run = mixed(run[:-1]) + units[size - 1 :]
        within = text_of[: len(run)] == text_of[size - 1 :]
        found.append((run[within] + np.uint64(size), text_of[: len(run)][within], word_in[size - 1 :][within]))
    return found


def mixed(values: Hashes) -> Hashes:
    """Spread the bits (the finaliser of SplitMix64)."""
    values = values ^ (values >> np.uint64(30))
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values += _MIX
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values
