"""The text classifier, the groups it is judged on, and what it does with what is no text."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from models.near_duplicates import grouped_folds, near_duplicate_groups
from models.text_classifier import BLOCKS, TextClassifier
from models.text_features import Block, cleaned, hashed_counts, weighed
from models.text_quality import out_of_fold, quality_of

WORDS = {"噪声": "夜间 施工 噪声 吵闹 睡觉", "垃圾": "垃圾 堆放 清运 异味 苍蝇", "停车": "车辆 违停 占道 消防 通道"}
HOSTILE = [
    None,
    "",
    "\x00\x01",
    ["\ud800"],
    [None, 3],
    ["字" * 1_000_000],
    "占道 " * 500_000,
    [b"\xff".decode("latin-1")],
]


def corpus(size: int = 120, seed: int = 3) -> tuple[list[list[str]], np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.choice(list(WORDS), size)
    noise = [f"街{number}" for number in range(400)]
    texts = [[*rng.choice(WORDS[label].split(), 3), *rng.choice(noise, 6)] for label in labels]
    return texts, labels


@pytest.mark.parametrize(("block", "options"), [
    (Block("word", 2), {"tokenizer": str.split, "token_pattern": None, "ngram_range": (1, 2)}),
    (Block("char", 3), {"analyzer": "char", "ngram_range": (1, 3)}),
])  # fmt: skip
def test_features_are_those_of_scikit_learn(block: Block, options: dict[str, object]) -> None:
    texts, _ = corpus()
    joined = [("" if block.unit == "char" else " ").join(text) for text in texts]
    expected = CountVectorizer(lowercase=False, **options).fit_transform(joined)
    found = hashed_counts(texts, block, salt=1)
    assert found.sum() == expected.sum()
    assert np.allclose(sorted(found[[0]].data), sorted(expected[0].data))


def test_leading_words_only() -> None:
    assert (hashed_counts([["a", "b", "c"]], Block("word", 1, first_words=2), 1).sum()) == 2


def test_features_of_all_blocks_at_once_are_those_of_each() -> None:
    texts, labels = corpus()
    texts[:3] = [[], ["字"], [f"词{number}" for number in range(40)]]
    model = TextClassifier().fit(texts, labels)
    told = [*corpus(seed=4)[0], *texts, []]
    expected = [
        weighed(hashed_counts(told, block, salt)[:, kept], frequency).toarray() * np.float32(block.weight)
        for salt, (block, kept, frequency) in enumerate(zip(BLOCKS, model.buckets_, model.frequencies_, strict=True), 1)
    ]
    scores = np.hstack(expected) @ model.weights_ + model.offset_
    assert np.abs(model.decision_function(told) - scores).max() < 1e-5
    assert np.abs(scores).max() > 0.1


def test_what_is_no_text_gives_no_words_and_stops_nothing() -> None:
    texts, labels = corpus()
    model = TextClassifier().fit(texts, labels)
    probabilities = model.predict_proba(HOSTILE)
    assert probabilities.shape == (len(HOSTILE), 3)
    assert np.isfinite(probabilities).all() and np.allclose(probabilities.sum(axis=1), 1)
    assert cleaned("\x00\x01") == [] and cleaned(["\ud800", "\x07路"]) == ["路"]
    assert model.predict_proba([]).shape == (0, 3)


def test_learns_and_says_the_same_twice() -> None:
    texts, labels = corpus()
    probabilities, classes = out_of_fold(texts, labels)
    assert quality_of(labels, probabilities, classes, 0.8).macro_f1 > 0.9
    again, _ = out_of_fold(texts, labels)
    assert np.array_equal(probabilities, again)


def test_two_classes_and_fewer() -> None:
    texts, labels = corpus()
    pair = labels != "停车"
    kept = [text for text, is_kept in zip(texts, pair, strict=True) if is_kept]
    model = TextClassifier().fit(kept, labels[pair])
    assert model.predict_proba(kept).shape == (len(kept), 2)
    assert (model.predict(kept) == labels[pair]).mean() > 0.95
    with pytest.raises(ValueError, match="two classes"):
        TextClassifier().fit(texts[:3], ["噪声"] * 3)


def test_left_out_scores_are_those_of_a_model_that_never_saw_the_group() -> None:
    from models.text_classifier import _inverse, _left_out_residuals

    texts, labels = corpus(60)
    features = TextClassifier()._learn_features(texts)
    signs = np.where(labels[:, None] == np.unique(labels), 1.0, -1.0).astype(np.float32)
    groups = np.arange(60) // 3
    inverse = _inverse(features, 0.4)
    left_out = signs - _left_out_residuals(inverse, inverse @ signs, groups)
    learn, judge = groups != 5, groups == 5
    dual = _inverse(features[learn], 0.4) @ signs[learn]
    assert np.allclose(left_out[judge], features[judge] @ (features[learn].T @ dual), atol=1e-4)


def test_left_out_probabilities_judge_as_folds_do() -> None:
    texts, labels = corpus()
    model = TextClassifier().fit(texts, labels)
    found = quality_of(labels, model.left_out_proba_, model.classes_, 0.8)
    by_folds = quality_of(labels, *out_of_fold(texts, labels), 0.8)
    assert found.macro_f1 == pytest.approx(by_folds.macro_f1, abs=0.05)


def test_draws_from_more_texts_than_it_can_hold() -> None:
    texts, labels = corpus()
    model = TextClassifier(most_texts=60).fit(texts, labels)
    assert (model.predict(texts) == labels).mean() > 0.9


def test_near_duplicates_are_one_group_and_never_straddle() -> None:
    texts, labels = corpus()
    copied = [*texts, *([*text[:-1], "另外"] for text in texts[:20]), None, ""]
    groups = near_duplicate_groups(copied)
    assert (groups[len(texts) : len(texts) + 20] == groups[:20]).mean() >= 0.9
    assert len(set(groups[: len(texts)])) == len(texts)
    assert groups[-1] == groups[-2] != groups[0]
    for learn, judge in grouped_folds(labels, groups[: len(labels)]):
        assert not set(groups[learn]) & set(groups[judge])


def test_calibration_error_and_coverage_of_known_answers() -> None:
    labels = np.array(["a", "a", "b", "b"])
    probabilities = np.array([[1.0, 0.0], [1.0, 0.0], [0.6, 0.4], [0.0, 1.0]])
    found = quality_of(labels, probabilities, np.array(["a", "b"]), 0.9)
    assert found.coverage == 0.75 and found.accuracy_when_sure == 1.0 and found.accuracy == 0.75
    assert found.calibration_error == pytest.approx(0.15)
