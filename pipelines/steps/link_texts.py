"""Link texts: which residents' records tell of one matter, by what they say, for those that are new or changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import polars as pl

from models.incident_links import LinkRule, Records
from models.incidents import Incidents
from pipelines.steps.run import Run, in_blocks
from pipelines.warehouse.door import Door

_BLOCK = 20_000
_EPOCH = dt.date(1970, 1, 1)
_PAIRS = "core.fct_text_links"
_MEMBERS = "core.fct_text_members"


def link_texts(run: Run) -> dict[str, int]:
    """Take in the texts that became known before the as-of date and are not yet compared; queue whose group changed.

    Of a city's archive only the texts of the last ``linked_days`` days: an incident that ended long ago asks nothing
    of anybody.

    Whole days only, for words are weighed once a day. A text that arrives late is taken in with the last day that was.
    The state is restored from what is stored: groups, likenesses, and the words of the last year. Saved block by
    block, with the queue: killed half-way, the next run takes in the rest.

    Returns:
        How many texts were taken in, and how many links found.
    """
    with run.warehouse.writing() as door:
        dropped = _drop_stale(door)
        last = door.scalar(f"select max(joined_on) from {_MEMBERS}")
        waiting = door.query(_WAITING, as_of_date=run.as_of_date, linked_days=run.city.config.text.linked_days)
    if not waiting.height:
        return {"texts_linked": 0, "text_links": 0, "texts_dropped": dropped}
    last = last or _EPOCH
    waiting = waiting.with_columns(joined_on=pl.max_horizontal(pl.col("known_from").dt.date(), pl.lit(last)))
    incidents = _restored(run, waiting.select(pl.col("joined_on").min()).item())
    found = 0
    for taken, days in _in_days(run, waiting.sort("joined_on", "occurred_at", "event_id")):
        links = pl.concat([incidents.add_day(day)[0] for day in days])
        found += links.height
        _save(run, incidents, taken, links)
    return {"texts_linked": waiting.height, "text_links": found, "texts_dropped": dropped}


def _drop_stale(door: Door) -> int:
    """Take out records that are gone, are no residents' any more, or say something else now."""
    stale = (
        f"select m.event_id from {_MEMBERS} as m left join core.fct_events as e "
        "on m.event_id = e.event_id and m.text_hash = e.text_hash and e.is_resident where e.event_id is null"
    )
    dropped = int(door.scalar(f"select count(*) from ({stale})"))
    if dropped:
        door.run(f"insert into ops.pending_incidents {stale}")
        door.run(f"delete from {_PAIRS} where event_id in ({stale}) or earlier_event_id in ({stale})")
        door.run(f"delete from {_MEMBERS} where event_id in ({stale})")
    return dropped


def _restored(run: Run, day: dt.date) -> Incidents:
    """Incidents as they stood when the last texts were taken in."""
    begin = _EPOCH + dt.timedelta(days=Records.begin_of(_number(day), LinkRule()))
    with run.warehouse.reading() as door:
        members = door.query(
            "select event_id as record_id, occurred_at, text_incident_id as incident_id, similarity, joined_on, "
            f"text_hash from {_MEMBERS} order by sequence_no"
        )
        near = door.query(_NEAR)
    incidents = Incidents()
    recent = members.filter(pl.col("joined_on") >= begin).rename({"record_id": "event_id"})
    days = (day for _, block in _in_days(run, recent) for day in block)
    incidents.restore(members, near, days, _number(day))
    return incidents


def _number(day: dt.date) -> int:
    return (day - _EPOCH).days


def _in_days(run: Run, records: pl.DataFrame) -> Iterator[tuple[pl.DataFrame, list[pl.DataFrame]]]:
    """The records as the model reads them, day by day; about ``_BLOCK`` of them at a time, so that memory is bounded.

    Args:
        records: event_id, text_hash, occurred_at, joined_on; by joined_on.
    """
    counted = records.group_by("joined_on", maintain_order=True).len().rows()
    for block in in_blocks(counted, lambda day: day[1], _BLOCK):
        part = records.filter(pl.col("joined_on").is_between(block[0][0], block[-1][0]))
        yield part, _texts(run, part).partition_by("known_at", maintain_order=True)


def _texts(run: Run, records: pl.DataFrame) -> pl.DataFrame:
    with run.warehouse.reading() as door:
        told = door.query(_TEXTS, ids=records["event_id"].to_list())
    split = [split_title(title, words) for title, words in told.select("title", "tokens").iter_rows()]
    return (
        told.with_columns(
            title_tokens=pl.Series([title for title, _ in split], dtype=pl.List(pl.String)),
            tokens=pl.Series([words for _, words in split], dtype=pl.List(pl.String)),
        )
        .join(records.select(pl.col("event_id").alias("record_id"), known_at="joined_on"), on="record_id")
        .sort("known_at", "occurred_at", "record_id")
    )


