"""What every step is given: the city, the as-of date, the warehouse; and what it gives back: counts."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pipelines.cities.city import City
from pipelines.errors import AccountingError, ConfigurationError
from pipelines.settings import Settings
from pipelines.sources.contract import Source
from pipelines.sources.contract_file import load_sources
from pipelines.sources.readers import files_of
from pipelines.warehouse.door import Warehouse

log = logging.getLogger("xianban")
Item = TypeVar("Item")
BLOCK_ROWS = 100_000


@dataclass(frozen=True)
class Run:
    """One run of the flow.

    Attributes:
        as_of_date: data known before its 00:00, city-local, is visible; the forecast covers the 7 days from it.
    """

    settings: Settings
    as_of_date: dt.date

    @cached_property
    def city(self) -> City:
        """The configured city."""
        return City(self.settings.city)

    @cached_property
    def sources(self) -> list[Source]:
        """The contracts of the city's sources."""
        return load_sources(self.city)

    @cached_property
    def warehouse(self) -> Warehouse:
        """The door to the build file."""
        return Warehouse(self.settings.warehouse_path, self.city.config.timezone)

    @property
    def data_dir(self) -> Path:
        """Where the city's files lie: ``XIANBAN_DATA``.

        A synthetic city reads its generated files, unless that folder holds files which its sources ask for.

        Raises:
            ConfigurationError: a real city and no data folder.
        """
        if self.city.config.is_synthetic:
            given = self.settings.data
            sent = given is not None and any(files_of(source, given) for source in self.sources)
            return given if given is not None and sent else self.settings.of_city("data")
        if self.settings.data is None:
            raise ConfigurationError(f"{self.city.name}: set XIANBAN_DATA to the folder with the city's files")
        if not self.settings.data.is_dir():
            raise ConfigurationError(f"XIANBAN_DATA={self.settings.data}: no such folder")
        return self.settings.data

    @property
    def partition(self) -> dict[str, dt.date]:
        """The partition that every dated table replaces."""
        return {"as_of_date": self.as_of_date}

    def source(self, name: str) -> Source:
        """The contract of that name.

        Raises:
            ConfigurationError: the city has no such source; names those it has.
        """
        for source in self.sources:
            if source.name == name:
                return source
        raise ConfigurationError(f"{self.city.name} has no source {name!r}; it has {[s.name for s in self.sources]}")


def in_blocks(items: Iterable[Item], rows_of: Callable[[Item], int], limit: int = BLOCK_ROWS) -> Iterator[list[Item]]:
    """Group items so that each group holds about ``limit`` rows: one commit a group, in bounded memory."""
    block: list[Item] = []
    rows = 0
    for item in items:
        block.append(item)
        rows += rows_of(item)
        if rows >= limit:
            yield block
            block, rows = [], 0
    if block:
        yield block


@dataclass
class Counts:
    """What became of the rows of a step; ``details`` are further counts for the log."""

    rows_in: int = 0
    accepted: int = 0
    rejected: int = 0
    superseded: int = 0
    details: dict[str, int | str | float] = field(default_factory=dict)

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.rows_in + other.rows_in,
            self.accepted + other.accepted,
            self.rejected + other.rejected,
            self.superseded + other.superseded,
            {**self.details, **other.details},
        )

    def checked(self, where: str) -> Counts:
        """Itself.

        Raises:
            AccountingError: rows were lost or invented.
        """
        if self.rows_in != self.accepted + self.rejected + self.superseded:
            raise AccountingError(
                f"{where}: {self.rows_in} rows in, but {self.accepted} accepted + {self.rejected} rejected + "
                f"{self.superseded} superseded; nothing was stored. This is a bug: keep the file and report it"
            )
        return self

    def as_text(self) -> str:
        """``key=value`` pairs for the log."""
        pairs: dict[str, object] = {}
        if self.rows_in:
            pairs = {
                "rows_in": self.rows_in,
                "accepted": self.accepted,
                "rejected": self.rejected,
                "superseded": self.superseded,
            }
        return " ".join(f"{key}={value}" for key, value in {**pairs, **self.details}.items())
