"""Masking: what goes, what stays, and that nothing is masked twice.

The corpus is written here, with numbers drawn from seeds: no real person is in it.
"""

from __future__ import annotations

import random
import time
import zlib

import pytest

from pipelines.text.mask import is_id_card, masked
from tests import personal
from tests.personal import CODES, PERSONAL

SURNAMES = "王李张刘陈杨赵黄周吴徐孙朱林郭何高梁郑谢宋唐许邓韩冯曹彭曾萧田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚"
GIVEN = ["伟", "芳", "秀英", "建国", "志强", "丽", "海燕", "文博", "雨晴", "子涵"]
AROUND = [
    "{}",
    "请拨打{}联系。",
    "市民{}反映路灯不亮",
    "联系方式：{}，望处理",
    "({})",
    "电话{}、地址阳光小区",
    "【{}】",
]


def rng(name: str) -> random.Random:
    return random.Random(zlib.crc32(name.encode()))


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in text)


def phones(count: int) -> list[str]:
    r = rng("phones")
    made = []
    for _ in range(count):
        head, middle, tail = (
            f"1{r.choice('3456789')}{r.randrange(10)}",
            f"{r.randrange(10**4):04d}",
            f"{r.randrange(10**4):04d}",
        )
        whole = head + middle + tail
        made.append(
            r.choice(
                [
                    whole, f"{head} {middle} {tail}", f"{head}-{middle}-{tail}", f"{head}－{middle}－{tail}",
                    f"+86{whole}", f"+86 {head} {middle} {tail}", f"86-{whole}", f"0086{whole}", f"(+86){whole}",
                    wide(whole), f"{whole[:4]}-{whole[4:7]}-{whole[7:]}", f"{head}—{middle}—{tail}",
                    whole[:5] + "\u200b" + whole[5:], f"{head}　{middle}　{tail}", f"{head}.{middle}.{tail}",
                ]
            )
        )  # fmt: skip
    return made


def landlines(count: int) -> list[str]:
    r = rng("landlines")
    made = []
    for _ in range(count):
        area = r.choice(["010", "021", "0731", "0755", "0538"])
        number = f"{r.randrange(2, 9)}{r.randrange(10**7):07d}"[: 8 if r.random() < 0.7 else 7]
        made.append(
            r.choice([f"{area}-{number}", f"{area}{number}", f"({area}){number}", f"（{area}）{number}", f"{area} {number}",
                      f"{area}-{number}-8{r.randrange(100):02d}", f"{area}{number}转{r.randrange(100, 9999)}", wide(f"{area}-{number}"),
                      f"400-{r.randrange(1000):03d}-{r.randrange(10**4):04d}", f"400{r.randrange(10**7):07d}",
                      f"800 {r.randrange(10**3):03d} {r.randrange(10**4):04d}"])
        )  # fmt: skip
    return made


def id_cards(count: int) -> list[str]:
    r = rng("ids")
    weights = [2 ** (17 - i) % 11 for i in range(17)]
    made = []
    for _ in range(count):
        area = r.choice(["110105", "370902", "440307", "430102", "650102", "150102", "310115", "810000", "230103"])
        body = f"{area}{r.randrange(1930, 2020)}{r.randrange(1, 13):02d}{r.randrange(1, 29):02d}{r.randrange(1000):03d}"
        number = body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]
        assert is_id_card(number)
        made.append(
            r.choice(
                [
                    number,
                    number.lower(),
                    wide(number),
                    f"{number[:6]} {number[6:14]} {number[14:]}",
                    f"身份证号{number}",
                ]
            )
        )
    return made


def bank_cards(count: int) -> list[str]:
    r = rng("cards")
    made = []
    for _ in range(count):
        length = r.choice([16, 19, 19])
        body = r.choice(["62", "6228", "6217", "6222"] + (["4", "5" + r.choice("12345")] if length == 16 else []))
        body += "".join(str(r.randrange(10)) for _ in range(length - 1 - len(body)))
        total = sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(reversed(body)))
        number = body + str(-total % 10)
        made.append(r.choice([number, " ".join(number[i : i + 4] for i in range(0, length, 4))]))
    return made


def digits_of(text: str) -> str:
    return "".join(str(int(c)) for c in text if c.isdigit())


