"""Every SQL file does what its stories tell, and says in its header what it answers and what it reads."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from sql_story import HERE, Row, Stage, Story, difference, known_before, stories

from pipelines.settings import checkout_sql_dir
from pipelines.warehouse.door import Warehouse
from pipelines.warehouse.migrate import migrate, migrations

SCHEMAS = ("core", "cohort", "feature", "label", "mart")
FILES = sorted(path for schema in SCHEMAS for path in (checkout_sql_dir() / schema).glob("*.sql"))
STORIES = stories()
IN_TIME = [
    story
    for story in STORIES
    if "core.fct_event_versions" in story.given and story.table.split(".")[0] in ("feature", "mart")
]
# a single row on one side; places × issues
COMPARED_ALL = {"mart.issue_words": 1, "mart.hotspot_forecast": 1}
_TABLE = re.compile(r"\b(?:raw|stg|core|cohort|label|feature|forecast|mart|ops)\.[a-z_]+")


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A database in memory with the real migrations, set as the door sets its connections."""
    with duckdb.connect(config={"enable_external_access": "false", "threads": 1}) as connection:
        connection.execute("set timezone = 'Asia/Shanghai'")
        for _, _, text in migrations():
            connection.execute(text)
        yield Stage(connection)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_story(stage: Stage, story: Story) -> None:
    found = stage.play(story, story.given)
    wrong = difference(stage.typed(story.table, story.expected), found)
    assert not wrong, "\n".join([story.content["about"], "(- expected, + found)", *wrong])


@pytest.mark.parametrize("story", IN_TIME, ids=lambda story: story.name)
def test_story_is_the_same_without_what_was_learned_later(stage: Stage, story: Story) -> None:
    found = stage.play(story, known_before(story.given, story.params["as_of_date"]))
    wrong = difference(stage.typed(story.table, story.expected), found)
    assert not wrong, "\n".join(["rows known after the as-of date change the result", *wrong])


WEEKLY = [story for story in STORIES if story.table in ("feature.backlog_weeks", "feature.record_weeks")]


@pytest.mark.parametrize("story", WEEKLY, ids=lambda story: story.name)
def test_story_of_weeks_holds_in_each_week_what_was_known_at_its_end(stage: Stage, story: Story) -> None:
    whole = stage.play(story, story.given)
    for back in range(story.params["history_weeks"]):
        end = story.params["as_of_date"] - dt.timedelta(weeks=back)
        then = stage.play(story, known_before(story.given, end), as_of_date=end)
        assert _measures(then, 0) == _measures(whole, back), f"week {back}"


def _measures(rows: list[Row], back: int) -> set[tuple[object, ...]]:
    names = ("community_code", "issue_code", "measure", "record_count")
    return {tuple(row[name] for name in names) for row in rows if row["weeks_back"] == back}


@pytest.mark.parametrize("story", [s for s in STORIES if s.table.startswith("feature.")], ids=lambda story: story.name)
def test_feature_story_holds_a_row_of_the_future(story: Story) -> None:
    versions = story.given["core.fct_event_versions"]
    assert len(known_before(story.given, story.params["as_of_date"])["core.fct_event_versions"]) < len(versions)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}.{path.stem}")
class TestFile:
    """What holds for every file of ``sql/`` but the migrations."""

    def test_says_its_question_grain_key_and_tables(self, path: Path) -> None:
        question, *rest = _header(path)
        assert "?" in question, f"the first line asks the question that the file answers: {question}"
        assert any(re.match(r"Grain: .+ Key: .+", line) for line in rest)
        assert any(line.startswith("Reads: ") for line in rest)

    def test_reads_what_it_says(self, path: Path) -> None:
        lines = path.read_text(encoding="utf-8").splitlines()
        start = next(number for number, line in enumerate(lines) if line.startswith("-- Reads:"))
        said = lines[start]
        for line in lines[start + 1 :]:
            if not line.startswith("--        "):
                break
            said += line
        assert set(re.sub("^-- Reads:|--|,", " ", said).split()) == set(_TABLE.findall(_body(path)))

    def test_is_one_bare_select(self, path: Path) -> None:
        found = duckdb.extract_statements(path.read_text(encoding="utf-8"))
        assert [statement.type for statement in found] == [duckdb.StatementType.SELECT]
        assert not _body(path).rstrip().endswith(";"), "the door wraps the statement: no semicolon at its end"

    def test_is_named_after_its_table(self, path: Path, stage: Stage) -> None:
        assert f"{path.parent.name}.{path.stem}" in stage.tables

    def test_compares_no_row_with_every_other(self, path: Path, stage: Stage) -> None:
        name = f"{path.parent.name}.{path.stem}"
        plan = stage.plan(name, next(story.params for story in STORIES if story.table == name))
        # a condition with "or" makes such a join of an outer one, whatever else it asks for
        assert plan.count("BLOCKWISE_NL_JOIN") == COMPARED_ALL.get(name, 0), plan

    def test_has_a_story(self, path: Path) -> None:
        assert list((HERE / path.parent.name / path.stem).glob("*.yaml"))


def test_every_story_has_its_file() -> None:
    strays = {story.table for story in STORIES} - {f"{path.parent.name}.{path.stem}" for path in FILES}
    assert not strays


def test_every_table_view_and_column_has_a_chinese_comment(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "build.duckdb")
    migrate(warehouse)
    with warehouse.reading() as door:
        bare = door.rows(
            "select schema_name || '.' || table_name from duckdb_tables() "
            r"where not internal and not regexp_matches(coalesce(comment, ''), '\p{Han}') "
            "union all "
            "select schema_name || '.' || view_name from duckdb_views() "
            r"where not internal and not regexp_matches(coalesce(comment, ''), '\p{Han}') "
            "union all "
            "select schema_name || '.' || table_name || '.' || column_name from duckdb_columns() "
            r"where not internal and not regexp_matches(coalesce(comment, ''), '\p{Han}') "
        )
    assert not bare


def _header(path: Path) -> list[str]:
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    return lines


def _body(path: Path) -> str:
    return re.sub(r"--.*", "", path.read_text(encoding="utf-8"))
