"""The cost of one origin at the size of a large city: 3,000 communities × 60 issues, 5 years of weeks."""

from __future__ import annotations

import datetime as dt
import time

import numpy as np
import pytest

from tests.benchmarks.figures import figure, measured

COMMUNITIES, ISSUES, WEEKS = 3_000, 60, 260


def forecast_large_city() -> dict[str, float]:
    """Fit on 104 weeks, then score one origin."""
    from models.filter_logistic import FilterLogistic
    from models.panel import Panel
    from models.targets import frozen_thresholds

    rng = np.random.default_rng(3)
    rate = rng.gamma(0.3, 0.15, (COMMUNITIES, ISSUES))
    counts = rng.poisson(np.broadcast_to(rate, (WEEKS, COMMUNITIES, ISSUES))).astype(np.float32)
    codes = tuple(f"{number:05d}" for number in range(COMMUNITIES))
    panel = Panel(dt.date(2026, 11, 16), codes, codes[:ISSUES], counts)
    thresholds = frozen_thresholds(panel)
    started = time.perf_counter()
    model = FilterLogistic().fit(panel, thresholds)
    fitted = time.perf_counter() - started
    started = time.perf_counter()
    model.predict(panel, thresholds)
    return {"fit": fitted, "predict": time.perf_counter() - started}


@pytest.mark.benchmark
def test_bench_forecast_large_city() -> None:
    done = measured(forecast_large_city)
    common = {"rows": COMMUNITIES * ISSUES, "peak_mb": done.peak_mb}
    fit, predict = done.result["fit"], done.result["predict"]
    small = done.peak_mb <= 2_048
    figure("forecast_one_origin", predict, "s", **common, seconds=predict, goal="<= 10 s, <= 2048 MB",
           met=predict <= 10 and small)  # fmt: skip
    figure("refit_104_weeks", fit, "s", **common, seconds=fit, goal="<= 300 s", met=fit <= 300)
