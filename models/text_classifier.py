"""Which class does a text belong to, and how surely? Ridge regression on hashed words and characters, calibrated.

Ridge regression against one-versus-rest signs beat linear support vector machines, naive Bayes and their averages here
(docs/text.md). Solved in the dual, one matrix inverse gives the weights and, exactly, the score each text would get
from a model that never saw it or its near-duplicates; a multinomial logistic regression on these scores makes them
probabilities. Read, it is one sparse product: a million texts take minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.linalg import cho_factor, cho_solve
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from models.near_duplicates import near_duplicate_groups
from models.text_features import (
    BUCKETS,
    Block,
    Texts,
    cleaned,
    hashed_counts,
    hashed_grams,
    inverse_frequency,
    weighed,
)

Floats = npt.NDArray[np.float64]

# an issue is named by its words; runs of characters reach the words that segmentation cut otherwise
BLOCKS = (
    Block("word", 2),
    Block("char", 3),
    # the beginning, where the title stands, says most in the fewest words
    Block("word", 2, first_words=14, weight=0.45),
    Block("char", 3, first_words=14, weight=0.45),
)
_FIRST_SALT = 1
_CHUNK = 1_000
_COMMON = 50  # an n-gram of more than one text in so many is common
_UNLIKELY = -20.0  # log-odds


class TextClassifier(ClassifierMixin, BaseEstimator):
    """A classifier of segmented texts.

    Args:
        shrinkage: ridge penalty; larger is smoother.
        least_texts: an n-gram of fewer texts is no feature.
        most_texts: of more texts, this many are drawn to learn from: time grows with their cube, memory with their
            square (12,000: about a gigabyte).
        seed: of that draw.

    Attributes:
        classes_: the classes, sorted.
        left_out_proba_: probabilities for the texts learned from (all of them, unless some were drawn), shape (texts,
            classes), as a model gives them that saw neither the text nor a near-duplicate: to be judged by.
    """

    def __init__(self, shrinkage: float = 0.4, least_texts: int = 2, most_texts: int = 12_000, seed: int = 0) -> None:
        self.shrinkage = shrinkage
        self.least_texts = least_texts
        self.most_texts = most_texts
        self.seed = seed

    def fit(self, X: Texts, y: npt.ArrayLike, groups: npt.NDArray[np.int64] | None = None) -> TextClassifier:
        """Learn from labelled texts.

        Args:
            X: words of each text (a string is split at blanks); null and empty texts are allowed.
            y: class of each text, shape (texts,).
            groups: near-duplicates share a number; found here where not given.

        Raises:
            ValueError: fewer than two classes.
        """
        labels = np.asarray(y)
        groups = near_duplicate_groups(X) if groups is None else groups
        if len(labels) > self.most_texts:
            drawn = np.sort(np.random.default_rng(self.seed).permutation(len(labels))[: self.most_texts])
            X, labels, groups = [X[row] for row in drawn], labels[drawn], groups[drawn]
        self.classes_, target = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"{len(labels)} texts of {len(self.classes_)} class; at least two classes are needed")
        features = self._learn_features(X)
        signs = np.where(target[:, None] == np.arange(len(self.classes_)), 1.0, -1.0).astype(np.float32)
        self.offset_ = signs.mean(axis=0)
        signs -= self.offset_
        inverse = _inverse(features, self.shrinkage)
        dual = inverse @ signs
        self.weights_ = np.asarray(features.T @ dual, dtype=np.float32)
        scores = signs - _left_out_residuals(inverse, dual, groups) + self.offset_
        self.slopes_, self.intercepts_ = _calibration(scores, target, len(self.classes_))
        self.left_out_proba_ = np.zeros(scores.shape)
        for judged in (groups % 2 == 0, groups % 2 == 1):
            # calibrated by the other half: probabilities are judged on texts that did not calibrate them either
            slopes, intercepts = _calibration(scores[~judged], target[~judged], len(self.classes_))
            self.left_out_proba_[judged] = softmax(scores[judged] @ slopes.T + intercepts, axis=1)
        return self

    def decision_function(self, X: Texts) -> Floats:
        """Uncalibrated scores, shape (texts, classes)."""
        scores = [features @ self.weights_ + self.offset_ for features in self._features(X)]
        return np.vstack([np.zeros((0, len(self.classes_))), *scores])

    def predict_proba(self, X: Texts) -> Floats:
        """Calibrated probabilities, shape (texts, classes)."""
        logits = self.decision_function(X) @ self.slopes_.T + self.intercepts_
        return np.asarray(softmax(logits, axis=1)) if len(logits) else logits

    def predict(self, X: Texts) -> npt.NDArray[Any]:
        """The most probable class of each text."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def _learn_features(self, texts: Texts) -> sp.csr_array:
        self.buckets_: list[npt.NDArray[np.int32]] = []
        self.frequencies_: list[npt.NDArray[np.float32]] = []
        words = list(map(cleaned, texts))
        for salt, block in enumerate(BLOCKS, _FIRST_SALT):
            frequency = inverse_frequency(hashed_counts(words, block, salt), self.least_texts)
            kept = np.flatnonzero(frequency).astype(np.int32)
            self.buckets_.append(kept)
            self.frequencies_.append(frequency[kept])
        return sp.csr_array(sp.vstack(list(self._features(texts)), format="csr"))

    def _features(self, texts: Texts) -> Iterator[sp.csr_array]:
        """TF-IDF of the n-grams that the model knows, the blocks side by side; some texts at a time."""
        numbers, weights = _numbers(self.buckets_), np.concatenate(self.frequencies_)
        block_of = np.repeat(np.arange(len(BLOCKS)), list(map(len, self.buckets_)))
        lengths = np.array([block.weight for block in BLOCKS])
        for start in range(0, len(texts), _CHUNK):
            words = list(map(cleaned, texts[start : start + _CHUNK]))
            yield weighed(_known_counts(words, numbers, len(weights)), weights, block_of, lengths)


