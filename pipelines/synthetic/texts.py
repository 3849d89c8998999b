"""What residents say: complaint texts put together from phrases, with everything that makes real ones hard.

A text is plain (its words name the issue), oblique (no such word at all), set in the context of another issue, or about
two issues at once. The last three are ambiguous by design: looking up words is not enough to tell the issue.
"""

import random
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipelines.synthetic import people
from pipelines.synthetic.profiles import NEAR

SHORTEST, LONGEST = 30, 150
_KINDS = ("plain", "oblique", "context", "double")
_KIND_WEIGHTS = (0.58, 0.14, 0.13, 0.15)

_OPENINGS = (
    "来电反映：", "市民来电反映", "您好，", "你好，", "我要投诉，", "反映一个问题，", "", "", "",
    "我是附近居民，", "作为老住户，", "来电人称", "求助：", "领导好，",
)  # fmt: skip
_TIMES = (
    "最近", "这几天", "从上周开始", "连着一个多月", "每天晚上", "今天早上", "昨天夜里", "长期以来", "{hour}点左右",
    "{month}月{day}日{hour}点", "一到周末", "近2-3周", "从早6点到晚10点", "24h不停", "",
)  # fmt: skip
_PLACES = (
    "{estate}", "{estate}东门", "{estate}北侧", "{road}上", "{road}与{road2}路口", "{road}靠近{market}",
    "{market}门口", "{school}对面", "{estate}旁边的{road}", "{community}{road}",
    "{school}到{estate}这一段", "{estate}里面",
)  # fmt: skip
_CONTEXTS = (
    "上次反映的{other}已经处理了，这回是", "不是{other}的事，是", "就在之前有{other}的那个地方，",
    "物业说只管{other}，可现在", "隔壁{other}刚整治完，", "{other}的事先放一边，", "社区来看过{other}，没人管的是",
)  # fmt: skip
_VAGUE = ("还是老问题", "跟上回说的一模一样", "那个事又来了", "情况越来越严重")
_JOINTS = ("，另外", "，而且", "，还有", "，同时", "，再就是", "；顺便说一下，")
_EFFECTS = (
    "严重影响居民生活", "大家意见很大", "一直没人管", "找物业推来推去", "群里天天有人抱怨",
    "已经反映过好几回", "居民苦不堪言",
)  # fmt: skip
_ASKS = (
    "希望尽快处理", "请相关部门核实", "请给个答复", "要求解决", "麻烦派人来看看", "盼回复，谢谢", "请在3个工作日内回电",
)  # fmt: skip
_ASIDES = (
    "我在这儿住了12年了", "家里有80多岁的老人", "孩子刚上小学", "我每天6:30出门上班", "这边离地铁3号线不远",
    "群里有200多户业主", "拍了视频和照片", "之前打过2次12345", "居委会的人态度倒是挺好",
    "我们交了物业费的，1.8元/平", "这里正在创建文明城市", "隔壁小区就管得挺好",
    "我本人在外地出差", "APP上也没法传图", "受理员很耐心", "今年刚搬来的",
)  # fmt: skip
_TAILS = ("真是受不了了", "太闹心了", "没法过了", "唉", "实在没办法才打的电话", "拜托了", "急！", "谢谢您嘞")
_TYPOS = (
    ("垃圾", "拉圾"), ("噪音", "燥音"), ("油烟", "油焰"), ("路灯", "路登"), ("井盖", "井概"), ("施工", "施公"),
    ("消防", "销防"), ("占道", "站道"), ("广告", "广靠"), ("积水", "集水"), ("燃气", "然气"), ("停车", "仃车"),
    ("违停", "围停"), ("渣土", "碴土"), ("烧烤", "烧拷"), ("暖气", "暧气"), ("电动车", "电瓶车"), ("小贩", "小犯"),
    ("反映", "反应"), ("严重", "严种"), ("希望", "西望"), ("处理", "处里"),
)  # fmt: skip
_OTHERS = (
    ("咨询", "咨询灵活就业人员社保怎么补缴，带什么材料，窗口几点下班，能不能在网上办，之前问过一次没听明白"),
    ("咨询", "想问一下孩子秋季入学登记的时间，房产证还没下来能不能用购房合同，学校划片有没有变化"),
    ("咨询", "咨询公积金异地提取的条件，原单位已经注销，账户还没封存，应该去哪个网点办理"),
    ("求助", "老年卡丢了要补办，家里人代办行不行，需要带户口本原件吗，多少天能领到新卡"),
    ("建议", "建议12路公交在体育馆增设一站，早高峰间隔缩短到8分钟，方便上班的人换乘"),
    ("表扬", "表扬社区工作人员帮独居老人买药送菜，态度热情，值得大家学习，希望领导给予鼓励"),
    ("投诉", "健身房关门跑路，卡里还剩3000多块钱没退，老板电话打不通，请帮忙协调退费"),
    ("咨询", "想了解既有住宅加装设备的补贴政策，我们单元12户有10户同意，下一步该找谁申请"),
)


@dataclass(frozen=True)
class Spot:
    """Where a matter is, in the words residents use."""

    community: str
    estate: str
    road: str
    road2: str
    market: str
    school: str


@dataclass(frozen=True)
class Text:
    """One record's words: what it says, its title, and whether words alone leave its issue open."""

    content: str
    title: str
    is_ambiguous: bool


