"""Numbered migrations: the only owner of table definitions and comments."""

from __future__ import annotations

import hashlib

import duckdb

from pipelines.errors import WarehouseError
from pipelines.settings import checkout_sql_dir
from pipelines.warehouse.door import Warehouse

LEDGER = """
create schema if not exists ops;
create table if not exists ops.migrations (
    version integer primary key,
    name varchar not null,
    content_hash varchar not null
);
comment on table ops.migrations is '已执行的结构变更';
comment on column ops.migrations.version is '序号';
comment on column ops.migrations.name is '文件名';
comment on column ops.migrations.content_hash is '内容哈希';
"""


def migrations() -> list[tuple[int, str, str]]:
    """All migrations of this checkout as (version, file name, text), in order.

    Raises:
        WarehouseError: two have the same number. A gap is none: numbers are given out before the files are written.
    """
    paths = sorted((checkout_sql_dir() / "migrations").glob("[0-9]*.sql"))
    found = [(int(path.name.split("_")[0]), path.name, path.read_text(encoding="utf-8")) for path in paths]
    versions = [version for version, _, _ in found]
    if len(set(versions)) < len(versions):
        raise WarehouseError(f"sql/migrations is numbered {versions}; give every file a number of its own")
    return found


def migrate(warehouse: Warehouse) -> list[str]:
    """Bring the warehouse to this checkout's schema, each migration in its own transaction.

    Returns:
        The names of the migrations that ran now.

    Raises:
        WarehouseError: the warehouse was made by a newer version, or a migration that already ran has been edited.
    """
    known = migrations()
    done: list[str] = []
    with warehouse.exclusive() as connection:
        connection.execute(LEDGER)
        applied = dict(connection.execute("select version, content_hash from ops.migrations").fetchall())
        unknown = set(applied) - {version for version, _, _ in known}
        if unknown:
            raise WarehouseError(
                f"{warehouse.path} holds migrations {sorted(unknown)} that this version does not know; "
                "update the checkout, or restore a backup made by this version"
            )
        for version, name, text in known:
            content_hash = hashlib.sha256(text.encode()).hexdigest()
            if version in applied:
                if applied[version] != content_hash:
                    raise WarehouseError(
                        f"sql/migrations/{name} was edited after it ran on {warehouse.path}; "
                        "restore the file and put the change into a new migration"
                    )
                continue
            connection.execute("begin transaction")
            try:
                connection.execute(text)
                connection.execute("insert into ops.migrations values (?, ?, ?)", [version, name, content_hash])
                connection.execute("commit")
            except duckdb.Error as error:
                connection.execute("rollback")
                raise WarehouseError(
                    f"sql/migrations/{name} failed on {warehouse.path} ({error}); correct it, nothing of it was kept"
                ) from None
            done.append(name)
    return done
