"""Gather records into incidents: the same matter, by what is said, where and when.

Records come in the order in which they became known. Each joins the incident whose records of the window it is most
like *on average* (not: most like one of them, by which chains of half-similar records would join anything), or begins
its own; the fewer records the average is over, the higher it must be. An incident that has grown is compared with its
neighbours in the same way, and the younger joins the elder.

What is promised: an incident bears the id of the record that began it and keeps it however it grows; a record that
arrives late but happened earlier does not rename it; a record leaves its incident only with all the others, when that
joins an elder one. Days fed one by one give exactly what the same days fed at once give, since words are weighed with
the records known up to the day that is read.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from models.incident_links import LINKS, LinkRule, Records

MEMBERS = {"record_id": pl.String, "incident_id": pl.String, "similarity": pl.Float64}
MERGES = {"incident_id": pl.String, "elder_incident_id": pl.String, "similarity": pl.Float64}


@dataclass(frozen=True)
class GrowthRule:
    """How alike records of one incident are: on average, and more so where the average is over few.

    The mean over n pairs strays by about 1/√n, so one pair must be far more alike than two groups of ten need to be.
    Otherwise the first weak resemblance would decide, before the records come that a record belongs with.

    Attributes:
        least: mean similarity that many pairs need.
        few: what one pair needs on top.
    """

    least: float = 0.14
    few: float = 0.12

    def margin(self, total: float, pairs: int) -> float:
        """By how much similarities that add up to ``total`` over so many pairs exceed what is needed."""
        return total / pairs - self.least - self.few / math.sqrt(pairs)


@dataclass
class Incidents:
    """Incidents that grow day by day.

    Args:
        links: how records are compared.
        growth: when they are one.
    """

    links: LinkRule = field(default_factory=LinkRule)
    growth: GrowthRule = field(default_factory=GrowthRule)

    def __post_init__(self) -> None:
        self._records = Records(self.links)
        self._ids: list[str] = []
        self._days: list[int] = []
        self._incident_of: list[int] = []  # by row; an incident is the row that began it
        self._similarity: list[float] = []
        self._members: dict[int, list[int]] = {}
        self._member_days: dict[int, list[int]] = {}  # sorted
        self._near: defaultdict[int, dict[int, float]] = defaultdict(dict)  # summed similarities between incidents

    def add_day(self, records: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Take in the records that became known on one day.

        Args:
            records: one row a record: record_id, occurred_at, title_tokens, tokens, title_places, places, and what
                :meth:`Records.add` may be told beside.

        Returns:
            The new links (record_id, earlier_record_id, similarity; 0–1) and the merges (incident_id,
            elder_incident_id, similarity) of the day. Whole days only: words are weighed once a day.
        """
        records = records.sort("occurred_at", "record_id")
        rows = self._records.add(records)
        self._ids += records["record_id"].to_list()
        self._days += records["occurred_at"].dt.epoch("d").to_list()
        found: list[pl.DataFrame] = []
        merges: list[tuple[str, str, float]] = []
        ids = self._ids
        for links in self._records.links(rows):
            bounds, others, values = links.bounds.tolist(), links.others.tolist(), links.values.tolist()
            for row, begin, end in zip(links.rows, bounds, bounds[1:], strict=False):
                joined = self._join(row, others[begin:end], values[begin:end])
                merges += [(ids[one], ids[elder], value) for one, elder, value in joined]
            later = np.repeat(np.array(ids[links.rows.start : links.rows.stop], dtype=object), np.diff(links.bounds))
            found.append(pl.DataFrame([later.tolist(), [ids[other] for other in others], links.values], schema=LINKS))
        return pl.concat([pl.DataFrame(schema=LINKS), *found]), pl.DataFrame(merges, schema=MERGES, orient="row")

    def restore(self, members: pl.DataFrame, near: pl.DataFrame, days: Iterable[pl.DataFrame], next_day: int) -> None:
        """Take up where earlier days ended.

        Args:
            members: record_id, occurred_at, incident_id, similarity of all records, as they were taken in.
            near: one_id, other_id, total: the summed similarities between the incidents.
            days: the last of them again, day by day as they were given to :meth:`add_day`, from
                :meth:`Records.begin_of` on: their words still count.
            next_day: the day (since 1970) that will be added next.
        """
        self._ids = members["record_id"].to_list()
        self._days = members["occurred_at"].dt.epoch("d").to_list()
        self._similarity = members["similarity"].to_list()
        begun: dict[str, int] = {}
        for row, (incident_id, day) in enumerate(zip(members["incident_id"], self._days, strict=True)):
            incident = begun.setdefault(incident_id, row)
            self._incident_of.append(incident)
            self._members.setdefault(incident, []).append(row)
            insort(self._member_days.setdefault(incident, []), day)
        for one, other, total in near.select("one_id", "other_id", "total").iter_rows():
            self._bring_near(begun[one], begun[other], total)
        rows = {record_id: row for row, record_id in enumerate(self._ids)}
        self._records = Records(self.links, members.height)
        for at, texts in enumerate(days):
            texts = texts.sort("occurred_at", "record_id")
            if at == 0:
                self._records = Records(self.links, rows[texts["record_id"][0]])
            known = texts.select(pl.col("known_at").dt.epoch("d").max()).item()
            self._records.add(texts, is_past=known // self.links.weigh_days < next_day // self.links.weigh_days)

    def members(self) -> pl.DataFrame:
        """Grain: record. Key: record_id. ``similarity`` is the mean at which it joined, 1 for the first."""
        ids = self._ids
        return pl.DataFrame(
            {
                "record_id": ids,
                "incident_id": [ids[incident] for incident in self._incident_of],
                "similarity": self._similarity,
            },
            schema=MEMBERS,
        )

    def _join(self, row: int, others: list[int], values: list[float]) -> Iterable[tuple[int, int, float]]:
        sums: dict[int, float] = {}
        incident_of = self._incident_of
        for other, value in zip(others, values, strict=True):
            near = incident_of[other]
            sums[near] = sums.get(near, 0.0) + value
        least = self.growth.least
        # a mean is never above the sum
        margins = [
            (self.growth.margin(total, self._active(near, row)), -near)
            for near, total in sums.items()
            if total >= least
        ]
        margin, negative = max(margins, default=(-1.0, 0))
        is_first = margin < 0
        incident = row if is_first else -negative
        similarity = 1.0 if is_first else round(sums[incident] / self._active(incident, row), 6)
        self._incident_of.append(incident)
        self._similarity.append(similarity)
        self._members.setdefault(incident, []).append(row)
        insort(self._member_days.setdefault(incident, []), self._days[row])
        for other, total in sums.items():
            if other != incident:
                self._bring_near(incident, other, total)
        return self._merge(incident, sums.keys() - {incident})

    def _active(self, incident: int, row: int) -> int:
        """Members that a link could have reached."""
        days, day, window = self._member_days[incident], self._days[row], self.links.window_days
        near = bisect_right(days, day + window) - bisect_left(days, day - window)
        return max(1, min(near, self.links.most_links))

    def _bring_near(self, one: int, other: int, total: float) -> None:
        self._near[one][other] = self._near[one].get(other, 0.0) + total
        self._near[other][one] = self._near[other].get(one, 0.0) + total

    def _merge(self, incident: int, grown: Iterable[int]) -> list[tuple[int, int, float]]:
        """Join the incident with neighbours; only those that it has come nearer to (``grown``) can be near enough."""
        merged = []
        while grown:
            size, near = len(self._members[incident]), self._near[incident]
            margin, negative = max(
                (self.growth.margin(near[other], size * len(self._members[other])), -other) for other in grown
            )
            if margin < 0:
                break
            elder, younger = sorted((incident, -negative))
            likeness = near[-negative] / (size * len(self._members[-negative]))
            merged.append((younger, elder, round(likeness, 6)))
            for member in self._members[younger]:
                self._incident_of[member] = elder
            self._members[elder] += self._members.pop(younger)
            self._member_days[elder] = sorted(self._member_days[elder] + self._member_days.pop(younger))
            for other, total in self._near.pop(younger).items():
                del self._near[other][younger]
                if other != elder:
                    self._bring_near(elder, other, total)
            incident = elder
            grown = list(self._near[elder])
        return merged


def find_incidents(
    records: pl.DataFrame, links: LinkRule | None = None, growth: GrowthRule | None = None
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Incidents of records already known, day by day in the order in which they became known.

    Args:
        records: as for :meth:`Incidents.add_day`, with known_at.
        links: how records are compared.
        growth: when they are one.

    Returns:
        Members, links and merges.
    """
    incidents = Incidents(links or LinkRule(), growth or GrowthRule())
    days = [
        incidents.add_day(day)
        for _, day in sorted(records.group_by(pl.col("known_at").dt.date().alias("day")), key=lambda part: part[0])
    ]
    found, merges = zip(*days, strict=True) if days else ((), ())
    return (
        incidents.members(),
        pl.concat([pl.DataFrame(schema=LINKS), *found]),
        pl.concat([pl.DataFrame(schema=MERGES), *merges]),
    )
