"""Each rule of the place finder on made-up sentences, and text that must do no harm."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import pytest

from pipelines.text.place_rules import ENDINGS, GENERIC, HARD, SOFT, STOPS
from pipelines.text.places import KnownNames, Mention, find_places, rules_hash
from pipelines.text.segment import MAX_CHARACTERS, Segmenter


def named(text: str, known: dict[str, str] | None = None) -> list[str]:
    return [found.name for found in find_places(text, known=KnownNames(known or {}))]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        # an ending, bounded by an administrative name, a sign, a verb or another name
        ("B市锦华大道夜间施工", ["锦华大道"]),
        ("请求拓宽青溪路", ["青溪路"]),
        ("青溪路，锦华大道都堵", ["青溪路", "锦华大道"]),
        ("青溪路至云和路路段积水", ["青溪路", "云和路"]),
        ("B3区柏林街道松涛社区石桥村的路灯不亮", ["柏林街道", "松涛社区", "石桥村"]),
        ("咨询云岭中学招生", ["云岭中学"]),
        ("投诉锦华大市场占道", ["锦华大市场"]),
        ("B市锦绣公园有人烧烤", ["锦绣公园"]),
        ("B市第三人民医院停车难", ["第三人民医院"]),
        ("B2县云岭工业园排放废气", ["云岭工业园"]),
        # an ending that is no part of the name
        ("B1区晴川水岸小区停电", ["晴川水岸"]),
        ("B1区晴川安置小区停电", ["晴川"]),
        # an unsure ending needs a word after it that no name goes on with
        ("B1区晴川苑停水", ["晴川苑"]),
        ("B1区晴川湖停水", ["晴川湖"]),
        ("B1区晴川湖心亭停水", []),
        # one ending after another
        ("B1区云和路隧道漏水", ["云和路隧道"]),
        ("B1区平安桥社区办事慢", ["平安桥社区"]),
        ("B1区石桥村村干部", ["石桥村"]),
        # a name without an ending, between an administrative name and what only estates have
        ("B1区恒信云上二期漏水", ["恒信云上"]),
        ("B1区恒信云上12栋漏水", ["恒信云上"]),
        ("B1区恒信云上[门牌]漏水", ["恒信云上"]),
        ("B1区恒信云上业主维权", ["恒信云上"]),
        ("B1区恒信云上附近漏水", ["恒信云上"]),
        ("B市火车站附近漏水", []),
        ("投诉恒信云上", []),
        # numbered lines and roads, quotes
        ("B市地铁3号线噪音", ["地铁3号线"]),
        ("B市东五路积水", ["东五路"]),
        ("新楼盘“恒信云上春晓”延期交房", ["恒信云上春晓"]),
        ("《云岭花园》停水", ["云岭花园"]),
        ("这是“一刀切”的做法", []),
        # words that bound a name stay in it where nothing would be left without them
        ("B市和顺路积水", ["和顺路"]),
        ("B市时代云苑停水", ["时代云苑"]),
        # general words are no names
        ("小区门口的马路和道路", []),
        ("我们小区对面的学校、医院、市场", []),
        ("垃圾站、加油站、公交站太远", []),
        ("农村的城中村改造", []),
        ("坐208路公交", []),
        ("B市晴川社区服务有限公司欠薪", []),
        ("某省高新区管委会", []),
    ],
)  # fmt: skip
def test_rules(text: str, names: list[str]) -> None:
    assert named(text) == names


def test_spans_and_kinds() -> None:
    text = "您好，B1区云和路晴川苑小区停水"
    assert find_places(text) == [Mention(6, 9, "云和路", "road"), Mention(9, 12, "晴川苑", "estate")]
    assert all(text[found.start : found.end] == found.name for found in find_places(text))


def test_words_tell_whether_a_character_bounds_a_name(tmp_path: Path) -> None:
    text = "B市维也纳酒店停水"
    assert named(text) != ["维也纳酒店"]
    words = Segmenter(None, tmp_path).cut(text)
    assert [found.name for found in find_places(text, words)] == ["维也纳酒店"]


def test_known_names_are_found_anywhere_and_bound_others() -> None:
    known = {"恒信云上": "estate", "晴川": "area", "云和路": "road", "晴川里": "estate"}
    assert named("投诉恒信云上噪音", known) == ["恒信云上"]
    assert named("晴川里停电", known) == ["晴川里"], "the longest is taken"
    assert named("B市晴川锦华苑停水", known) == ["晴川", "锦华苑"]
    assert named("云和路隧道漏水", known) == ["云和路隧道"], "an ending joins a known name"
    assert named("云和路社区来人看过", known) == ["云和路"], "but not the office of the community"
    assert [found.kind for found in find_places("投诉恒信云上噪音", known=KnownNames(known))] == ["estate"]


def test_a_known_name_of_two_characters_must_be_a_word() -> None:
    known = KnownNames({"晴川": "area", "长": "area"})
    assert [found.name for found in find_places("晴川停电", ["晴川", "停电"], known)] == ["晴川"]
    assert find_places("晴川停电", ["晴", "川停电"], known) == []


@pytest.mark.parametrize("text", [None, "", " \n", "\x00\xff\ud800", "“" * 50, "ABC123", "路", "B市", "12栋"])
def test_odd_text_does_no_harm(text: str | None) -> None:
    assert find_places(text, known=KnownNames({"晴川里": "estate"})) == []


@pytest.mark.parametrize("piece", ["晴川苑", "B1区云和路", "“云岭花园”", "的", "一", "路", "\x00路省", "请求B市"])
def test_a_megabyte_is_cut_and_read_in_a_second(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    started = time.process_time()
    found = find_places(text, known=KnownNames({"晴川苑": "estate"}))
    assert time.process_time() - started < 1
    assert all(mention.end <= MAX_CHARACTERS for mention in found)


def test_mentions_do_not_overlap_and_run_from_left_to_right() -> None:
    text = "B1区柏林街道松涛社区晴川苑与云和路、锦华大道交汇处，云岭中学对面的“恒信公馆”二期12栋" * 20
    found = find_places(text, known=KnownNames({"晴川苑": "estate", "松涛社区": "community"}))
    assert len(found) > 100
    assert all(one.end <= other.start for one, other in pairwise(found))


def test_lists_of_rules_are_sound() -> None:
    assert set(SOFT.split()) <= set(STOPS.split()) | set(HARD.split()), "a soft bound is a bound"
    assert all(ending.least <= ending.most for ending in ENDINGS)
    assert all(named(f"B市{word}，") == [] for word in GENERIC.split())
    assert len(rules_hash()) == 16
