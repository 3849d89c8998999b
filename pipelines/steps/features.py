"""Features: what was known of every cell before the as-of date."""

from __future__ import annotations

from pipelines.errors import NothingKnown
from pipelines.steps.run import Counts, Run


def build_features(run: Run) -> Counts:
    """Replace the as-of date's partition of the cohort and of every feature table.

    Raises:
        NothingKnown: there is no cell, or no complaint was known before the as-of date.
    """
    params = {"as_of_date": run.as_of_date, "history_weeks": run.city.config.forecast.history_weeks}
    with run.warehouse.writing() as door:
        cells = door.build("cohort.cells", run.partition, **params)
        cell_weeks = door.build("feature.cell_weeks", run.partition, **params)
        evidence = door.build("feature.complaint_counts", run.partition, **params)
        if not cells or not cell_weeks:
            first = door.scalar("select min(known_from) from core.fct_event_versions where is_resident")
            raise NothingKnown(
                f"{run.city.name} {run.as_of_date}: no resident's complaint with community and issue was known before "
                f"this date (the first became known {first or 'never'}); choose a later --date or check the sources"
            )
    return Counts(details={"cells": cells, "cell_weeks": cell_weeks, "cells_with_evidence": evidence})
