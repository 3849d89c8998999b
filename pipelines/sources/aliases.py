"""What the columns of orders, cases and disposals are usually called. For guessing a first contract, never for reading.

A contract names its columns; what is guessed from here is written into one and shown to the engineer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# canonical column, clock or mark -> headers, the surest first
ALIASES: dict[str, tuple[str, ...]] = {
    "key": (
        "工单编号", "工单号", "工单编码", "工单流水号", "诉求编号", "受理编号", "案件号", "案件编号", "案卷编号",
        "案卷号", "事件编号", "信件编号", "信访编号", "流水号", "编号", "记录编号", "业务编号", "任务号", "order_id",
        "order_no", "rec_id", "record_id", "record_number", "case_id", "event_id", "service_request_id", "ticket_id",
        "id",
    ),
    "occurred_at": (
        "来电时间", "来话时间", "提交时间", "上报时间", "诉求时间", "反映时间", "写信时间", "投诉时间", "受理时间",
        "登记时间", "创建时间", "发生时间", "事发时间", "发现时间", "工单时间", "立案时间", "派单时间", "call_time",
        "occurred_at", "requested_datetime", "created_at", "create_time", "created_time", "report_time", "open_date",
    ),
    "entered_at": ("录入时间", "入库时间", "入库日期", "登记入库时间", "entered_at", "insert_time"),
    "known_at": (
        "更新时间", "最后更新时间", "最近更新时间", "修改时间", "最后修改时间", "变更时间", "最后操作时间",
        "数据更新时间", "updated_at", "update_time", "updated_datetime", "last_modified", "modified_at",
        "modify_time",
    ),
    "category": (
        "问题分类", "问题类别", "事项分类", "诉求分类", "诉求类别", "来电类别", "事项代码", "事项名称", "小类名称",
        "小类", "案件小类", "信件类别", "问题类型明细", "末级分类", "分类", "类别", "category", "service_name",
        "main_type_id", "sub_type_name", "issue_type",
    ),
    "channel": (
        "受理渠道", "来源渠道", "诉求来源", "工单来源", "问题来源", "案件来源", "来电渠道", "渠道", "来源",
        "受理方式", "处理受理方式", "反映渠道", "channel", "source", "event_src_name", "origin",
    ),
    "demand_type": (
        "工单类型", "诉求类型", "事项类型", "问题类型", "案件类型", "工单性质", "诉求性质", "demand_type",
        "event_property_name", "request_type",
    ),
    "title": ("标题", "问题标题", "工单标题", "诉求标题", "信件标题", "主题", "title", "subject"),
    "content": (
        "主要内容", "诉求内容", "反映内容", "来电内容", "问题描述", "工单内容", "投诉内容", "咨询内容", "信件内容",
        "案件描述", "事件描述", "内容", "描述", "诉求描述", "content", "description",
    ),
    "caller": (
        "来电人", "反映人", "诉求人", "联系人", "来话人", "来电人姓名", "姓名", "写信人", "上报人", "caller",
        "reporter",
    ),
    "caller_phone": (
        "联系电话", "联系方式", "来电号码", "来电人电话账号", "来电人电话", "手机号码", "手机号", "电话", "电话号码",
        "联系号码", "账号", "phone", "caller_phone", "mobile",
    ),
    "district": (
        "被反映区", "反映区", "区县", "所在区", "所属区", "所属区县", "区", "行政区", "区域", "district",
        "district_name",
    ),
    "street": (
        "被反映街乡镇", "街乡镇", "乡镇街道", "街道乡镇", "被反映街道", "所在街乡镇", "所属街道", "所在街道", "街道",
        "街镇", "镇街", "street", "street_name", "town",
    ),
    "community": (
        "社区", "村社区", "村居", "所属社区", "所在社区", "社区村", "居委会", "社区名称", "村居社区", "居村委",
        "community", "community_name", "neighborhood",
    ),
    "grid_code": (
        "单元网格编码", "网格编码", "单元网格标识码", "所在单元网格标识码", "网格号", "所属网格", "网格", "grid_code",
    ),
    "address": (
        "小区点位", "点位", "详细地址", "发生地点", "发生地址", "问题点位", "事发位置", "事发地址", "诉求地址",
        "地址", "位置描述", "小区", "address", "location",
    ),
    "latitude": ("纬度", "latitude", "lat", "y坐标"),
    "longitude": ("经度", "longitude", "lon", "lng", "long", "x坐标"),
    "unit": (
        "承办单位", "主办单位", "办理单位", "处理单位", "责任单位", "处置单位", "处置部门", "主责单位", "承办部门",
        "责任部门", "unit", "dispose_unit_name", "agency_responsible", "agency",
    ),
    "dispatched_at": ("派单时间", "派遣时间", "首次派遣时间", "交办时间", "转办时间", "下派时间", "立案时间"),
    "due_at": (
        "处置截止时间", "截止时间", "案件截止", "办理时限", "办结期限", "应办结时间", "due_date", "expected_datetime",
    ),
    "closed_at": (
        "办结时间", "结案时间", "完成时间", "办理完成时间", "处置结束时间", "完结时间", "处理时间", "close_time",
        "closed_at", "closed_date", "finish_time",
    ),
    "status": (
        "工单状态", "状态", "当前阶段", "案件阶段名称", "办理状态", "案件状态", "处理状态", "当前状态", "status",
    ),
    "is_resolved": ("是否解决", "解决情况", "是否已解决", "is_resolved", "resolved"),
    "is_satisfied": ("是否满意", "满意度", "评价结果", "满意情况", "群众满意度", "is_satisfied"),
    "linked_record_id": ("关联工单编号", "关联工单", "热线工单编号", "关联编号", "原工单编号", "linked_id"),
    "order_id": ("工单编号", "工单号", "热线工单编号", "关联工单编号", "案件号", "案件编号", "诉求编号", "order_id"),
    "sequence_no": ("序号", "处置序号", "派单序号", "轮次", "次序", "seq", "sequence_no"),
    "signed_at": ("签收时间", "接收时间", "接单时间", "sign_time"),
    "action": ("处理措施", "处置措施", "处理方式", "办理措施", "处理结果", "办理结果", "处置结果", "action"),
    "is_true": ("是否属实", "诉求属实", "属实情况", "is_true"),
    "unresolved_reason": ("未解决原因", "未办结原因", "不解决原因"),
}  # fmt: skip
# headers that only this kind has
MARKS: dict[str, tuple[str, ...]] = {
    "dept_disposal": (
        "处理措施", "处置措施", "签收时间", "是否属实", "未解决原因", "派单序号", "处置序号", "办理措施",
    ),
    "grid_event": (
        "案件号", "案卷编号", "案卷号", "上报时间", "立案时间", "单元网格编码", "网格编码", "大类名称", "小类名称",
        "事项代码", "监督员", "网格员", "结案时间",
    ),
    "hotline_order": (
        "来电时间", "来电人", "诉求内容", "诉求编号", "受理渠道", "来电号码", "工单类型", "是否满意", "写信时间",
    ),
}  # fmt: skip


def plain(header: str) -> str:
    """A header without case, blanks, signs and what stands in brackets: exports decorate their headers."""
    inner = re.sub(r"[(（\[【][^)）\]】]*[)）\]】]", "", header)
    return re.sub(r"[\s_/、\\·:：*\-]+", "", inner or header).lower()


def known_headers(headers: Iterable[str]) -> set[str]:
    """Those of the headers that some alias names."""
    return {header for header in headers if header and plain(header) in _KNOWN}


def header_for(name: str, headers: Iterable[str], taken: Iterable[str] = ()) -> str | None:
    """The header that most likely holds a canonical column, clock or ``key`` or ``category``; None if none does."""
    free: dict[str, str] = {}
    for header in headers:
        if header not in taken:
            free.setdefault(plain(header), header)
    return next((free[plain(alias)] for alias in ALIASES[name] if plain(alias) in free), None)


def kind_of(headers: Iterable[str]) -> str:
    """The kind of record whose own headers are most there; an order in doubt."""
    there = {plain(header) for header in headers}
    hits = {kind: sum(plain(mark) in there for mark in marks) for kind, marks in MARKS.items()}
    return max(("hotline_order", "grid_event", "dept_disposal"), key=lambda kind: hits[kind])


_KNOWN = {plain(alias) for aliases in ALIASES.values() for alias in aliases}
