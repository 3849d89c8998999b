"""Read the text: segment every masked text once, find the places it names, and keep both beside it."""

from __future__ import annotations

import hashlib

import polars as pl

from pipelines.cities.city import City
from pipelines.steps.run import Counts, Run
from pipelines.steps.signals import read_signals
from pipelines.steps.text_places import place_texts
from pipelines.steps.texts import BLOCK_TEXTS, TEXTS, read_in_blocks, unread
from pipelines.text.places import rules_hash
from pipelines.text.reader import Reader
from pipelines.text.segment import Segmenter
from pipelines.warehouse.door import Door

_BLOCK = BLOCK_TEXTS
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
    waiting = unread(run, "core.fct_text_readings")
    reader = Reader(stamp, run.settings.of_city("cache"), words)
    mentioned = 0
    for readings, mentions in read_in_blocks(run, waiting, reader, block=_BLOCK):
        with run.warehouse.writing() as door:
            door.append("core.fct_text_readings", readings)
            door.append("core.fct_place_mentions", mentions)
        mentioned += mentions.height
    return Counts(
        details={
            "texts_read": len(waiting),
            "places_found": mentioned,
            "placed_by_text": place_texts(run),
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
