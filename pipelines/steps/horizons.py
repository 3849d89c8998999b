"""How far ahead is forecast: 7 days, to send people somewhere next week, and 28 days, to plan."""

from __future__ import annotations

from dataclasses import dataclass

from models.panel import DAYS_PER_WEEK


@dataclass(frozen=True)
class Horizon:
    """A forecast window and how it is backtested.

    Attributes:
        weeks: length of the window.
        step_weeks: weeks between two origins of the backtest.
        title: what the window is called.
    """

    weeks: int
    step_weeks: int
    title: str

    @property
    def days(self) -> int:
        """Length of the window in days."""
        return self.weeks * DAYS_PER_WEEK

    @property
    def overlap(self) -> int:
        """How many neighbouring origins share part of their windows."""
        return -(-self.weeks // self.step_weeks)

    def origins(self, wanted: int) -> int:
        """How many origins to score over the span of ``wanted`` weekly ones."""
        return -(-wanted // self.step_weeks)


DISPATCH = Horizon(weeks=1, step_weeks=1, title="未来7天")
# windows of neighbouring weeks share three weeks of four: every second one says nearly as much at half the cost
PLANNING = Horizon(weeks=4, step_weeks=2, title="未来28天")
HORIZONS = (DISPATCH, PLANNING)
