"""A city is a folder of configuration: :mod:`.city` reads it, the folders beside are examples that run."""
