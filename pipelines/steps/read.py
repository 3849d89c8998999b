"""Read the text: segment every masked text once, and keep the tokens beside it."""

from __future__ import annotations

import polars as pl

from pipelines.steps.run import Counts, Run
from pipelines.steps.signals import read_signals
from pipelines.text.segment import Segmenter

_BLOCK = 20_000


def read_text(run: Run) -> Counts:
    """Segment the texts that were not read with the present dictionary.

    Equal texts are read once. Grain of ``core.fct_text_readings``: one row per text. Key: text_hash. Saved block by
    block: killed half-way, the next run reads only the rest.
    """
    segmenter = Segmenter(run.city.user_dictionary, run.settings.of_city("cache"))
    dictionary = segmenter.dictionary_hash
    with run.warehouse.writing() as door:
        door.run("delete from core.fct_text_readings where dictionary_hash <> $d", d=dictionary)
    with run.warehouse.reading() as door:
        texts = door.query(
            "select text_hash, any_value(concat_ws(chr(10), title, content)) as text from "
            "(select text_hash, title, content from stg.hotline_order union all "
            "select text_hash, title, content from stg.grid_event) "
            "where text_hash is not null and text_hash not in (select text_hash from core.fct_text_readings) "
            "group by text_hash order by text_hash"
        )
    for block in texts.iter_slices(_BLOCK):
        read = segmenter.tokens(block["text"])
        rows = pl.DataFrame(
            {
                "text_hash": block["text_hash"],
                "dictionary_hash": [dictionary] * block.height,
                "tokens": [tokens for tokens, _ in read],
                "is_truncated": [cut for _, cut in read],
            },
            schema_overrides={"tokens": pl.List(pl.String)},
        )
        with run.warehouse.writing() as door:
            door.append("core.fct_text_readings", rows)
    return Counts(details={"texts_read": texts.height, "signals_read": read_signals(run)})
