"""The lists of a city: typed, and refused in words that name line, column and remedy."""

from __future__ import annotations

import datetime as dt
import gc
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from pipelines.cities.city import City
from pipelines.cities.lists import CalendarDay, Division, Issue, IssueMapping, Responsibility
from pipelines.errors import ConfigurationError

TOML = 'name = "town"\ntitle = "镇"\ndefault_date = 2026-11-16\ndense_from = 2024-01-01\n'
GOOD = {
    "divisions": "code,level,name,parent_code,valid_from,valid_to,population\n"
    "77,district,清溪区,,,,\n7701,street,东桥街道,77,,,\n"
    "770101,community,花园社区,7701,,2025-01-01,8200\n770101,community,新园社区,7701,2025-01-01,,8300\n",
    "issues": "issue_code,issue_name,is_dangerous\nA1,垃圾,是\nB1,噪声,False\nC1,路灯,\n",
    "issue_map": "system,value,issue_code,confidence\nq,垃圾清运,A1,0.9\nq,咨询,,\nr,垃圾清运,A1,1\n",
    "responsibilities": "issue_code,lead_unit,deadline_value,valid_from\nA1,城管局,24,2024-01-01\n",
    "gazetteer": "name,kind,community_code,valid_from,valid_to\n锦华里,estate,770101,,2025-01-01\n青溪路,road,,,\n",
    "calendar": "date,is_workday,name\n2026-06-12,否,开放日\n",
}


@pytest.fixture
def city_with(tmp_path: Path) -> Callable[..., City]:
    """A city whose lists differ from the good ones in one piece of text."""

    def make(name: str = "issues", old: str = "", new: str = "") -> City:
        (tmp_path / "city.toml").write_text(TOML, encoding="utf-8")
        for other, text in GOOD.items():
            assert other != name or old in text
            changed = text.replace(old, new, 1) if other == name else text
            (tmp_path / f"{other}.csv").write_text(changed, encoding="utf-8")
        return City(tmp_path)

    return make


