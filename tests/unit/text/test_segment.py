"""The fast engine gives jieba's own tokens, on complaints and on hostile text."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest

from pipelines.cities.city import City
from pipelines.text.segment import MAX_CHARACTERS, Segmenter
from tests.conftest import CHECKOUT
from tests.corpus import complaints

CITY = CHECKOUT / "pipelines" / "cities" / "sample"
HOSTILE = [
    "",
    " \t\r\n",
    "IP地址和X光、4S店、A座N年，baidu.com 2-3号 3.14% v1.2.3 c++ C#",
    "１３８ＡＢＣ全角，和平",
    "臺灣繁體字測試：請處理違章建築",
    "😀🚗👨‍👩‍👧 停车\u200b难\u202e",
    "\x00\x01控制字符\x7f",
    "a" * 5000 + "渣土车",
    "12345热线2026年11月16日9点30分第3次反映，编号251116093012000123",
    "飞线充电渣土车雨水箅子" * 200,
    "囧𠮷㐀龘𪚥",
    "二〇二六年人民々々，㐀䶿鿖鿿豈㍍⺀",
]


@pytest.fixture(scope="module")
def segmenter(tmp_path_factory: pytest.TempPathFactory) -> Segmenter:
    return Segmenter(City(CITY).user_dictionary, tmp_path_factory.mktemp("jieba"))


def random_texts(count: int) -> list[str]:
    rng = random.Random(5)
    alphabet = "小区停车难的了和2 3.a-Z%#，。\n店X光年座路灯井盖" + "".join(map(chr, range(0x4E00, 0x4E80)))
    return ["".join(rng.choice(alphabet) for _ in range(rng.randrange(1, 60))) for _ in range(count)]


def test_tokens_are_those_of_jieba(segmenter: Segmenter) -> None:
    texts = [*complaints(1500, CITY), *HOSTILE, *random_texts(2000)]
    different = [text for text in texts if segmenter.cut(text) != segmenter.reference_cut(text)]
    assert different == []


def test_user_dictionary_is_used_by_both(segmenter: Segmenter, tmp_path: Path) -> None:
    plain = Segmenter(None, tmp_path)
    text = "小区有人飞线充电，渣土车压坏雨水箅子"
    assert "飞线充电" in segmenter.cut(text) and "雨水箅子" in segmenter.reference_cut(text)
    assert "飞线充电" not in plain.cut(text)
    assert plain.dictionary_hash != segmenter.dictionary_hash


def test_jieba_serves_where_rjieba_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "rjieba", None)
    assert Segmenter({"飞线充电": 20_000}, tmp_path).cut("飞线充电") == ["飞线充电"]


def test_blanks_and_punctuation_are_left_out_and_long_texts_cut(segmenter: Segmenter) -> None:
    (tokens, cut), (empty, _), (long, long_cut) = segmenter.tokens(["停车，难！", None, "路" * (MAX_CHARACTERS + 1)])
    assert tokens == ["停车", "难"] and not cut
    assert empty == []
    assert long_cut and sum(map(len, long)) == MAX_CHARACTERS


@pytest.mark.skipif(not os.environ.get("XIANBAN_DATA"), reason="XIANBAN_DATA names no folder with the study data")
def test_tokens_are_those_of_jieba_on_real_messages(segmenter: Segmenter) -> None:
    import polars as pl

    path = Path(os.environ["XIANBAN_DATA"]) / "citizen_messages_2017_2020.xlsx"
    frame = pl.read_excel(path, infer_schema_length=0)
    texts = [text for text in frame["留言详情"].head(800) if text]
    assert len(texts) > 700
    assert [text for text in texts if segmenter.cut(text) != segmenter.reference_cut(text)] == []
