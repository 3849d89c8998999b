from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest

from models.incident_links import LinkRule
from models.incident_titles import clean_title, title_incidents
from models.incidents import GrowthRule, Incidents, find_incidents

START = datetime(2026, 3, 1, 9)
NOISE = [
    ["绿洲", "花园", "凌晨", "打桩", "噪音", "扰民"],
    ["绿洲", "花园", "打桩", "工地", "通宵", "施工"],
    ["绿洲", "花园", "凌晨", "打桩", "睡不着"],
]
SUBSIDY = [["稻谷", "补贴", "没有", "发放"], ["稻谷", "补贴", "拖欠", "半年"], ["种粮", "稻谷", "补贴", "何时", "发放"]]
OTHER_ESTATE = [["海棠", "雅苑", "凌晨", "打桩", "噪音", "扰民"], ["海棠", "雅苑", "打桩", "工地", "通宵", "施工"]]
OTHER_MATTER = [["绿洲", "花园", "电梯", "困人", "维修"], ["绿洲", "花园", "电梯", "停运", "困人"]]
SAID = {
    "noise": ["工地", "机器", "夜里", "响", "休息", "孩子", "上学", "震动"],
    "subsidy": ["农户", "种粮", "财政", "账户", "拨付", "乡里", "答复", "亩"],
    "other": ["工地", "机器", "夜里", "响", "休息", "渣土", "围挡", "混凝土"],
    "lift": ["轿厢", "物业", "维保", "老人", "被困", "楼层", "检测", "报废"],
}
STREETS = 60


def record(
    record_id: str, title: list[str], day: float, known: float | None = None, said: str = ""
) -> dict[str, object]:
    places = [name for name in ("绿洲花园", "海棠雅苑") if name in "".join(title)]
    return {
        "record_id": record_id,
        "occurred_at": START + timedelta(days=day),
        "known_at": START + timedelta(days=day if known is None else known),
        "title_tokens": title,
        "tokens": SAID.get(said, title),
        "title_places": places,
        "places": places,
    }


def city() -> pl.DataFrame:
    told = {"noise": NOISE, "subsidy": SUBSIDY, "other": OTHER_ESTATE, "lift": OTHER_MATTER}
    matters = [
        record(f"{name}{at}", title, day=3 * at + 10, said=name)
        for name, titles in told.items()
        for at, title in enumerate(titles)
    ]
    # each word of the background is in several records, none of which tell of one matter
    background = [
        record(f"filler{at}", [f"路{at % 7}", f"事{at % 11}", f"物{at % 13}", f"人{at}"], day=at / 4)
        for at in range(STREETS)
    ]
    return pl.DataFrame(matters + background)


def incident_of(members: pl.DataFrame) -> dict[str, str]:
    return dict(members.select("record_id", "incident_id").iter_rows())


def test_one_matter_is_one_incident_with_a_place_and_without() -> None:
    found = incident_of(find_incidents(city())[0])
    assert {found["noise1"], found["noise2"]} == {"noise0"}
    assert {found["subsidy1"], found["subsidy2"]} == {"subsidy0"}
    assert {at for name, at in found.items() if name.startswith("filler")}.isdisjoint({"noise0", "subsidy0"})


def test_the_same_matter_elsewhere_and_another_matter_here_are_other_incidents() -> None:
    found = incident_of(find_incidents(city())[0])
    assert found["other1"] == "other0"
    assert found["lift1"] == "lift0"
    # without what is asked of names, the neighbours join
    loose = incident_of(find_incidents(city(), LinkRule(least_matter=0, other_place=1, least_similarity=0.01))[0])
    assert loose["other0"] == loose["noise0"]


def test_days_fed_one_by_one_give_what_they_give_at_once() -> None:
    records = city().sample(fraction=1, shuffle=True, seed=7)
    at_once, links, merges = find_incidents(records)
    incidents = Incidents()
    days = [
        incidents.add_day(day)
        for _, day in sorted(records.group_by(pl.col("known_at").dt.date()), key=lambda part: part[0])
    ]
    assert incidents.members().equals(at_once)
    assert pl.concat([day[0] for day in days]).equals(links)
    assert sum(day[1].height for day in days) == merges.height


