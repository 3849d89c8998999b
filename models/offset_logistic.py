"""A logistic regression that shrinks towards a given logit instead of towards zero."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from models.tails import Floats

INPUT_LIMIT = 8.0
INTERCEPT_SHARE = 0.5
"""Share of the penalty that falls on the intercept: shifting all cells together needs less evidence."""


class OffsetLogistic(BaseEstimator):
    """Logit(p) = offset + intercept + Σ_j β_j z_j, with z the inputs clipped to ±8 and standardised.

    Minimises Σ w·logloss + penalty·(‖β‖² + intercept²/2) by L-BFGS. With little data β stays near zero and the
    offset's own probability is returned, which is what makes short histories safe.

    Attributes:
        mean_, scale_: standardisation, shape (inputs,).
        coefficients_: β, shape (inputs,).
        intercept_: float.
    """

    def __init__(self, penalty: float = 50.0) -> None:
        self.penalty = penalty

    def fit(
        self, inputs: NDArray[np.floating], offset: Floats, hot: NDArray[np.bool_], weights: Floats
    ) -> OffsetLogistic:
        """Fit on rows.

        Args:
            inputs: shape (rows, inputs).
            offset: logits to shrink to, shape (rows,).
            hot: outcomes, shape (rows,).
            weights: shape (rows,); a row sampled at 25 % weighs 4.
        """
        width = inputs.shape[1]
        self.mean_, self.scale_ = np.zeros(width), np.ones(width)
        self.coefficients_, self.intercept_ = np.zeros(width), 0.0
        if not len(inputs):
            return self
        clipped = np.clip(inputs, -INPUT_LIMIT, INPUT_LIMIT).astype(np.float64)
        self.mean_ = np.average(clipped, axis=0, weights=weights)
        deviation = np.sqrt(np.average((clipped - self.mean_) ** 2, axis=0, weights=weights))
        self.scale_ = np.where(deviation > 1e-9, deviation, 1.0)
        design = np.column_stack([(clipped - self.mean_) / self.scale_, np.ones(len(clipped))])
        ridge = np.full(width + 1, self.penalty)
        ridge[-1] *= INTERCEPT_SHARE
        sign = np.where(hot, 1.0, -1.0)

        def objective(beta: Floats) -> tuple[float, Floats]:
            margin = sign * (offset + design @ beta)
            loss = float(weights @ np.logaddexp(0, -margin) + ridge @ (beta * beta))
            gradient = -design.T @ (weights * sign * expit(-margin)) + 2 * ridge * beta
            return loss, gradient

        best = minimize(objective, np.zeros(width + 1), jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
        self.coefficients_, self.intercept_ = best[:-1], float(best[-1])
        return self

    def contributions(self, inputs: NDArray[np.floating]) -> Floats:
        """β_j z_j of every row, shape (rows, inputs); with offset and intercept they add up to the logit."""
        check_is_fitted(self)
        clipped = np.clip(inputs, -INPUT_LIMIT, INPUT_LIMIT)
        return np.asarray((clipped - self.mean_) / self.scale_ * self.coefficients_)

    def logit(self, inputs: NDArray[np.floating], offset: Floats) -> Floats:
        """The fitted logit of every row, shape (rows,)."""
        check_is_fitted(self)
        slope = self.coefficients_ / self.scale_
        shift = self.intercept_ - float(self.mean_ @ slope)
        return np.asarray(offset + np.clip(inputs, -INPUT_LIMIT, INPUT_LIMIT) @ slope + shift)
