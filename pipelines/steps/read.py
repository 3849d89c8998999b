"""Read the text: segment every masked text once, find the places it names, and keep both beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import polars as pl

from pipelines.cities.city import City
from pipelines.steps.run import Counts, Run
from pipelines.steps.signals import TEXTS, read_signals
from pipelines.text.places import KnownNames, find_places, rules_hash
from pipelines.text.segment import MAX_CHARACTERS, Segmenter, is_cut, tokens_of
from pipelines.warehouse.door import Door

_BLOCK = 20_000
# so many changed words shift what all others weigh by less than one percent
_MOST_CHANGED = 30


def read_text(run: Run) -> Counts:
    """Segment the texts that were not read with the present dictionary, rules and names, and find their places.

    Equal texts are read once. Grain of ``core.fct_text_readings``: one row per text. Key: text_hash. Grain of
    ``core.fct_place_mentions``: one row per text and span. Key: text_hash, start_position. Saved block by block: killed
    half-way, the next run reads only the rest.
    """
    segmenter = Segmenter(run.city.user_dictionary, run.settings.of_city("cache"))
    words = text_words(run.city)
    with run.warehouse.writing() as door:
        door.replace("core.dim_known_places", _known_places(run.city))
        stamp = _discard_stale(door, words, f"{segmenter.engine}-{rules_hash()}")
    with run.warehouse.reading() as door:
        texts = door.query(
            f"select * from ({TEXTS}) where text_hash not in (select text_hash from core.fct_text_readings) "
            "order by text_hash"
        )
    places = words.filter(pl.col("kind").is_not_null())
    known = KnownNames(dict(places.select("word", "kind").iter_rows()))
    communities = dict(places.select("word", "community_code").iter_rows())
    mentioned = 0
    for block in texts.iter_slices(_BLOCK):
        readings, mentions = _read(block, segmenter, known, communities)
        with run.warehouse.writing() as door:
            door.append("core.fct_text_readings", readings.with_columns(dictionary_hash=pl.lit(stamp)))
            door.append("core.fct_place_mentions", mentions)
        mentioned += mentions.height
    with run.warehouse.writing() as door:
        placed = door.build("core.fct_text_places")
    return Counts(
        details={
            "texts_read": texts.height,
            "places_found": mentioned,
            "placed_by_text": placed,
            "signals_read": read_signals(run),
        }
    )


def text_words(city: City) -> pl.DataFrame:
    """What the reading of a text depends on besides the rules.

    Grain: one row per word of the dictionary or known name. Key: word. ``community_code`` is that of the only community
    that ever bore the name or holds the place.
    """
    frequencies = city.user_dictionary
    kinds: dict[str, str] = {}
    communities: dict[str, set[str | None]] = {}
    for place in city.known_places:
        kinds.setdefault(place.name, place.kind)
        communities.setdefault(place.name, set()).add(place.community_code)
    only = {name: next(iter(codes)) for name, codes in communities.items() if len(codes) == 1}
    names = sorted(frequencies.keys() | kinds.keys())
    return pl.DataFrame(
        {
            "word": names,
            "frequency": [frequencies.get(name) for name in names],
            "kind": [kinds.get(name) for name in names],
            "community_code": [only.get(name) for name in names],
        },
        schema={"word": pl.String, "frequency": pl.Int64, "kind": pl.String, "community_code": pl.String},
    )


def _read(
    block: pl.DataFrame, segmenter: Segmenter, known: KnownNames, communities: Mapping[str, str | None]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of both tables for a block of texts, without the stamp."""
    tokens, mentions = [], []
    texts = [text or "" for text in block["text"]]
    cut = segmenter.cut_all([text[:MAX_CHARACTERS] for text in texts])
    for text_hash, text, words in zip(block["text_hash"], texts, cut, strict=True):
        tokens.append(tokens_of(words))
        mentions += [(text_hash, *found, communities.get(found.name)) for found in find_places(text, words, known)]
    readings = block.select("text_hash").with_columns(
        tokens=pl.Series(tokens, dtype=pl.List(pl.String)),
        is_truncated=pl.Series([is_cut(text) for text in block["text"]], dtype=pl.Boolean),
    )
    columns = {
        "text_hash": pl.String, "start_position": pl.Int32, "end_position": pl.Int32, "place_name": pl.String,
        "kind": pl.String, "community_code": pl.String,
    }  # fmt: skip
    return readings, pl.DataFrame(mentions, schema=columns, orient="row")


def _known_places(city: City) -> pl.DataFrame:
    columns = {
        "name": pl.String, "kind": pl.String, "community_code": pl.String, "valid_from": pl.Date, "valid_to": pl.Date,
    }  # fmt: skip
    places = pl.DataFrame([place.model_dump() for place in city.known_places], schema=columns)
    return places.rename({"name": "place_name"})


def _discard_stale(door: Door, words: pl.DataFrame, engine: str) -> str:
    """Discard the readings that could come out otherwise now, and return the stamp of those that stay and come.

    A changed word touches the texts that hold it; a changed engine, changed rules or many changed words touch all.
    """
    before = door.query("select * from core.dim_text_words")
    came, went = (a.join(b, on=a.columns, how="anti", nulls_equal=True) for a, b in ((words, before), (before, words)))
    changed = pl.concat([came, went])["word"].unique().to_list()
    digest = hashlib.sha256(f"{engine}\0{words.write_json()}".encode()).hexdigest()[:16]
    was = door.scalar("select fact_value from ops.facts where fact_name = 'text_engine'")
    if was == engine and not changed:
        return digest
    touched = "true"
    if was == engine and len(changed) <= _MOST_CHANGED:
        touched = (
            f"text_hash in (select t.text_hash from ({TEXTS}) as t, unnest($words::varchar[]) as c (word) "
            "where contains(t.text, c.word))"
        )
    for table in ("core.fct_text_readings", "core.fct_place_mentions"):
        door.run(f"delete from {table} where {touched}", words=changed)
    door.run("update core.fct_text_readings set dictionary_hash = $d", d=digest)
    door.replace("core.dim_text_words", words)
    door.run("insert or replace into ops.facts values ('text_engine', $e)", e=engine)
    return digest
