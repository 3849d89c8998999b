"""The data dictionary: every table and column of the schema that the migrations make, in the words of its comment.

``python -m pipelines.warehouse.dictionary`` writes ``docs/data-dictionary.md``; this is ``make dictionary``.
"""

from __future__ import annotations

import duckdb

from pipelines.settings import CHECKOUT
from pipelines.warehouse.migrate import LEDGER, migrations

PATH = CHECKOUT / "docs" / "data-dictionary.md"
# in the order of the flow; raw has the columns that a city's files bring
_LAYERS = {
    "ops": "运行台账",
    "stg": "清洗层",
    "core": "核心层",
    "cohort": "预测对象",
    "label": "标签",
    "feature": "特征",
    "forecast": "预测",
    "mart": "发布层（快照中的内容）",
}
_HEAD = """# Data dictionary

<!-- Made by `make dictionary` from the comments in sql/migrations; do not edit. -->

Every table of the warehouse with its columns, made by `make dictionary` from the comments in `sql/migrations/`; schemas
in the order of the flow, tables in the order in which the migrations made them. `raw` is left out: it holds the columns
of the files as they came.

本文件由数据库中的注释生成，列出各层的表、字段、类型和含义；供核对口径、取数和交接时查阅。带“（视图）”者为视图，不另存数据。
"""
_RELATIONS = """
select schema_name, table_name, table_oid as oid, comment, false as is_view
from duckdb_tables()
where not internal and schema_name <> 'raw'
union all
select schema_name, view_name, view_oid, comment, true
from duckdb_views()
where not internal and schema_name <> 'raw'
order by oid
"""
_COLUMNS = """
select schema_name, table_name, column_name, data_type, comment
from duckdb_columns()
where not internal and schema_name <> 'raw'
order by column_index
"""


def data_dictionary() -> str:
    """The dictionary as Markdown, from a database in memory that has run every migration."""
    with duckdb.connect(config={"enable_external_access": "false", "threads": 1}) as connection:
        connection.execute(LEDGER)
        for _, _, text in migrations():
            connection.execute(text)
        relations = connection.execute(_RELATIONS).fetchall()
        columns = connection.execute(_COLUMNS).fetchall()
    schemas = list(dict.fromkeys([*_LAYERS, *(schema for schema, *_ in relations)]))
    parts = [_HEAD]
    for schema in schemas:
        parts.append(f"## {schema} {_LAYERS.get(schema, '')}".rstrip() + "\n")
        for _, table, _, comment, is_view in (relation for relation in relations if relation[0] == schema):
            rows = [
                f"| `{name}` | {kind.lower()} | {_cell(meaning)} |"
                for of, owner, name, kind, meaning in columns
                if (of, owner) == (schema, table)
            ]
            parts.append(f"### {schema}.{table}\n")
            parts.append(f"{'（视图）' if is_view else ''}{_cell(comment)}\n")
            parts.append("\n".join(["| 字段 | 类型 | 含义 |", "|---|---|---|", *rows]) + "\n")
    return "\n".join(parts)


def _cell(comment: str | None) -> str:
    return (comment or "").replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PATH.write_text(data_dictionary(), encoding="utf-8")