def split_title(title: str | None, tokens: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words of the title and those after it, of a text that begins with its title."""
    at = count = 0
    for token in tokens:
        at = (title or "").find(token, at)
        if at < 0:
            break
        at += len(token)
        count += 1
    return list(tokens[:count]), list(tokens[count:])


def _save(run: Run, incidents: Incidents, taken: pl.DataFrame, links: pl.DataFrame) -> None:
    taken = taken.select("event_id", "joined_on", "occurred_at", "known_from", "text_hash")
    groups = incidents.members().rename({"record_id": "event_id", "incident_id": "text_incident_id"})
    groups = groups.with_row_index("at")
    with run.warehouse.writing() as door:
        held = door.query(f"select event_id, sequence_no, text_incident_id as former_id from {_MEMBERS}")
        grown = groups.join(held, on="event_id", how="left", maintain_order="left")
        new = grown.join(taken, on="event_id", maintain_order="left")
        first = int(door.scalar(f"select coalesce(max(sequence_no), -1) from {_MEMBERS}")) + 1
        new = new.with_columns(sequence_no=pl.int_range(first, first + new.height, dtype=pl.Int64))
        moved = grown.filter(
            pl.col("former_id").is_not_null() & (pl.col("former_id") != pl.col("text_incident_id"))
        ).select("event_id", "text_incident_id")
        door.run(
            f"update {_MEMBERS} as m set text_incident_id = n.incident_id "
            "from (select unnest($events::varchar[]) as event_id, unnest($incidents::varchar[]) as incident_id) as n "
            "where m.event_id = n.event_id",
            events=moved["event_id"].to_list(), incidents=moved["text_incident_id"].to_list(),
        )  # fmt: skip
        door.append(_MEMBERS, new.drop("at", "former_id"))
        door.append("ops.pending_incidents", pl.concat([new.select("event_id"), moved.select("event_id")]))
        known = door.query(f"select event_id, known_from from {_MEMBERS}")
        pairs = links.rename({"record_id": "event_id", "earlier_record_id": "earlier_event_id"})
        pairs = pairs.join(known, on="event_id").join(
            known.rename({"event_id": "earlier_event_id", "known_from": "earlier_from"}), on="earlier_event_id"
        )
        door.append(
            _PAIRS,
            pairs.with_columns(known_from=pl.max_horizontal("known_from", "earlier_from")).drop("earlier_from"),
        )


# a text is known from the first version that says it
_WAITING = """
select e.event_id, e.text_hash, e.occurred_at, min(v.known_from) as known_from
from core.fct_events as e
inner join core.fct_event_versions as v on e.event_id = v.event_id and e.text_hash = v.text_hash
inner join core.fct_text_readings as r on e.text_hash = r.text_hash
where e.is_resident
    and e.occurred_at >= $as_of_date::date - to_days($linked_days::integer)
    and e.event_id not in (select m.event_id from core.fct_text_members as m)
group by e.event_id, e.text_hash, e.occurred_at
having min(v.known_from) < $as_of_date
"""

_NEAR = """
select
    least(a.text_incident_id, b.text_incident_id) as one_id,
    greatest(a.text_incident_id, b.text_incident_id) as other_id,
    sum(l.similarity) as total
from core.fct_text_links as l
inner join core.fct_text_members as a on l.event_id = a.event_id
inner join core.fct_text_members as b on l.earlier_event_id = b.event_id
where a.text_incident_id <> b.text_incident_id
group by all
"""

_TEXTS = """
with told as (
    select
        e.event_id,
        e.text_hash,
        e.occurred_at,
        e.issue_code,
        e.community_code,
        e.caller_hash,
        coalesce(h.title, g.title) as title
    from core.fct_events as e
    left join stg.hotline_order as h on e.batch_id = h.batch_id and e.row_no = h.row_no
    left join stg.grid_event as g on e.batch_id = g.batch_id and e.row_no = g.row_no
    where e.event_id in (select unnest($ids::varchar[]))
)

select
    t.event_id as record_id,
    t.occurred_at,
    t.issue_code as issue,
    t.community_code as community,
    t.caller_hash as caller,
    t.title,
    r.tokens,
    (select list(m.place_name order by m.start_position) from core.fct_place_mentions as m
     where m.text_hash = t.text_hash and m.start_position < length(t.title)) as title_places,
    (select list(m.place_name order by m.start_position) from core.fct_place_mentions as m
     where m.text_hash = t.text_hash) as places
from told as t
inner join core.fct_text_readings as r on t.text_hash = r.text_hash
"""