@pytest.mark.parametrize(
    ("make", "word", "least"),
    [(phones, "[电话]", 1.0), (landlines, "[电话]", 1.0), (id_cards, "[证件号]", 1.0), (bank_cards, "[卡号]", 1.0)],
)
def test_recall_on_numbers(make, word: str, least: float) -> None:
    numbers = make(1200)
    r = rng("around")
    leaked = []
    for number in numbers:
        out = masked(r.choice(AROUND).format(number))
        if word not in out or len(digits_of(out)) > 1:
            leaked.append((number, out))
    assert 1 - len(leaked) / len(numbers) >= least, leaked[:5]


def order_numbers(count: int, years: range) -> list[str]:
    r = rng("orders")
    return [
        f"{r.choice(years):02d}{r.randrange(1, 13):02d}{r.randrange(1, 29):02d}"
        f"{r.randrange(24):02d}{r.randrange(60):02d}{r.randrange(60):02d}{r.randrange(10**6):06d}"
        for _ in range(count)
    ]


def test_order_numbers_survive() -> None:
    numbers = ["250912101108115409", *order_numbers(20_000, range(24, 31))]
    assert [number for number in numbers if masked(number) != number] == []


def test_order_numbers_that_could_be_id_cards_survive_where_the_text_says_so() -> None:
    """21 to 23 are provinces too, so orders of 2021 to 2023 may by chance hold a birth date and a checksum."""
    numbers = order_numbers(20_000, range(21, 24))
    assert any(is_id_card(number) for number in numbers)
    for before in ("工单编号", "工单号：", "案件编号为", "受理号 "):
        assert [n for n in numbers if is_id_card(n) and masked(before + n) != before + n] == []


def codes() -> list[str]:
    r = rng("codes")
    made = []
    for _ in range(3000):
        province = r.choice(["11", "12", "13", "14", "15", "31", "37", "44", "62", "65"])
        community = province + "".join(str(r.randrange(10)) for _ in range(10))
        made += [community, community + f"{r.randrange(1000):03d}", community[:11] + r.choice("ABCX") + "A01"]
        organisation = "".join(r.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(9))
        made.append(
            r.choice(["91", "92", "11", "12", "13", "51", "93"])
            + community[:6]
            + organisation
            + r.choice("0123456789X")
        )
    return made


def test_codes_survive() -> None:
    assert [code for code in codes() for text in (code, f"网格{code}。") if masked(text) != text] == []


