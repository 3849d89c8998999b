-- Of which kinds were the records that each week told of this issue in this community, beside residents' first word?
-- Grain: community × issue × week × measure above zero. Key: community_code, issue_code, weeks_back, measure.
-- Weeks are those of cell_weeks, by the clock of knowledge: a record counts once a measure, in the week in which it
-- first became known to belong there, and in the cell known then. So a week holds nothing that was learned after it,
-- past weeks can be learned from, and what arrives late counts late instead of being lost. Where no row names a
-- measure, nothing is known of it.
-- reopened: open again after its closing, or the same caller or spot told of the issue within 90 days of a closing.
-- unsatisfied: said to be not satisfied or not resolved. repeats: linked to an earlier record, or the same caller or
-- spot within 30 days. incidents: linked to a record of another caller. urgent, danger, dispute, unresolved: the text
-- holds such words. All of these are residents'. grid: records of any other channel. disposals: department records
-- finished.
-- Groups by text are left out: of an archive only the newest texts are compared, so older weeks would have none.
-- Reads: core.fct_event_versions, core.fct_incident_links, core.fct_text_signals, stg.dept_disposal, ops.batches
with known as (
    select
        event_id,
        record_id,
        is_resident,
        community_code,
        issue_code,
        known_from,
        case when known_to < $as_of_date then known_to end as known_to,
        case when closed_at <= known_from then closed_at end as closed_at,
        coalesce(is_satisfied = false or is_resolved = false, false) as is_unsatisfied,
        text_hash,
        caller_hash,
        address_hash
    from core.fct_event_versions
    where
        community_code is not null
        and issue_code is not null
        -- what a model said long afterwards would count in one as-of date and not in another
        and is_issue_late is not true
        and known_from < $as_of_date
        and occurred_at < $as_of_date
        -- the year before the window tells what was closed or told before
        and occurred_at >= $as_of_date::date - to_days(7 * $history_weeks::integer + 364)
),

turns as (
    select
        *,
        lag(event_id) over by_event is null as is_first,
        closed_at is not null and lag(closed_at) over by_event is null as is_closing,
        closed_at is null and lag(closed_at) over by_event is not null as is_opened_again
    from known
    window by_event as (partition by event_id order by known_from)
),

spoken as (
    select
        event_id,
        community_code,
        issue_code,
        unnest(['caller', 'spot']) as speaker_kind,
        unnest([caller_hash, address_hash]) as speaker,
        known_from as told_at,
        is_first,
        is_closing
    from turns
    where is_resident and (is_first or is_closing)
),

spoken_again as (
    select
        event_id,
        community_code,
        issue_code,
        told_at,
        is_first,
        max(case when is_closing then told_at end) over earlier as closing_before,
        max(case when is_first then told_at end) over earlier as told_before
    from spoken
    where speaker is not null
    window earlier as (
        partition by community_code, issue_code, speaker_kind, speaker
        order by told_at, event_id
        rows between unbounded preceding and 1 preceding
    )
),

links as (
    select
        event_id,
        earlier_event_id,
        known_from,
        is_counted_once
    from core.fct_incident_links
    where known_from < $as_of_date
),

pairs as (
    select
        [a.event_id, b.event_id] as event_ids,
        l.known_from as told_at,
        not l.is_counted_once and (a.caller_hash = b.caller_hash) is not true as is_of_two
    from links as l
    inner join known as a
        on
            l.event_id = a.event_id
            and l.known_from >= a.known_from
            and (a.known_to is null or l.known_from < a.known_to)
    inner join known as b
        on
            l.earlier_event_id = b.event_id
            and l.known_from >= b.known_from
            and (b.known_to is null or l.known_from < b.known_to)
),

measured as (
    select
        event_ids[1] as event_id,
        'repeats' as measure,
        told_at
    from pairs
    union all
    select
        unnest(event_ids) as event_id,
        'incidents' as measure,
        told_at
    from pairs
    where is_of_two
    union all
    select
        event_id,
        unnest(['repeats', 'reopened']) as measure,
        unnest([
            case when told_before >= told_at - interval 30 days then told_at end,
            case when closing_before >= told_at - interval 90 days then told_at end
        ]) as told_at
    from spoken_again
    where is_first
    union all
    select
        event_id,
        unnest(['reopened', 'unsatisfied']) as measure,
        unnest([
            case when is_opened_again then known_from end,
            case when is_unsatisfied then known_from end
        ]) as told_at
    from turns
    where is_opened_again or is_unsatisfied
    union all
    select
        k.event_id,
        s.signal_kind as measure,
        k.known_from as told_at
    from known as k
    inner join core.fct_text_signals as s on k.text_hash = s.text_hash
    where s.word_count > 0 and s.signal_kind in ('urgent', 'danger', 'dispute', 'unresolved')
),

first_told as (
    select
        event_id,
        measure,
        min(told_at) as told_at
    from measured
    where told_at is not null
    group by event_id, measure
),

-- from the exports themselves, for core.fct_handling keeps the last one only and would forget what was known before
finished as (
    select
        d.source_name,
        d.record_id,
        d.order_id,
        min(greatest(d.known_at, d.closed_at)) as told_at
    from stg.dept_disposal as d
    inner join ops.batches as b on d.batch_id = b.batch_id
    where b.gate in ('passed', 'warned') and d.closed_at is not null and greatest(d.known_at, d.closed_at) < $as_of_date
    group by d.source_name, d.record_id, d.order_id
),

-- a number that two records bear names neither
disposals as (
    select
        k.community_code,
        k.issue_code,
        f.told_at
    from finished as f
    inner join known as k
        on
            f.order_id = k.record_id
            and f.told_at >= k.known_from
            and (k.known_to is null or f.told_at < k.known_to)
    qualify count(*) over (partition by f.source_name, f.record_id) = 1
),

told as (
    select
        k.community_code,
        k.issue_code,
        f.measure,
        f.told_at
    from first_told as f
    inner join known as k
        on f.event_id = k.event_id and f.told_at >= k.known_from and (k.known_to is null or f.told_at < k.known_to)
    where k.is_resident
    union all
    select
        community_code,
        issue_code,
        'grid' as measure,
        known_from as told_at
    from turns
    where is_first and not is_resident
    union all
    select
        community_code,
        issue_code,
        'disposals' as measure,
        told_at
    from disposals
)

select
    $as_of_date::date as as_of_date,
    community_code,
    issue_code,
    ((date_diff('day', told_at::date, $as_of_date::date) - 1) // 7)::integer as weeks_back,
    measure,
    count(*)::integer as record_count
from told
where told_at >= $as_of_date::date - to_days(7 * $history_weeks::integer)
group by community_code, issue_code, weeks_back, measure
