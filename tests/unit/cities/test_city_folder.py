"""City folders: typed, frozen, and refused in words that name file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.cities.city import City
from pipelines.errors import ConfigurationError

GOOD = 'name = "town"\ntitle = "镇"\ndefault_date = 2026-11-16\ndense_from = 2024-01-01\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "city.toml").write_text(GOOD, encoding="utf-8")
    return tmp_path


def test_a_folder_without_city_toml_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"city\.toml: no such file"):
        City(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (GOOD.replace("title", "titel"), ["titel: no such key; did you mean 'title'?", "title: Field required"]),
        (GOOD + "[forecast]\ncapacity = 3\n", ["forecast.capacity", "did you mean 'capacity_k'?"]),
        (GOOD + "[brief]\nxyz = 3\n", ["brief.xyz", "known are list_length"]),
        (GOOD + "[brief]\norders_per_street_cap = 0\n", ["brief.orders_per_street_cap", "greater than or equal to 1"]),
        (GOOD + "[forecast]\nhot_minimum = 0\n", ["forecast.hot_minimum"]),
        (GOOD + 'timezone = "Asia/Shangai"\n', ["timezone", "no time zone 'Asia/Shangai'"]),
        (GOOD + 'timezone = "../../etc/passwd"\n', ["timezone"]),
        (GOOD + 'timezone = "Asia"\n', ["timezone"]),
        (GOOD + "[cells]\nsouth = 2\nnorth = 1\nwest = 0\neast = 1\n", ["cells", "south must lie below north"]),
        (GOOD.replace("2026-11-16", '"soon"'), ["default_date"]),
        (GOOD + "x = = 1\n", ["line 5"]),
    ],
)
def test_what_is_wrong_in_city_toml_is_named(folder: Path, content: str, words: list[str]) -> None:
    (folder / "city.toml").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError) as error:
        City(folder)
    assert str(error.value).startswith(str(folder / "city.toml"))
    for word in words:
        assert word in str(error.value)


def test_city_toml_in_another_encoding(folder: Path) -> None:
    (folder / "city.toml").write_bytes(GOOD.encode("gb18030"))
    with pytest.raises(ConfigurationError, match="save it as UTF-8"):
        City(folder)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file"),
        (b"issue_cod,issue_name,is_dangerous\n", "'issue_code' is missing (nearest is 'issue_cod')"),
        (b"", "'issue_code' is missing"),
        ("issue_code,issue_name,is_dangerous\n1,垃圾,0\n2,路灯,坏,0\n".encode(), "issues.csv:3: more fields"),
        ("issue_code,issue_name,is_dangerous\n1,垃圾,0\n".encode("gb18030"), "save it as UTF-8"),
    ],
)
def test_lists_that_cannot_be_read(folder: Path, content: bytes | None, words: str) -> None:
    (folder / "issue_map.csv").write_text("system,value,issue_code\n", encoding="utf-8")
    if content is not None:
        (folder / "issues.csv").write_bytes(content)
    with pytest.raises(ConfigurationError) as error:
        _ = City(folder).issues
    assert words in str(error.value)


def test_lists_with_mark_quotes_and_blanks(folder: Path) -> None:
    content = '\ufeffissue_code,issue_name,is_dangerous,standard\r\n01," 垃圾,\n清运 ",0,\r\n'
    (folder / "issues.csv").write_bytes(content.encode())
    (issue,) = City(folder).issues
    assert (issue.issue_code, issue.issue_name, issue.standard) == ("01", "垃圾,\n清运", None)
    assert not issue.is_dangerous


def test_a_city_without_lists_takes_them_from_its_records(folder: Path) -> None:
    city = City(folder)
    assert city.lists_from_data == ("places", "issues")
    assert city.divisions == city.issues == city.issue_map == []
    (folder / "issues.csv").write_text("issue_code,issue_name,is_dangerous\n1,垃圾,0\n", encoding="utf-8")
    assert city.lists_from_data == ("places",)
    # one of the two lists alone was forgotten
    with pytest.raises(ConfigurationError, match=r"issue_map\.csv: no such file"):
        _ = City(folder).issue_map
    (folder / "divisions.csv").write_text("code,level,name,parent_code\n", encoding="utf-8")
    assert city.lists_from_data == ()


def test_squares_stand_for_places(folder: Path) -> None:
    squares = "[cells]\nsouth = 48.0\nwest = 9.0\nnorth = 49.0\neast = 10.0\n"
    (folder / "city.toml").write_text(GOOD + squares, encoding="utf-8")
    assert City(folder).lists_from_data == ("issues",)


def test_optional_lists_may_be_absent(folder: Path) -> None:
    (folder / "issues.csv").write_text("issue_code,issue_name,is_dangerous\n1,垃圾,0\n", encoding="utf-8")
    city = City(folder)
    assert city.responsibilities == city.calendar == []


def test_the_reference_hash_follows_the_lists_that_conforming_reads(folder: Path) -> None:
    def now() -> str:
        return City(folder).reference_hash

    before = now()
    (folder / "calendar.csv").write_text("date,is_workday,name\n", encoding="utf-8")
    assert now() == before
    (folder / "issue_map.csv").write_text("system,value,issue_code\n", encoding="utf-8")
    mapped = now()
    assert mapped != before
    (folder / "sources").mkdir()
    (folder / "sources" / "calls.yaml").write_text("name: calls\n", encoding="utf-8")
    assert now() != mapped


def test_the_dictionary_is_made_of_issues_categories_places_and_the_citys_own_words(folder: Path) -> None:
    (folder / "issues.csv").write_text(
        "issue_code,issue_name,is_dangerous\n1,垃圾堆放,0\n2,PM2.5,0\n", encoding="utf-8"
    )
    (folder / "issue_map.csv").write_text("system,value,issue_code\nq,环卫-垃圾清运,1\n", encoding="utf-8")
    (folder / "divisions.csv").write_text("code,level,name,parent_code\n7,community,锦华社区,\n", encoding="utf-8")
    (folder / "gazetteer.csv").write_text("name,kind,community_code\n晴川里,estate,7\n", encoding="utf-8")
    (folder / "userdict.txt").write_text("飞线 9 n\n\n晴川里 5\n", encoding="utf-8")
    words = City(folder).user_dictionary
    assert set(words) == {"垃圾堆放", "环卫", "垃圾清运", "锦华社区", "晴川里", "飞线"}
    assert (words["晴川里"], words["飞线"]) == (5, 9), "the city's own line overrules"
    assert [(place.name, place.community_code) for place in City(folder).known_places] == [
        ("锦华社区", "7"),
        ("晴川里", "7"),
    ]


@pytest.mark.parametrize("line", ["飞线", "飞线 n", "飞线 -1", "飞线 1.5"])
def test_a_dictionary_line_without_a_frequency_is_refused(folder: Path, line: str) -> None:
    (folder / "issues.csv").write_text("issue_code,issue_name,is_dangerous\n1,垃圾,0\n", encoding="utf-8")
    (folder / "issue_map.csv").write_text("system,value,issue_code\n", encoding="utf-8")
    (folder / "divisions.csv").write_text("code,level,name,parent_code\n", encoding="utf-8")
    (folder / "userdict.txt").write_text(f"渣土 9\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"userdict\.txt:2: a line is a word"):
        City(folder).user_dictionary  # noqa: B018
