"""The fast engine gives jieba's own tokens, on complaints and on hostile text."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest

from pipelines.cities.city import City, read_dictionary
from pipelines.errors import ConfigurationError
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
    "小小小小小", "天红红红红红天", "看一看一看", "车停车停车停车", "伟丽车丽车伟", "座路路路路", "哈哈哈哈哈哈" * 30,
    "涨了3.5%，100%%，50.%，.5，5.，1.2.3.4，-3.5，a_b，1--1，R&B，卡拉OK，AA制，Ａ座",
    "https://www.example.gov.cn/a-b?x=1.5&y=%E4%BA%BA#_z 见 a.b+c@example.com",
    "甲\0乙\0\0丙", "孤\ud800立", "\r", "\n", "\r\n\r", "路\u2028灯\x1c\x85\u3000坏",
]  # fmt: skip
ALPHABETS = [
    "的了和是小区停车难路灯井盖王李张一二三四五六七八九十百千万", "abcdefXYZAN", "0123456789", ".%-+#&_", "，。！？、；：“”（）《》—…·",
    "１２３ＡＢｃ％．－", "😀🚗👨\u200d👩🇨🇳", "臺灣繁體請處理違章建築龍龜", "\0\x01\x1b\x7f\x85\xa0\u200b\u202e\ufeff\u3000", " \t\r\n\x0b\x1c",
    "㐀䶿𠀀𠮷鿖鿿豈々〇〆⺀", "éñüßαβЖあいアー한글①②ⅣⅨ㎡℃", "路路路车车人",
]  # fmt: skip
PIECES = ["http://www.a.com/b?c=1&d=%20", "v1.2.3", "3.14%", "1,000.50", "2026-11-16", "9:30", "1--1", "c++", "C#", "R&B", "X光", "4S店",
          "卡拉OK", "AA制", "看一看", "打听打听", "研究生命", "结婚的和尚未结婚的", "渣土车", "雨水箅子"]  # fmt: skip
# words with digits and signs, words that jieba's dictionary has already, rare characters, twice the same
WORDS = ["5G基站 300 n", "12345 2000 n", "C919 20 nz", "2-3号楼 500 n", "R&B 20 n", "C++ 20 n", "3.5% 20 n", "a_b 5 n", "B2 20 n", "小区 1 n",
         "停车 1000000 v", "的 2 uj", "路 90000 n", "路路 5 n", "研究生 900000 n", "𠮷野家 20 n", "㐀村 20 n", "Ａ座 20 n", "小区 70 n"]  # fmt: skip


@pytest.fixture(scope="module")
def segmenter(tmp_path_factory: pytest.TempPathFactory) -> Segmenter:
    return Segmenter(City(CITY).user_dictionary, tmp_path_factory.mktemp("jieba"))


def random_texts(count: int, seed: int = 5) -> list[str]:
    """Characters of mixed alphabets, pieces with signs, and any Han character."""
    rng = random.Random(seed)

    def piece() -> str:
        chance = rng.random()
        if chance < 0.5:
            return rng.choice(rng.choice(ALPHABETS))
        return rng.choice(PIECES) if chance < 0.8 else chr(rng.randrange(0x4E00, 0xA000))

    return ["".join(piece() for _ in range(rng.randrange(1, 60))) for _ in range(count)]


def differing(segmenter: Segmenter, texts: list[str]) -> list[str]:
    return [
        text
        for text, ours in zip(texts, segmenter.cut_all(texts), strict=True)
        if ours != segmenter.reference_cut(text)
    ]


def test_tokens_are_those_of_jieba(segmenter: Segmenter) -> None:
    long = "".join(random_texts(1500, seed=6))[:35_000]
    assert len(long.encode()) > 60_000
    assert differing(segmenter, [*complaints(1500, CITY), *HOSTILE, *random_texts(600), long]) == []


def test_tokens_are_those_of_jieba_with_words_of_digits_signs_and_old_frequencies(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("\ufeff" + "\n".join(WORDS), encoding="utf-8")
    segmenter = Segmenter(read_dictionary(tmp_path / "words.txt"), tmp_path)
    rng = random.Random(8)
    words = [word.split()[0] for word in WORDS]
    mixed = [
        "".join(rng.choice([*words, *PIECES, *"的路小区0.%-a "]) for _ in range(rng.randrange(1, 25)))
        for _ in range(400)
    ]
    assert "5G基站" in segmenter.cut("新建5G基站") and "2-3号楼" in segmenter.cut("住2-3号楼")
    assert differing(segmenter, [*mixed, *HOSTILE, *random_texts(200)]) == []


@pytest.mark.parametrize("line", ["飞线充电", "飞线 充电 20", "飞线充电 0 n", "飞线充电 多 n", "飞线 20 n x"])
def test_a_line_that_jieba_would_guess_at_is_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text(f"渣土车 5\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"words\.txt:2: .* as in 飞线充电 20000 n"):
        read_dictionary(tmp_path / "words.txt")


def test_user_dictionary_is_used_by_both(segmenter: Segmenter, tmp_path: Path) -> None:
    plain = Segmenter(None, tmp_path)
    text = "小区有人飞线充电，渣土车压坏雨水箅子"
    assert "飞线充电" in segmenter.cut(text) and "雨水箅子" in segmenter.reference_cut(text)
    assert "飞线充电" not in plain.cut(text)
    assert plain.dictionary_hash != segmenter.dictionary_hash


def test_jieba_serves_where_rjieba_is_missing(
    segmenter: Segmenter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "rjieba", None)
    alone = Segmenter(City(CITY).user_dictionary, tmp_path)
    assert alone._fast is None and segmenter._fast is not None
    texts = [*complaints(100, CITY), *HOSTILE, *random_texts(100)]
    assert alone.tokens(texts) == segmenter.tokens(texts)


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
    assert differing(segmenter, texts) == []
