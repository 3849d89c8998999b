"""What the filters say of a cell's chance of reaching a threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.gamma_poisson import WeekState
from models.tails import Floats, logit, negative_binomial_tail


@dataclass(frozen=True)
class ThresholdLogits:
    """Logits of reaching one threshold in each of some cells.

    Attributes:
        cells: positions of the cells, community-major; None for all of them.
        threshold: h, shape (cells,).
        mean: μ1, what the half-year level expects, shape (cells,).
        levels: L_l, the logit of the negative binomial tail of each level, shape (levels, cells).
        outbreak: the hidden Markov filter's logit; that of the levels in cells that it does not look at.
    """

    cells: NDArray[np.intp] | None
    threshold: Floats
    mean: Floats
    levels: Floats
    outbreak: Floats

    @classmethod
    def at(cls, state: WeekState, threshold: Floats, cells: NDArray[np.intp] | None = None) -> Self:
        """Ask the filters after one week.

        Args:
            state: after that week.
            threshold: integer-valued, broadcast against (communities, issues).
            cells: positions of those asked for; all when None.
        """
        chosen = slice(None) if cells is None else cells
        mean, size = (part.reshape(len(part), -1)[:, chosen] for part in (state.mean, state.size))
        height = np.broadcast_to(threshold, state.mean.shape[1:]).ravel()[chosen]
        levels = logit(negative_binomial_tail(mean, size, height))
        expected = np.tile(state.expected_city, state.mean.shape[1])
        outbreak = state.outbreaks.tail_logits(expected, height, _middle(levels), cells)
        return cls(cells, height, mean[1], levels, outbreak)

    @property
    def middle(self) -> Floats:
        """The levels' own logit (L1 + L2) / 2, shape (cells,)."""
        return _middle(self.levels)

    @property
    def offset(self) -> Floats:
        """Halfway between the levels' own logit and the hidden Markov filter's, shape (cells,)."""
        return np.asarray((self.middle + self.outbreak) / 2)


def _middle(levels: Floats) -> Floats:
    return np.asarray((levels[1] + levels[2]) / 2)
