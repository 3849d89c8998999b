"""Upper tails of count distributions: the probability that a count reaches a threshold. All in float64."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]

LOGIT_LIMIT = 30.0
"""Logits are cut here: exp(-30) is 1e-13, far below anything a count of complaints can support."""


def poisson_tail(mean: ArrayLike, threshold: ArrayLike) -> Floats:
    """P(Y >= threshold) for Y ~ Poisson(mean).

    For an integer threshold h >= 1 this is the regularised lower incomplete gamma function P(h, mean)
    (Abramowitz & Stegun 26.4.21), exact far into the tail where 1 - cdf would be rounding noise.

    Args:
        mean: expected count, >= 0; broadcast against ``threshold``.
        threshold: integer-valued, >= 1.
    """
    return np.asarray(special.gammainc(np.asarray(threshold, np.float64), np.asarray(mean, np.float64)))


def negative_binomial_tail(mean: ArrayLike, size: ArrayLike, threshold: ArrayLike) -> Floats:
    """P(Y >= threshold) for Y negative binomial with variance mean + mean² / size.

    For an integer threshold h >= 1 this is the regularised incomplete beta function I_q(h, size) with
    q = mean / (mean + size) (Abramowitz & Stegun 26.5.26).

    Args:
        mean: expected count, >= 0; broadcast against the others.
        size: > 0; as it grows the tail becomes Poisson.
        threshold: integer-valued, >= 1.
    """
    mean, size = np.asarray(mean, np.float64), np.asarray(size, np.float64)
    return np.asarray(special.betainc(np.asarray(threshold, np.float64), size, mean / (mean + size)))


def logit(probability: ArrayLike) -> Floats:
    """log(p / (1 - p)), cut at ±``LOGIT_LIMIT`` so that 0 and 1 stay finite."""
    return np.asarray(np.clip(special.logit(np.asarray(probability, np.float64)), -LOGIT_LIMIT, LOGIT_LIMIT))


def expit(value: ArrayLike) -> Floats:
    """The inverse of ``logit``."""
    return np.asarray(special.expit(np.asarray(value, np.float64)))
