"""Mask personal data in free text before it is stored anywhere but raw.

Estates and roads stay, because they say where; persons, numbers and doors go. Codes that only look like personal data
(18-digit order numbers, 15-digit grid codes, 12-digit community codes, 18-character credit codes) survive, because an
ID card is masked only if its province, birth date and checksum hold, a bank card only if its prefix, length and check
digit do, and a phone only if no digit or letter stands beside it.

Names are found by what stands beside them, with the shortest reading that a surname allows: masking half a sentence
would cost the words that the issue is read from. Masking masked text changes nothing.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

from pipelines.text.names import COMMON, SURNAMES, TITLED

_ODD = re.compile(
    "[^\t\n -~\u00a1-\u00ac\u00ae-\u05ff\u2010-\u2027\u2030-\u205e\u2070-\ud7ff\uf900-\ufefe！-＊，／：-？［-｀｛-～]"
)
_GAP = r"[-–—‐./_· \u3000]{1,3}"
_OPT = r"[-–—‐./_· \u3000]{0,3}"

# also what ends an amount; 元旦 ends none
_MONEY = r"\s*[余多]?(?:元(?![旦宵])|万|亿)"

_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+ ?@ ?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_ACCOUNT = re.compile(
    r"((?:微信|薇信|威信)(?:号码?|账号|ID|id)?[是为:： ]{0,3}|[加+][Vv][信:： ]{0,2}"
    r"|(?<![0-9A-Za-z])[Qq]{2}(?:号码?)?[是为:： ]{0,3}"
    r"|(?<![0-9A-Za-z])(?:[Vv][Xx]|[Ww][Xx]|[Ww]e[Cc]hat)(?:号码?)?[是为:： ]{1,3})"
    r"((?:[A-Za-z][A-Za-z0-9_-]{5,19}|\d{6,11})(?![A-Za-z0-9]))"
)
_ID_CARD = re.compile(r"(?<!\d)\d(?:[- ]?\d){16}[- ]?(?:\d(?![0-9A-Za-z])|[Xx](?![A-Za-z]))")
# an order number may by chance hold a birth date and a checksum; what stands before it tells
_ORDER_BEFORE = re.compile(r"(?:工单|订单|单号|编号|流水|受理号|案件|诉求)[^\d，。；;]{0,6}$")
# the old 15-digit form carries no checksum and looks like a grid code, and a number may be mistyped: masked only where
# the text says so
_OLD_ID_CARD = re.compile(r"((?<!\[)(?:身份证|证件)\D{0,6})\d{15}(?:\d\d[\dXx])?(?![0-9A-Za-z])")
_CARD = re.compile(r"(?<!\d)\d{4}(?:[ -]?\d{4}){3}(?:[ -]?\d{1,3})?(?![0-9A-Za-z])")
_CARD_SAID = re.compile(r"((?<!\[)(?:银行卡|卡号|账户|账号|帐号)\D{0,6})\d{6}[ -]?\d{10,13}(?![0-9A-Za-z])")
_CARD_START = re.compile(r"(?:3[0-9]|4[0-9]|5[1-5]|6[0-9]).{14}|62.{15,16}|(?:6[0-9]|9[0-9]).{17}")
_MOBILE = re.compile(
    r"(?:(?<![0-9A-Za-z])|(?<=[Tt]el)|(?<=TEL)|(?<=[VvWw][Xx])|(?<![A-Za-z].)(?<=[Vv]))(?<!\d\.)"
    rf"(?:\+?(?:00)?86[)）]?{_OPT})?"
    rf"1[3-9]\d(?:{_OPT}\d{{4}}{_OPT}\d{{4}}|{_GAP}\d{{3}}{_GAP}\d{{5}}|\d{_GAP}\d{{3}}{_GAP}\d{{4}}"
    rf"|{_GAP}\d\d{_GAP}\d{{3}}{_GAP}\d{{3}}|\d\d[- ]\d{{6}})(?![0-9A-Za-z]|\.\d|{_MONEY})"
)
_SAID_DIGIT = "[零〇幺一二三四五六七八九壹贰叁肆伍陆柒捌玖0-9]"
_SPOKEN = re.compile(  # written as it is said, digits between or not
    rf"(?<!{_SAID_DIGIT})(?=[0-9]{{0,10}}[^0-9])"
    rf"(?:[幺一壹1][- ]?[三四五六七八九叁肆伍陆柒捌玖3-9](?:[- ]?{_SAID_DIGIT}){{9}}"
    rf"|[零〇][一二三四五六七八九幺]{_SAID_DIGIT}{{8,10}}|[四八][零〇]{{2}}{_SAID_DIGIT}{{7}})(?!{_SAID_DIGIT}|{_MONEY})"
)
_LANDLINE = re.compile(
    rf"(?<![0-9A-Za-z])(?:(?:\+86{_OPT}|(?:00)?86{_GAP})[1-9]\d{{1,2}}|[(（]?0\d{{2,3}}[)）]?){_OPT}[2-8]\d{{2,3}}{_OPT}\d{{4}}"
    rf"(?:(?:-|转|{_GAP}转)\d{{1,6}})?(?![0-9A-Za-z])"
)
_LOCAL = re.compile(
    rf"((?<!\[)(?:电话|座机|致电|拨打|传真|号码|联系方式|[Tt]el)[^\d\[\]，。；]{{0,6}})[2-8]\d{{2,3}}-?\d{{4}}(?![0-9A-Za-z]|{_MONEY})"
)
_SERVICE = re.compile(
    rf"(?<![0-9A-Za-z.])[48]00(?:{_OPT}\d{{3}}{_OPT}\d{{4}}|{_OPT}\d{{4}}{_OPT}\d{{3}})(?![0-9A-Za-z]|{_MONEY})"
)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Za-hj-np-z][·.• -]{0,3}"
    r"(?=[A-Za-z]{0,5}\d)[A-HJ-NP-Za-hj-np-z0-9]{4,5}[A-HJ-NP-Za-hj-np-z0-9挂学警港澳](?![A-Za-z0-9])"
)

_HAN = r"[\u4e00-\u9fff]"
_SAID = "反映|反应|投诉|举报|咨询|求助|来电|致电|称|表示|说|要求|希望|申请|建议|认为|电话|手机|身份|先生|女士|联系"
_LABEL = (
    r"(?<!\[)(?:来电人|来话人|联系人|反映人|投诉人|诉求人|举报人|申请人|当事人|报料人|户主|姓名|我叫|名叫|业主(?=[:：]))"
    r"(?:姓名|是|为|叫|：|:|\s)*"
)
# words that begin with a surname and often stand where a name could
_NO_NAME = (
    r"(?!周[边围末一二三四五六日]|陈述|申[请诉报]|曾[在经于]|何[时地处]|方[便可]|安[全排装]|任何|常[常年]|应[当该]"
    r"|解决|满意|时[间常])"
)
_DOUBLE = "欧阳|司马|上官|诸葛|慕容|令狐|皇甫|尉迟"
_LABELLED = re.compile(
    rf"({_LABEL}){_NO_NAME}(?:{_HAN}{{2,6}}[·•]{_HAN}{{2,6}}?(?=[^\u4e00-\u9fff]|$|{_SAID})"
    rf"|(?:{_DOUBLE})(?:{_HAN}{{1,2}}?(?=[^\u4e00-\u9fff]|$|{_SAID})|{_HAN}{{1,2}})"
    rf"|[{SURNAMES}]{_HAN}{{1,2}}?(?=[^\u4e00-\u9fff]|$|{_SAID})|[{COMMON}]{_HAN}{{1,2}})"
)
_MYSELF = re.compile(
    rf"((?<!\[)本人(?:姓名|名叫|叫|是)?){_NO_NAME}(?!费用)(?:[{COMMON}]{_HAN}{{1,2}}(?=[，,。；;、:：\s（(]|$|{_SAID})"
    rf"|[{SURNAMES}]{_HAN}{{1,2}}(?=[，,、\s（(]{{0,3}}(?:[男女]|身份证|电话|手机|系|家住|住|今年|现|出生|是)))"
)
_POLITE = r"(?=[ （(]?(?:先生|女士|小姐))"
# 市民王建国反映, 王建国，男，
_TOLD = re.compile(
    rf"(民(?<=[市居村]民)|群众|住户){_NO_NAME}[{COMMON}许谢罗钟田肖]{_HAN}(?:{_HAN}(?<![路街道村镇区县市楼湾]))?"
    r"(?=反映|反应|来电|致电|投诉|举报|咨询|求助)"
)
_SEXED = re.compile(rf"[{COMMON}许谢罗钟田肖](?<!{_HAN}.){_HAN}{{1,2}}(?=[，,（(] ?[男女][，,）)])")
_FULL_NAMED = re.compile(
    rf"(?:{_DOUBLE}){_HAN}{{0,2}}?{_POLITE}"
    rf"|[{COMMON}]{_HAN}(?![{COMMON}]){_HAN}{_POLITE}|(?:(?<!{_HAN})|(?<=[位名叫与给找是])){_NO_NAME}[{SURNAMES}](?:{_HAN}(?![{COMMON}]){_HAN}|(?![{COMMON}]){_HAN}){_POLITE}"
    rf"|[{COMMON}](?![{COMMON}]){_HAN}{_POLITE}"
)
# surnames that also end common words (由于, 任何, 非常, 责任, 对方, 保安, 现金) count only outside these
_ONE_NAMED = re.compile(
    r"(?:(?<![由关对至终处属位在等低高])于|(?<![任如为])何|(?<![经非平日通正异时])常|(?<![责信担主前上现])任"
    r"|(?<![对甲乙双男女一地官警校医院司各建东西南北])方|(?<![保治公平])安|(?<![资现奖押租基黄])金|(?<!历)史"
    rf"|(?<![方走冲面])向|[{TITLED}]){_POLITE}"
    rf"|[{COMMON}](?=师傅|大爷|大妈|大姐|大哥|阿姨|姓[女男先业居市村住工负施司老])"
)
_SURNAMED = re.compile(
    rf"((?:(?<=免贵)|(?<![]百同异复大贵万{COMMON}]))姓)[{SURNAMES}向](?:名{_HAN}{{1,2}}(?=[，,。；;、\s]|$))?"
)

_NUM = r"[0-9一二三四五六七八九十]"
# before a number that counts buildings, or the floors of one, and names none
_NO_COUNT = r"(?<![0-9A-Za-z一二三四五六七八九十百千两共有建盖约余近达设几另剩修起造拆个第是为每这那某同哪.])"
_ROOM = r"(?:[-—#]?\d{3,4}(?:号房|室|房|户(?!型)|号(?![线楼]))?(?![\d元万平㎡米年多余个户]))"
# 一栋 alone counts more often than it names the first building: then an estate stands before it, or what a building has
# comes after it
_ONE_BUILDING = (
    rf"(?!(?<![区园苑村里湾府城庭居畔期寓院邸坊])一[栋幢](?!{_NUM}{{1,2}}(?:单元|门(?!口)|楼)|[A-Za-z]?\d{{1,2}}单元|[-—#]?\d{{2}}"
    r"|业主|居民|住户|楼[上下道顶前后]|消?防?电梯(?!房)|[、和及与至到][0-9一二三四五六七八九十]{1,3}(?:栋|幢|号楼)))"
)
_BUILDING = re.compile(  # 3号楼2单元501室, 9栋406, B2栋, 42、45、48栋
    rf"{_NO_COUNT}{_ONE_BUILDING}(?:[0-9A-Za-z]{{1,3}}(?:栋|幢|号楼)?[、和及与至到~～/-]){{0,6}}"
    rf"(?:[A-Za-z]?{_NUM}{{1,4}}|[A-Za-z])(?:号楼|栋|幢)"
    r"(?!高层|小高层|楼(?![上下道顶前后])|住宅|建筑|房|别墅|大楼|民房|居民楼|以上|左右|多|余|\d{1,2}层)"
    rf"(?:[A-Za-z]?{_NUM}{{1,2}}(?:单元|门(?!口)))?(?:{_ROOM}|[-—]?\d{{2}}(?:号房|室|户(?!型)))?"
)
_UNIT = re.compile(rf"{_NO_COUNT}[A-Za-z]?{_NUM}{{1,2}}单元(?!网格|式|楼房){_ROOM}?")
_TOWER = re.compile(rf"(?<![A-Za-z])[A-Za-z]座(?:{_NUM}{{1,2}}[楼层])?{_ROOM}?")
_ROOM_ALONE = re.compile(  # 501室, 2-301室, 三零一室
    r"(?<![0-9A-Za-z.])(?:\d{1,3}[-—#]){0,3}[A-Za-z]?\d{3,4}(?:室|房(?![间屋价产款源东子租贷改管地])|号房)"
    r"|[一二三四五六七八九][零〇一二三四五六七八九]{2,3}室"
)
_DASHED = re.compile(  # 3-2-501
    r"(?<![0-9A-Za-z.—-])\d{1,3}[-—]\d{1,2}[-—](?!19[1-9]\d|20[1-3]\d)(?:[1-9]|[1-4]\d)(?:[0-2]\d|30)"
    r"(?![0-9A-Za-z.—年月日号元-])"
)
# a compound (号院) is an estate
_NUMBER_SIGN = re.compile(r"(?<![0-9A-Za-z.])\d{1,3}#(?:\d{1,2}[-—])?\d{3,4}(?!\d)")  # 3#501
_HOUSE = re.compile(r"(?<=[路街巷道里弄])[甲乙丙]?\d{1,5}(?:[-—]\d{1,4})?号(?:附\d{1,3}号?)?(?![线院楼出口门台])")
_PLATE_OF_DOOR = re.compile(r"(?<!\[)门牌(?:号码?)?[为是:： ]{0,2}\d+(?![\d年月])(?:[-—~～至]\d+)?号?")
_DOORS = (
    (re.compile("[栋幢]|号楼"), _BUILDING),
    (re.compile("单元"), _UNIT),
    (re.compile("[A-Za-z]座"), _TOWER),
    (re.compile(r"[室房]"), _ROOM_ALONE),
    (re.compile(r"\d[-—]\d{1,2}[-—]\d{3}"), _DASHED),
    (re.compile(r"\d#\d"), _NUMBER_SIGN),
    (re.compile(r"\d号"), _HOUSE),
    (re.compile("门牌"), _PLATE_OF_DOOR),
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
# 99 is no province: made-up cards have it
_PROVINCES = frozenset(
    [*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83, 99]
)

# what a text must hold for the slower patterns to be tried
_NUMBERS = re.compile(r"\d{3}[-–—‐./_· \u3000()（）]{0,4}\d{3}")
_SAID_NUMBERS = re.compile(
    "[零〇幺一二三四五六七八九壹贰叁肆伍陆柒捌玖][- ]?[零〇幺一二三四五六七八九壹贰叁肆伍陆柒捌玖0-9]{2}"
)
_ACCOUNTS = re.compile(r"[微薇威]信|[加+][Vv]|[VvWw][Xx]|[Qq]{2}|[Ww]e[Cc]hat")
_LABELS = re.compile(r"人|姓名|我叫|名叫|户主|业主[:：]")
_SEXES = re.compile(r"[男女][，,）)]")
_TITLES = re.compile(r"先生|女士|小姐|师傅|大[爷妈姐哥]|阿姨|姓[女男先业居市村住工负施司老]")


def masked(text: str) -> str:
    """The text with persons, numbers and doors replaced by bracketed words such as ``[电话]``.

    Args:
        text: any text; control, zero-width and direction marks are dropped, full-width ASCII becomes half-width so
            that a number written ``１３８…`` cannot slip through.
    """
    if _ODD.search(text):
        text = text.translate(_PLAIN)
    text = text.strip()
    if "@" in text:
        text = _EMAIL.sub("[邮箱]", text)
    if _ACCOUNTS.search(text):
        text = _ACCOUNT.sub(r"\1[账号]", text)
    if _NUMBERS.search(text):
        text = _ID_CARD.sub(_id_card_masked, text)
        text = _OLD_ID_CARD.sub(r"\1[证件号]", text)
        text = _CARD.sub(lambda m: "[卡号]" if _is_card(m[0]) else m[0], text)
        text = _CARD_SAID.sub(r"\1[卡号]", text)
        text = _MOBILE.sub("[电话]", text)
        text = _SERVICE.sub("[电话]", text)
        text = _LANDLINE.sub("[电话]", text)
        text = _LOCAL.sub(r"\1[电话]", text)
    if _SAID_NUMBERS.search(text):
        text = _SPOKEN.sub("[电话]", text)
    text = _PLATE.sub("[车牌]", text)
    if _LABELS.search(text):
        text = _LABELLED.sub(r"\1[姓名]", text)
        text = _MYSELF.sub(r"\1[姓名]", text)
    if "民" in text or "群众" in text or "住户" in text:
        text = _TOLD.sub(r"\1[姓名]", text)
    if _SEXES.search(text):
        text = _SEXED.sub("[姓名]", text)
    if _TITLES.search(text):
        text = _FULL_NAMED.sub("[姓名]", text)
        text = _ONE_NAMED.sub("[姓名]", text)
    if "姓" in text:
        text = _SURNAMED.sub(r"\1[姓名]", text)
    for hint, door in _DOORS:
        if hint.search(text):
            text = door.sub("[门牌]", text)
    return text


def is_id_card(number: str) -> bool:
    """Whether 18 characters are an ID card: province, birth date and checksum hold (GB 11643)."""
    if int(number[:2]) not in _PROVINCES or not _is_date(number[6:14]):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True))
    return _CHECK[total % 11] == number[17].upper()


def _id_card_masked(match: re.Match[str]) -> str:
    if not is_id_card(match[0].replace(" ", "").replace("-", "")):
        return match[0]
    before = match.string[max(0, match.start() - 12) : match.start()]
    return match[0] if _ORDER_BEFORE.search(before) else "[证件号]"


def _is_date(digits: str) -> bool:
    try:
        born = dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return False
    return 1900 <= born.year < 2050


def _is_card(text: str) -> bool:
    """Whether prefix and length are those of cards in use (16 digits, or 17 to 19 from 62, 6 and 9) and Luhn holds."""
    digits = "".join(c for c in text if c.isdigit())
    if not _CARD_START.fullmatch(digits):
        return False
    doubled = (int(d) if i % 2 == 0 else sum(divmod(int(d) * 2, 10)) for i, d in enumerate(reversed(digits)))
    return sum(doubled) % 10 == 0


class _Plain(dict[int, str | None]):
    """Full-width letters and digits as half-width, and nothing in place of invisible characters; filled as met."""

    def __missing__(self, code: int) -> str | None:
        char = chr(code)
        made: str | None = char
        if "！" <= char <= "～" and (char.isalnum() or char in "＠．－＋＿"):
            made = chr(code - 0xFEE0)
        elif unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co") and char not in "\n\t":
            made = None
        self[code] = made
        return made


_PLAIN = _Plain()
