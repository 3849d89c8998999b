"""Mask personal data in free text before it is stored anywhere but raw.

Estates and roads stay, because they say where; persons, numbers and doors go. Codes that only look like personal data
(18-digit order numbers, 15-digit grid codes, 12-digit community codes, 18-character credit codes) survive, because an
ID card is masked only if its birth date and checksum hold, and a phone only if no digit stands beside it.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

_WORTH_LOOKING = re.compile(r"[0-9０-９@]|[男女]士|先生|小姐|姓|来电人|联系人|反映人|微信|[室号门栋幢单元]")
_ID_CARD = re.compile(r"(?<![0-9A-Za-z])(\d{17}[\dXx])(?![0-9A-Za-z])")
# the old 15-digit form carries no checksum and looks like a grid code, so it is masked only where the text says so
_OLD_ID_CARD = re.compile(r"((?:身份证|证件)\D{0,6})\d{15}(?!\d)")
_MOBILE = re.compile(r"(?<![\d.])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)(?:\(?0\d{2,3}\)?[- ]?)[2-8]\d{6,7}(?:[-转]\d{1,6})?(?!\d)")
_SERVICE = re.compile(r"(?<!\d)[48]00[- ]?\d{3,4}[- ]?\d{3,4}(?!\d)")
_CARD = re.compile(r"(?<!\d)\d{4}(?:[ -]?\d{4}){3}(?:[ -]?\d{1,3})?(?!\d)")
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][·. ]?"
    r"(?:[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳])(?![A-Za-z0-9])"
)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_WECHAT = re.compile(r"(微信号?|[Ww]e[Cc]hat|VX|vx|[Qq]{2}号?)([是为:：\s]*)([A-Za-z0-9_-]{5,20})")
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳"
    "鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊"
    "纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯管卢莫经房裘缪干解应宗丁宣邓郁单杭洪"
    "包诸左石崔吉钮龚程邢裴陆荣翁荀羊甄家封储靳段焦巴牧山谷车侯全班仰秋仲伊宫宁仇栾甘祖武符刘景詹束龙叶幸司黎薄印宿白怀蒲从索咸"
    "赖卓蔺屠蒙池乔阴闻党翟谭贡劳姬申扶堵冉宰郦雍桑桂牛寿通边扈燕冀浦尚农温别庄晏柴瞿阎慕连茹习艾鱼容向古易慎戈廖庾终暨居衡步都耿"
    "满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩聂晁勾敖融冷訾辛阚那简饶空曾毋沙养鞠须丰巢关蒯相查荆红游竺权盖益桓公闫肖付代覃"
)
_TITLED = re.compile(rf"[{_SURNAMES}][\u4e00-\u9fff]{{0,2}}?(?=先生|女士|小姐|师傅|大爷|大妈|阿姨)")
_NAMED = re.compile(
    rf"((?:来电人|联系人|反映人|投诉人|诉求人|业主|本人|我叫|姓名)(?:姓名|是|为|叫|：|:|\s)*)([{_SURNAMES}][\u4e00-\u9fff]{{1,2}})"
    r"(?=[,，。;；、:：\s（(]|电话|手机|身份|先生|女士|$)"
)
_SURNAMED = re.compile(rf"(?<=姓)[{_SURNAMES}](?![\u4e00-\u9fff]?[名氏])")
_DOOR = re.compile(
    r"(?:[0-9０-９A-Za-z一二三四五六七八九十]+(?:号楼|栋|幢|座|号院)?[-—#]?)?"
    r"(?:[0-9０-９一二三四五六七八九十]+单元)?[-—]?[0-9０-９A-Za-z一二三四五六七八九十]+(?:室|房间|户)"
    r"|[0-9０-９A-Za-z一二三四五六七八九十]+(?:号楼|栋|幢)(?:[0-9０-９一二三四五六七八九十]+单元)?(?:[-—]?\d{2,4})?"
    r"|[0-9０-９一二三四五六七八九十]+单元(?:[-—]?\d{2,4}(?!\d))?"
    r"|(?<=[路街巷道里弄])[0-9０-９]+(?:[-—][0-9０-９]+)?号"
    r"|门牌号?[0-9０-９]+号?"
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"


def masked(text: str) -> str:
    """The text with persons, numbers and doors replaced by bracketed words such as ``[电话]``.

    Args:
        text: any text; control, zero-width and direction marks are dropped, full-width ASCII becomes half-width so
            that a number written ``１３８…`` cannot slip through.
    """
    text = _plain(text)
    if not _WORTH_LOOKING.search(text):
        return text
    text = _EMAIL.sub("[邮箱]", text)
    text = _WECHAT.sub(r"\1\2[账号]", text)
    text = _ID_CARD.sub(lambda m: "[证件号]" if is_id_card(m[1]) else m[0], text)
    text = _OLD_ID_CARD.sub(r"\1[证件号]", text)
    text = _MOBILE.sub("[电话]", text)
    text = _CARD.sub(lambda m: "[卡号]" if _is_card(m[0]) else m[0], text)
    text = _SERVICE.sub("[电话]", text)
    text = _LANDLINE.sub("[电话]", text)
    text = _PLATE.sub("[车牌]", text)
    text = _NAMED.sub(r"\1[姓名]", text)
    text = _TITLED.sub("[姓名]", text)
    text = _SURNAMED.sub("[姓名]", text)
    return _DOOR.sub("[门牌]", text)


def is_id_card(number: str) -> bool:
    """Whether 18 characters are an ID card: province, birth date and checksum hold (GB 11643)."""
    if not 11 <= int(number[:2]) <= 82 or not _is_date(number[6:14]):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True))
    return _CHECK[total % 11] == number[17].upper()


def _is_date(digits: str) -> bool:
    try:
        born = dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return False
    return born.year >= 1900


def _is_card(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    if not 16 <= len(digits) <= 19 or digits[0] not in (3, 4, 5, 6, 9):
        return False
    doubled = (d if i % 2 == 0 else (d * 2 - 9 if d > 4 else d * 2) for i, d in enumerate(reversed(digits)))
    return sum(doubled) % 10 == 0


def _plain(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    text = "".join(
        chr(ord(c) - 0xFEE0) if "！" <= c <= "～" and (c.isalnum() or c in "＠．－＋") else c
        for c in text
        if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co") or c in "\n\t"
    )
    return text.strip()
