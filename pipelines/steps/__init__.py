"""One module a step. The order stands in :mod:`pipelines.flow`."""
