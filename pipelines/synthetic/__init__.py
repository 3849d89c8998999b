"""The sample city: a made-up world whose truth is known, and the files such a city would send.

Read in this order: ``places`` (the map), ``profiles`` (what sets one issue apart from another), ``world`` (true
intensities and counts), ``matters`` (one row per trouble), ``texts`` and ``people`` (what residents say), then one
module per source (``hotline``, ``app``, ``grid``, ``departments``) and ``emit``, which writes them all.

Nothing here describes a real place or person, and nothing here knows how forecasts are made.
"""
