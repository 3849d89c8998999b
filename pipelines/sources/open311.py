"""Read the requests of an Open311 GeoReport v2 service, window by window of their request dates.

Requests change after they were made, so the last days are asked for again; what was landed before is known by its
content. Servers are slow, restart and repeat themselves: each page is tried several times, after ever longer waits.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo

import polars as pl

from pipelines.errors import RefusedFile
from pipelines.sources.contract import Source
from pipelines.sources.jsonl_file import as_text, loads
from pipelines.sources.remote import Fetched, connection_uri, row_hashes, without_known

if TYPE_CHECKING:
    import httpx

_PAGE_SIZE = 100
_WINDOW_DAYS = 30
_LOOKBACK_DAYS = 30
_TRIES = 5
_LONGEST_WAIT = 60
_MOST_PAGES = 10_000
_MOST_BYTES = 64 << 20
# a server that ignores the page number sends the first page for ever; one that is busy may repeat a page
_STALE_PAGES = 3
_WINDOW_NAME = re.compile(r".*/(\d{8})-(\d{8})")
# these decide how an empty answer is told from one whose requests lack a value
_FIELDS = (
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description",
    "agency_responsible", "service_notice", "requested_datetime", "updated_datetime", "expected_datetime", "address",
    "address_id", "zipcode", "lat", "long", "media_url",
)  # fmt: skip
_sleep = time.sleep
Known = Callable[[list[str]], set[bytes]]


class _TryAgain(Exception):
    """The server may do better a little later."""

    def __init__(self, words: str, wait: float | None = None) -> None:
        super().__init__(words)
        self.wait = wait


def read(source: Source, timezone: str, landed: list[str], until: dt.date, known: Known) -> Iterator[Fetched]:
    """The requests made before a day that are not known yet; one batch a window.

    Args:
        source: its contract.
        timezone: the city's; times become its local times.
        landed: names of the batches that were landed.
        until: requests of this day and later are left for later.
        known: hashes of the landed rows of some requests.

    Raises:
        RefusedFile: the service cannot be reached or read; names the source and the remedy, and no secret.
    """
    import httpx

    where = f"{source.name} {source.reader.connection}"
    uri = connection_uri(source)
    with httpx.Client(timeout=httpx.Timeout(30, connect=10), follow_redirects=False) as client:
        for first, end in _windows(source, landed, until):
            rows = _requests(client, source, uri, first, end, ZoneInfo(timezone), where)
            if rows:
                frame = _frame(rows)
                new = without_known(frame, known(frame.get_column("service_request_id").drop_nulls().to_list()))
                if new.height:
                    yield Fetched(f"{source.reader.connection}/requests/{first:%Y%m%d}-{end:%Y%m%d}", new)


def first_page(source: Source, timezone: str, today: dt.date, rows: int) -> pl.DataFrame:
    """One page of the newest window, else of the first one.

    Raises:
        RefusedFile: as :func:`read`, or neither has a request.
    """
    import httpx

    where = f"{source.name} {source.reader.connection}"
    uri = connection_uri(source)
    reader = source.reader
    length = dt.timedelta(days=reader.window_days or _WINDOW_DAYS)
    start, zone = reader.start or today, ZoneInfo(timezone)
    with httpx.Client(timeout=httpx.Timeout(30, connect=10), follow_redirects=False) as client:
        for first in dict.fromkeys([max(start, today - length), start]):
            end = min(today, first + length)
            params = {**_parameters(source, first, end, zone), "page_size": str(min(rows, reader.page_size or rows))}
            answer = _page(client, uri, {**params, "page": "1"}, f"{where} {first}至{end}第1页")
            if answer:
                return _frame([_row(request, zone) for request in answer[:rows]])
    raise RefusedFile(f"{where}：首个和最近的时段都没有诉求；请核对 reader.start、service_codes 和 jurisdiction")


def _windows(source: Source, landed: list[str], until: dt.date) -> Iterator[tuple[dt.date, dt.date]]:
    """From the first day, or some days before the last batch ended, to the as-of date; the end is not in the window."""
    reader = source.reader
    first = reader.start or until
    ends = [found[2] for found in map(_WINDOW_NAME.fullmatch, landed) if found]
    if ends:
        back = _LOOKBACK_DAYS if reader.lookback_days is None else reader.lookback_days
        last = dt.datetime.strptime(max(ends), "%Y%m%d").date()
        first = max(first, min(last, until) - dt.timedelta(days=back))
    while first < until:
        end = min(until, first + dt.timedelta(days=reader.window_days or _WINDOW_DAYS))
        yield first, end
        first = end


def _requests(
    client: httpx.Client, source: Source, uri: str, first: dt.date, end: dt.date, zone: ZoneInfo, where: str
) -> list[dict[str, str | None]]:
    """All pages of a window."""
    params = _parameters(source, first, end, zone)
    rows: list[dict[str, str | None]] = []
    seen: set[bytes] = set()
    stale = 0
    for page in range(1, _MOST_PAGES + 1):
        answer = _page(client, uri, {**params, "page": str(page)}, f"{where} {first}至{end}第{page}页")
        mine = [_row(request, zone) for request in answer]
        if not mine:
            return rows
        before = len(rows)
        for row, digest in zip(mine, row_hashes(_frame(mine)), strict=True):
            if digest not in seen:
                seen.add(digest)
                rows.append(row)
        stale = stale + 1 if len(rows) == before else 0
        if stale == _STALE_PAGES:
            return rows
    raise RefusedFile(f"{where}：{first}至{end}超过{_MOST_PAGES}页；请把 reader.window_days 改小")


def _parameters(source: Source, first: dt.date, end: dt.date, zone: ZoneInfo) -> dict[str, str]:
    reader = source.reader
    params = {
        "start_date": _instant(first, zone),
        "end_date": _instant(end, zone),
        "page_size": str(reader.page_size or _PAGE_SIZE),
    }
    if reader.service_codes:
        params["service_code"] = ",".join(reader.service_codes)
    if reader.jurisdiction:
        params["jurisdiction_id"] = reader.jurisdiction
    return params


def _page(client: httpx.Client, uri: str, params: dict[str, str], where: str) -> list[dict[str, Any]]:
    """One page; tried again while the server may do better."""
    import httpx

    words = ""
    for attempt in range(_TRIES):
        try:
            return _asked(client, uri, params, where)
        except httpx.TimeoutException:
            words, wait = "等待超时", None
        except httpx.HTTPError as error:
            words, wait = f"连接中断（{type(error).__name__}）", None
        except _TryAgain as error:
            words, wait = str(error), error.wait
        if attempt + 1 < _TRIES:
            _sleep(min(_LONGEST_WAIT, 2.0**attempt if wait is None else wait))
    raise RefusedFile(f"{where}：{words}，试了{_TRIES}次；请检查网络和对方服务，恢复后下次运行自动补读")


def _asked(client: httpx.Client, uri: str, params: dict[str, str], where: str) -> list[dict[str, Any]]:
    parts = urlsplit(uri)
    secret = dict(parse_qsl(parts.query))
    if parts.password:
        secret["api_key"] = unquote(parts.password)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port else ""
    url = f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}/requests.json"
    with client.stream("GET", url, params={**params, **secret}, headers={"Accept": "application/json"}) as answer:
        status = answer.status_code
        if status == 429 or status >= 500:
            raise _TryAgain(f"对方服务返回 {status}", _retry_after(answer.headers.get("retry-after")))
        if status in (401, 403):
            raise RefusedFile(f"{where}：对方服务拒绝访问（{status}）；请检查连接中的 api_key 和访问许可")
        if status != 200:
            raise RefusedFile(f"{where}：对方服务返回 {status}；请检查连接地址、service_codes 和 jurisdiction")
        content = bytearray()
        for block in answer.iter_bytes():
            content += block
            if len(content) > _MOST_BYTES:
                raise RefusedFile(f"{where}：一页超过{_MOST_BYTES >> 20}MB；请把 reader.page_size 改小")
    try:
        found = loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise _TryAgain("返回的不是正确的JSON") from None
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise _TryAgain("返回的不是Open311诉求列表")
    return found


def _retry_after(given: str | None) -> float | None:
    return float(given) if given and given.isascii() and given.isdigit() else None


def _row(request: dict[str, Any], zone: ZoneInfo) -> dict[str, str | None]:
    row = {name: _clean(as_text(value)) for name, value in request.items()}
    return {name: _local(value, zone) if name.endswith("_datetime") else value for name, value in row.items()}


def _clean(text: str | None) -> str | None:
    """Without NUL and half surrogate pairs, which no database can hold."""
    return text and "".join(c for c in text if c != "\0" and not "\ud800" <= c <= "\udfff")


def _local(text: str | None, zone: ZoneInfo) -> str | None:
    """A time with offset as the city's local time; anything else as it is, for cleaning to judge."""
    try:
        when = dt.datetime.fromisoformat(text or "")
    except ValueError:
        return text
    return when.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if when.tzinfo else text


def _instant(day: dt.date, zone: ZoneInfo) -> str:
    return dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _frame(rows: list[dict[str, str | None]]) -> pl.DataFrame:
    names = dict.fromkeys([*_FIELDS, *(name for row in rows for name in row)])
    return pl.DataFrame([pl.Series(name, [row.get(name) for row in rows], dtype=pl.String) for name in names])
