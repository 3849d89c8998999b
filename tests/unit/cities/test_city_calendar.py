"""Notable days: the city's own first, then the published calendar, then what can be computed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from pipelines.cities.calendar import notable_days
from pipelines.cities.city import City
from pipelines.errors import ConfigurationError

TOML = 'name = "town"\ntitle = "镇"\ndefault_date = 2026-11-16\ndense_from = 2024-01-01\ncalendar = "{}"\n'


@pytest.fixture
def city(tmp_path: Path):
    def make(calendar: str = "china", own: str = "") -> City:
        (tmp_path / "city.toml").write_text(TOML.format(calendar), encoding="utf-8")
        (tmp_path / "calendar.csv").write_text(f"date,is_workday,name\n{own}", encoding="utf-8")
        return City(tmp_path)

    return make


def names(city: City, first: str, days: int) -> dict[str, str]:
    return {f"{day:%m-%d}": name for day, name in notable_days(city, dt.date.fromisoformat(first), days)}


def test_spring_festival_2026_with_its_working_weekends(city) -> None:
    """State Council notice for 2026: off 15 to 23 February, at work on 14 and 28 February."""
    found = names(city(), "2026-02-12", 20)
    off = [f"02-{day}" for day in range(15, 24)]
    assert found == dict.fromkeys(off, "春节放假") | {"02-14": "春节调休上班", "02-28": "春节调休上班"}


def test_national_day_2026(city) -> None:
    """Off 1 to 7 October, at work on 20 September and 10 October."""
    found = names(city(), "2026-09-28", 14)
    assert [day for day, name in found.items() if name == "国庆节放假"] == [f"10-0{day}" for day in range(1, 8)]
    assert found["10-10"] == "国庆节调休上班"
    assert names(city(), "2026-09-20", 1) == {"09-20": "国庆节调休上班"}


def test_2027_is_not_published_and_marked_as_provisional(city) -> None:
    found = names(city(), "2027-01-01", 365)
    provisional = "（暂定，以正式放假通知为准）"
    assert all(name.endswith(provisional) for name in found.values())
    computed = {day: name.removesuffix(provisional) for day, name in found.items()}
    expected = {"01-01": "元旦", "02-05": "除夕", "02-06": "春节", "04-05": "清明", "05-01": "劳动节",
                "06-09": "端午节", "09-15": "中秋节", "10-01": "国庆节"}  # fmt: skip
    assert computed == expected


@pytest.mark.parametrize("year", [1999, 2003, 2035, 2099])
def test_no_year_fails(city, year: int) -> None:
    assert "元旦" in names(city(), f"{year}-01-01", 7)["01-01"]


def test_the_city_overrides(city) -> None:
    own = "2026-10-01,true,本市照常上班\n2027-02-06,false,春节\n2026-06-12,false,开放日\n"
    town = city(own=own)
    assert names(town, "2026-10-01", 2) == {"10-01": "本市照常上班", "10-02": "国庆节放假"}
    assert names(town, "2027-02-06", 1) == {"02-06": "春节"}
    assert names(town, "2026-06-12", 1) == {"06-12": "开放日"}


def test_a_city_without_the_chinese_calendar(city) -> None:
    assert names(city("none", "2026-10-03,false,Tag der Einheit\n"), "2026-10-01", 7) == {"10-03": "Tag der Einheit"}


@pytest.mark.parametrize("day", ["2026/6/12", "2026-06-31", "", "20260612"])
def test_a_day_that_is_none_is_named(city, day: str) -> None:
    with pytest.raises(ConfigurationError, match=r"calendar\.csv:2: .*2026-06-12"):
        _ = city(own=f"{day},false,开放日\n").calendar