def test_restored_from_what_was_stored_they_grow_as_before() -> None:
    records = city().sort("known_at").with_columns(pl.col("known_at").dt.date().alias("day"))
    at_once, links, _ = find_incidents(records)
    days = records.partition_by("day", maintain_order=True)
    for cut in (1, 8, len(days) - 1):
        members, found, _ = find_incidents(pl.concat(days[:cut]))
        incident = members.select("record_id", "incident_id")
        near = (
            found.join(incident, on="record_id")
            .join(incident, left_on="earlier_record_id", right_on="record_id", suffix="_other")
            .filter(pl.col("incident_id") != pl.col("incident_id_other"))
            .group_by(one_id="incident_id", other_id="incident_id_other")
            .agg(total=pl.col("similarity").sum())
        )
        told = members.join(records.select("record_id", "occurred_at"), on="record_id", maintain_order="left")
        incidents = Incidents()
        incidents.restore(told, near, days[:cut], days[cut]["known_at"].dt.epoch("d")[0])
        later = [incidents.add_day(day)[0] for day in days[cut:]]
        assert incidents.members().equals(at_once)
        assert pl.concat([found, *later]).equals(links)


def test_records_that_differ_in_issue_or_community_are_not_linked() -> None:
    for column in ("issue", "community"):
        told = city().with_columns(pl.lit(None, dtype=pl.String).alias(column))
        assert incident_of(find_incidents(told)[0])["noise1"] == "noise0"
        apart = told.with_columns(pl.col("record_id").alias(column))
        assert find_incidents(apart)[1].height == 0


MUTE = ["市民", "来电", "咨询", "请", "处理"]


def mute(callers: list[str | None], issue: str | None = None, words: list[str] = MUTE) -> pl.DataFrame:
    """The city, and among its records some that say the same few words and name no place."""
    same = [record(f"mute{at}", words, day=2 * at + 5) | {"caller": caller} for at, caller in enumerate(callers)]
    told = pl.concat([city(), pl.DataFrame(same, schema_overrides={"caller": pl.String})], how="diagonal")
    is_mute = pl.col("record_id").str.starts_with("mute")
    return told.with_columns(issue=pl.when(is_mute).then(pl.lit(issue, dtype=pl.String)))


def groups_of_mute(records: pl.DataFrame, rule: LinkRule | None = None) -> list[int]:
    found = incident_of(find_incidents(records, rule)[0])
    incidents = [incident for name, incident in found.items() if name.startswith("mute")]
    return sorted((incidents.count(incident) for incident in set(incidents)), reverse=True)


def test_what_says_too_little_to_tell_its_matter_joins_no_strangers() -> None:
    strangers = mute([f"caller{at}" for at in range(6)])
    assert groups_of_mute(strangers) == [1] * 6
    assert groups_of_mute(mute([None] * 6)) == [1] * 6
    assert groups_of_mute(mute(["one", "one", "two", "one", "two"])) == [3, 2]
    # what glued them, and what tells them again: an issue, or words enough
    assert groups_of_mute(strangers, LinkRule(least_words=0)) == [6]
    assert groups_of_mute(mute(["one", "two", "three"], issue="01")) == [3]
    assert groups_of_mute(mute(["one", "two", "three"], words=[*MUTE, *SAID["noise"]])) == [3]


def test_mute_records_are_restored_as_they_were() -> None:
    records = mute(["one", "two", "one"]).sort("known_at")
    days = records.with_columns(day=pl.col("known_at").dt.date()).partition_by("day", maintain_order=True)
    _, links, _ = find_incidents(records)
    incidents = Incidents()
    cut = 6
    members = find_incidents(pl.concat(days[:cut]))[0].join(
        records.select("record_id", "occurred_at"), on="record_id", maintain_order="left"
    )
    near = pl.DataFrame(schema={"one_id": pl.String, "other_id": pl.String, "total": pl.Float64})
    incidents.restore(members, near, days[:cut], days[cut]["known_at"].dt.epoch("d")[0])
    later = pl.concat([incidents.add_day(day)[0] for day in days[cut:]])
    mutes = pl.col("record_id").str.starts_with("mute")
    assert later.filter(mutes).rows() == links.filter(mutes).rows()
    assert [row[:2] for row in later.filter(mutes).rows()] == [("mute2", "mute0")]


def test_a_record_that_arrives_late_joins_and_does_not_rename() -> None:
    early = incident_of(find_incidents(city())[0])
    late = pl.DataFrame([record("late", NOISE[0], day=1, known=40, said="noise")])
    found = incident_of(find_incidents(pl.concat([city(), late]))[0])
    assert found.pop("late") == "noise0"
    assert found == early


def test_records_further_apart_than_the_window_are_not_compared() -> None:
    far = pl.DataFrame([record("far", NOISE[0], day=20 + LinkRule().window_days, said="noise")])
    assert incident_of(find_incidents(pl.concat([city(), far]))[0])["far"] == "far"


