"""Segmentation against jieba, one core, the same texts in the same run."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pytest

from tests.benchmarks.figures import figure, measured
from tests.conftest import CHECKOUT

TEXTS = 20_000
INCIDENT_TEXTS = 100_000


def segment_both() -> dict[str, float]:
    """Segment the sample city's kind of complaints with both engines."""
    from pipelines.synthetic.places import SAMPLE_CITY
    from pipelines.text.segment import Segmenter
    from tests.corpus import complaints

    texts = complaints(TEXTS, SAMPLE_CITY)
    segmenter = Segmenter(CHECKOUT / "pipelines/cities/sample/userdict.txt", Path(tempfile.mkdtemp()))
    fast, reference = segmenter.cut, segmenter.reference_cut
    started = time.perf_counter()
    ours = [fast(text) for text in texts]
    fast_seconds = time.perf_counter() - started
    started = time.perf_counter()
    theirs = [reference(text) for text in texts]
    reference_seconds = time.perf_counter() - started
    same = sum(a == b for a, b in zip(ours, theirs, strict=True))
    return {"same": same / len(texts), "ratio": reference_seconds / fast_seconds}


@pytest.mark.benchmark
def test_bench_text_segmentation() -> None:
    done = measured(segment_both)
    common = {"rows": TEXTS, "seconds": done.seconds, "peak_mb": done.peak_mb}
    same, ratio = done.result["same"], done.result["ratio"]
    figure("tokens_identical_to_jieba", same, "share", **common, goal="= 1", met=same == 1)
    figure("segmentation_speed_to_jieba", ratio, "ratio", **common, goal=">= 8", met=ratio >= 8)


def link_incidents() -> dict[str, float]:
    """Incidents of a year of made-up complaints: common words by a power law, one matter in ten records a recurring one."""
    import numpy as np
    import polars as pl

    from models.incidents import find_incidents

    draw = np.random.default_rng(7)
    start = np.datetime64("2025-01-01", "us")
    common = (draw.pareto(0.9, (INCIDENT_TEXTS, 44)) * 30).astype(np.int64) % 60_000
    matter = np.where(draw.random(INCIDENT_TEXTS) < 0.1, draw.integers(0, 1_000, INCIDENT_TEXTS), -1)
    at = np.sort(draw.integers(0, 365 * 86_400, INCIDENT_TEXTS)).astype("timedelta64[s]") + start
    words = [
        [f"w{word}" for word in row] + ([f"m{told}a", f"m{told}b", f"m{told}c"] if told >= 0 else [])
        for row, told in zip(common.tolist(), matter.tolist(), strict=True)
    ]
    places = [[f"m{told}a"] if told >= 0 else [] for told in matter.tolist()]
    records = pl.DataFrame(
        {
            "record_id": [str(row) for row in range(INCIDENT_TEXTS)],
            "occurred_at": at,
            "known_at": at,
            "title_tokens": [row[-8:] for row in words],
            "tokens": words,
            "title_places": places,
            "places": places,
        }
    )
    started = time.perf_counter()
    members, links, _ = find_incidents(records)
    return {"seconds": time.perf_counter() - started, "links": links.height, "members": members.height}


@pytest.mark.benchmark
def test_bench_text_incidents() -> None:
    done = measured(link_incidents)
    seconds = done.result["seconds"]
    common = {"rows": INCIDENT_TEXTS, "seconds": seconds, "peak_mb": done.peak_mb}
    assert done.result["members"] == INCIDENT_TEXTS
    texts, pairs = INCIDENT_TEXTS / seconds, done.result["links"] / seconds
    figure("incident_texts_per_second", texts, "texts/s", **common, goal=">= 300", met=texts >= 300)
    figure("incident_pairs_per_second", pairs, "links/s", **common, goal="> 0", met=pairs > 0)
