"""Records are placed day by day as they would be all at once."""

from __future__ import annotations

import datetime as dt
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import Settings
from pipelines.steps import text_places
from pipelines.steps.run import Run
from pipelines.steps.text_places import place_texts
from pipelines.warehouse.door import Door
from pipelines.warehouse.migrate import migrate
from pipelines.warehouse.retention import purge_rows

START = dt.datetime(2026, 1, 1)
COMMUNITIES = ("a", "b", "c", "d")
LISTED = tuple(f"园{number}" for number in range(4))
UNLISTED = tuple(f"里{number}" for number in range(8))
PLACED = "select * from core.fct_text_places order by event_id"


class Town:
    """Records, names in their texts and lists that change from day to day."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.rng, self.count, self.day = folder, random.Random(seed), 0, 0
        self.run = Run(Settings(city=Path("pipelines/cities/sample"), home=folder), dt.date(2026, 11, 16))
        migrate(self.run.warehouse)
        with self.run.warehouse.writing() as door:
            for code in COMMUNITIES:
                door.run(
                    "insert into core.dim_place by name select $c as place_code, 'community' as place_level, "
                    "$c as place_name, 's' || ($c in ('a', 'b'))::integer as street_code, 'd' as district_code",
                    c=code,
                )  # fmt: skip
            for name in LISTED:
                self._list(door, name, self.rng.choice(COMMUNITIES))

    def pass_day(self) -> None:
        """New records, some known late; some that change, say something else or are gone."""
        self.day += 1
        with self.run.warehouse.writing() as door:
            for _ in range(40):
                self.count += 1
                self._record(door, f"e{self.count}", self.day if self.rng.random() < 0.95 else self.rng.randrange(90))
            for number in self.rng.sample(range(1, self.count + 1), 3):
                door.run("delete from core.fct_event_versions where event_id = $e", e=f"e{number}")
                if self.rng.random() < 0.7:
                    self._record(door, f"e{number}", self.day)
            if self.day % 3 == 0:  # a text is read otherwise
                door.run("delete from core.fct_place_mentions where text_hash = $t", t=f"t{self.rng.randrange(60)}")

    def change_lists(self) -> None:
        """A name moves, one is not listed any more and another one is; or a community moves to another street."""
        with self.run.warehouse.writing() as door:
            if self.day % 2:
                moved, gone, new = [*self.rng.sample(LISTED, 2), self.rng.choice(UNLISTED)]
                door.run("delete from core.dim_known_places where place_name in ($m, $g, $n)", m=moved, g=gone, n=new)
                self._list(door, moved, self.rng.choice(COMMUNITIES))
                if self.rng.random() < 0.5:
                    self._list(door, new, self.rng.choice(COMMUNITIES))
            else:
                # the one that most records teach
                door.run("update core.dim_place set street_code = 's' || (street_code = 's0')::integer, "
                         "valid_to = $t where place_code = 'a'", t=START.date() + dt.timedelta(days=60))  # fmt: skip

    def placed(self) -> list[tuple[Any, ...]]:
        with self.run.warehouse.reading() as door:
            return door.rows(PLACED)

    def placed_at_once(self) -> list[tuple[Any, ...]]:
        """What a warehouse that was never placed gives."""
        copy = Run(Settings(city=self.run.settings.city, home=self.folder / "copy"), self.run.as_of_date)
        copy.warehouse.path.parent.mkdir(parents=True, exist_ok=True)
        with self.run.warehouse.closed() as path:
            shutil.copy(path, copy.warehouse.path)
        with copy.warehouse.writing() as door:
            for table in ("core.fct_text_places", "ops.placed_events", "ops.placed_lists", "ops.facts"):
                door.run(f"delete from {table}")
        place_texts(copy)
        with copy.warehouse.reading() as door:
            return door.rows(PLACED)

    def _record(self, door: Door, event_id: str, day: int) -> None:
        rng, text = self.rng, f"t{self.rng.randrange(60)}"
        community = rng.choice("aaaaab") if rng.random() < 0.7 else None
        door.run(
            "insert into core.fct_event_versions by name select $e as event_id, 's' as source_name, $e as record_id, "
            "1 as version_no, 'hotline_order' as kind, $o::timestamp as occurred_at, $k::timestamp as known_from, "
            "true as is_resident, 'mapped' as issue_basis, $t as text_hash, $c as community_code, $s as street_code, "
            "'b' as batch_id, 1 as row_no",
            e=event_id, t=text, c=community, s=rng.choice(("s0", "s1", None)),
            o=START + dt.timedelta(days=day), k=START + dt.timedelta(days=day, hours=rng.randrange(3)),
        )  # fmt: skip
        if not door.scalar("select count(*) from core.fct_place_mentions where text_hash = $t", t=text):
            for name in rng.sample(LISTED + UNLISTED, rng.randrange(3)):
                door.run("insert into core.fct_place_mentions values ($t, 0, 2, $n, 'estate', null)", t=text, n=name)

    @staticmethod
    def _list(door: Door, name: str, code: str) -> None:
        door.run("insert into core.dim_known_places values ($n, 'estate', $c, null, null)", n=name, c=code)


@pytest.fixture
def derived(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many records each derivation looks at."""
    counts: list[int] = []
    place = text_places._place

    def counted(door: Door) -> None:
        counts.append(door.scalar("select count(*) from ops.events_to_place"))
        place(door)

    monkeypatch.setattr(text_places, "_place", counted)
    return counts


