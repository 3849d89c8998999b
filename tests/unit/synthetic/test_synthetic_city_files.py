"""The sample city's lists fit together: codes nest, names repeat where they should, nothing refers to nothing."""

import csv
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import pytest

from pipelines.cities.city import City
from pipelines.synthetic.places import SAMPLE_CITY, load_city

LENGTHS = {"district": 6, "street": 9, "community": 12, "grid": 15}


def rows(name: str, folder: Path = SAMPLE_CITY) -> list[dict[str, str]]:
    """The rows of one list."""
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_codes_have_their_length_and_lie_within_their_parent() -> None:
    divisions = rows("divisions.csv")
    known = {d["code"] for d in divisions}
    for d in divisions:
        assert d["code"].isdigit() and len(d["code"]) == LENGTHS[d["level"]]
        assert d["code"].startswith("9901"), "fictitious codes only"
        if d["level"] != "district":
            assert d["parent_code"] in known and d["code"].startswith(d["parent_code"])


def test_the_city_has_the_intended_size() -> None:
    open_now = Counter(d["level"] for d in rows("divisions.csv") if not d["valid_to"])
    assert open_now["district"] == 3 and 9 <= open_now["street"] <= 12 and 45 <= open_now["community"] <= 50
    children = Counter(d["parent_code"] for d in rows("divisions.csv") if not d["valid_to"])
    assert all(3 <= n <= 6 for code, n in children.items() if code)


def test_validity_periods_of_a_code_follow_each_other() -> None:
    periods = defaultdict(list)
    for d in rows("divisions.csv"):
        periods[d["code"]].append((d["valid_from"], d["valid_to"] or "9999"))
    for spans in periods.values():
        assert all(a < b for a, b in spans)
        assert all(one[1] == two[0] for one, two in zip(sorted(spans), sorted(spans)[1:], strict=False))


def test_population_adds_up() -> None:
    open_now = [d for d in rows("divisions.csv") if not d["valid_to"]]
    for parent in open_now:
        below = [int(d["population"]) for d in open_now if d["parent_code"] == parent["code"]]
        assert not below or sum(below) == int(parent["population"])


def test_some_community_names_repeat_in_other_streets() -> None:
    names = Counter(d["name"] for d in rows("divisions.csv") if d["level"] == "community" and not d["valid_to"])
    assert sum(n > 1 for n in names.values()) >= 3


def test_a_street_was_renamed_and_two_communities_merged() -> None:
    city = load_city(SAMPLE_CITY, date(2024, 5, 6))
    names = {d.name for d in city.divisions["street"] if d.code == "990101003"}
    assert len(names) == 2
    assert Counter(city.successors.values()) == {"990101004006": 2}
    site = next(i for i, s in enumerate(city.sites) if s.code == "990101004004")
    assert city.community_code(site, date(2025, 6, 29)) == "990101004004"
    assert city.community_code(site, date(2025, 6, 30)) == "990101004006"


def test_issues_are_current_matters_and_some_are_dangerous() -> None:
    issues = rows("issues.csv")
    assert 22 <= len(issues) <= 28
    assert all(len(i["issue_code"]) == 5 and i["standard"] == "GB/T 47678.5-2026" for i in issues)
    assert sum(i["is_dangerous"] == "true" for i in issues) >= 3


def test_every_list_refers_to_known_issues_and_communities() -> None:
    issues = {i["issue_code"] for i in rows("issues.csv")}
    communities = {d["code"] for d in rows("divisions.csv") if d["level"] == "community"}
    assert {r["issue_code"] for r in rows("responsibilities.csv")} == issues
    assert {r["issue_code"] for r in rows("issue_map.csv")} - {""} == issues
    assert {r["community_code"] for r in rows("gazetteer.csv")} == communities


@pytest.mark.parametrize("system", ["hotline", "app", "grid"])
def test_each_system_names_every_issue_and_leaves_something_unmapped(system: str) -> None:
    lines = [r for r in rows("issue_map.csv") if r["system"] == system]
    assert len({r["issue_code"] for r in lines} - {""}) == len(rows("issues.csv"))
    assert any(r["issue_code"] == "" for r in lines)
    assert len({r["value"] for r in lines}) == len(lines)
    assert all(0 <= float(r["confidence"]) <= 1 for r in lines)


def test_responsibilities_use_the_three_categories_and_known_units() -> None:
    lines = rows("responsibilities.csv")
    assert {r["category"] for r in lines} == {"部门专有", "街道专有", "共同承担"}
    assert {r["deadline_unit"] for r in lines} == {"工作时", "工作日", "紧急工作时"}
    for r in lines:
        assert r["lead_unit"].format(district="东岭区", street="梧桐街道")
        assert "{street}" not in r["lead_unit"] or r["category"] != "部门专有"


def test_calendar_and_user_dictionary_can_be_read() -> None:
    days = [date.fromisoformat(r["date"]) for r in rows("calendar.csv")]
    assert days == sorted(set(days)) and {r["is_workday"] for r in rows("calendar.csv")} == {"true", "false"}
    words = [line.split(" ") for line in (SAMPLE_CITY / "userdict.txt").read_text(encoding="utf-8").splitlines()]
    assert all(len(w) == 3 and w[1].isdigit() for w in words)
    assert {"渣土车", "雨水箅子", "新柳社区"} <= City(SAMPLE_CITY).user_dictionary.keys()
