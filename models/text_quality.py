"""How good is a text classifier? Grouped folds, macro-F1, calibration, and what is left once it may abstain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score

from models.near_duplicates import grouped_folds, near_duplicate_groups
from models.text_classifier import TextClassifier
from models.text_features import Texts

_BINS = 10


@dataclass(frozen=True)
class Quality:
    """Quality of predicted probabilities.

    Attributes:
        macro_f1: mean F1 of the classes, each counting the same.
        accuracy: share of texts whose most probable class is right.
        calibration_error: mean distance of confidence and accuracy over ten bins of confidence, weighed by texts (ECE).
        coverage: share of texts at least as sure as the threshold.
        accuracy_when_sure: accuracy on those; nan where there are none.
    """

    texts: int
    macro_f1: float
    accuracy: float
    calibration_error: float
    coverage: float
    accuracy_when_sure: float


def quality_of(
    labels: npt.NDArray[np.str_],
    probabilities: npt.NDArray[np.float64],
    classes: npt.NDArray[np.str_],
    sure_from: float,
) -> Quality:
    """Judge probabilities of shape (texts, classes) by the true labels.

    Raises:
        ValueError: there is no text to judge by.
    """
    if not len(labels):
        raise ValueError("no labelled text to judge by")
    predicted = classes[probabilities.argmax(axis=1)]
    confidence, is_right = probabilities.max(axis=1), predicted == labels
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    gaps = [
        abs(confidence[bins == b].mean() - is_right[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins)
    ]
    sure = confidence >= sure_from
    return Quality(
        len(labels),
        macro_f1(labels, predicted),
        float(is_right.mean()),
        float(sum(gaps)),
        float(sure.mean()),
        float(is_right[sure].mean()) if sure.any() else float("nan"),
    )


def macro_f1(labels: npt.NDArray[np.str_], predicted: npt.NDArray[np.str_]) -> float:
    """Mean F1 of the classes that occur; 0 without any text."""
    if not len(labels):
        return 0.0
    return float(f1_score(labels, predicted, average="macro", labels=np.unique(labels), zero_division=0))


def top_rate(
    labels: npt.NDArray[np.str_], probabilities: npt.NDArray[np.float64], classes: npt.NDArray[np.str_], size: int
) -> float:
    """Share of texts whose class is among the ``size`` most probable."""
    best = np.argsort(-probabilities, axis=1)[:, :size]
    return float((classes[best] == labels[:, None]).any(axis=1).mean())


def out_of_fold(
    texts: Texts,
    labels: npt.NDArray[np.str_],
    folds: int = 5,
    new: Callable[[], TextClassifier] = TextClassifier,
    groups: npt.NDArray[np.int64] | None = None,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.str_]]:
    """Probabilities that a classifier gives to each text without having seen it or a near-duplicate of it.

    Returns:
        Probabilities, shape (texts, classes), and the classes.
    """
    groups = near_duplicate_groups(texts) if groups is None else groups
    classes = np.unique(labels)
    probabilities = np.zeros((len(labels), len(classes)))
    for learn, judge in grouped_folds(labels, groups, folds):
        model = new().fit(_rows(texts, learn), labels[learn], groups[learn])
        columns = np.searchsorted(classes, model.classes_)
        probabilities[np.ix_(judge, columns)] = model.predict_proba(_rows(texts, judge))
    return probabilities, classes


def _rows(texts: Texts, rows: npt.NDArray[np.int64]) -> Sequence[Sequence[str] | str | None]:
    return [texts[row] for row in rows]
