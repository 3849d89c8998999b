"""Brief: compose the day's brief from the published snapshot and save it."""

from __future__ import annotations

from pipelines.briefs.archive import save
from pipelines.briefs.compose import compose
from pipelines.briefs.model import BriefRules
from pipelines.cities.calendar import notable_days
from pipelines.steps.run import Counts, Run
from pipelines.warehouse.snapshot import snapshot_of


def write_brief(run: Run) -> Counts:
    """Compose and save the brief of the as-of date; it replaces an earlier one of the same date.

    Reads nothing but the snapshot of that date, so what the brief says can be looked up on the page.
    """
    snapshot = snapshot_of(run.settings.snapshot_dir, run.as_of_date)
    rules = run.city.config.brief
    connection = snapshot.connect()
    try:
        brief = compose(
            connection,
            run.as_of_date,
            run.city.config.title,
            BriefRules(list_length=rules.list_length, orders_per_street_cap=rules.orders_per_street_cap),
            notable_days(run.city, run.as_of_date),
        )
    finally:
        connection.close()
    saved = save(brief, run.settings.brief_dir)
    return Counts(details={"brief": saved.html_path.name})
