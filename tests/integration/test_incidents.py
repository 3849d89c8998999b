"""Links and incidents are derived for what changed only; that must not show."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from pipelines.main_job import prepare, run_step
from pipelines.steps import conform as conforming
from pipelines.steps import incidents as joining
from pipelines.steps import link_texts
from pipelines.steps.run import Run
from tests.conftest import SmallCity
from tests.faults.tiny import new_home

SOURCES = ("app", "departments", "grid", "hotline")
DERIVED = ("core.fct_event_versions", "core.fct_handling", "core.fct_incident_links", "core.fct_text_links")
EMPTY = (
    "ops.changed_records",
    "ops.waiting_records",
    "ops.pending_incidents",
    "ops.incident_parts",
    "ops.affected_events",
    "ops.incident_titles",
)


def test_the_words_of_the_title_are_told_from_those_of_the_text() -> None:
    tokens = ["路灯", "不", "亮", "路灯", "坏"]
    assert link_texts.split_title("路灯不亮！", tokens) == (["路灯", "不", "亮"], ["路灯", "坏"])
    assert link_texts.split_title(None, tokens) == ([], tokens)
    assert link_texts.split_title("！", tokens) == ([], tokens)


def take_in(city: SmallCity, day: dt.date) -> None:
    for source in SOURCES:
        for step in ("land", "clean", "validate"):
            run_step(city.settings(), day, step, source)
    for step in ("conform", "read", "incidents"):
        run_step(city.settings(), day, step)


def content(city: SmallCity) -> dict[str, list[tuple]]:
    with Run(city.settings(), city.as_of_date).warehouse.reading() as door:
        assert [door.scalar(f"select count(*) from {table}") for table in EMPTY] == [0] * len(EMPTY)
        return {table: door.rows(f"select * from {table} order by all") for table in DERIVED}


def members(city: SmallCity) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    with Run(city.settings(), city.as_of_date).warehouse.reading() as door:
        for event_id, incident_id in door.rows("select event_id, incident_id from core.fct_incident_events"):
            found.setdefault(incident_id, set()).add(event_id)
        told = dict(door.rows("select incident_id, event_count from core.fct_incidents"))
        records = {event_id for (event_id,) in door.rows("select event_id from core.fct_events")}
    assert told == {incident_id: len(events) for incident_id, events in found.items()}
    assert set().union(*found.values()) == records
    return found


def titles(city: SmallCity) -> list[tuple]:
    with Run(city.settings(), city.as_of_date).warehouse.reading() as door:
        return door.rows("select * from core.fct_incidents order by all")


def groups(city: SmallCity) -> set[frozenset[str]]:
    return {frozenset(events) for events in members(city).values()}


@pytest.fixture(scope="module")
def at_once(tiny_city: SmallCity, tmp_path_factory: pytest.TempPathFactory) -> SmallCity:
    city = new_home(tiny_city, tmp_path_factory.mktemp("at_once"))
    prepare(city.settings())
    take_in(city, city.as_of_date)
    return city


def test_day_by_day_gives_what_one_go_gives_and_numbers_stay(
    tiny_city: SmallCity, at_once: SmallCity, tmp_path: Path
) -> None:
    city = new_home(tiny_city, tmp_path)
    prepare(city.settings())
    days = sorted({path.stem[-8:] for path in city.data.rglob("*_????????.*")})
    assert days[-1] == city.as_of_date.strftime("%Y%m%d")
    before: dict[str, set[str]] = {}
    grown = 0
    for day in [dt.datetime.strptime(text, "%Y%m%d").date() for text in days]:
        take_in(city, day)
        now = members(city)
        for incident_id, events in before.items():
            # an incident of which nothing was taken away, and that joined no other, is called as before
            mine = [other for other, found in now.items() if events <= found]
            if len(mine) == 1 and not any(
                now[mine[0]] & found for name, found in before.items() if name != incident_id
            ):
                assert mine == [incident_id]
                grown += len(now[mine[0]]) > len(events)
        before = now
    assert grown > 0
    assert content(city) == content(at_once)
    assert content(at_once)["core.fct_incident_links"]
    assert content(at_once)["core.fct_text_links"]
    assert groups(city) == groups(at_once)
    assert any(len(events) > 1 for events in groups(at_once))


def test_in_parts_gives_what_one_go_gives(
    tiny_city: SmallCity, at_once: SmallCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conforming, "PART_ROWS", 50)
    monkeypatch.setattr(joining, "PART_ROWS", 50)
    city = new_home(tiny_city, tmp_path)
    prepare(city.settings())
    take_in(city, city.as_of_date)
    assert content(city) == content(at_once)
    assert members(city) == members(at_once)
    assert titles(city) == titles(at_once)


def test_killed_while_linking_texts_the_next_run_takes_in_the_rest(
    tiny_city: SmallCity, at_once: SmallCity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = new_home(tiny_city, tmp_path)
    prepare(city.settings())
    save, saved = link_texts._save, []

    def save_twice(*args: object) -> None:
        if len(saved) == 2:
            raise KeyboardInterrupt
        save(*args)
        saved.append(1)

    monkeypatch.setattr(link_texts, "_BLOCK", 20)
    monkeypatch.setattr(link_texts, "_save", save_twice)
    with pytest.raises(KeyboardInterrupt):
        take_in(city, city.as_of_date)
    with Run(city.settings(), city.as_of_date).warehouse.reading() as door:
        taken_in = door.scalar("select count(*) from core.fct_text_members")
    monkeypatch.undo()
    run_step(city.settings(), city.as_of_date, "incidents")
    with Run(city.settings(), city.as_of_date).warehouse.reading() as door:
        assert 0 < taken_in < door.scalar("select count(*) from core.fct_text_members")
    assert content(city) == content(at_once)
    assert members(city) == members(at_once)


def test_deriving_everything_anew_keeps_every_number(at_once: SmallCity) -> None:
    tables, before = content(at_once), members(at_once)
    with Run(at_once.settings(), at_once.as_of_date).warehouse.writing() as door:
        door.run("delete from ops.facts where fact_name = 'reference_hash'")
    take_in(at_once, at_once.as_of_date)
    assert content(at_once) == tables
    assert members(at_once) == before
