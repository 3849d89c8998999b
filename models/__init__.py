"""Forecasting of hot spots: arrays and frames in, frames out.

Nothing here reads a file, a database, a setting or a clock, so that every figure can be recomputed from its inputs.
Read in this order: ``panel`` (the counts), ``targets`` (what is forecast), ``forecaster`` (the interface),
``baselines``, ``filter_logistic`` (the model), ``backtest`` and ``measures`` (how it is judged).
"""
