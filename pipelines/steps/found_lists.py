"""The lists of a city that brings none: its places and issues are the distinct values of its own records."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipelines.cities.city import City
from pipelines.cities.lists import FOUND, Division, Issue, IssueMapping
from pipelines.errors import ConfigurationError
from pipelines.sources.contract import Source
from pipelines.warehouse.door import Door

MOST_ISSUES = 3_000
MOST_COMMUNITIES = 20_000
_LONGEST_NAME = 100  # longer values are texts


@dataclass(frozen=True)
class FoundLists:
    """What stands in for ``divisions.csv``, ``issues.csv`` and ``issue_map.csv``; empty where the city has the list."""

    divisions: list[Division] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    issue_map: list[IssueMapping] = field(default_factory=list)


def found_lists(door: Door, city: City, sources: list[Source]) -> FoundLists:
    """Read the lists that a city does not bring off the staged records of all its sources.

    Raises:
        ConfigurationError: so many different values that the column is no list.
    """
    divisions = _divisions(door, city) if "places" in city.lists_from_data else []
    issues, issue_map = _issues(door, sources) if "issues" in city.lists_from_data else ([], [])
    return FoundLists(divisions, issues, issue_map)


def _divisions(door: Door, city: City) -> list[Division]:
    """A community for each value; its district only where all its records name the same one.

    A name is taken for one place wherever it stands. Where a community lies across two districts, naming either as its
    parent would leave the records that name the other one without a place.
    """
    pairs = door.rows(
        "with told as (select district_text, community_text from stg.hotline_order "
        "union all select district_text, community_text from stg.grid_event) "
        "select distinct district_text, community_text from told "
        "where length(coalesce(community_text, '')) <= $longest and length(coalesce(district_text, '')) <= $longest "
        "order by all", longest=_LONGEST_NAME)  # fmt: skip
    names: dict[str, set[str]] = {}
    for district, community in pairs:
        if community is not None:
            names.setdefault(community, set()).update({district} - {None})
    if len(names) > MOST_COMMUNITIES:
        raise ConfigurationError(
            f"{city.name}: the communities have {len(names)} different names, more than {MOST_COMMUNITIES}; "
            "this is no list of places: map a coarser column, or set [cells] in city.toml"
        )
    # numbers of districts and of communities may be the same, and a code names one place
    districts = {district: f"district:{district}" for district, _ in pairs if district is not None}
    rows = [Division(code=code, level="district", name=name, parent_code=None) for name, code in districts.items()]
    for community, within in names.items():
        parent = districts[next(iter(within))] if len(within) == 1 else None
        rows.append(Division(code=community, level="community", name=community, parent_code=parent))
    return rows


def _issues(door: Door, sources: list[Source]) -> tuple[list[Issue], list[IssueMapping]]:
    """An issue for each category; the same word in two sources is the same issue."""
    maps: dict[tuple[str, str], IssueMapping] = {}
    for source in sources:
        if source.issues is None or source.kind == "dept_disposal":
            continue
        values = door.rows(
            f"select distinct category_text from stg.{source.kind} where source_name = $s "
            "and category_text is not null and length(category_text) <= $longest order by 1",
            s=source.name, longest=_LONGEST_NAME,
        )  # fmt: skip
        if len(values) > MOST_ISSUES:
            raise ConfigurationError(
                f"{source.name}: the column of categories ({'、'.join(source.issues.from_)}) holds {len(values)} "
                f"different values, more than {MOST_ISSUES}; this is no list of issues: map a coarser column, or bring "
                "issues.csv and issue_map.csv"
            )
        system = source.issues.system
        maps |= {(system, v): IssueMapping(system=system, value=v, issue_code=v) for (v,) in values}
    codes = sorted({value for _, value in maps})
    return [Issue(issue_code=code, issue_name=code, standard=FOUND) for code in codes], list(maps.values())