class Writer:
    """Writes complaint texts; two writers with the same seed write the same texts."""

    def __init__(self, seed: int, personal_share: float = 0.22) -> None:
        """Args: seed of the writer's own generator; personal_share, share of texts that carry personal data."""
        self._rng = random.Random(seed)
        self._personal_share = personal_share
        self._phrases = load_phrases()

    def complain(self, issue: str, spot: Spot, when: datetime, person: int, repeat: bool = False) -> Text:
        """A resident's complaint of 30 to 150 characters about one issue (and perhaps about others too)."""
        pick, chance = self._pick, self._rng.random
        mine = self._phrases[issue]
        kind = self._rng.choices(_KINDS, _KIND_WEIGHTS)[0]
        other = self._phrases[self._other(issue)]
        place = self._fill(pick(_PLACES), spot, when)
        time = self._fill(pick(_TIMES), spot, when)
        symptom = pick(mine["clear"])
        title_stem = pick(mine["short"])
        if kind == "oblique" or (kind == "context" and chance() < 0.6):
            symptom = pick(mine["oblique"] if chance() < 0.93 else _VAGUE)
            title_stem = pick(("一个老问题", "居民反映的情况", "影响生活的问题"))
        elif kind == "double" and chance() < 0.35:
            symptom = pick(mine["oblique"])
        if kind == "context":
            symptom = pick(_CONTEXTS).format(other=pick(other["short"])) + symptom
        elif kind == "double":
            second = pick(other["clear"] + other["oblique"])
            pair = (symptom, second) if chance() < 0.62 else (second, symptom)
            symptom = pick(_JOINTS).join(pair)
            title_stem = pick(mine["short"] + other["short"])
        telling = 0.6 if kind != "double" else 0.3
        effect = pick(mine["effect"]) if chance() < telling else pick(_EFFECTS)
        ask = pick(mine["ask"]) if chance() < telling else pick(_ASKS)
        again = pick(("之前已经反映过，至今未解决，再次反映：", "第2次来电，")) if repeat else ""
        head = f"{again}{pick(_OPENINGS)}{time}{place}{symptom}，{effect}"
        content = self._finish(head, ask, person)
        title = f"反映{spot.estate if chance() < 0.5 else spot.road}{title_stem}"
        return Text(content, title, kind != "plain")

    def ask_something(self, person: int) -> tuple[str, Text]:
        """A matter that is none of the city's issues: (order type, text)."""
        kind, content = self._rng.choice(_OTHERS)
        return kind, Text(self._finish(content, self._pick(_ASKS), person), kind + "：" + content[:8], False)

    def observe(self, issue: str, spot: Spot) -> str:
        """A patrol's short note."""
        phrase = self._pick(self._phrases[issue]["clear"])
        place = self._pick((spot.road, spot.market + "周边", spot.estate + "门前", spot.school + "门口"))
        opening = self._pick(("巡查发现", "", "日常巡查："))
        return f"{opening}{place}{phrase}，{self._pick(('已拍照上报', '需处置', '现场已劝导'))}"

    def _other(self, issue: str) -> str:
        """Another issue: usually one that is easily mixed up."""
        if self._rng.random() < 0.7:
            return self._pick(NEAR[issue])
        return self._pick([code for code in self._phrases if code != issue])

    def _pick(self, options: Sequence[str]) -> str:
        """One option, each as likely (several times faster than ``random.choice``)."""
        return options[int(self._rng.random() * len(options))]

    def _fill(self, pattern: str, spot: Spot, when: datetime) -> str:
        """Put places and times into a pattern."""
        return pattern.format(**vars(spot), hour=when.hour, month=when.month, day=when.day)

    def _finish(self, head: str, ask: str, person: int) -> str:
        """Add an aside, personal data, the request and slips of the pen, keeping to the length limits."""
        pick, chance = self._pick, self._rng.random
        parts = [head]
        if chance() < 0.35:
            parts.append(pick(_ASIDES))
        parts.append(ask)
        if chance() < self._personal_share:
            parts.append(self._personal(person))
        if chance() < 0.2:
            parts.append(pick(_TAILS))
        while sum(map(len, parts)) < SHORTEST:
            parts.insert(1, pick(_ASIDES))
        content = pick(("，", "，", "。", " ")).join(parts)
        if chance() < 0.08:
            for right, wrong in _TYPOS:
                content = content.replace(right, wrong, 1)
        content = content[: LONGEST - 1]
        return content + pick(("。", "。", "", "！"))

    def _personal(self, person: int) -> str:
        """A snippet of made-up personal data."""
        rng = self._rng
        match rng.randrange(11):
            case 0:
                return f"联系电话{people.phone(person)}"
            case 1:
                return f"我姓{people.full_name(person)[0]}，电话 {people.phone(person)}"
            case 2:
                return f"联系人{people.caller(person)}{people.phone(person)}"
            case 3:
                return f"本人{people.full_name(person)}，身份证号{people.identity_card(rng)}"
            case 4:
                return f"身份证{people.identity_card(rng)}"
            case 5:
                return f"我住{people.door(rng)}"
            case 6:
                return f"车牌号{people.plate(rng)}"
            case 7:
                return f"座机{people.landline(rng)}"
            case 8:
                return f"微信号wx_{people.phone(person)[-4:]}abc"
            case 9:
                return f"邮箱user{person}@example.com"
            case _:
                return f"上次工单号2509{rng.randint(10, 28)}1011081{rng.randint(10_000, 99_999)}"


def load_phrases() -> dict[str, dict[str, list[str]]]:
    """The phrase book by issue code; see the head of ``phrases.toml`` for its fields."""
    with Path(__file__).with_name("phrases.toml").open("rb") as file:
        return tomllib.load(file)
