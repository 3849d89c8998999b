"""Groups of near-duplicate texts, and folds that no group straddles.

A resident who sends a complaint four times, with two words changed, would otherwise be learned from in one fold and
recognised in the next: a figure that says nothing of new complaints.

Two texts are near-duplicates when the cosine of their TF-IDF words is at least 0.8. Comparing all pairs does not scale,
so MinHash proposes pairs (Broder 1997; Leskovec, Rajaraman, Ullman, *Mining of Massive Datasets*, ch. 3) and the cosine
decides.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from sklearn.model_selection import StratifiedGroupKFold

from models.text_features import Block, Texts, cleaned, hashed_counts, inverse_frequency, mixed, weighed

Ints = npt.NDArray[np.int64]

_BANDS, _ROWS = 24, 3  # 24 chances that 3 minima agree: found with .9998 at Jaccard .67, which cosine .8 is about
_LARGEST_BUCKET = 64  # within it all pairs are compared, beyond it neighbours only
_CHUNK = 200_000


def near_duplicate_groups(texts: Texts, least_cosine: float = 0.8) -> Ints:
    """Number the groups of texts that are joined by near-duplicate pairs, directly or through others.

    Args:
        texts: words of each text.
        least_cosine: from which cosine of TF-IDF words on two texts are near-duplicates.

    Returns:
        A group number a text, shape (texts,). Texts without words form one group.
    """
    counts = hashed_counts(list(map(cleaned, texts)), Block("word", 1), salt=0)
    vectors = weighed(counts, inverse_frequency(counts))
    firsts, seconds = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for pairs in _candidates(counts):
        for start in range(0, len(pairs), _CHUNK):
            one, other = pairs[start : start + _CHUNK].T
            cosine = np.asarray(vectors[one].multiply(vectors[other]).sum(axis=1)).ravel()
            is_near = cosine >= least_cosine - 1e-6
            firsts.append(one[is_near])
            seconds.append(other[is_near])
    blank = np.flatnonzero(np.diff(counts.indptr) == 0)
    firsts.append(blank[:-1])
    seconds.append(blank[1:])
    first, second = np.concatenate(firsts), np.concatenate(seconds)
    joined = sp.coo_array((np.ones(len(first), dtype=np.int8), (first, second)), shape=(counts.shape[0],) * 2)
    return np.asarray(connected_components(joined, directed=False)[1], dtype=np.int64)


def grouped_folds(
    labels: npt.NDArray[np.str_], groups: Ints, folds: int = 5, seed: int = 0
) -> Iterator[tuple[Ints, Ints]]:
    """Rows to learn from and rows to judge on, stratified by label; no group is in both."""
    cut = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    yield from cut.split(labels, labels, groups)


def _candidates(counts: sp.csr_array) -> Iterator[npt.NDArray[np.int64]]:
    """Pairs of texts that share a band of minima, shape (pairs, 2), a band at a time."""
    filled = np.flatnonzero(np.diff(counts.indptr))
    if not len(filled):
        return
    starts = counts.indptr[filled]
    columns = counts.indices.astype(np.uint64)
    for band in range(_BANDS):
        key = np.zeros(len(filled), dtype=np.uint64)
        for row in range(_ROWS):
            salt = np.uint64((band * _ROWS + row + 1) << 32)
            key = mixed(key + np.minimum.reduceat(mixed(columns + salt), starts))
        order = np.argsort(key, kind="stable")
        in_order, ranked = key[order], filled[order]
        for step in range(1, _LARGEST_BUCKET):
            is_same = in_order[step:] == in_order[:-step]
            if not is_same.any():
                break
            # a bucket larger than the limit holds texts that are all alike: neighbours suffice to join them
            if step > 1:
                sizes = np.unique(in_order, return_inverse=True, return_counts=True)
                is_same &= sizes[2][sizes[1]][step:] <= _LARGEST_BUCKET
            yield np.stack([ranked[step:][is_same], ranked[:-step][is_same]], axis=1)
