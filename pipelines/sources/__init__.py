"""Where records come from: the typed contract of a source, the readers, and the mapping to canonical columns."""
