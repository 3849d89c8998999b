"""The only door to DuckDB. Steps write through :mod:`.door`; people read published snapshots (:mod:`.snapshot`)."""
