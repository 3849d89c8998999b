"""Made-up personal data that has the form of the real thing, so that masking can be tested.

Nobody can be reached or recognised by it: phone numbers carry 0000 in the middle, identity cards begin with the
sample city's fictitious 9901, plates use an unissued letter Z with 00, landlines an area code nobody uses.
"""

import random

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉建国春梅海燕文"
_SECOND = (3, 5, 7, 8, 9)
_CARD_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def phone(person: int) -> str:
    """The mobile number of a person; different persons below 499,950 have different numbers, none ending in 0000."""
    mixed = person * 104_729 % 499_950
    return f"1{_SECOND[mixed // 99_990]}{mixed // 9_999 % 10}0000{mixed % 9_999 + 1:04d}"


def caller(person: int) -> str:
    """How the operator noted the caller: 王女士, 李先生, now and then a full name."""
    surname = SURNAMES[person * 31 % len(SURNAMES)]
    if person % 11 == 0:
        return full_name(person)
    return surname + ("女士" if person * 7 % 13 < 7 else "先生")


def full_name(person: int) -> str:
    """A surname and two given characters."""
    return SURNAMES[person * 31 % len(SURNAMES)] + GIVEN[person * 17 % len(GIVEN)] + GIVEN[person * 13 % len(GIVEN)]


def card_check(first17: str) -> str:
    """The last character of an 18-character identity card number (GB 11643, ISO 7064 MOD 11-2)."""
    return "10X98765432"[sum(int(d) * w for d, w in zip(first17, _CARD_WEIGHTS, strict=True)) % 11]


def identity_card(rng: random.Random) -> str:
    """An identity card number with a valid birth date and checksum, from a county that does not exist."""
    first17 = (
        f"99010{rng.randint(1, 3)}{rng.randint(1945, 2004)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
        f"{rng.randint(1, 999):03d}"
    )
    return first17 + card_check(first17)


def plate(rng: random.Random) -> str:
    """A car plate of the right form."""
    return (
        f"{rng.choice('京津冀晋豫皖苏')}Z{rng.choice(('', '', '·'))}00{rng.choice('ABCDEFGHJK')}{rng.randint(10, 99)}"
    )


def landline(rng: random.Random) -> str:
    """A landline number in an area code that is not in use."""
    return f"0390-{rng.randint(5_550_000, 5_559_999)}"


def door(rng: random.Random) -> str:
    """Building, unit and room, in one of the ways people write them."""
    building, unit, floor, flat = rng.randint(1, 18), rng.randint(1, 5), rng.randint(1, 18), rng.randint(1, 4)
    forms = (
        f"{building}号楼{unit}单元{floor}0{flat}室",
        f"{building}栋{unit}单元{floor}0{flat}",
        f"{building}-{unit}-{floor}0{flat}",
        f"{building}号楼{floor}层",
        f"甲{building}号院{floor}0{flat}室",
    )
    return rng.choice(forms)
