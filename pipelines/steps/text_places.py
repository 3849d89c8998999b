"""Place the records by the names in their texts; part of the read step."""

from __future__ import annotations

import hashlib

from pipelines.steps.run import Run, log
from pipelines.warehouse.door import Door, statement

_TABLE = "core.fct_text_places"
_QUEUE = "ops.events_to_place"


def place_texts(run: Run) -> int:
    """Place the records anew that anything touches which ``sql/core/fct_text_places.sql`` reads.

    These are: records that changed, came or went, or whose text names other places; those that name a place whose entry
    in the city's lists changed; and those that name what a changed record teaches, if they were known later. The table
    is what the whole derivation would give, and all of it is one transaction: killed half-way, nothing happened.

    Returns:
        How many records are placed.
    """
    with run.warehouse.writing() as door:
        rules = hashlib.sha256(statement(_TABLE).encode()).hexdigest()[:16]
        is_whole = door.scalar("select fact_value from ops.facts where fact_name = 'text_places'") != rules
        if is_whole:
            for table in (_TABLE, "ops.placed_events", "ops.placed_lists"):
                door.run(f"delete from {table}")
        # they are gone with the door's connection
        door.run(f"create temp table event_states as {_EVENT_STATES}")
        door.run(f"create temp table list_states as {_LIST_STATES}")
        door.run(f"delete from {_QUEUE}")
        door.run(f"insert into {_QUEUE} {_CHANGED_EVENTS}")
        if not is_whole:
            # whom the changed records teach is told before the next ones join the queue, which teach nothing new
            for others in (_TAUGHT_OTHERWISE, _LISTED_OTHERWISE):
                door.run(f"insert into {_QUEUE} select event_id from ({others}) where event_id not in (from {_QUEUE})")
        waiting = int(door.scalar(f"select count(*) from {_QUEUE}"))
        if waiting:
            _place(door)
        door.run("delete from ops.placed_lists")
        door.run("insert into ops.placed_lists by name select * from list_states")
        door.run("insert or replace into ops.facts values ('text_places', $h)", h=rules)
        door.run(f"delete from {_QUEUE}")
        placed = int(door.scalar(f"select count(*) from {_TABLE}"))
    log.info("text places derived=%d placed=%d", waiting, placed)
    return placed


def _place(door: Door) -> None:
    door.run(f"delete from {_TABLE} where event_id in (from {_QUEUE})")
    door.extend(_TABLE)
    door.run(_CONFIDENCE)
    door.run(f"delete from ops.placed_events where event_id in (from {_QUEUE})")
    door.run(f"insert into ops.placed_events by name {_STATES_TO_KEEP}")


_EVENT_STATES = """
select
    e.event_id,
    e.text_hash,
    e.known_from,
    hash(
        e.text_hash, e.occurred_at, e.known_from, e.district_code, e.street_code, e.community_code, m.names_hash
    ) as state_hash
from core.fct_events as e
inner join (
    select text_hash, sum(hash(place_name)::hugeint) as names_hash
    from core.fct_place_mentions
    group by text_hash
) as m on e.text_hash = m.text_hash
"""

# only a record that is known to lie somewhere teaches, and only names in no list
_STATES_TO_KEEP = f"""
select s.*, coalesce(t.taught_names, []) as taught_names
from event_states as s
left join (
    select e.event_id, list(distinct m.place_name) as taught_names
    from core.fct_events as e
    inner join core.fct_place_mentions as m on e.text_hash = m.text_hash
    where
        e.community_code is not null
        and e.event_id in (from {_QUEUE})
        and m.place_name not in (select k.place_name from core.dim_known_places as k)
    group by e.event_id
) as t on s.event_id = t.event_id
where s.event_id in (from {_QUEUE})
"""

_LIST_STATES = """
with communities as (
    select
        place_code,
        hash(list_sort(list(hash(street_code, district_code, valid_from, valid_to)))) as state_hash
    from core.dim_place
    where place_level = 'community'
    group by place_code
)

select 'community' as list_kind, place_code as list_key, state_hash from communities
union all
select
    'name' as list_kind,
    k.place_name as list_key,
    hash(list_sort(list(hash(k.community_code, k.valid_from, k.valid_to, c.state_hash)))) as state_hash
from core.dim_known_places as k
left join communities as c on k.community_code = c.place_code
group by k.place_name
"""

_CHANGED_EVENTS = """
select coalesce(n.event_id, o.event_id) as event_id
from event_states as n
full join ops.placed_events as o on n.event_id = o.event_id
where n.state_hash is distinct from o.state_hash
"""

# of a name in no list, records learn from those that were known before them
_TAUGHT_OTHERWISE = f"""
with taught as (
    select m.place_name, e.known_from
    from core.fct_events as e
    inner join core.fct_place_mentions as m on e.text_hash = m.text_hash
    where e.community_code is not null and e.event_id in (from {_QUEUE})
    union all
    select unnest(taught_names) as place_name, known_from
    from ops.placed_events
    where event_id in (from {_QUEUE})
),

firsts as (
    select place_name, min(known_from) as known_from
    from taught
    where place_name not in (select k.place_name from core.dim_known_places as k)
    group by place_name
)

select distinct e.event_id
from firsts as f
inner join core.fct_place_mentions as m on f.place_name = m.place_name
inner join core.fct_events as e on m.text_hash = e.text_hash and e.known_from > f.known_from
"""

# a community counts where its name is listed, and where records teach a name for it
_LISTED_OTHERWISE = """
with changed as (
    select coalesce(n.list_kind, o.list_kind) as list_kind, coalesce(n.list_key, o.list_key) as list_key
    from list_states as n
    full join ops.placed_lists as o on n.list_kind = o.list_kind and n.list_key = o.list_key
    where n.state_hash is distinct from o.state_hash
),

names as (
    select list_key as place_name
    from changed
    where list_kind = 'name'
    union
    select m.place_name
    from changed as c
    inner join core.fct_events as e on c.list_key = e.community_code
    inner join core.fct_place_mentions as m on e.text_hash = m.text_hash
    where c.list_kind = 'community'
)

select distinct e.event_id
from names as n
inner join core.fct_place_mentions as m on n.place_name = m.place_name
inner join core.fct_events as e on m.text_hash = e.text_hash
"""

# how sure a basis is, is counted over all records, so that one row can change it for all
_CONFIDENCE = f"""
update {_TABLE} as t
set place_confidence = c.place_confidence
from (
    select p.place_basis, avg((p.community_code = e.community_code)::integer) as place_confidence
    from {_TABLE} as p
    inner join core.fct_events as e on p.event_id = e.event_id
    group by p.place_basis
) as c
where t.place_basis = c.place_basis and t.place_confidence is distinct from c.place_confidence
"""