def test_what_becomes_known_later_changes_no_earlier_link() -> None:
    records = city().sort("known_at")
    day = records["known_at"][40].date()
    known = records.filter(pl.col("known_at").dt.date() <= day)
    links = find_incidents(records)[1]
    assert find_incidents(known)[1].equals(links.filter(pl.col("record_id").is_in(known["record_id"].implode())))


def test_incidents_that_turn_out_to_be_one_bear_the_elders_number() -> None:
    lid, flood = ["井盖", "丢失", "塌陷", "深坑"], ["暴雨", "倒灌", "车库", "积水"]
    told = [record("lid", lid, day=10), record("flood", flood, day=12), record("both", lid + flood, day=14)]
    members, _, merges = find_incidents(pl.concat([city(), pl.DataFrame(told)]), LinkRule(least_words=0))
    found = incident_of(members)
    assert merges.select("incident_id", "elder_incident_id").rows() == [("flood", "lid")]
    assert {found["lid"], found["flood"], found["both"]} == {"lid"}


def test_few_pairs_must_be_more_alike_than_many() -> None:
    rule = GrowthRule(least=0.1, few=0.2)
    assert rule.margin(0.25, pairs=1) < 0 < rule.margin(0.25 * 16, pairs=16)
    assert rule.margin(0.1 * 10_000, pairs=10_000) < 0


def test_no_records_give_no_incidents() -> None:
    members, links, merges = find_incidents(city().clear())
    assert (members.height, links.height, merges.height) == (0, 0, 0)


def test_a_title_is_what_most_of_them_say() -> None:
    titles = [
        ["救命", "啊"],
        ["投诉", "绿洲花园", "打桩", "噪音"],
        ["绿洲花园", "打桩", "到", "凌晨", "没人管", "太", "过分"],
    ]
    records = pl.DataFrame(
        [
            {
                "record_id": str(at),
                "incident_id": "i",
                "occurred_at": START,
                "title": "".join(words),
                "title_tokens": words,
            }
            for at, words in enumerate(titles)
        ]
    )
    assert title_incidents(records).rows() == [("i", "绿洲花园打桩噪音")]


def test_words_of_any_matter_make_no_title() -> None:
    words = [["反映", "绿洲花园", "影响", "生活", "的", "问题"]] * 2 + [["反映", "绿洲花园", "打桩", "噪音"]]
    records = pl.DataFrame(
        {
            "record_id": ["1", "2", "3"],
            "incident_id": "i",
            "occurred_at": START,
            "title": ["".join(title) for title in words],
            "title_tokens": words,
        }
    )
    assert title_incidents(records).rows() == [("i", "绿洲花园打桩噪音")]


def test_a_title_that_must_be_cut_gives_way_to_one_as_good() -> None:
    words = ["绿洲花园", "打桩", "噪音"]
    titles = ["绿洲花园打桩噪音" + "很" * 30, "绿洲花园打桩噪音"]
    records = pl.DataFrame(
        {
            "record_id": ["1", "2"],
            "incident_id": ["i", "i"],
            "occurred_at": [START, START],
            "title": titles,
            "title_tokens": [words, words],
        }
    )
    assert title_incidents(records).rows() == [("i", "绿洲花园打桩噪音")]


@pytest.mark.parametrize(
    ("title", "cleaned"),
    [
        ("投诉某路路灯不亮！！请管管", "某路路灯不亮"),
        ("关于[姓名]家门口13800138000积水", "家门口积水"),
        ("投诉", "投诉"),
        ("关于某路架设高压线杆的投诉", "某路架设高压线杆"),
        ("咨询某市行政区划的问题", "某市行政区划问题"),
        ("某镇麻将馆好多，请管一管", "某镇麻将馆好多"),
        ("某路长期拥堵求尽快解决！", "某路长期拥堵"),
        ("某公园旁建变电站，真的合理吗？", "某公园旁建变电站"),
        ("希望某站能设公交站", "希望某站能设公交站"),
        ("就业补贴没有到账", "就业补贴没有到账"),
        ("投诉电话一直打不通", "投诉电话一直打不通"),
        ("投诉三次无果", "投诉三次无果"),
        ("路灯，请处理", "路灯，请处理"),
        ("请求某局落实" + "长" * 25, "某局落实" + "长" * 25),
        ("长" * 40, "长" * 29 + "…"),
        ("", ""),
    ],
)
def test_a_title_holds_no_masked_name_and_is_short(title: str, cleaned: str) -> None:
    assert clean_title(title) == cleaned
    assert len(cleaned) <= 30
