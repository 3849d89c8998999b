"""Read blocks of texts: their words and the places that they name. What is needed for it can be sent to a process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import polars as pl

from pipelines.text.places import KnownNames, find_places
from pipelines.text.segment import MAX_CHARACTERS, Segmenter, is_cut, tokens_of

_MENTIONS = {
    "text_hash": pl.String, "start_position": pl.Int32, "end_position": pl.Int32, "place_name": pl.String,
    "kind": pl.String, "community_code": pl.String,
}  # fmt: skip


@dataclass(frozen=True)
class Reader:
    """Reads texts with one city's words.

    Attributes:
        stamp: of the words and rules; readers that share it read alike, and a process keeps the dictionary of the last.
        cache_dir: as for :class:`Segmenter`.
        words: word, frequency (null: not in the dictionary), kind (null: no place), community_code.
    """

    stamp: str
    cache_dir: Path
    words: pl.DataFrame = field(compare=False)

    def __call__(self, block: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows of ``core.fct_text_readings`` and ``core.fct_place_mentions`` for a block of texts.

        Args:
            block: text_hash, text.
        """
        segmenter, known, communities = _tools(self)
        tokens, mentions = [], []
        texts = [text or "" for text in block["text"]]
        cut = segmenter.cut_all([text[:MAX_CHARACTERS] for text in texts])
        for text_hash, text, words in zip(block["text_hash"], texts, cut, strict=True):
            tokens.append(tokens_of(words))
            mentions += [(text_hash, *found, communities.get(found.name)) for found in find_places(text, words, known)]
        readings = block.select("text_hash").with_columns(
            tokens=pl.Series(tokens, dtype=pl.List(pl.String)),
            is_truncated=pl.Series([is_cut(text) for text in texts], dtype=pl.Boolean),
            dictionary_hash=pl.lit(self.stamp),
        )
        return readings, pl.DataFrame(mentions, schema=_MENTIONS, orient="row")


@lru_cache(maxsize=1)
def _tools(reader: Reader) -> tuple[Segmenter, KnownNames, Mapping[str, str | None]]:
    """The dictionary takes longer to load than a small block to be read."""
    words = reader.words
    dictionary = dict(words.drop_nulls("frequency").select("word", "frequency").iter_rows())
    places = words.drop_nulls("kind")
    known = KnownNames(dict(places.select("word", "kind").iter_rows()))
    return Segmenter(dictionary, reader.cache_dir), known, dict(places.select("word", "community_code").iter_rows())
