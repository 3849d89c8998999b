"""The facts behind a forecast."""

import numpy as np
import polars as pl
import pytest

from models.baselines import Ewma
from models.filter_logistic import FilterLogistic
from models.reasons import FACTS, fact_values, reasons
from models.targets import frozen_thresholds


def test_facts_come_from_the_model_and_are_ranked(city) -> None:
    thresholds = frozen_thresholds(city)
    model = FilterLogistic().fit(city, thresholds)
    cells = city.cells().head(12)
    table = reasons(model, city, thresholds, cells, count=3)
    assert table.columns == ["community_code", "issue_code", "rank", "key", "label", "value", "contribution"]
    assert table.select("community_code", "issue_code", "key").is_duplicated().sum() == 0
    assert table.group_by("community_code", "issue_code").len()["len"].max() == 3
    assert set(table["key"]) <= {fact.key for fact in FACTS}
    for _, group in table.group_by("community_code", "issue_code"):
        size = group.sort("rank")["contribution"].abs().to_list()
        assert size == sorted(size, reverse=True)
    explained = model.explain(city, thresholds).join(cells, on=["community_code", "issue_code"], how="semi")
    weeks = table.filter(pl.col("key") == "share_13w").join(explained, on=["community_code", "issue_code"])
    assert weeks.height > 0
    assert np.allclose(weeks["contribution"], weeks["half_year_shift"])


def test_a_sudden_rise_is_the_reason(make_panel) -> None:
    random = np.random.default_rng(4)
    counts = random.poisson(2.0, (80, 30, 1))
    counts[-4:, 0] = 12
    panel = make_panel(counts)
    thresholds = frozen_thresholds(panel)
    model = FilterLogistic().fit(panel, thresholds)
    cell = pl.DataFrame({"community_code": ["c00"], "issue_code": ["k0"]})
    table = reasons(model, panel, thresholds, cell)
    assert set(table["key"]) & {"share_13w", "count_4w", "last_week"}
    rise = table.filter(pl.col("key").is_in(["share_13w", "count_4w"]))
    assert (rise["contribution"] > 0).all()
    values = fact_values(panel, thresholds)
    assert (values["count_4w"][0, 0], values["last_week"][0, 0], values["hot_weeks_8w"][0, 0]) == (48, 12, 4)
    own, city = counts[:, 0, 0], counts.sum(axis=(1, 2))
    share = own[-13:].sum() / city[-13:].sum() / (own[-52:].sum() / city[-52:].sum())
    assert np.isclose(values["share_13w"][0, 0], share) and share > 1.2


def test_a_cell_without_complaints_has_its_usual_share(make_panel) -> None:
    counts = np.ones((60, 3, 2))
    counts[:, 0, 1] = 0
    counts[:, :, 0] = 0
    panel = make_panel(counts)
    assert (fact_values(panel, frozen_thresholds(panel))["share_13w"] == 1).all()


def test_a_baseline_has_reasons_too(city) -> None:
    thresholds = frozen_thresholds(city)
    table = reasons(Ewma(0.1), city, thresholds, city.cells())
    assert set(table["key"]) == {"hot_weeks_8w"}
    explained = Ewma(0.1).explain(city, thresholds)
    assert np.allclose(explained["issue_average"] + explained["own_history"], explained["logit"])


def test_a_cell_that_was_not_forecast_is_refused(city) -> None:
    thresholds = frozen_thresholds(city)
    with pytest.raises(ValueError, match="1 cells are not in the panel"):
        reasons(Ewma(), city, thresholds, pl.DataFrame({"community_code": ["x"], "issue_code": ["k0"]}))
