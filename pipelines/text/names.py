"""Surnames, by how surely they are one.

Many surnames are ordinary words too (和, 于, 时, 经, 方, 高), so how a name is recognised decides how many may count.
"""

from __future__ import annotations

# rarely begin or end an ordinary word
COMMON = (
    "王李张刘陈杨赵黄周吴徐孙胡朱林郭梁宋郑韩唐冯董萧曹袁邓傅沈彭"
    "吕苏卢蒋蔡贾丁魏薛叶余潘杜戴汪姜姚谭廖邹熊陆郝孔崔邱秦侯邵孟"
    "段雷汤尹黎乔贺赖龚庞樊殷翟倪严牛俞章鲁葛韦申毕聂焦柳邢岳齐梅庄辛管祝涂谷舒耿牟卜詹凌费纪靳盛童欧甄褚娄柴柏莫阮喻"
    "蓝覃阎颜裴匡阙谈"
)  # fmt: skip
# a name where 先生 or 女士 follows; 于, 何, 常, 任, 方, 安, 金, 史, 向 only where they do not end a word
TITLED = (
    COMMON
    + "钱许谢马罗夏钟田范石康毛顾万易武文江白程曾袁高龙洪甘伍施尤"
    "伏闵席麻路危米贝臧熊屈项卞穆昝湛祁狄茅蔺温苗花巫单隋"
    "桂宁边卓池闻贡劳逄姬冉宰雍桑濮牟蒲华滕邬缪干裘柯昌艾鱼容慎戈暨衡弘寇禄沃蔚越夔隆"
    "厉敖融冷訾阚饶毋鞠丰巢蒯荆红游竺权逯桓肖付代闫覃仇栾祖符景束幸司薄宿怀鄂索籍羊"
)  # fmt: skip
# a name where a label such as 来电人 stands before it
SURNAMES = TITLED + "于何常任方安金史时"
