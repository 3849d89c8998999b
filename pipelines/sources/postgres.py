"""Read a table or query of PostgreSQL from a position of its cursor column on.

One read is one snapshot of the database: a read-only transaction, streamed by a cursor on the server, with every value
turned into text there. Rows at the last position are read again, since others of the same moment may have come, and
with an overlap those shortly before it, since a long transaction commits late what it stamped early; those already
landed are known by their content.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from typing import Any

import polars as pl

from pipelines.errors import RefusedFile
from pipelines.sources.contract import Source
from pipelines.sources.remote import Fetched, connection_name, connection_uri, without_known

_BATCH_ROWS = 50_000
_SESSION: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "application_name": "xianban",
    "client_encoding": "UTF8",
}
_WITH_ZONE = 1184  # the type timestamptz
_TIMES = {_WITH_ZONE: "timestamptz", 1114: "timestamp", 1082: "date"}
# SQLSTATE classes whose message tells of our statement and not of rows or passwords
_SAID_OF_STATEMENT = "42"


def read(source: Source, timezone: str, position: str | None, known: set[bytes], number: int) -> Iterator[Fetched]:
    """Rows from a position on that are not known, in the order of the cursor, in batches.

    Args:
        source: its contract.
        timezone: the city's; times with a zone become its local times.
        position: the cursor's greatest value landed, as text; None reads all.
        known: hashes of landed rows from that position, less the overlap, on, or without a value in the cursor column.
        number: of the last batch that was landed; the next ones count on.

    Raises:
        RefusedFile: the server cannot be reached or read; names the source and the remedy, and no secret.
    """
    for frame in _asked(source, timezone, position, None):
        new = without_known(frame, known)
        if new.height:
            number += 1
            reached = new.get_column(str(source.reader.cursor))[-1]
            if source.reader.overlap and position:  # ISO times, whose order is that of their text
                reached = max(position, reached or "")
            yield Fetched(f"{series(source)}{number:08d} {reached or ''}".rstrip(), new)


def first_rows(source: Source, timezone: str, today: dt.date, rows: int) -> pl.DataFrame:
    """Some rows as reading would give them, those with the least cursor; without rows, their columns.

    Raises:
        RefusedFile: as :func:`read`, or there are no rows.
    """
    for frame in _asked(source, timezone, None, rows):
        return frame
    raise RefusedFile(f"{source.name} {source.reader.connection}：还没有数据行；请核对 reader.table 或 reader.query")


def _asked(source: Source, timezone: str, position: str | None, most: int | None) -> Iterator[pl.DataFrame]:
    """The rows from a position on, ``most`` of them at most, with all that goes wrong as a refusal."""
    where = f"{source.name} {source.reader.connection}"
    uri = connection_uri(source)
    try:
        import psycopg
    except ImportError:
        raise RefusedFile(f"{where}：没有安装 psycopg；请安装 requirements.lock 中的依赖") from None
    try:
        with psycopg.connect(uri, **_SESSION) as connection:
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            yield from _frames(connection, source, timezone, position, most, where)
    except UnicodeError:
        raise RefusedFile(f"{where}：有不是 UTF-8 的文字；请数据库管理员核对库的编码（SQL_ASCII 库须先转码）") from None
    except psycopg.Error as error:
        raise RefusedFile(f"{where}：{_explained(error, source)}") from None


def series(source: Source) -> str:
    """What the names of all batches begin with that were read in one order; another order begins at the first row.

    Number and last cursor value follow, so that reading on needs no rows, which may have been purged.
    """
    reader = source.reader
    origin = reader.table
    if origin is None:
        origin = f"query-{hashlib.sha256((reader.query or '').encode()).hexdigest()[:8]}"
    return f"{reader.connection}/{origin}/{reader.cursor}/"


def _frames(
    connection: Any, source: Source, timezone: str, position: str | None, most: int | None, where: str
) -> Iterator[pl.DataFrame]:
    from psycopg import sql

    reader = source.reader
    connection.execute("select set_config('timezone', %s, true), set_config('datestyle', 'ISO', true)", [timezone])
    origin: sql.Composable
    if reader.table is not None:
        origin = sql.Identifier(*reader.table.split("."))
    else:
        origin = sql.SQL("({})").format(sql.SQL((reader.query or "").strip().rstrip(";")))
    head = connection.execute(sql.SQL("select * from {} as q limit 0").format(origin))
    types = {column.name: column.type_code for column in head.description}
    if reader.cursor not in types:
        raise RefusedFile(f"{where}：没有游标列“{reader.cursor}”，有{'、'.join(types)}；请改正来源配置的 reader.cursor")
    texts = [
        sql.SQL("({} at time zone current_setting('timezone'))::text" if code == _WITH_ZONE else "{}::text").format(
            sql.Identifier("q", name)
        )
        for name, code in types.items()
    ]
    column = sql.Identifier("q", str(reader.cursor))
    since: sql.Composable = sql.Literal(position)
    if reader.overlap_length is not None:
        kind = _TIMES.get(types[reader.cursor])
        if kind is None:
            raise RefusedFile(
                f"{where}：游标列“{reader.cursor}”不是时间，不能往回多读；请删去 reader.overlap，或改用时间列作游标"
            )
        since = sql.SQL("{}::{} - {}").format(since, sql.SQL(kind), sql.Literal(reader.overlap_length))
    after: sql.Composable = sql.SQL("")
    if position is not None:
        after = sql.SQL("where {c} >= {p} or {c} is null").format(c=column, p=since)
    statement = sql.SQL("select {} from {} as q {} order by {} nulls first limit {}").format(
        sql.SQL(", ").join(texts), origin, after, column, sql.Literal(most)
    )
    with connection.cursor(name="xianban") as rows:
        rows.execute(statement)
        while block := rows.fetchmany(most or reader.batch_rows or _BATCH_ROWS):
            values = zip(*block, strict=True)
            yield pl.DataFrame([pl.Series(n, v, dtype=pl.String) for n, v in zip(types, values, strict=True)])


def _explained(error: Any, source: Source) -> str:
    """What went wrong and what to do. The driver's own words may quote the URI, so they are used only where safe."""
    state = error.sqlstate or ""
    name = connection_name(source)
    if state.startswith("28"):
        return f"数据库拒绝登录（{state}）；请检查环境变量 {name} 的用户和口令，及数据库的访问许可"
    if state.startswith("3D"):
        return f"没有这个数据库（{state}）；请检查环境变量 {name} 中的库名"
    if state == "42501":
        return f"没有读取权限（{state}）；请给该用户授予 select 权限"
    if state.startswith(_SAID_OF_STATEMENT):
        return f"查询不能执行（{state} {error.diag.message_primary}）；请改正来源配置的 reader.table 或 reader.query"
    if not state or state.startswith("08") or state.startswith("57"):
        kind = type(error).__name__
        return f"数据库连接不上或中途断开（{state or kind}）；请检查主机、端口、网络和服务，恢复后下次运行自动补读"
    return f"读取失败（{state}）；请联系数据库管理员，恢复后下次运行自动补读"
