"""Benchmarks: figures, not verdicts. Run by ``make bench``; never part of ``make test``."""