def test_good_lists_are_typed(city_with) -> None:
    city = city_with()
    assert city.divisions[2] == Division(
        code="770101", level="community", name="花园社区", parent_code="7701",
        valid_to=dt.date(2025, 1, 1), population=8200,
    )  # fmt: skip
    assert [row.is_dangerous for row in city.issues] == [True, False, False]
    assert city.issue_map[:2] == [
        IssueMapping(system="q", value="垃圾清运", issue_code="A1", confidence=0.9),
        IssueMapping(system="q", value="咨询", issue_code=None),
    ]
    assert city.responsibilities == [
        Responsibility(issue_code="A1", lead_unit="城管局", deadline_value=24, valid_from=dt.date(2024, 1, 1))
    ]
    assert city.calendar == [CalendarDay(date=dt.date(2026, 6, 12), is_workday=False, name="开放日")]
    with pytest.raises(ValidationError):
        city.issues[0].issue_name = "x"


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("gazetteer", "锦华里,", "锦,", ["gazetteer.csv:2", "'name' holds text", "two characters"]),
        ("gazetteer", "770101", "770109", ["gazetteer.csv:2", "'770109'", "no community", "nearest is '770101'"]),
        ("gazetteer", "770101", "7701", ["gazetteer.csv:2", "'7701'", "no community"]),
        ("gazetteer", ",,2025", ",2025-01-01,2025", ["gazetteer.csv:2", "'valid_to' is not after 'valid_from'"]),
        ("divisions", ",8200", ",八千", ["divisions.csv:4", "'population' holds text", "digits only", "leave it blank"]),
        ("divisions", ",8200", ',"8,200"', ["divisions.csv:4", "a number with a comma", "digits only"]),
        ("divisions", ",8200", ",-1", ["'population' holds a negative number"]),
        ("divisions", "2025-01-01,8200", "2025/1/1,8200", ["divisions.csv:4", "'valid_to' holds text", "2026-06-12"]),
        ("divisions", "2025-01-01,8200", "20250101,8200", ["'valid_to' holds a whole number", "2026-06-12"]),
        ("divisions", "2025-01-01,8200", "2025-02-30,8200", ["'valid_to' holds a date that does not exist"]),
        ("divisions", "7701,street", "7701,town", ["divisions.csv:3", "'level'", "district, street, community or grid"]),
        ("divisions", "7701,street,东桥街道", "7701,street,", ["divisions.csv:3", "'name' holds nothing", "fill it in"]),
        ("divisions", "7701,,2025", "7702,,2025", ["divisions.csv:4", "'7702' has no line", "nearest is '7701'"]),
        ("divisions", "东桥街道,77,", "东桥街道,7701,", ["divisions.csv:3", "the parent '7701' of a street is a street"]),
        ("divisions", "东桥街道,77,", "东桥街道,770101,", ["the parent '770101' of a street is a community"]),
        ("divisions", "2025-01-01,,8300", "2024-12-31,,8300", ["divisions.csv:5", "line 4", "valid_to"]),
        ("divisions", "2025-01-01,,8300", ",,8300", ["divisions.csv:5", "'770101'", "line 4"]),
        ("divisions", "2025-01-01,,8300", "2025-01-01,2025-01-01,8300", ["divisions.csv:5", "not after 'valid_from'"]),
        ("issues", "是", "yes!", ["issues.csv:2", "'is_dangerous' holds text", "true, false, 1, 0, 是 or 否"]),
        ("issues", "B1", "A1", ["issues.csv:3", "'A1' is in line 2", "forecast twice"]),
        ("issues", "is_dangerous", "dangerous", ["'is_dangerous' is missing (nearest is 'dangerous')"]),
        ("issues", "is_dangerous", "is_dangerous,issue_code", ["'issue_code' stands twice"]),
        ("issue_map", "r,", "q,", ["issue_map.csv:4", "'q', '垃圾清运' is in line 2", "counted twice"]),
        ("issue_map", "0.9", "90%", ["issue_map.csv:2", "'confidence'", "percent sign", "0 to 1"]),
        ("issue_map", "0.9", "1.5", ["'confidence' holds a decimal number", "0 to 1"]),
        ("issue_map", "0.9", "nan", ["'confidence' holds text"]),
        ("issue_map", "A1,0.9", "A11,0.9", ["issue_map.csv:2", "'A11' is not in issues.csv", "nearest is 'A1'"]),
        ("responsibilities", "A1", "D1", ["responsibilities.csv:2", "'D1' is not in issues.csv", "nearest is"]),
        ("responsibilities", "24,", "24小时,", ["responsibilities.csv:2", "'deadline_value' holds text"]),
        ("responsibilities", "城管局", "", ["responsibilities.csv:2", "'lead_unit' holds nothing"]),
        ("calendar", "2026-06-12", "6月12日", ["calendar.csv:2", "'date' holds text", "2026-06-12"]),
        ("calendar", "否", "休", ["calendar.csv:2", "'is_workday' holds text"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(city_with, name: str, old: str, new: str, words: list[str]) -> None:
    city = city_with(name, old, new)
    with pytest.raises(ConfigurationError) as error:
        getattr(city, name)
    message = str(error.value)
    assert message.startswith(str(city.folder))
    for word in words:
        assert word in message
    assert "八千" not in message and "8,200" not in message


def test_the_first_problems_are_told_and_the_rest_counted(city_with) -> None:
    many = "".join(f"q,值{number},Z{number},\n" for number in range(8))
    with pytest.raises(ConfigurationError) as error:
        _ = city_with("issue_map", "q,咨询,,\n", many).issue_map
    lines = str(error.value).splitlines()
    assert len(lines) == 6 and lines[-1] == "… and 3 more"


def test_a_long_list_loads_in_seconds(city_with) -> None:
    city = city_with()
    rows = [f"x{number},community,社{number},7701,2020-01-01,,8000\n" for number in range(60_000)]
    (city.folder / "divisions.csv").write_text(GOOD["divisions"] + "".join(rows), encoding="utf-8")
    begin = time.process_time()
    assert len(city.divisions) == 60_004
    assert time.process_time() - begin < 3  # ten times as many are promised in some seconds
    assert gc.isenabled()


def test_the_reference_tables_fit_the_lists(city_with) -> None:
    from pipelines.steps.conform import reference_frames

    frames = reference_frames(city_with(), [], ["R001C002"])
    places = {(row["place_code"], row["place_name"]): row for row in frames["core.dim_place"].rows(named=True)}
    old = places["770101", "花园社区"]
    assert (old["district_name"], old["street_code"], old["valid_to"]) == ("清溪区", "7701", dt.date(2025, 1, 1))
    assert places["R001C002", "R001C002方格"]["district_code"] == "77"
    assert frames["core.dim_issue_map"]["confidence"].to_list() == [0.9, 1.0, 1.0]
    assert frames["core.dim_issue"].rows()[0] == ("A1", "垃圾", True, None, None)


def test_the_reference_tables_of_a_city_without_lists_are_what_its_records_tell(tmp_path) -> None:
    from pipelines.cities.lists import FOUND
    from pipelines.steps.conform import reference_frames
    from pipelines.steps.found_lists import FoundLists

    (tmp_path / "city.toml").write_text(
        'name = "town"\ntitle = "镇"\ndefault_date = 2026-11-16\ndense_from = 2024-01-01\n', encoding="utf-8"
    )
    found = FoundLists(
        [Division(code="district:1", level="district", name="1", parent_code=None),
         Division(code="1", level="community", name="1", parent_code="district:1")],
        [Issue(issue_code="noise", issue_name="noise", standard=FOUND)],
        [IssueMapping(system="s", value="noise", issue_code="noise")],
    )  # fmt: skip
    frames = reference_frames(City(tmp_path), [], [], found)
    (community,) = frames["core.dim_place"].filter(pl.col("place_level") == "community").rows(named=True)
    assert (community["place_code"], community["district_code"]) == ("1", "district:1")
    assert frames["core.dim_issue"]["standard"].to_list() == [FOUND]
    assert frames["core.dim_issue_map"].rows() == [("s", "noise", "noise", 1.0)]
