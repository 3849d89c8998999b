"""What stands for a text in its place: keyed for what is secret, plain for what is masked already."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from functools import partial

import polars as pl


def of_each(column: pl.Series, function: Callable[[str], str]) -> pl.Series:
    """The function of each text, called once for equal ones; null stays null."""
    texts = column.to_list()
    made: dict[str | None, str | None] = {text: None if text is None else function(text) for text in set(texts)}
    return pl.Series(column.name, [made[text] for text in texts], dtype=pl.String)


def keyed(key: bytes, text: str) -> str:
    """The first half of the HMAC-SHA256 of a text, 32 hexadecimal digits."""
    return hmac.digest(key, text.encode(), "sha256").hex()[:32]


def pseudonyms(column: pl.Series, key: bytes) -> pl.Series:
    """``keyed`` of each text; null stays null."""
    return of_each(column, partial(keyed, key))


def text_hashes(texts: pl.Series) -> pl.Series:
    """Plain: the text is masked already, and the same for everybody who reads it. An empty one has none."""
    return of_each(texts.replace("", None), lambda text: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest())
