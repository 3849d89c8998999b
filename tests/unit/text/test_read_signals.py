"""The read step counts signals once a text, and anew when the list changes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from pipelines.cities.lists import SIGNAL_KINDS, Signal
from pipelines.steps.signals import read_signals
from pipelines.warehouse.door import Warehouse
from pipelines.warehouse.migrate import migrate


def test_signals_are_read_once_a_text_and_anew_with_a_new_list(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "w.duckdb")
    migrate(warehouse)
    run = SimpleNamespace(
        warehouse=warehouse,
        city=SimpleNamespace(signals=[Signal(kind="danger", word="着火")]),
        settings=SimpleNamespace(workers=1),
    )

    def tell(number: int, text_hash: str, content: str) -> None:
        with warehouse.writing() as door:
            door.run(
                "insert into stg.hotline_order by name select 'b' as batch_id, $n as row_no, 'h' as source_name, "
                "$n::varchar as record_id, timestamp '2026-01-01' as occurred_at, timestamp '2026-01-01' as known_at, "
                "timestamp '2026-01-01' as entered_at, 'x' as row_hash, true as is_resident, $h as text_hash, $c as content",
                n=number, h=text_hash, c=content,
            )  # fmt: skip

    def counted() -> dict[tuple[str, str], int]:
        with warehouse.reading() as door:
            rows = door.rows("select text_hash, signal_kind, word_count from core.fct_text_signals")
        assert len(rows) == len(SIGNAL_KINDS) * len({row[0] for row in rows})
        return {(text, kind): count for text, kind, count in rows if count}

    tell(1, "a", "电动车着火")
    tell(2, "a", "电动车着火")
    tell(3, "b", "路灯不亮")
    assert read_signals(run) == 2
    assert counted() == {("a", "danger"): 1}
    tell(4, "c", "着火，又着火")
    assert read_signals(run) == 1 and read_signals(run) == 0
    assert counted() == {("a", "danger"): 1, ("c", "danger"): 2}
    run.city.signals = [Signal(kind="urgent", word="路灯")]
    assert read_signals(run) == 3
    assert counted() == {("b", "urgent"): 1}
