"""A first contract, guessed from a file: what could not be guessed is said, in the contract and to the engineer."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import yaml

from pipelines.cities.city import City
from pipelines.errors import ConfigurationError, RefusedFile
from pipelines.sources import normalise
from pipelines.sources.aliases import header_for, kind_of, known_headers
from pipelines.sources.contract import DISPOSAL_COLUMNS, EVENT_COLUMNS, Source
from pipelines.sources.peek import Peek, export_day, peek, unpacked

_TITLES = {"hotline_order": "热线工单", "grid_event": "网格案件", "dept_disposal": "部门处置记录"}
_TIMES = ("dispatched_at", "due_at", "closed_at", "signed_at")
# where a record comes from when nobody complained
_STAFF = re.compile("网格|巡查|采集|视频|监督员|监控|无人机|探头|物联|传感|自行发现|上报|部门")
_VOID_WORDS = ("作废", "测试工单", "测试提交", "测试数据")
_MOST_CHANNELS = 30
_READABLE = 0.5


@dataclass
class Draft:
    """A contract in the making.

    Attributes:
        columns: canonical column -> header.
        left: what could not be guessed, with what to do.
    """

    name: str
    kind: str
    path: str
    found: Peek
    headers: list[str]
    sample: pl.DataFrame
    columns: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)

    def take(self, wanted: str, is_time: bool = False) -> str | None:
        """The header that is called like it and, for a time, holds times."""
        tried: list[str] = []
        while (header := header_for(wanted, self.headers, tried)) is not None:
            if not is_time or self.readable(header) >= _READABLE:
                return header
            tried.append(header)
        return None

    def readable(self, header: str) -> float:
        """Share of the values that are times; 0 where there are none."""
        times = self.sample.select(
            text=normalise.to_text(pl.col(header)), time=normalise.in_reach(normalise.to_time(pl.col(header)))
        ).filter(pl.col("text").is_not_null())
        return 1 - times["time"].null_count() / times.height if times.height else 0.0

    def values(self, header: str) -> Counter[str]:
        """How often each value stands in a column of the sample."""
        return Counter(self.sample.select(normalise.to_text(pl.col(header))).to_series().drop_nulls().to_list())


def scaffold(city: City, name: str, path: Path, data_dir: Path | None, kind: str | None) -> tuple[Path, list[str]]:
    """Write ``sources/<name>.yaml`` for a file; returns where it stands and what could not be guessed.

    Raises:
        ConfigurationError: the contract is there already, or the name is none.
        RefusedFile: the file cannot be read.
    """
    target = city.folder / "sources" / f"{name}.yaml"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ConfigurationError(f"{name!r}: a source is named in lower-case letters, digits and _, as in mailbox")
    if target.exists():
        raise ConfigurationError(f"{target}: is there already; remove it first, or choose another name")
    if kind is not None and kind not in _TITLES:
        raise ConfigurationError(f"kind {kind!r}: no such kind; choose {', '.join(_TITLES)}")
    if not path.is_file():
        raise ConfigurationError(f"{path}: no such file; --from names one export")
    draft = _draft(name, path, data_dir, kind)
    text = _contract(draft, city)
    Source.model_validate(yaml.safe_load(text))
    target.parent.mkdir(exist_ok=True)
    with target.open("x", encoding="utf-8") as handle:
        handle.write(text)
    return target, draft.left


def _draft(name: str, path: Path, data_dir: Path | None, kind: str | None) -> Draft:
    if not path.stat().st_size:
        raise RefusedFile(f"{path.name}：文件为空（0字节）；请重新导出")
    with unpacked(path, "csv") as inner:
        found = peek(inner)
    index = found.header_at(known_headers(cell for _, cells in found.rows for cell in cells))
    headers = found.rows[index][1] if found.rows else []
    body = [cells for _, cells in found.rows[index + 1 :]]
    names = list(dict.fromkeys(header for header in headers if header))
    if not names or not body:
        raise RefusedFile(f"{path.name}：没有表头或数据行；请换一份有数据的导出文件")
    places = {header: headers.index(header) for header in names}
    sample = pl.DataFrame(
        {h: [row[place] if place < len(row) else None for row in body] for h, place in places.items()},
        schema=dict.fromkeys(names, pl.String),
    )
    return Draft(name, kind or kind_of(names), _pattern(path, data_dir), found, names, sample)


def _pattern(path: Path, data_dir: Path | None) -> str:
    """Where such files lie: the path below the data folder, the day of export as ``{date}``, other digits as ``*``."""
    folder = ""
    if data_dir is not None and path.resolve().is_relative_to(data_dir.resolve()):
        parent = path.resolve().parent.relative_to(data_dir.resolve()).as_posix()
        folder = "" if parent == "." else f"{parent}/"
    day = export_day(path.name)
    if day is not None:
        return folder + path.name.replace(f"{day:%Y%m%d}", "{date}", 1)
    return folder + re.sub(r"\d[\d\-_.]*(?=\D)", "*", path.stem + "\0").rstrip("\0") + path.suffix


def _contract(draft: Draft, city: City) -> str:
    occurred = draft.take("occurred_at", is_time=True) or _first_time(draft)
    key = _key(draft)
    lines = [
        f"# guessed from a file of {len(draft.headers)} columns; read it, then run: xianban source check {draft.name}",
        f"name: {draft.name}",
        f"title: {_TITLES[draft.kind]}   # what people read: name the system",
        f"kind: {draft.kind}   # hotline_order, grid_event or dept_disposal",
        '# owner: who sends the files; promised_by: "02:00", when they are due',
        f"reader: {_reader(draft)}",
    ]
    if key:
        lines.append(f"key: {_flow(key if len(key) > 1 else key[0])}   # must stay the same from export to export")
    else:
        lines.append("# key: fill in the column that identifies a record; without one its content does")
        draft.left.append("key: no column called like a record number; without a key every update is a new matter")
    if occurred is None:
        draft.left.append(
            "occurred_at: no column with times; replace 发生时间 by the header that says when it happened"
        )
    lines.append(
        f"occurred_at: {_flow(occurred or '发生时间')}" + ("" if occurred else "   # fill in: no column has times")
    )
    lines += _clocks(draft, occurred)
    _guess_columns(draft, key, occurred)
    if draft.columns:
        lines.append("columns:")
        lines += [f"  {name}: {_flow(header)}" for name, header in draft.columns.items()]
    if draft.kind != "dept_disposal":
        lines += _channels(draft) + _issues(draft, city)
    lines += _voided(draft)
    used = {*(key or []), occurred, *draft.columns.values()}
    free = [header for header in draft.headers if header not in used and not any(header in line for line in lines)]
    if free:
        lines.append(f"# not used: {'、'.join(free)}")
    return "\n".join(lines) + "\n"


def _reader(draft: Draft) -> str:
    form = draft.found
    parts = [f"format: {form.format}", f"path: {_flow(draft.path, quoted=True)}"]
    if form.format == "csv":
        parts.append(f"encoding: {form.encoding}")
        if form.separator != ",":
            parts.append(f"separator: {_flow(form.separator, quoted=True)}")
    elif form.encoding == "gb18030":
        parts.append("encoding: gb18030")
    if "{date}" not in draft.path:
        draft.left.append(
            "reader.path: no day of export (YYYYMMDD) in the file name; with one, write {date} in its place"
        )
    return "{" + ", ".join(parts) + "}"


def _key(draft: Draft) -> list[str] | None:
    if draft.kind != "dept_disposal":
        header = draft.take("key")
        return [header] if header else None
    own = next((header for header in draft.headers if header in ("处置编号", "处置单号", "disposal_id")), None)
    parts = [own] if own else [draft.take("order_id"), draft.take("sequence_no")]
    return [part for part in parts if part] or None


def _first_time(draft: Draft) -> str | None:
    readable = [header for header in draft.headers if draft.readable(header) >= 0.9]
    if readable:
        draft.left.append(f"occurred_at: {readable[0]} is only the first column with times; is it when it happened?")
    return readable[0] if readable else None


def _clocks(draft: Draft, occurred: str | None) -> list[str]:
    lines = []
    if (entered := draft.take("entered_at", is_time=True)) is not None:
        lines.append(f"entered_at: {_flow(entered)}")
    known = draft.take("known_at", is_time=True)
    filed = "立案时间" if "立案时间" in draft.headers and occurred != "立案时间" else None
    if known is not None and known != occurred:
        return [*lines, f"known_at: {_flow(known)}   # a wrong clock lets the backtest see the future"]
    draft.left.append("known_at: no update stamp; name one if there is, else write how long a record takes to arrive")
    clock = f"{{from: {filed}, delay: 6h}}" if filed else "{delay: 1d}"
    return [*lines, f"known_at: {clock}   # no update stamp found: fill in its column, or the usual delay"]


def _guess_columns(draft: Draft, key: list[str] | None, occurred: str | None) -> None:
    allowed = DISPOSAL_COLUMNS if draft.kind == "dept_disposal" else EVENT_COLUMNS
    taken = {header_for("category", draft.headers)} - {None} if draft.kind != "dept_disposal" else set()
    taken |= {*(key or []), occurred} if draft.kind != "dept_disposal" else set()
    for name in allowed:
        header = draft.take(name, is_time=name in _TIMES)
        if header is not None and header not in taken:
            draft.columns[name] = header
            taken.add(header)
    if draft.kind == "dept_disposal" and "order_id" not in draft.columns:
        draft.columns["order_id"] = "工单编号"
        draft.left.append(
            "columns.order_id: replace 工单编号 by the header with the number of the order that was handled"
        )
    if draft.kind != "dept_disposal" and "community" not in draft.columns and "latitude" not in draft.columns:
        draft.left.append("columns.community: no such column found; what has no place is not forecast")


def _channels(draft: Draft) -> list[str]:
    header = draft.columns.get("channel")
    if draft.kind == "grid_event":
        return ["resident_channels: none   # a patrol's cases are no complaints; list the channels that are"]
    if header is None:
        draft.left.append("resident_channels: no column tells channels apart, so all records count as residents'")
        return ["resident_channels: all   # no channel column: right only if residents alone are recorded here"]
    found = draft.values(header)
    if len(found) > _MOST_CHANNELS:
        draft.left.append(f"columns.channel: {header} has {len(found)} values in a few rows; is it the channel?")
    ours = [value for value, _ in found.most_common(_MOST_CHANNELS) if not _STAFF.search(value)]
    staff = [value for value in found if _STAFF.search(value)]
    lines = [f"resident_channels: {_flow(ours)}   # only these are counted and forecast; add what the sample lacks"]
    draft.left.append("resident_channels: the values of the first rows; add others, remove what no resident says")
    return lines + ([f"# left out, as patrols and staff: {'、'.join(staff)}"] if staff else [])


def _issues(draft: Draft, city: City) -> list[str]:
    header = draft.take("category")
    if header is None:
        draft.left.append("issues: no category column found; without one nothing of this source is forecast")
        return ["# issues: {from: the column with the category, system: its name in issue_map.csv}"]
    values = set(draft.values(header))
    systems: dict[str, set[str]] = {}
    for row in city.issue_map:
        systems.setdefault(row.system, set()).add(row.value)
    best = max(systems, key=lambda system: len(values & systems[system]), default=draft.name)
    system = best if 2 * len(values & systems.get(best, set())) >= len(values) > 0 else draft.name
    if system not in systems:
        draft.left.append(f"issue_map.csv: add a line of system {system!r} for each category of {header}")
    return [f"issues: {{from: {_flow(header)}, system: {system}}}"]


def _voided(draft: Draft) -> list[str]:
    marks = []
    for name in ("status", "title", "content"):
        header = draft.columns.get(name)
        texts = " ".join(draft.values(header)) if header else ""
        words = [word for word in _VOID_WORDS if word in texts]
        if words:
            marks.append(f"  - {{column: {_flow(header)}, contains: {_flow(words)}}}")
    if marks:
        return ["voided:", *marks]
    return ["# voided: [{column: the status, contains: [作废]}]   # the words that mark voided and test records"]


def _flow(value: object, quoted: bool = False) -> str:
    """A value as it stands inside YAML."""
    style = '"' if quoted else None
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000, default_style=style)
    return text.removesuffix("\n").removesuffix("\n...")
