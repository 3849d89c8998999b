"""Random harm to the files of a source, as people, programs and networks do it."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import yaml

from tests.faults.counter import table_of
from tests.faults.workbook import sheet_xml, workbook

_BROKEN_TIMES = (
    "明天",
    "2026-13-45 10:00:00",
    "1899-12-30 00:00:00",
    "9999-12-31 00:00:00",
    "1970-01-01 08:00:00",
    "??",
)


def mutate(data: Path, contracts: Path, seed: int) -> None:
    """Rewrite every file of every source with random faults that are no ground to refuse it."""
    chance = random.Random(seed)
    for contract_file in sorted(contracts.glob("*.yaml")):
        contract = yaml.safe_load(contract_file.read_text(encoding="utf-8"))
        for path in sorted((data / contract["name"]).iterdir()):
            header, rows = table_of(path, contract)
            rows = [row + [""] * (len(header) - len(row)) for row in rows]
            table = _harmed(contract, header, rows, chance)
            path.write_bytes(_with_broken_bytes(_encoded(contract, table), contract, len(table), chance))


def _harmed(contract: dict, header: list[str], rows: list[list[str]], chance: random.Random) -> list[list[str]]:
    at = {name: i for i, name in enumerate(header)}
    keys = contract["key"] if isinstance(contract["key"], list) else [contract["key"]]
    clock = contract["known_at"]["from"] if isinstance(contract["known_at"], dict) else contract["known_at"]
    done: list[list[str]] = []
    for row in rows:
        draw, row = chance.random(), list(row)
        if draw < 0.05:
            continue
        if draw < 0.10:
            done.append(list(row))
        elif draw < 0.13:
            row[at[chance.choice(keys)]] = chance.choice(["", " ", "--"])
        elif draw < 0.16:
            row[at[contract["occurred_at"]]] = chance.choice(_BROKEN_TIMES)
        elif draw < 0.18:
            row[at[clock]] = chance.choice(["", "?", "9999-12-31 00:00:00"])
        elif draw < 0.21 and contract.get("voided"):
            mark = chance.choice(contract["voided"])
            row[at[mark["column"]]] += chance.choice(mark["contains"])
        elif draw < 0.25:
            row[at[chance.choice([name for name in header if name not in keys])]] = chance.choice(["改", "0", "=1+1"])
        done.append(row)
    chance.shuffle(done)
    order = list(range(len(header)))
    chance.shuffle(order)
    extra = [f"附加{i}" for i in range(chance.randint(0, 3))]
    table = [[header[i] for i in order] + extra]
    table += [[row[i] for i in order] + [chance.choice(["", "x", "一,二"]) for _ in extra] for row in done]
    if contract["reader"]["format"] == "csv" and done:
        chance.choice(table[1:]).append("多出的字段")
    return table


def _with_broken_bytes(content: bytes, contract: dict, rows: int, chance: random.Random) -> bytes:
    """Bytes that are no text in up to three rows of a CSV: so many are no ground to refuse it."""
    if contract["reader"]["format"] != "csv":
        return content
    lines = content.split(b"\r\n")
    for number in {chance.randint(1, rows) for _ in range(chance.randint(0, 3))}:
        if number < len(lines) and lines[number].count(b",") and b'"' not in lines[number]:
            cells = lines[number].split(b",")
            cells[chance.randrange(len(cells))] += chance.choice([b"\xff", b"\0", b"\xff\xfe"])
            lines[number] = b",".join(cells)
    return b"\r\n".join(lines)


def _encoded(contract: dict, table: list[list[str]]) -> bytes:
    if contract["reader"]["format"] == "xlsx":
        return workbook(sheet_xml(table))
    text = io.StringIO(newline="")
    csv.writer(text).writerows(table)
    return text.getvalue().encode(contract["reader"].get("encoding", "utf-8"))
