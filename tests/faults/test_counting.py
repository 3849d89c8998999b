"""The totals of `status` against a count of the landed bytes that shares no code with the pipeline."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from pipelines.reports import status
from pipelines.steps.run import Run
from tests.conftest import SmallCity
from tests.faults.counter import Landed, Totals, count
from tests.faults.mutations import mutate
from tests.faults.tiny import new_home
from tests.faults.zygote import Zygote

FIGURES = ("rows_in", "accepted", "rejected", "superseded")


def counted(city: SmallCity) -> dict[str, Totals]:
    run = Run(city.settings(), city.as_of_date)
    with run.warehouse.reading() as door:
        files = door.rows("select source_name, file_hash, file_name, batch_id, exported_date, gate from ops.batches "
                          "where state = 'cleaned' order by all")  # fmt: skip
        # dropping rows at random may leave a file without any: that one is refused, and holds nothing to count
        others = "select count(*) from ops.batches where state <> 'cleaned' and refusal not like '%只有表头没有数据行%'"
        assert door.scalar(others) == 0
    found: dict[str, list[Landed]] = {}
    for source, file_hash, name, batch_id, exported, gate in files:
        path = city.settings().landing_dir / source / file_hash
        found.setdefault(source, []).append(Landed(path, name, batch_id, exported, gate == "held"))
    folder = city.folder / "sources"
    return {source: count(folder / f"{source}.yaml", landed) for source, landed in found.items()}


def told(city: SmallCity) -> dict[str, Totals]:
    found = status(city.settings(), city.as_of_date)["sources"]
    return {source["name"]: Totals(**{name: source[name] for name in FIGURES}) for source in found}


def check(city: SmallCity, forker: Zygote, seed: int) -> int:
    mutate(city.data, city.folder / "sources", seed)
    assert forker.run(city, "flow")["status"] == 0, seed
    expected, found = counted(city), told(city)
    assert found == expected, seed
    for totals in expected.values():
        figures = asdict(totals)
        assert figures["rows_in"] == figures["accepted"] + figures["rejected"] + figures["superseded"]
        assert all(figures[name] > 0 for name in FIGURES)
    return sum(totals.rows_in for totals in expected.values())


def test_status_equals_a_second_count(tiny_city: SmallCity, forker: Zygote, tmp_path: Path) -> None:
    check(new_home(tiny_city, tmp_path), forker, seed=1)


@pytest.mark.faults
def test_status_equals_a_second_count_of_many(
    tiny_city: SmallCity, forker: Zygote, tmp_path: Path, faults: int
) -> None:
    rounds = max(2, faults // 10)
    rows = sum(check(new_home(tiny_city, tmp_path / str(seed)), forker, seed) for seed in range(2, 2 + rounds))
    print(f"mutated sets={rounds} rows={rows} differences=0")
