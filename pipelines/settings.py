"""What the environment decides: which city, where the files are, where everything generated goes."""

from __future__ import annotations

import os
import secrets
from functools import cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipelines.errors import ConfigurationError

_SHORTEST_KEY = 8
CHECKOUT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Environment settings, all prefixed ``XIANBAN_``. Thresholds and maps live in the city folder, not here."""

    model_config = SettingsConfigDict(env_prefix="XIANBAN_", extra="ignore", frozen=True)

    home: Path = Field(default=CHECKOUT / "var", description="where everything generated goes")
    city: Path = Field(default=CHECKOUT / "pipelines" / "cities" / "sample", description="the city folder")
    data: Path | None = Field(default=None, description="the folder with the city's files")
    hmac_key: SecretStr | None = Field(default=None, description="key of the caller pseudonyms")
    retention_days: int = Field(default=730, ge=28, description="days after which original rows and texts are purged")
    workers: int = Field(
        default=min(2, os.cpu_count() or 1),
        ge=1,
        description="processes that clean a file of over 100,000 rows, and read over 60,000 new texts",
    )
    port: int = Field(default=8080, description="port of Airflow and the page")

    def of_city(self, *parts: str) -> Path:
        """A path under the home of the configured city: each city has its own warehouse, snapshots and briefs."""
        return self.home.resolve().joinpath(self.city.resolve().name, *parts)

    @property
    def warehouse_path(self) -> Path:
        """The build file. Opened through :mod:`pipelines.warehouse.door` only."""
        return self.of_city("warehouse", "build.duckdb")

    @property
    def landing_dir(self) -> Path:
        """Files as they came, under their hash."""
        return self.of_city("landing")

    @property
    def snapshot_dir(self) -> Path:
        """Published, immutable snapshots and the pointer to the current one."""
        return self.of_city("snapshots")

    @property
    def brief_dir(self) -> Path:
        """Saved briefs."""
        return self.of_city("briefs")

    @property
    def airflow_home(self) -> Path:
        """Airflow's metadata, logs and generated secrets."""
        return self.home.resolve() / "airflow"

    def pseudonym_key(self) -> bytes:
        """The HMAC key for caller pseudonyms: from the environment, else generated once and kept under the home.

        Losing it means that callers of before and after cannot be linked any more; ``xianban doctor`` says so.

        Raises:
            ConfigurationError: the key is too short to keep anything secret.
        """
        if self.hmac_key is not None:
            key, where = self.hmac_key.get_secret_value().encode(), "XIANBAN_HMAC_KEY"
        else:
            path = self.home.resolve() / "secrets" / "hmac.key"
            if not path.exists():
                _write_key(path)
            key, where = path.read_bytes(), str(path)
        if len(key) < _SHORTEST_KEY:
            raise ConfigurationError(
                f"{where}: the key of the caller pseudonyms has {len(key)} characters, at least {_SHORTEST_KEY} are "
                "needed; restore it from a backup, or set a new one and accept that callers are not linked to before"
            )
        return key


def _write_key(path: Path) -> None:
    """Write a new key under its name in one go, so that no other process can read half of it; the first one stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
        handle.write(secrets.token_hex(32).encode())
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


@cache
def checkout_sql_dir() -> Path:
    """The folder of SQL statements in this checkout."""
    return CHECKOUT / "sql"
