"""Segmentation against jieba, one core, the same texts in the same run."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pytest

from tests.benchmarks.figures import figure, measured
from tests.conftest import CHECKOUT

TEXTS = 20_000


def segment_both() -> dict[str, float]:
    """Segment the sample city's kind of complaints with both engines; CPU time, so that a busy machine tells no lie."""
    from pipelines.synthetic.places import SAMPLE_CITY
    from pipelines.text.segment import Segmenter
    from tests.corpus import complaints

    texts = complaints(TEXTS, SAMPLE_CITY)
    segmenter = Segmenter(CHECKOUT / "pipelines/cities/sample/userdict.txt", Path(tempfile.mkdtemp()))
    segmenter.cut(texts[0])
    reference = segmenter.reference_cut
    started = time.process_time()
    ours = segmenter.cut_all(texts)
    fast_seconds = time.process_time() - started
    started = time.process_time()
    theirs = [reference(text) for text in texts]
    reference_seconds = time.process_time() - started
    same = sum(a == b for a, b in zip(ours, theirs, strict=True))
    return {"same": same / len(texts), "ratio": reference_seconds / fast_seconds}


@pytest.mark.benchmark
def test_bench_text_segmentation() -> None:
    done = measured(segment_both)
    common = {"rows": TEXTS, "seconds": done.seconds, "peak_mb": done.peak_mb}
    same, ratio = done.result["same"], done.result["ratio"]
    figure("tokens_identical_to_jieba", same, "share", **common, goal="= 1", met=same == 1)
    figure("segmentation_speed_to_jieba", ratio, "ratio", **common, goal=">= 15", met=ratio >= 15)
