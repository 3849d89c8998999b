"""Read source contracts from YAML files, so that a mistake is told with its file, line and nearest valid key.

Nothing heavy is imported here, because the DAGs are built from the contracts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from pydantic import ValidationError

from pipelines.cities.city import City, problems_of
from pipelines.errors import ConfigurationError
from pipelines.sources.contract import Source


def load_sources(city: City) -> list[Source]:
    """The contracts of a city's ``sources/`` folder, in the order of their file names.

    Raises:
        ConfigurationError: a contract is wrong; names the file, the line and the key.
    """
    sources = []
    for path in sorted((city.folder / "sources").glob("*.yaml")):
        sources.append(load_source(path))
    if not sources:
        raise ConfigurationError(f"{city.folder / 'sources'}: no *.yaml; a city needs at least one source")
    names = [source.name for source in sources]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ConfigurationError(f"{city.folder / 'sources'}: source {twice.pop()!r} is defined twice")
    return sources


def load_source(path: Path) -> Source:
    """One contract; see :func:`load_sources`."""
    try:
        text = path.read_text(encoding="utf-8")
        content = yaml.safe_load(text)
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ConfigurationError(f"{path}:{line}: {error.problem}; correct the YAML there") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ConfigurationError(f"{path}: not a UTF-8 text without control characters; save it as UTF-8") from None
    for key, line in _twice(root):
        raise ConfigurationError(f"{path}:{line}: {key!r} stands twice, and only the last would count; remove one")
    try:
        return Source.model_validate(content)
    except ValidationError as error:
        problems = [_located(root, steps, text) for steps, text in problems_of(error, Source)]
        raise ConfigurationError("; ".join(f"{path}:{line}: {text}" for line, text in problems)) from None


def _located(root: yaml.Node | None, steps: tuple[int | str, ...], text: str) -> tuple[int, str]:
    """A problem and the line of the key that it is about, or of the nearest key around it."""
    text = text.removeprefix("file: Value error, ")
    if not steps and (named := re.match(r"[a-z_.]+(?=:)", text)):  # a check of the whole names its key itself
        steps = tuple(named[0].split("."))
    node, line = root, root.start_mark.line + 1 if root else 1
    for step in steps:
        if isinstance(node, yaml.MappingNode):
            found = next((pair for pair in node.value if pair[0].value == str(step)), None)
            if found is not None:
                line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line, text


def _twice(node: yaml.Node | None) -> Iterator[tuple[str, int]]:
    """Keys that stand twice in one mapping, with the line of the second."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    yield key.value, key.start_mark.line + 1
                seen.add(key.value)
            yield from _twice(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _twice(item)