@pytest.mark.parametrize("seed", [1, 2])
def test_day_by_day_is_all_at_once(tmp_path: Path, derived: list[int], seed: int) -> None:
    town = Town(tmp_path, seed)
    seen, bases = 0, set()
    for day in range(10):
        town.pass_day()
        if day % 3 == 2:
            town.change_lists()
        assert place_texts(town.run) == len(town.placed())
        alone = derived[-1]
        assert town.placed() == town.placed_at_once(), f"day {day}"
        seen += alone < derived[-1]
        bases |= {row[3] for row in town.placed()}
    assert bases == {"gazetteer", "learnt"}
    assert seen >= 5, "most days derive only a part"


def test_nothing_new_derives_nothing_and_a_changed_name_only_who_names_it(tmp_path: Path, derived: list[int]) -> None:
    town = Town(tmp_path, 4)
    town.pass_day()
    place_texts(town.run)
    place_texts(town.run)
    assert len(derived) == 1
    with town.run.warehouse.writing() as door:
        door.run("update core.dim_known_places set community_code = 'd' where place_name = $n", n=LISTED[0])
        naming = door.scalar(
            "select count(distinct event_id) from core.fct_events inner join core.fct_place_mentions using (text_hash) "
            "where place_name = $n",
            n=LISTED[0],
        )
    place_texts(town.run)
    assert derived[1:] == [naming] and 0 < naming < derived[0]
    assert town.placed() == town.placed_at_once()


def test_killed_it_has_not_happened_and_the_next_run_does_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    town = Town(tmp_path, 5)
    town.pass_day()
    place_texts(town.run)
    before = town.placed()
    town.pass_day()
    run = Door.run

    def killed(door: Door, sql: str, **params: Any) -> None:
        if sql.startswith("insert into ops.placed_lists"):
            raise KeyboardInterrupt
        run(door, sql, **params)

    monkeypatch.setattr(Door, "run", killed)
    with pytest.raises(KeyboardInterrupt):
        place_texts(town.run)
    monkeypatch.undo()
    assert town.placed() == before
    place_texts(town.run)
    assert town.placed() == town.placed_at_once() != before


def test_confidence_is_how_often_a_basis_agrees(tmp_path: Path) -> None:
    town = Town(tmp_path, 6)
    for _ in range(4):
        town.pass_day()
        place_texts(town.run)
    with town.run.warehouse.reading() as door:
        found = door.rows(
            "select p.place_basis, p.place_confidence, p.community_code, e.community_code "
            "from core.fct_text_places as p inner join core.fct_events as e using (event_id)"
        )
    for basis in ("gazetteer", "learnt"):
        told = [(told, known) for name, _, told, known in found if name == basis and known is not None]
        assert {row[1] for row in found if row[0] == basis} == {sum(a == b for a, b in told) / len(told)}


def test_after_a_purge_what_was_taught_is_forgotten(tmp_path: Path) -> None:
    town = Town(tmp_path, 7)
    for _ in range(4):
        town.pass_day()
        place_texts(town.run)
    before = town.placed()
    with town.run.warehouse.writing() as door:
        door.run("insert into ops.batches by name select 'old' as batch_id, 's' as source_name, 'cleaned' as state, "
                 "date '2026-01-01' as exported_date, 'f' as file_name, 'h' as file_hash, 'c' as contract_hash, "
                 "1 as file_size, 0 as rows_in, "
                 "true as is_conformed")  # fmt: skip
        # a later export tells some of the texts
        door.run(
            "insert into stg.hotline_order by name select 's' as source_name, 'r' || n as record_id, 'new' as batch_id, "
            "n as row_no, 'h' as row_hash, now()::timestamp as occurred_at, now()::timestamp as entered_at, "
            "now()::timestamp as known_at, true as is_resident, 't' || n as text_hash from range(40) as r (n)"
        )
        purge_rows(door, dt.date(2026, 11, 16), dt.date(2026, 2, 1))
        left = door.scalar("select count(*) from ops.placed_events where substr(text_hash, 2)::integer >= 40")
    assert left == 0
    place_texts(town.run)
    assert town.placed() == town.placed_at_once()
    assert 0 < len(town.placed()) < len(before)