@pytest.mark.parametrize(
    "text",
    [
        "阳光小区", "解放路", "第三实验小学", "万达广场", "3号线地铁站", "解放路3号线地铁站A出口", "人民东路与建设北路交叉口",
        "2025-09-01 09:30:00", "2025年9月1日", "20250901", "2025/9/1", "20250901093000", "12345热线", "拨打110、120、119",
        "50万元", "共计13800138000元", "4001234567元", "1380.5万", "3.1415926535", "建筑面积138.25平方米", "3室2厅1卫", "三室两厅",
        "小区共1200户", "848户居民", "一户一表", "12户型", "共有7栋高层", "将建设4栋住宅", "约300户", "一栋楼", "这是一栋民房",
        "买了一幢旧砖房", "变成一栋巨型别墅", "修了一栋办公楼", "商业广场一栋，", "猪舍一栋", "其中一栋进行了装修", "对一栋住房的屋面",
        "前后各一栋）面积", "住房一栋，五层", "至今保持一栋五层楼房", "一栋电梯房", "广渠路36号院", "教室和办公室", "会议室", "地下室漏水", "B2层停车场", "5G基站", "D2308次列车", "307路公交", "G4高速",
        "老百姓都知道", "百姓安居乐业", "同姓不同名", "姓名一栏", "先生们女士们", "我和先生都是居民", "女士优先", "由于女士卫生间",
        "任何先生", "对方女士", "非常女士", "保安大爷", "司机师傅", "安装师傅", "业主权益", "业主代表", "业主家中漏水", "业主高空抛物",
        "投诉人员", "申请人应当提供材料", "申请人须年满18周岁", "共同申请人居民身份证", "联系人和电话号码", "来电人表示不满", "来电人反映", "反映人数众多", "来电人周边道路",
        "来电人何时能收到", "本人费用", "本人经常", "本人和家人，", "微信群里", "微信公众号", "微信12345", "QQ群", "新能源汽车",
        "小区1单元网格", "第1单元课程", "1-2-3", "2019-11-20", "比分3-2-1", "A市B区", "示例街道和平社区", "河畔花园二期", "时代广场",
        "高新区", "方庄", "水务局", "安全出口", "金水湾", "于家村", "何家庄", "万科城市花园", "马路牙子", "钟楼", "市民代表反映", "居民江边路反映", "群众高度关注", "一九九八年一月一日", "政府威信",
        "住户多次反映", "二〇二六年十一月", "一二三四五六七八九十",
    ],
)  # fmt: skip
def test_what_says_where_or_what_stays(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("来电人王建国反映路灯不亮", "来电人[姓名]反映路灯不亮"),
        ("来电人：李芳，女", "来电人：[姓名]，女"),
        ("联系人张三，电话13800138000", "联系人[姓名]，电话[电话]"),
        ("联系人:谈俊(业委会)", "联系人:[姓名](业委会)"),
        ("反映人姓名：欧阳文博。", "反映人姓名：[姓名]。"),
        ("王先生反映", "[姓名]先生反映"),
        ("一位高女士来电", "一位[姓名]女士来电"),
        ("与沈谋裕先生联系", "与[姓名]先生联系"),
        ("刘科连先生：您好", "[姓名]先生：您好"),
        ("程迁先生说", "[姓名]先生说"),
        ("游客唐女士", "游客[姓名]女士"),
        ("欧阳先生", "[姓名]先生"),
        ("于女士称", "[姓名]女士称"),
        ("请找张师傅", "请找[姓名]师傅"),
        ("我姓向，是农民", "我姓[姓名]，是农民"),
        ("来电人姓王，要求回复", "来电人姓[姓名]，要求回复"),
        ("吴姓施工负责人", "[姓名]姓施工负责人"),
        ("我叫廖明志（身份证", "我叫[姓名]（身份证"),
        ("本人马超国，身份证号990103198609138748", "本人[姓名]，身份证号[证件号]"),
        ("本人陈善增，系居民", "本人[姓名]，系居民"),
        ("阳光小区3号楼2单元501室", "阳光小区[门牌]"),
        ("和平里五区12栋1203", "和平里五区[门牌]"),
        ("教师村一栋中门", "教师村[门牌]中门"),
        ("滨河小区一栋和二栋车库", "滨河小区[门牌]和[门牌]车库"),
        ("是一栋居民，一栋501", "是一栋居民，[门牌]"),
        (
            "给业主：一栋业主、一栋楼下、一栋消防电梯、一栋三楼",
            "给业主：[门牌]业主、[门牌]楼下、[门牌]消防电梯、[门牌]三楼",
        ),
        ("一栋二单元501室，一幢1203", "[门牌]，[门牌]"),
        ("一栋和二栋之间", "[门牌]和[门牌]之间"),
        ("幸福苑B2栋二单元三零一室", "幸福苑[门牌][门牌]"),
        ("金地名京A座1203室", "金地名京[门牌]"),
        ("解放路123号", "解放路[门牌]"),
        ("广渠路36号院5号楼3单元501", "广渠路36号院[门牌]"),
        ("住在2-301室", "住在[门牌]"),
        ("阳光小区3-2-501的住户", "阳光小区[门牌]的住户"),
        ("门牌号：18号", "[门牌]"),
        ("车牌京A12345违停", "车牌[车牌]违停"),
        ("粤B·D12345", "[车牌]"),
        ("鲁J8888警", "[车牌]"),
        ("沪a1b2c3", "[车牌]"),
        ("发至zhang.san+1@example.com.cn。", "发至[邮箱]。"),
        ("ｚｓ＠ｑｑ．ｃｏｍ", "[邮箱]"),
        ("微信号：wx_zhang88", "微信号：[账号]"),
        ("加我vx zhang_san66", "加我vx [账号]"),
        ("QQ 123456789", "QQ [账号]"),
        ("拨打座机87654321", "拨打座机[电话]"),
        ("幺三八零零一三八零零零", "[电话]"),
        ("一三八 零零一三 八零零零", "[电话]"),
        ("1三8零零一38零零零", "[电话]"),
        ("零七三一八八八八六六六六", "[电话]"),
        ("壹叁捌零零壹叁捌零零零", "[电话]"),
        ("+8673188886666", "[电话]"),
        ("138/0013/8000", "[电话]"),
        ("13800138000元旦前打", "[电话]元旦前打"),
        ("13800138000余元", "13800138000余元"),
        ("110105 1990 0307 8836", "[证件号]"),
        ("身份证号110105199003078830", "身份证号[证件号]"),
        ("卡号：6222020200001234567", "卡号：[卡号]"),
        ("加V lx_33148563", "加V [账号]"),
        ("zhang @ example.com", "[邮箱]"),
        ("京A · 32940", "[车牌]"),
        ("阳光小区3#501的住户", "阳光小区[门牌]的住户"),
        ("市民赵芳反映", "市民[姓名]反映"),
        ("赵芳，女，51岁", "[姓名]，女，51岁"),
        ("来电人买买提·艾山反映", "来电人[姓名]反映"),
        ("来电人司马文博反映", "来电人[姓名]反映"),
        ("免贵姓周，", "免贵姓[姓名]，"),
        ("赵芳（女士）来电", "[姓名]（女士）来电"),
        ("身份证110105800101123", "身份证[证件号]"),
    ],
)
def test_persons_doors_and_accounts_go(text: str, expected: str) -> None:
    assert masked(text) == expected


