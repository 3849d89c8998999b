"""Which files of a drop folder are taken in."""

from __future__ import annotations

from pathlib import Path

from pipelines.sources.readers import files_of


def names(found: list[tuple[Path, str | None]]) -> list[tuple[str, str | None]]:
    return [(path.name, day) for path, day in found]


def test_files_come_oldest_first_with_their_day(tmp_path: Path, make_source) -> None:
    for name in ("orders_20250902.csv", "orders_20250901.csv", "orders_2025.csv", "other_20250901.csv"):
        (tmp_path / name).write_bytes(b"x")
    assert names(files_of(make_source(), tmp_path)) == [
        ("orders_20250901.csv", "20250901"),
        ("orders_20250902.csv", "20250902"),
    ]


def test_a_day_that_does_not_exist_is_unknown_and_the_file_still_counts(tmp_path: Path, make_source) -> None:
    (tmp_path / "orders_20251345.csv").write_bytes(b"x")
    assert names(files_of(make_source(), tmp_path)) == [("orders_20251345.csv", None)]


def test_a_pattern_without_a_day(tmp_path: Path, make_source) -> None:
    (tmp_path / "a_1.csv").write_bytes(b"x")
    assert names(files_of(make_source(reader={"format": "csv", "path": "a_*.csv"}), tmp_path)) == [("a_1.csv", None)]


def test_links_and_folders_are_left_out(tmp_path: Path, make_source) -> None:
    outside = tmp_path / "outside"
    inside = tmp_path / "drop"
    outside.mkdir()
    inside.mkdir()
    (outside / "orders_20250901.csv").write_bytes(b"secret")
    (inside / "orders_20250902.csv").symlink_to(outside / "orders_20250901.csv")
    (inside / "orders_20250903.csv").mkdir()
    (inside / "sub").symlink_to(outside)
    (inside / "orders_20250904.csv").write_bytes(b"x")
    assert names(files_of(make_source(), inside)) == [("orders_20250904.csv", "20250904")]
    assert files_of(make_source(reader={"format": "csv", "path": "sub/*.csv"}), inside) == []


def test_a_missing_folder_holds_no_files(tmp_path: Path, make_source) -> None:
    assert files_of(make_source(), tmp_path / "nowhere") == []
