"""Origins are a pure function of dates."""

import datetime as dt
import itertools

import pytest

from models.splits import Split, weekly_origins

DAY = dt.date


def test_the_last_origin_has_a_closed_window_and_training_ends_one_horizon_before() -> None:
    splits = weekly_origins(DAY(2026, 3, 2), DAY(2024, 1, 1))
    assert len(splits) == 26
    assert splits[-1] == Split(DAY(2026, 2, 23), newest_training_date=DAY(2026, 2, 16), window_end=DAY(2026, 3, 2))
    assert {(later.origin - earlier.origin).days for earlier, later in itertools.pairwise(splits)} == {7}


def test_four_weeks_move_the_last_origin_back() -> None:
    last = weekly_origins(DAY(2026, 3, 2), DAY(2024, 1, 1), horizon_weeks=4)[-1]
    assert (last.origin, last.newest_training_date) == (DAY(2026, 2, 2), DAY(2026, 1, 5))


def test_fewer_usable_origins_are_the_ones_there_are() -> None:
    # eight weeks of history end on 26 February, the last window opens on 12 March: three origins
    splits = weekly_origins(DAY(2026, 3, 19), DAY(2026, 1, 1))
    assert [split.origin for split in splits] == [DAY(2026, 2, 26), DAY(2026, 3, 5), DAY(2026, 3, 12)]


def test_no_usable_origin_says_what_is_missing() -> None:
    with pytest.raises(ValueError, match="8 weeks of history and 1 of forecast"):
        weekly_origins(DAY(2026, 3, 4), DAY(2026, 1, 1))
