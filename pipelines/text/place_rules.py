"""What makes a stretch of complaint text the name of a place: endings, the words around it, and words that are none.

A rule says what a kind of place ends in, how many characters its proper part has, and how sure the ending is. The
words that cannot stand in a name bound it on the left: Chinese writes no blanks, and a dictionary does not know the
names of estates. All lists hold general words; the names of a city stand in its gazetteer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "estate", "road", "community", "village", "street", "town", "district", "school", "hospital", "market", "park",
    "station", "water", "building", "works", "area", "grid",
]  # fmt: skip


@dataclass(frozen=True)
class Ending:
    """What names of one kind end in.

    Attributes:
        kind: what the place is.
        words: the endings, separated by blanks; the longest that fits is taken.
        least, most: characters of the proper part before the ending.
        is_sure: also stands where any word follows. Otherwise (苑, 城, 湖 end common words and stand within longer
            names) what follows must be a word that no name goes on with.
        is_part: whether the ending belongs to the name (公园) or only says what it is (小区).
        is_anchored: whether the name must follow an administrative or another name: most such words are no place.
        extends: whether it joins a name that ends right before it (松雅路 + 隧道).
    """

    kind: Kind
    words: str
    least: int = 2
    most: int = 6
    is_sure: bool = True
    is_part: bool = True
    extends: bool = True
    is_anchored: bool = False


ENDINGS = (
    Ending("road", "大道 路 大街 高架 高架桥 立交桥 立交 大桥 特大桥 隧道 国道 省道 环线", most=4),
    Ending("road", "高速公路 高速 铁路 城铁 联络线", least=2, most=4),
    Ending("road", "街 巷 桥 线", most=4, is_sure=False),
    Ending("community", "社区 居委会", most=6),
    Ending("village", "村 村委会", least=2, most=4, extends=False),
    Ending("street", "街道", most=4),
    Ending("town", "镇", least=1, most=4),
    Ending("town", "乡", least=1, most=4, is_sure=False),
    Ending("school", "小学 中学 大学 学院 幼儿园 附中 附小 高中 初中", most=10),
    Ending("school", "学校", most=10, extends=False),
    Ending("school", "职教城 大学城 商学院 医学院", least=0, most=6),
    Ending("hospital", "人民医院 中心医院 儿童医院 中医院", least=0, most=6),
    Ending("hospital", "医院 卫生院 妇幼保健院", most=9),
    Ending(
        "market",
        "大市场 市场 菜市场 农贸市场 商场 百货 步行街 商业街 购物中心 购物公园 广场 商贸城 商业广场",
        most=7,
    ),
    Ending("park", "公园 景区 风景区 风光带 植物园 动物园 森林公园 湿地公园 体育馆 体育中心 博物馆 图书馆", least=1),
    Ending("station", "机场 火车站 高铁站 汽车站 客运站 地铁站 枢纽", least=1, most=6),
    Ending("station", "汽车东站 汽车南站 汽车西站 汽车北站 火车南站 火车北站", least=0),
    Ending("station", "站", most=6, is_sure=False),
    Ending("water", "湖 河 水库 洲 岛 湾", most=6, is_sure=False),
    Ending("works", "工业园 产业园 科技园 物流园 工业区 开发区 园区 水厂 电厂 基地 产业基地", most=6),
    Ending("building", "大厦 公寓 酒店 宾馆 写字楼 宿舍", most=7, extends=False),
    Ending(
        "estate",
        "花园 家园 嘉园 佳园 名园 名苑 雅苑 华苑 书苑 山庄 公馆 新村 新城 华府 华庭 豪庭 名邸 楼盘 名都 庄园",
        most=8,
    ),
    Ending(
        "estate",
        "园 苑 府 城 庭 郡 邸 轩 阁 墅 谷 畔 滩 国际 之都 之城 人家 星城 时代 世家 天下 世界 庭院 美地 水岸 林语 尚品 "
        "名都 御景 湾畔 年华 春天 小镇 壹号 一号 帝景 美景 水郡 蓝湾",
        most=8,
        is_sure=False,
    ),
    Ending("estate", "居 里 台 院 座 山 中心", most=8, is_sure=False, is_anchored=True),
    Ending("estate", "安置小区 住宅小区 生活小区 小区", most=9, is_part=False),
    Ending("area", "塘 冲 垸 坪 坡 岭 洞", least=1, most=3, is_sure=False, is_anchored=True),
    Ending("area", "片区 新区 组团", most=5, is_sure=False, is_part=False),
)

# what the homes of an estate are called: between an administrative name and one of these stands the estate's name
CUES = "附近 业主 项目 开发商 物业 业委会 售楼部 商品房 安置房 工地 房屋 住户 楼盘"

# no name holds, begins or ends with one of these: verbs, function words, general nouns, times
STOPS = """
放任 包庇 纵容 负一层 院区 的 了 在 是 有 不 请 被 对 从 到 至 与 及 和 让 把 将 给 向 往 靠 离 距 由 为 因 以 等 或
但 而 则 且 还 也 又 再 就 使 我 你 您 他 她 它 这 那 某 各 每 该 本 此 其 谁 哪 啊 吗 呢 吧 呀 去 来 住 位 于 经 沿
个 条 间 处 所 很 太 最 更 没 无 要 能 会 可 关于 反映 反应 投诉 举报 咨询 建议 请求 恳请 恳求 希望 强烈 要求 求助
请问 询问 申请 呼吁 盼望 期盼 期待 感谢 申诉 状告 控告 质疑 反对 抗议 关注 关心 重视 解决 处理 查处 严查 彻查 调查
核实 督促 责令 整治 整改 治理 取缔 打击 制止 阻止 禁止 取消 恢复 加强 加快 加大 尽快 尽早 推进 推动 启动 开通 开放
开设 增设 增加 新增 设立 设置 设计 修建 新建 扩建 改建 兴建 建设 建造 建成 搭建 改造 改善 改进 优化 完善 修复 维修
维护 维权 整修 拓宽 规划 拆迁 拆除 征收 征地 安置 落实 履行 执行 实施 开发 开工 动工 完工 竣工 停工 复工 施工 交房
收房 购买 销售 出售 出租 租房 买房 购房 捆绑 强制 强行 强买 拖欠 拖延 欺骗 欺诈 诈骗 骗取 虚假 宣传 违规 违法 非法
违建 违章 违停 乱停 乱放 乱收费 乱 擅自 私自 随意 随便 恶意 故意 侵占 占用 占道 霸占 强占 破坏 损坏 影响 扰民 污染
噪音 噪声 油烟 臭气 异味 垃圾 排放 排污 漏水 渗水 停水 停电 断水 断电 开裂 坍塌 塌陷 积水 内涝 堵车 拥堵 堵塞 严重
经常 长期 常年 多年 连续 一直 仍然 依然 至今 到底 竟然 居然 究竟 已经 已 正在 即将 何时 何日 什么 时候 为何 为什么
怎么 怎样 如何 是否 能否 可否 有没有 没有 没人 无人 不能 不给 不让 不合理 不作为 不开 无法 存在 出现 发生 导致 造成
引起 带来 遭遇 遭到 涉嫌 涉及 有关 相关 问题 情况 现象 行为 意见 事宜 事情 事件 案件 隐患 安全 质量 环境 卫生 秩序
管理 服务 收费 费用 价格 房价 标准 政策 措施 方案 进展 进度 时间 我们 你们 他们 我家 我村 本人 大家 自己 人民群众
群众 居民 市民 村民 住户 业主 学生 家长 小孩 孩子 老人 农民工 农民 职工 员工 消费者 老百姓 百姓 商户 商家 附近 旁边
周边 周围 对面 隔壁 门口 楼下 楼上 后面 前面 里面 外面 内 外 旁 边 上 下 之间 中间 以南 以北 以东 以西 交汇 交叉
沿线 沿路 一带 地段 路段 段 口 东侧 西侧 南侧 北侧 位于 地处 坐落 通往 前往 途经 经过 直达 到达 连接 延伸 进入 驶入
来自 家住 居住 入住 路过 公司 单位 部门 政府 机关 机构 企业 集团 项目 工程 物业 物业公司 开发商 业委会 管委会 教育局
公安局 派出所 交警 城管 法院 领导 书记 市长 区长 县长 局长 商铺 门面 商业 餐馆 餐饮 饭店 夜宵 烧烤 麻将馆 地下 车库
车位 停车场 停车 停车位 公交 公交车 公交站 地铁口 线路 车辆 货车 渣土车 渣土 摊贩 摊位 流动 道路 马路 公路 高铁 地铁
电梯 配套 设施 绿化 绿地率 路灯 红绿灯 斑马线 天桥 通道 人行 人行道 消防 燃气 天然气 自来水 水质 电费 水费 水电 网络
宽带 信号 房屋 房子 住房 新房 二手房 商品房 安置房 公租房 廉租房 保障房 经济适用房 房产 房产证 产权 精装 精装修 装修
合同 押金 定金 贷款 补贴 补偿 补偿款 资金 工资 社保 医保 公积金 养老 就业 招聘 招生 入学 上学 就读 补课 办学 学位
学区 学费 培训 考试 教育 教师 老师 公办 民办 私立 公立 普惠 普惠性 普惠制 晚间 相约 严抓 严管 变更 隐瞒 设站 两小区
两个 反馈 楼顶 连廊 居民区 组民 商住 住改商 恶臭 半年 彻夜 整夜 通宵 夜夜 步伐 抽成 混乱 脏乱差 烂尾 资质 这个 那个
这些 那些 集体 能够 大致 大约 中心 普惠型 哪个 每个 某个 上个 这样 那样 哪家 一家 这家 那家 数万 数千 规范 调整 那条
这条 门前 门外 一段 这段 那段 半条 整排 同时 刚上 表扬 剩饭 新区 联合 进出 国家 车主 业主委员会 分房 大范围 不顾
不拆 不退 不交 何处 何去何从 无证 无人管 空地 用地 地块 片区 有人 进行 反复 屡次 屡教不改 私装 私搭 占地 纠纷 举办
承包 中介 老板 房东 保安 宿管 校长 保洁 外墙 天花板 墙面 墙体 地面 屋顶 渗漏 爆炸 失火 着火 火灾 超标 偷税 漏税 黑心
霸王 无视 跑路 倒闭 关门 违约 逾期 延期 超期 分期 首付 备案价 毛坯 优质 重点 深夜 夜间 凌晨 半夜 晚上 夜晚 白天 早晚
每天 每晚 天天 今年 去年 明年 年底 近日 最近 目前 现在 周末 上午 下午 昨天 今天 暑假 高峰期 期间 一个 一些 一下 一所
一条 一座 一处 几个 多个 部分 全部 所有 整个 许多 很多 大量 大面积 任何 其他 其它 各个 多处 多次 再次 二次 三次 三问
尊敬 您好 你好 领导好 谢谢 麻烦 拜托 帮忙 帮助 协调 给予 提供 保障 保护 维持 发展 促进 打造 提升 提高 提质 创建 打通
贯通 通车 接通 安装 铺设 种植 新 旧 老 老旧 大型 小型 中型 高层 多层 临街 沿街 整体 公共 公用 公益 社会 城市 全市
全区 全县 全省 全国 市区 城区 县城 郊区 乡村 农村 村里 镇上 镇里 另外 此外 因为 由于 所以 但是 而且 如果 虽然 并且
以及 还有 或者 根据 按照 按 针对 通过 作为 除了 自从 自 早已 曾经 曾 刚刚 终于 始终 越来越 开 办 修 建 拆 停 租 卖
买 做 搞 说 叫 看 走 过 用 收 交 查 管 吵 堵 臭 差 坏 难 挖 占 盖 装 比 像 当 称 受 带 跟 同意 属于 并 未 未经 只 却
仅 违反 违背 收取 发放 办理 领取 缴纳 支付 退还 退款 退费 退房 返还 赔偿 参加 报名 举行 组织 经营 营业 运营 开业
关闭 关停 搬迁 迁移 外迁 引进 落户 强拆 停业 罢工 上班 下班 出行 通行 绕行 行走 行驶 骑行 早点 快点 好多 成 后 前 时
当中 其中 者 之后 之前 之类 之一 都是 都不 都没 都要 都能 都有 都会 都被 都在 都已 东边 西边 南边 北边 左边 右边
变成 红灯 们 么 嘛 着 被遗忘 遗忘 呼唤 求 盼 望 想 问 公示 公布 公开 验收 备案 审批 立案 起诉 判决 上访 信访 回复
答复 承诺 协议 拒绝 拒不 推诿 忽视 缺乏 缺少 不足 不够 短缺 不符 不便 不到位 号线 号 站点 出口 入口 出入口 匝道
收费站 加油站 充电站 充电桩 变电站 变电所 高压线 基站 搅拌站 垃圾站 垃圾场 中转站 焚烧 工厂 厂房 仓库 养殖场 采石场
小区 社区 街道 楼盘 二期 一期 三期 四期 栋 幢 单元 号楼 楼 层 期 超市 原有 原 药店 网吧 酒吧 会所 KTV 售楼处 学校里
幼儿 路边 路中 马路边 东门 西门 南门 北门 正门 大门 侧门 后门 围墙 大院 广场舞 路口 公厕
"""

# one of these may also begin or end a name (和顺路, 新桥村): it bounds a name only if enough is left without it
SOFT = """
和 新 老 上 下 外 内 边 口 望 开 建 装 楼 层 段 旁 号 成 安置 城市 社会 教育 商业 公共 开发 发展 环境 地铁 公交 新建
创建 保障 重点 优质 中间 城区 新房 盼 当
"""

# bound a name also where the dictionary took them for a part of a longer word
HARD = """
的 了 至 在 是 有 被 把 请 让 吗 呢 吧 为 从 到 与 及 或 将 没 很 又 设 旁
"""

# end like a name and are none, whatever stands before
NEVER = """
驿站 网站 加油站 充电站 变电站 垃圾站 中转站 搅拌站 收费站 服务站 工作站 基站 电站 快递站 检测站 总站 转运站 回收站
压缩站 供水站 换热站 泵站 防疫站 计生站 保养站 站点 站台 站长 马路 道路 线路 修路 铁路局 走路 出路 电路 网路 堵路
占路 让路 迷路 路灯 路口 路面 路况 路标 路障 路过 路人 路边 路线 路径 路程 路基 路段 一路上 路上 公路局 农村 乡村
城中村 新农村 自然村 行政村 村民 村里 村干部 村支 村上 城市 县城 进城 城区 城管 城乡 城镇 城际 商城 医保 湖南 湖北
河南 河北 河道 河水 江苏 院长 院士 院子 法院 检察院 研究院 电影院 影院 敬老院 养老院 福利院 住院 出院 入院 医学生
政府 官府 府上 平台 阳台 电视台 窗台 省城 教室里 屋子里 车里 群里 水泥路 泥巴路 机耕路 土马路 美好家园 幸福家园 电台
柜台 台阶 邻居 独居 小山 草坪 桶站 沿街 绿地里 居住 居民 居然 居委会 定居 居家 校园 园林 园区内 公里 里程 里面 这里
那里 家里 哪里 别墅 夜里 心里 屋里 街头 街上 街坊 大街小巷 小街 街区 网线 管线 电线 专线 热线 高压线 前线 沿线 线上
线下 在线 上线 无线 视线 光线 警戒线 底线 第一线 桥梁 天桥 桥下 桥上 桥底 讲座 插座 座位 座谈 客座 中心思想 服务中心
政务中心 活动中心 培训中心 售楼中心 营销中心 管理中心 市中心 物业中心 体检中心 监控中心 检测中心 为中心 数据中心
指挥中心 调度中心 客服中心 健身中心 考试中心 中心城区 购物广场舞 广场舞 时代的 国际化 国际贸易 房地产市场 劳动力市场
人才市场 二手市场 市场监管 市场局 市场管理 市场经济 镇政府 镇长 乡镇 城镇化 村镇 集镇 社区卫生 社区医院 山区 上山
火山 居室 下坡 山坡 鱼塘 水塘 池塘 路坡
"""

# end like a name and are none by themselves
GENERIC = """
城铁站 火车站 马路 公路 道路 线路 修路 一路 铁路 水路 半路 小路 走路 出路 电路 网路 大路 土路 泥路 山路 主路 辅路
支路 断路 堵路 占路 让路 乡道 县道 国道 农村 乡村 本村 全村 各村 我村 村 城中村 每村 新农村 自然村 行政村 示范村
该村 贫困村 地铁站 公交站 车站 公交车站 网站 加油站 充电站 变电站 垃圾站 中转站 搅拌站 收费站 服务站 工作站 基站
电站 水站 驿站 快递站 检测站 总站 转运站 回收站 压缩站 供水站 换热站 泵站 防疫站 计生站 到站 进站 医院 学校 小学
中学 大学 学院 幼儿园 高中 初中 市场 菜市场 农贸市场 商场 公园 广场 酒店 宾馆 公寓 宿舍 大厦 小区 社区 街道 园区
商业街 步行街 一条街 大街 小巷 人行天桥 天桥 立交桥 高架桥 大桥 隧道 高速 高速公路 机场 高铁站 汽车站 城市 全城 县城
古城 进城 花园 家园 别墅 法院 检察院 医学院 研究院 卫生院 电影院 影院 剧院 敬老院 养老院 福利院 大院 政府 官府 平台
阳台 电视台 窗台 省城 教室里 屋子里 车里 群里 水泥路 泥巴路 机耕路 土马路 美好家园 幸福家园 电台 柜台 邻居 定居 安居
新居 群居 故居 旧居 校园 田园 陵园 果园 庭院 院里 家里 村里 镇里 哪里 这里 那里 公里 心里 手里 夜里 网线 路线 管线
电线 专线 热线 光缆线 高压线 一线 前线 沿线 干线 支线 公交线 地铁线 拉线 红线 斑马线 无线 实线 虚线 主线 生产线
房地产市场 劳动力市场 人才市场 房产市场 二手市场 物业市场 市场中心 服务中心 中心 政务中心 活动中心 培训中心 售楼中心
营销中心 管理中心 市中心 国际 时代 世界 天下 新时代 讲座 星座 插座 客座 高山 爬山 上山 首都 成都 旅游景区 景区 驾校
一号 二号 党校 城乡 下乡 返乡 家乡 老乡 回乡 同乡 乡镇 城镇 全镇 集镇 开发区 工业园 工业区 产业园 基地 生活区 商业区
"""
