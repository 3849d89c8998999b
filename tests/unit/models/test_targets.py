"""Thresholds and targets, computed by hand."""

import datetime as dt

import numpy as np
import pytest

from models.targets import Thresholds, eligibility, frozen_thresholds, hot_weeks, label, surge_thresholds


def fixed(issues: tuple[str, ...], hot: float, weekly: float | None = None, horizon: int = 1) -> Thresholds:
    values = np.full(len(issues), float(hot))
    week = values if weekly is None else np.full(len(issues), float(weekly))
    return Thresholds(issues, horizon, 3, values, week, np.ones(len(issues), dtype=bool))


def test_threshold_is_the_90th_percentile_of_the_non_zero_weeks(make_panel) -> None:
    # 1..10 and twenty zeros: the 90th percentile of 1..10 is 9.1, so ten is the first whole count that reaches it
    thresholds = frozen_thresholds(make_panel([*range(1, 11), *[0] * 20]))
    assert thresholds.hot.tolist() == [10]
    assert thresholds.assessable.tolist() == [True]


def test_threshold_is_at_least_the_minimum_and_per_issue(make_panel) -> None:
    counts = np.zeros((30, 1, 3))
    counts[:, 0, 0] = 1
    counts[:, 0, 1] = 7
    assert frozen_thresholds(make_panel(counts)).hot.tolist() == [3, 7, 3]
    assert frozen_thresholds(make_panel(counts), minimum=5).hot.tolist() == [5, 7, 5]


def test_fewer_than_26_dense_weeks_are_not_assessable(make_panel) -> None:
    panel = make_panel([*[0] * 10, *[8] * 25])  # ten weeks before recording began do not count
    thresholds = frozen_thresholds(panel)
    assert (thresholds.hot.tolist(), thresholds.assessable.tolist()) == ([3], [False])
    assert frozen_thresholds(make_panel([8] * 26)).hot.tolist() == [8]
    late = panel.as_of - dt.timedelta(weeks=20)
    assert not frozen_thresholds(make_panel([8] * 60), dense_from=late).assessable.any()


def test_dense_from_leaves_earlier_weeks_out(make_panel) -> None:
    panel = make_panel([*[50] * 30, *[4] * 30])
    assert frozen_thresholds(panel, dense_from=panel.as_of - dt.timedelta(weeks=30)).hot.tolist() == [4]


def test_four_week_thresholds_use_28_day_windows(make_panel) -> None:
    thresholds = frozen_thresholds(make_panel([2] * 30), horizon_weeks=4)
    assert (thresholds.hot.tolist(), thresholds.weekly.tolist()) == ([8], [3])


def test_targets_by_hand(make_panel) -> None:
    # cells: hot twice in the last eight weeks, once, never; the first cell was also hot long ago
    counts = np.zeros((12, 3, 1))
    counts[[0, 5, 9], 0, 0] = 3
    counts[7, 1, 0] = 4
    panel = make_panel(counts)
    thresholds = fixed(panel.issues, 3)
    assert hot_weeks(panel, thresholds).ravel().tolist() == [2, 1, 0]
    recurring, emerging = eligibility(panel, thresholds)
    assert recurring.ravel().tolist() == [True, False, False]
    assert emerging.ravel().tolist() == [False, False, True]
    labels = label(np.array([[3], [9], [3]], np.float32), panel, thresholds)
    assert labels.hot.ravel().tolist() == [True, True, True]
    assert labels.recurring.ravel().tolist() == [True, False, False]
    assert labels.emerging.ravel().tolist() == [False, False, True]
    assert not label(np.array([[2], [2], [2]], np.float32), panel, thresholds).hot.any()


def test_surge_threshold_by_hand(make_panel) -> None:
    # mean 2, sd 2 over 52 weeks: 2 + 2·2 = 6; the ninety weeks before are out of sight
    panel = make_panel([*[90] * 90, *[0, 4] * 26])
    assert surge_thresholds(panel, fixed(panel.issues, 3)).tolist() == [[6]]
    # four weeks: 4·2 + 2·sqrt(4)·2 = 16
    assert surge_thresholds(panel, fixed(panel.issues, 3, horizon=4)).tolist() == [[16]]
    assert surge_thresholds(make_panel([0] * 52), fixed(("k0",), 3)).tolist() == [[3]]


def test_thresholds_survive_storing_and_meet_a_new_issue(make_panel) -> None:
    thresholds = frozen_thresholds(make_panel(np.full((30, 2, 2), 6)))
    again = Thresholds.from_frame(thresholds.to_frame(), ("k1", "new", "k0"), minimum=3, horizon_weeks=1)
    assert again.hot.tolist() == [6, 3, 6]
    assert again.assessable.tolist() == [True, False, True]


def test_other_issues_are_refused(make_panel) -> None:
    with pytest.raises(ValueError, match="different issues"):
        eligibility(make_panel([1, 2]), fixed(("other",), 3))