def test_recall_on_names() -> None:
    r = rng("names")
    forms = [
        "来电人{}反映噪音",
        "联系人：{}，",
        "投诉人{}，要求处理",
        "{}先生来电",
        "有位{}女士说",
        "反映人：{} 电话",
        "我叫{}，住和平里",
    ]
    leaked = []
    for _ in range(1500):
        surname, given = r.choice(SURNAMES), r.choice(GIVEN)
        out = masked(r.choice(forms).format(surname + given))
        if given in out:
            leaked.append(out)
    assert len(leaked) <= 0.01 * 1500, leaked[:5]


def test_masking_masked_text_changes_nothing() -> None:
    r = rng("twice")
    pieces = [*phones(150), *landlines(150), *id_cards(80), *bank_cards(80), *order_numbers(50, range(20, 30)),
              "来电人王建国", "姓李", "张先生", "5号楼501室", "解放路12号", "电话", "联系人", "姓名", "身份证", "微信号", "门牌号", "12", "3栋",
              "87654321", "，", " ", "/", "-", "本人", "号", "室", "京A12345", "a@b.cn"]  # fmt: skip
    for _ in range(3000):
        once = masked("".join(r.choice(pieces) for _ in range(r.randrange(1, 7))))
        assert masked(once) == once


@pytest.mark.parametrize("kind", PERSONAL)
def test_recall_in_sentences(kind: str) -> None:
    r = personal.rng(kind)
    leaked = []
    for _ in range(300):
        text, secret, word = personal.sentence(kind, r)
        if not personal.is_masked(masked(text), secret, word):
            leaked.append((text, masked(text)))
    assert len(leaked) <= 0.01 * 300, leaked[:5]


@pytest.mark.parametrize("kind", CODES)
def test_codes_survive_in_sentences(kind: str) -> None:
    r = personal.rng(kind)
    texts = [r.choice(personal.FRAMES).format(CODES[kind](r)).strip() for _ in range(600)]
    assert [(text, masked(text)) for text in texts if masked(text) != text] == []


def test_invisible_characters_go_and_lines_stay() -> None:
    assert masked("\ufeff路灯\u202e不亮\u0007\n请\t修\u00ad\ue000") == "路灯不亮\n请\t修"
    assert masked("") == ""
    assert masked("😀𠮷野家门口") == "😀𠮷野家门口"


@pytest.mark.parametrize(
    "text",
    ["1" * 50_000, "1-" * 25_000, "王" * 50_000, "3栋、" * 15_000, "a@" * 20_000, "微信" * 20_000, "一" * 50_000],
)
def test_no_text_takes_long(text: str) -> None:
    """A pattern that looks back again and again would need minutes; CPU time of the process, not the clock."""
    begin = time.process_time()
    masked(text)
    assert time.process_time() - begin < 5
