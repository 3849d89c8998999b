"""Laying sparse counts out as weeks × communities × issues."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from models.panel import Panel

AS_OF = dt.date(2026, 3, 2)


def sparse(rows: list[tuple[str, str, int, int]]) -> pl.DataFrame:
    schema = {"community_code": pl.String, "issue_code": pl.String, "weeks_back": pl.Int64, "complaint_count": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_weeks_count_back_from_the_as_of_date() -> None:
    frame = sparse([("b", "x", 0, 5), ("a", "y", 2, 1), ("a", "y", 2, 2), ("a", "x", 3, 9)])
    panel = Panel.from_counts(frame, ["a", "b"], ["x", "y"], weeks=3, as_of=AS_OF)
    expected = np.zeros((3, 2, 2))
    expected[-1, 1, 0] = 5
    expected[0, 0, 1] = 3  # two rows of one cell-week add up; three weeks back is older than the panel
    assert np.array_equal(panel.counts, expected)
    assert panel.counts.dtype == np.float32


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("a", "x", -1, 1), "negative or missing weeks_back"),
        (("z", "x", 0, 1), "unknown community codes, first \\['z'\\]"),
        (("a", "z", 0, 1), "unknown issue codes"),
        (("a", "x", 0, -1), "not negative"),
    ],
)
def test_refuses_rows_it_cannot_place(row: tuple[str, str, int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Panel.from_counts(sparse([row]), ["a"], ["x"], weeks=2, as_of=AS_OF)


def test_an_empty_frame_gives_an_empty_city() -> None:
    panel = Panel.from_counts(sparse([]), ["a"], ["x"], weeks=4, as_of=AS_OF)
    assert panel.counts.sum() == 0
    assert panel.observed.shape == (1, 1, 1)


def test_observed_begins_with_the_first_recorded_week(make_panel) -> None:
    assert make_panel([0, 0, 2, 0, 1]).observed.ravel().tolist() == [2, 0, 1]


def test_cells_are_community_major(make_panel) -> None:
    panel = make_panel(np.zeros((1, 2, 2)))
    assert panel.cells().rows() == [("c00", "k0"), ("c00", "k1"), ("c01", "k0"), ("c01", "k1")]


def test_before_cuts_whole_weeks(make_panel) -> None:
    panel = make_panel([1, 2, 3])
    cut = panel.before(AS_OF - dt.timedelta(days=7))
    assert (cut.as_of, cut.counts.ravel().tolist()) == (dt.date(2026, 2, 23), [1, 2])
    for days in (-7, 3, 21):
        with pytest.raises(ValueError, match="cannot be cut back"):
            panel.before(AS_OF - dt.timedelta(days=days))


def test_refuses_codes_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="shape"):
        Panel(AS_OF, ("a", "b"), ("x",), np.zeros((2, 1, 1), np.float32))
    with pytest.raises(ValueError, match="occurs twice"):
        Panel(AS_OF, ("a", "a"), ("x",), np.zeros((2, 2, 1), np.float32))
