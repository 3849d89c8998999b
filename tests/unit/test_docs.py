"""The documents keep step with the code: commands, targets, steps, keys, examples and links."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import typer
import yaml
from pydantic import BaseModel

from pipelines.cities.city import BriefSettings, CellGrid, CityConfig, ForecastRules, TextRules
from pipelines.cli import app
from pipelines.flow import FLOW
from pipelines.settings import Settings
from pipelines.sources.contract import (
    DISPOSAL_COLUMNS,
    EVENT_COLUMNS,
    Chain,
    Clock,
    ColumnMap,
    Issues,
    Reader,
    Source,
    Voided,
)
from pipelines.warehouse import dictionary

CHECKOUT = Path(__file__).resolve().parents[2]
README = CHECKOUT / "README.md"
DOCS = [README, CHECKOUT / "CHANGELOG.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
SOURCES = ("dags", "pipelines", "models", "sql", "expectations", "tests", "docs")
CONFIGURATION = (
    CityConfig,
    ForecastRules,
    BriefSettings,
    TextRules,
    CellGrid,
    Source,
    Reader,
    Clock,
    ColumnMap,
    Voided,
    Issues,
    Chain,
)
# as parts, so that this file does not mention what it forbids
FOREIGN = ("/".join(("", "work", "shared")), "/".join(("..", "shared")))


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def all_docs() -> str:
    return "\n".join(map(read, DOCS))


def blocks(text: str, language: str) -> list[str]:
    """Fenced examples, also indented ones."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", text, re.M | re.S)
    return ["\n".join(line.removeprefix(indent) for line in body.splitlines()) for indent, body in found]


def anchors(text: str) -> set[str]:
    """Addresses of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.+)$", re.sub(r"^ *```.*?^ *```", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_make_targets_are_documented_and_exist() -> None:
    targets = set(re.search(r"^\.PHONY: (.+)$", read(CHECKOUT / "Makefile"), re.M)[1].split())
    assert set(re.findall(r"`make ([a-z-]+)", read(README))) == targets
    assert set(re.findall(r"`make ([a-z-]+)", all_docs())) <= targets


def test_commands_are_documented_and_exist() -> None:
    commands = set(typer.main.get_command(app).commands)
    mentioned = set(re.findall(r"\bxianban ([a-z]+)\b", all_docs()))
    assert mentioned == commands


def test_settings_are_documented() -> None:
    text = read(README)
    assert [name for name in Settings.model_fields if f"`XIANBAN_{name.upper()}`" not in text] == []


def test_flow_has_a_section_for_every_step_in_order() -> None:
    sections = re.findall(r"^## (\d+\. \S+ \S+)$", read(CHECKOUT / "docs" / "flow.md"), re.M)
    assert sections == [f"{number}. {step.name} {step.title}" for number, step in enumerate(FLOW, 1)]


@pytest.mark.parametrize("model", CONFIGURATION, ids=lambda model: model.__name__)
def test_configuration_keys_are_documented(model: type[BaseModel]) -> None:
    text = read(CHECKOUT / "docs" / "add-a-city.md")
    keys = [field.alias or name for name, field in model.model_fields.items()]
    assert [key for key in keys if f"`{key}`" not in text and f"`[{key}]`" not in text] == []


def test_canonical_columns_are_documented() -> None:
    text = read(CHECKOUT / "docs" / "add-a-city.md")
    assert [name for name in (*EVENT_COLUMNS, *DISPOSAL_COLUMNS) if f"`{name}`" not in text] == []


def test_examples_are_valid_configuration() -> None:
    contracts = blocks(all_docs(), "yaml")
    cities = blocks(all_docs(), "toml")
    assert contracts and cities
    for text in contracts:
        Source.model_validate(yaml.safe_load(text))
    for text in cities:
        CityConfig.model_validate(tomllib.loads(text))


def test_the_data_dictionary_is_what_the_migrations_say() -> None:
    assert read(dictionary.PATH) == dictionary.data_dictionary(), "run `make dictionary`"


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(CHECKOUT).as_posix())
def test_links_resolve(path: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", read(path)):
        if link.startswith(("https://", "http://")):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or (anchor and anchor not in anchors(read(target))):
            broken.append(link)
    assert broken == []


def test_project_stands_alone() -> None:
    files = [path for path in CHECKOUT.iterdir() if path.is_file()]
    files += [path for folder in SOURCES for path in (CHECKOUT / folder).rglob("*") if path.is_file()]
    mentions = []
    for path in files:
        if "__pycache__" in path.parts or path.name == "requirements.lock":
            continue
        text = path.read_bytes().decode("utf-8", errors="replace")
        if any(word in text for word in FOREIGN):
            mentions.append(path.relative_to(CHECKOUT).as_posix())
    assert mentions == []
