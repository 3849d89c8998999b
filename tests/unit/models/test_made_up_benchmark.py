"""The benchmark of made-up cities runs: it is long, so that nobody would notice for weeks if it did not."""

import pytest

from models.simulation import PRESETS, Dynamics
from tests.benchmarks import test_bench_forecast as benchmark


def test_a_small_city_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRESETS, "tiny", Dynamics(communities=8, issues=4, rate=0.6))
    monkeypatch.setattr(benchmark, "ORIGINS", 3)
    told = benchmark.backtest_made_up_city("tiny")
    assert told["rows"] == 3 * 8 * 4
    assert told["served"] in told["auc"]
    assert {"oracle", "told_parameters", "best_baseline", "persistence"} <= told["auc"].keys()
    assert all(0 < share <= 1 for shares in told["auc"].values() for share in shares.values())
