"""Signals: words count, negated and longer ones do not, and the list of a city replaces the product's."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.cities.city import DEFAULT_SIGNALS, City
from pipelines.cities.lists import SIGNAL_KINDS, Signal, read_list
from pipelines.errors import ConfigurationError
from pipelines.text.signals import find_signals, lexicon_hash

DEFAULT = read_list(DEFAULT_SIGNALS, Signal, required=True).rows


def counts(text: str | None, lexicon: list[Signal] = DEFAULT) -> dict[str, int]:
    found = find_signals(pl.Series(["h"]), pl.Series([text], dtype=pl.String), lexicon)
    assert found["text_hash"].to_list() == ["h"] * len(SIGNAL_KINDS)
    return {kind: n for kind, n in found.select("signal_kind", "word_count").iter_rows() if n}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("楼道电动车着火，多次反映仍未处理", {"danger": 1, "unresolved": 2}),
        ("昨晚燃气泄漏，请紧急处理，再拖会爆炸", {"danger": 2, "urgent": 1}),
        ("全体业主准备集体上访，开发商拖欠工资", {"group": 2, "dispute": 1}),
        ("没有发生火灾", {}),
        ("目前未出现坍塌。但地面塌陷了", {"danger": 1}),
        ("物业没有管理，着火了", {"danger": 1}),
        ("以免发生火灾，预防触电", {}),
        ("火灾报警器坏了", {}),
        ("向信访局反映", {}),
        ("至今没有多次反映的结果", {"unresolved": 2}),
        ("路灯不亮", {}),
        ("", {}),
        (None, {}),
    ],
)
def test_words_count_and_negated_or_longer_ones_do_not(text: str | None, expected: dict[str, int]) -> None:
    assert counts(text) == expected


def test_of_two_words_that_overlap_the_longer_counts_once() -> None:
    lexicon = [Signal(kind="danger", word="着火"), Signal(kind="danger", word="着火了")]
    assert counts("着火了", lexicon) == {"danger": 1}
    assert counts("a.b", [Signal(kind="danger", word=".")]) == {"danger": 1}


def test_every_kind_has_words_and_the_hash_follows_the_list() -> None:
    assert {signal.kind for signal in DEFAULT} == set(SIGNAL_KINDS)
    assert lexicon_hash(DEFAULT) == lexicon_hash(DEFAULT[::-1])
    for other in (DEFAULT[1:], [DEFAULT[0].model_copy(update={"unless": "着火点"}), *DEFAULT[1:]]):
        assert lexicon_hash(other) != lexicon_hash(DEFAULT)


def test_a_citys_own_list_replaces_the_products(tmp_path: Path) -> None:
    (tmp_path / "city.toml").write_text(
        'name = "town"\ntitle = "镇"\ndefault_date = 2026-11-16\ndense_from = 2024-01-01\n', encoding="utf-8"
    )
    assert City(tmp_path).signals == DEFAULT
    (tmp_path / "signals.csv").write_text("kind,word,is_negatable\ndanger,沼气,否\n", encoding="utf-8")
    assert City(tmp_path).signals == [Signal(kind="danger", word="沼气", is_negatable=False)]
    (tmp_path / "signals.csv").write_text("kind,word\n", encoding="utf-8")
    assert City(tmp_path).signals == []
    assert counts("着火", []) == {}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("fire,着火\n", r"signals.csv:2: column 'kind' holds text; write danger, urgent"),
        ("danger,\n", r"signals.csv:2: column 'word' holds nothing; fill it in"),
        ("danger,着火\ndanger,着火\n", r"signals.csv:3: kind, word 'danger', '着火' is in line 2 as well"),
    ],
)
def test_a_wrong_list_is_refused_by_line(tmp_path: Path, rows: str, words: str) -> None:
    (tmp_path / "city.toml").write_text(
        'name = "town"\ntitle = "镇"\ndefault_date = 2026-11-16\ndense_from = 2024-01-01\n', encoding="utf-8"
    )
    (tmp_path / "signals.csv").write_text("kind,word\n" + rows, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=words):
        _ = City(tmp_path).signals
