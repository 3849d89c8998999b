"""Everything that does I/O: sources, warehouse, steps, briefs, the page. Start at :mod:`pipelines.flow`."""