def _known_counts(words: list[list[str]], numbers: list[npt.NDArray[np.int32]], width: int) -> sp.csr_array:
    """How often each n-gram that the model knows occurs in each text.

    One sort counts those of all blocks; those that it does not know are left out before it.
    """
    keys = []
    for (buckets, owners), number in zip(hashed_grams(words, BLOCKS, _FIRST_SALT), numbers, strict=True):
        columns = number[buckets]
        is_known = columns >= 0
        keys.append(owners[is_known] * width + columns[is_known])
    key = np.sort(np.concatenate(keys))
    at = np.flatnonzero(np.diff(key, prepend=-1))
    counts = np.diff(at, append=len(key)).astype(np.float32)
    row_starts = np.arange(len(words) + 1) * width
    starts = np.searchsorted(key[at], row_starts)
    columns = key[at] - np.repeat(row_starts[:-1], np.diff(starts))
    return sp.csr_array((counts, columns.astype(np.int32), starts.astype(np.int32)), shape=(len(words), width))


def _numbers(buckets: list[npt.NDArray[np.int32]]) -> list[npt.NDArray[np.int32]]:
    """Of each block the column of every bucket, -1 where the model does not know it. Shape (BUCKETS,) each."""
    found, first = [], 0
    for kept in buckets:
        number = np.full(BUCKETS, -1, dtype=np.int32)
        number[kept] = np.arange(first, first + len(kept), dtype=np.int32)
        found.append(number)
        first += len(kept)
    return found


def _calibration(scores: Floats, target: npt.NDArray[np.intp], classes: int) -> tuple[Floats, Floats]:
    """Slopes (classes, classes) and intercepts (classes,) that make scores log-odds; a class not met stays unlikely."""
    met = np.unique(target)
    slopes, intercepts = np.zeros((classes, classes)), np.full(classes, _UNLIKELY)
    if len(met) == 1:
        intercepts[met] = 0.0
        return slopes, intercepts
    fitted = LogisticRegression(max_iter=1000).fit(scores, target)
    if len(met) == 2:  # scikit-learn keeps one row for two classes
        slopes[met[1]], intercepts[met] = fitted.coef_[0], [0.0, fitted.intercept_[0]]
    else:
        slopes[met], intercepts[met] = fitted.coef_, fitted.intercept_
    return slopes, intercepts


def _inverse(features: sp.csr_array, shrinkage: float) -> npt.NDArray[np.float32]:
    """(F Fᵀ + shrinkage · 1)⁻¹, shape (texts, texts)."""
    texts_with = np.bincount(features.indices, minlength=features.shape[1])
    is_common = texts_with * _COMMON > features.shape[0]
    # common n-grams make up most pairs: a dense product is many times faster for them, a sparse one for the rest
    columns = features.tocsc()
    dense, rare = columns[:, np.flatnonzero(is_common)].toarray(), columns[:, np.flatnonzero(~is_common)].tocsr()
    kernel = dense @ dense.T
    for start in range(0, len(kernel), 1_000):
        kernel[start : start + 1_000] += (rare[start : start + 1_000] @ rare.T).toarray()
    kernel[np.diag_indices(len(kernel))] += shrinkage
    factor = cho_factor(kernel, lower=True, overwrite_a=True, check_finite=False)
    return np.asarray(cho_solve(factor, np.eye(len(kernel), dtype=np.float32), overwrite_b=True, check_finite=False))


def _left_out_residuals(
    inverse: npt.NDArray[np.float32], dual: npt.NDArray[np.float32], groups: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """Residuals of each group under the model learned without it: (C_gg)⁻¹ (C Y)_g, C the inverse.

    The block form of the leave-one-out identity of ridge regression (Golub, Heath, Wahba 1979).
    """
    residuals = dual / np.diagonal(inverse)[:, None]
    order = np.argsort(groups, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(groups[order])) + 1):
        if len(rows) > 1:
            residuals[rows] = np.linalg.solve(inverse[np.ix_(rows, rows)], dual[rows])
    return residuals
