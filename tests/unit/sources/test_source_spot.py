"""Two systems' ways to write one spot give one pseudonym; what names no spot gives none."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from pipelines.sources.mapping import map_batch


@pytest.fixture
def spot(make_source, numbered, row):
    """The pseudonym of the spot of an address."""

    def of(address: str, key: bytes = b"key") -> str | None:
        frame = pl.DataFrame([row(点位=address, 社区="和平社区")])
        mapped = map_batch(make_source(), numbered(frame), dt.datetime(2025, 9, 3), None, key)
        return mapped.accepted["address_hash"][0]

    return of


@pytest.mark.parametrize(
    "address",
    [
        "阳光花园",
        "阳光花园3号楼2单元",
        "阳光花园十二栋",
        "建设路阳光花园",
        "建设路阳光花园A3号楼",
        "建设路 阳光花园（3号楼）",
        "阳光花园二期",
    ],
)
def test_road_and_door_do_not_matter(spot, address: str) -> None:
    assert spot(address) == spot("阳光花园")


@pytest.mark.parametrize("address", ["", "和平社区", "本小区", "不详", "路边", "市民未说明", "3号楼2单元", "无"])
def test_what_names_no_spot_has_none(spot, address: str) -> None:
    assert spot(address) is None


def test_other_spots_and_other_keys_differ(spot) -> None:
    assert len({spot("阳光花园"), spot("阳光公寓"), spot("阳光花园", b"another key"), spot("建设路")}) == 4
