"""Killed at any moment and run again, the flow ends with the very tables of a run that nobody disturbed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.conftest import SmallCity
from tests.faults.conftest import CALLS, Undisturbed
from tests.faults.tiny import content_of, new_home
from tests.faults.zygote import Zygote

# how often a step is chosen; the per-source ones are four each
WEIGHTS = {"land": 3, "clean": 3, "validate": 1, "conform": 8, "publish": 8, "prepare": 4, "read": 3}
KILLS_A_ROUND = 20


def disturbed(city: SmallCity, forker: Zygote, plan: list[tuple[str, str | None]], seconds: dict, seed: int) -> int:
    """Run the flow; each entry of the plan kills that step once at a random moment before it may finish."""
    moments = random.Random(seed)
    killed = 0
    for call in CALLS:
        for _ in range(plan.count(call)):
            done = forker.run(city, *call, kill_after=moments.uniform(0, 1.1) * seconds[call])
            killed += done["status"] == -9
            assert done["status"] in (0, -9), (call, seed)
        assert forker.run(city, *call)["status"] == 0, (call, seed)
    return killed


def test_a_few_kills_change_nothing(
    tiny_city: SmallCity, forker: Zygote, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    expected, seconds = undisturbed.content, undisturbed.seconds
    plan = [("land", "hotline"), ("clean", "hotline"), ("validate", "grid"), ("conform", None), ("read", None),
            ("publish", None)]  # fmt: skip
    city = new_home(tiny_city, tmp_path)
    disturbed(city, forker, plan, seconds, seed=1)
    assert content_of(city) == expected


@pytest.mark.faults
def test_kills_change_nothing(
    tiny_city: SmallCity, forker: Zygote, undisturbed: Undisturbed, tmp_path: Path, faults: int
) -> None:
    expected, seconds = undisturbed.content, undisturbed.seconds
    choices = random.Random(7)
    killed = tried = 0
    # a step may end before its moment comes, so only those count that were hit
    while killed < faults:
        assert tried < 20 * faults, f"steps end before they can be killed: {killed} of {tried} were hit"
        round_kills = min(KILLS_A_ROUND, 2 * (faults - killed))
        plan = choices.choices(CALLS, [WEIGHTS.get(name, 1) for name, _ in CALLS], k=round_kills)
        city = new_home(tiny_city, tmp_path / str(tried))
        killed += disturbed(city, forker, plan, seconds, seed=tried)
        found = content_of(city)
        differing = {name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)}
        assert not differing, f"round with seed {tried}: {sorted(differing)}"
        tried += round_kills
    print(f"kills tried={tried} hit={killed} differences=0")
