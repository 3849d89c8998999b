"""Personal data and codes in complaint sentences, drawn from seeds: no real person, number or place is in it.

``PERSONAL`` gives a secret and what may stand in the sentence with it; every character run of the secret must be gone
from the masked sentence. ``CODES`` gives what must survive.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable

Draw = Callable[[random.Random], str]

FRAMES = [
    "{}", "您好，{}，请尽快处理。", "昨天下午三点联系过物业（{}），至今没有结果", "楼道灯坏了两周。{}。盼复！", "1、{}；2、希望答复",
    "市民来电称路面积水严重，{}，望核实", "【补充】{}\n谢谢", "情况属实,{},请回复", "以下为留言内容：{}\t（网格已核实）", "反复停水停电…{}…影响生活",
]  # fmt: skip
_HAN_DIGITS = "零一二三四五六七八九"


def rng(name: str) -> random.Random:
    return random.Random(zlib.crc32(name.encode()))


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in text)


def digits(r: random.Random, count: int, first: str = "0123456789") -> str:
    return r.choice(first) + "".join(r.choice("0123456789") for _ in range(count - 1))


def mobile(r: random.Random) -> str:
    return "1" + r.choice("3456789") + digits(r, 9)


def _grouped(number: str, by: str, *sizes: int) -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(number[at : at + size])
        at += size
    return by.join(parts)


def id_card(r: random.Random) -> str:
    area = r.choice(["11", "12", "13", "21", "31", "33", "37", "42", "44", "51", "61", "65"]) + digits(r, 4)
    body = f"{area}{r.randrange(1935, 2021)}{r.randrange(1, 13):02d}{r.randrange(1, 29):02d}{r.randrange(1000):03d}"
    return body + "10X98765432"[sum(int(d) * (2 ** (17 - i) % 11) for i, d in enumerate(body)) % 11]


def bank_card(r: random.Random) -> str:
    length = r.choice([16, 19])
    body = r.choice(["6222", "6217", "6228"] if length == 19 else ["4367", "5187", "6225"]) + digits(r, length - 5)
    return body + str(-sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(reversed(body))) % 10)


def _landline(r: random.Random) -> tuple[str, str]:
    area = r.choice(["010", "021", "0755", "0371", "0898"])
    return area, digits(r, 8 if len(area) == 3 or r.random() < 0.5 else 7, "2345678")


def _cued(cues: list[str], make: Draw) -> Draw:
    return lambda r: r.choice(cues) + "\0" + make(r)


def _landlines(r: random.Random) -> str:
    area, number = _landline(r)
    return r.choice(["{}-{}", "{}{}", "({}){}", "（{}）{}", "{} {}", "{}－{}", "{}-{}转8012", "{}-{}-802"]).format(
        area, number
    )


def _name(r: random.Random) -> str:
    surname = r.choice(
        "王李张刘陈杨赵黄周吴徐孙胡朱林郭何高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢"
    )
    return surname + r.choice(
        ["伟", "芳", "秀兰", "建军", "志明", "丽娟", "海波", "文杰", "雨桐", "子轩", "玉梅", "国庆"]
    )


_TELL = ["电话", "联系电话：", "手机号", "我的号码是", "请回电", "可拨打", ""]

# kind: draws "words that stay \0 secret \0 words that stay"; the word that must take its place
PERSONAL: dict[str, tuple[str, Draw]] = {
    "mobile": ("[电话]", _cued(_TELL, mobile)),
    "mobile, grouped": ("[电话]", _cued(_TELL, lambda r: _grouped(mobile(r), r.choice([" ", "-", "－", "—", ".", "  "]), *r.choice([(3, 4, 4), (3, 3, 5), (4, 3, 4), (3, 8)])))),
    "mobile, +86": ("[电话]", _cued(_TELL, lambda r: r.choice(["+86", "+86 ", "86-", "0086", "(+86)", "＋８６ ", "+86-"]) + r.choice([mobile(r), _grouped(mobile(r), " ", 3, 4, 4)]))),
    "mobile, full-width": ("[电话]", _cued(_TELL, lambda r: wide(r.choice([mobile(r), _grouped(mobile(r), "　", 3, 4, 4)])))),
    "mobile, Chinese numerals": ("[电话]", _cued(_TELL, lambda r: "".join(("幺" if r.random() < 0.5 else "一") if d == "1" else r.choice("零〇") if d == "0" else _HAN_DIGITS[int(d)] for d in mobile(r)))),
    "landline": ("[电话]", _cued(_TELL, _landlines)),
    "landline without area": ("[电话]", _cued(["电话", "座机：", "致电", "联系方式 "], lambda r: r.choice(["{}{}", "{}-{}"]).format(digits(r, 4, "2345678"), digits(r, 4)))),
    "400 and 800": ("[电话]", _cued(_TELL, lambda r: _grouped(r.choice(["400", "800"]) + digits(r, 7), r.choice(["", "-", " "]), *r.choice([(3, 3, 4), (3, 4, 3)])))),
    "ID card": ("[证件号]", _cued(["身份证号", "身份证：", "证件号码", ""], lambda r: r.choice([str, str.lower, wide])(id_card(r)))),
    "ID card, spaced": ("[证件号]", _cued(["身份证号", "身份证：", ""], lambda r: _grouped(id_card(r), r.choice([" ", "-"]), 6, 8, 4))),
    "ID card of 15 digits, after a cue": ("[证件号]", _cued(["身份证号", "身份证：", "证件号码为"], lambda r: f"{digits(r, 6, '123456')}{r.randrange(30, 99)}{r.randrange(1, 13):02d}{r.randrange(1, 29):02d}{digits(r, 3)}")),
    "bank card": ("[卡号]", _cued(["银行卡", "卡号：", "账户", ""], bank_card)),
    "bank card, spaced": ("[卡号]", _cued(["银行卡", "卡号：", "退款至"], lambda r: _grouped(bank_card(r), " ", 4, 4, 4, 4, 3).rstrip())),
    "plate": ("[车牌]", _cued(["车牌", "车号：", "一辆", ""], lambda r: r.choice("京沪粤鲁苏浙豫川湘鄂") + r.choice("ABCDEFGH") + r.choice(["", "·", " "]) + r.choice([digits(r, 5), "D" + digits(r, 5), f"{digits(r, 2)}K{digits(r, 2)}"]))),
    "e-mail": ("[邮箱]", _cued(["邮箱", "发至", "电子邮箱："], lambda r: f"{r.choice(['li.lei', 'zhao_99', 'abc+12345'])}{digits(r, 3)}@{r.choice(['mail.example.com', 'example.cn', '163.example.com'])}")),
    "WeChat": ("[账号]", _cued(["微信", "微信号：", "加微信号 ", "vx:", "VX ", "微信是"], lambda r: r.choice(["lx_", "wx", "zhao-"]) + digits(r, 8))),
    "QQ": ("[账号]", _cued(["QQ", "QQ：", "qq号", "QQ号码是"], lambda r: digits(r, r.choice([8, 9, 10]), "123456789"))),
    "name after a cue": ("[姓名]", lambda r: r.choice(["来电人\0{}\0，", "联系人：\0{}\0，", "投诉人\0{}\0反映", "我叫\0{}\0，", "户主：\0{}\0 ", "姓名\0{}\0，"]).format(_name(r))),
    "name before a title": ("[姓名]", lambda r: "\0" + _name(r) + r.choice(["\0先生", "\0女士"])),
    "door": ("[门牌]", lambda r: "阳光家园\0" + r.choice(["{0}栋{1}单元{2}室", "{0}号楼{2}室", "{0}幢{2}", "{0}栋{1}单元{2}", "{0}号楼{1}单元{2}户", "{0}-{1}-{2}", "{1}单元{2}室"]).format(r.randrange(1, 40), r.randrange(1, 6), f"{r.randrange(1, 29)}0{r.randrange(1, 5)}")),
    "house number": ("[门牌]", lambda r: r.choice(["解放路", "人民东街", "建设大道"]) + "\0" + f"{r.randrange(1, 999)}号"),
}  # fmt: skip


def _day(r: random.Random) -> str:
    return f"{r.randrange(24, 31)}{r.randrange(1, 13):02d}{r.randrange(1, 29):02d}"


CODES: dict[str, Draw] = {
    "grid code, 15 digits": lambda r: r.choice(["网格", "网格编码：", ""]) + r.choice(["11", "37", "44", "51"]) + digits(r, 13),
    "community code, 12 digits": lambda r: r.choice(["社区编码", "社区", ""]) + r.choice(["11", "37", "44", "51"]) + digits(r, 10),
    "credit code, 18 characters": lambda r: r.choice(["统一社会信用代码", "信用代码：", ""]) + r.choice(["91", "92", "52"]) + digits(r, 6) + "MA" + "".join(r.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(8)),
    "work order, 18 digits": lambda r: r.choice(["工单号", "编号：", ""]) + _day(r) + digits(r, 12),
    "work order, 14 to 16 digits": lambda r: r.choice(["工单编号", "受理单号：", "流水号"]) + "20" + _day(r) + digits(r, r.choice([6, 7, 8])),
    "amount": lambda r: r.choice(["共{}元", "补偿{}万元", "缴纳{}.5元", "合计￥{}元", "{}余元"]).format(digits(r, r.choice([3, 5, 8, 11]), "123456789")),
    "date and time": lambda r: r.choice(["20{0}-{1:02d}-{2:02d} 09:30:00", "20{0}年{1}月{2}日", "20{0}/{1}/{2}", "20{0}{1:02d}{2:02d}", "20{0}.{1:02d}.{2:02d}", "20{0}{1:02d}{2:02d}093000"]).format(r.randrange(10, 30), r.randrange(1, 13), r.randrange(1, 29)),
    "service number": lambda r: r.choice(["12345", "拨打12345热线", "110", "已报警110", "119", "120", "12315", "12319", "96777", "10086"]),
    "measure": lambda r: r.choice(["面积{}.5平方米", "{}户居民", "{}路公交车", "共{}户", "{}KV高压线", "地铁{}号线", "限速{}公里", "{}分贝", "第{}届", "{}米"]).format(r.randrange(2, 999)),
}  # fmt: skip


def sentence(kind: str, r: random.Random) -> tuple[str, str, str]:
    """A sentence, the secret in it, and the word that must take its place."""
    word, draw = PERSONAL[kind]
    before, secret, after = [*draw(r).split("\0"), "", ""][:3]
    return r.choice(FRAMES).format(before + secret + after), secret, word


def is_masked(masked: str, secret: str, word: str) -> bool:
    """Whether the word stands there and no run of three characters of the secret does."""
    runs = {secret[i : i + 3] for i in range(max(1, len(secret) - 2))} if len(secret) > 3 else {secret}
    return word in masked and not any(run in masked for run in runs)
