"""The ground truth: how strongly each issue troubles each community, week by week.

Counts are drawn week by week from a Poisson intensity made of a slowly changing everyday level (heavy-tailed over
communities and cells, with growth, drift, seasons, holidays and shocks shared within a street), outbreaks that flare up
in one cell and die down, and self-excitation: what is still unresolved makes people complain again. Slow departments
leave more unresolved, so their trouble feeds itself longer.

Two truths are kept. ``expected`` is the mean of next week's count for someone who knew every past count and every
hidden state up to the week before: no forecast can do better. ``intensity`` also knows the surprises of the week
itself (its weather, its shocks, the outbreaks that begin in it).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.synthetic.places import SAMPLE_CITY, City, load_city, read_rows
from pipelines.synthetic.profiles import PROFILES, RHYTHMS, season_factor

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class WorldConfig:
    """Every number that shapes the dynamics; change one to get a burstier, sparser, trending or broken city.

    Attributes:
        first_day: first day of the first week (a Monday keeps weeks and boundary changes aligned).
        weeks: length of the history in weeks.
        communities: keep only the first so many communities (all when None).
        matters_per_week: resident matters in an average week over the whole city.
        community_shape: gamma shape of community levels; smaller is more unequal.
        cell_shape: gamma shape of issue shares within a community; smaller is more unequal.
        reporting_sd: log standard deviation of how readily a community reports.
        growth_sd: standard deviation of a community's yearly log growth.
        trend: yearly log growth common to the whole city.
        drift_sd, drift_memory: stationary log deviation and weekly memory of a cell's own slow wandering.
        shock_sd, shock_memory: the same for shocks shared by a street's issues of one group.
        season_strength: exponent on the seasonal curves; 0 removes seasons.
        weather_shape: gamma shape of the week's weather; smaller is wilder.
        outbreak_share: share of immigrant (not self-excited) intensity that comes from outbreaks.
        outbreak_size: mean extra complaints in an outbreak's full first week.
        outbreak_decay: what remains of an outbreak from one week to the next.
        excitation: new complaints per unresolved complaint and week.
        excitation_limit: most complaints that one complaint may breed over its life (below 1, or the city explodes).
        slowness_sd: log standard deviation of handling time over department and district.
        spell_sd, spell_memory: slow and fast spells of a department over time.
        regime_week: week at which a share of cells gets a new level, none when None.
        regime_share: that share.
    """

    first_day: date = date(2024, 5, 6)
    weeks: int = 132
    communities: int | None = None
    matters_per_week: float = 470.0
    community_shape: float = 2.0
    cell_shape: float = 0.75
    reporting_sd: float = 0.3
    growth_sd: float = 0.15
    trend: float = 0.04
    drift_sd: float = 0.45
    drift_memory: float = 0.97
    shock_sd: float = 0.3
    shock_memory: float = 0.75
    season_strength: float = 1.0
    weather_shape: float = 1.6
    outbreak_share: float = 0.12
    outbreak_size: float = 4.0
    outbreak_decay: float = 0.6
    excitation: float = 0.4
    excitation_limit: float = 0.5
    slowness_sd: float = 0.45
    spell_sd: float = 0.4
    spell_memory: float = 0.9
    regime_week: int | None = None
    regime_share: float = 0.3

    @property
    def as_of(self) -> date:
        """The day after the last one: the date on which the whole history is known."""
        return self.first_day + timedelta(weeks=self.weeks)


@dataclass(frozen=True)
class World:
    """The simulated city: arrays of shape (weeks, sites, issues) unless said otherwise.

    Attributes:
        config: the parameters it was made with.
        city: its map.
        issues: issue codes, the order of the last axis.
        expected: mean of the count given everything before the week.
        intensity: mean of the count given also the week's own surprises.
        counts: matters that residents reported.
        handling_days: mean days until a matter of that week is closed.
        day_weights: (weeks, 7, issues), share of a week's matters falling on each day.
    """

    config: WorldConfig
    city: City
    issues: list[str]
    expected: Floats
    intensity: Floats
    counts: Ints
    handling_days: Floats
    day_weights: Floats

    def truth(self) -> pl.DataFrame:
        """The truth as a table.

        Grain: one row per week, community in force that week and issue. Key: the same. Merged communities are summed.
        """
        weeks, sites, issues = self.counts.shape
        days = [self.config.first_day + timedelta(weeks=w) for w in range(weeks)]
        codes = [self.city.community_code(s, day) for day in days for s in range(sites)]
        frame = pl.DataFrame(
            {
                "week_start": np.repeat(np.array(days, dtype="datetime64[D]"), sites * issues),
                "community_code": pl.Series(codes).gather(np.repeat(np.arange(weeks * sites), issues)),
                "issue_code": self.issues * (weeks * sites),
                "expected_count": self.expected.ravel(),
                "intensity": self.intensity.ravel(),
                "count": self.counts.ravel(),
            }
        )
        key = ["week_start", "community_code", "issue_code"]
        return frame.group_by(key, maintain_order=True).sum().sort(key)


def is_workday(day: date, overrides: dict[date, bool]) -> bool:
    """Whether offices work on ``day``: city override, then the national calendar, then the weekday."""
    if day in overrides:
        return overrides[day]
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def festival_name(day: date) -> str | None:
    """The statutory festival ``day`` belongs to, None on other days and in years not yet published."""
    try:
        name: str | None = chinese_calendar.get_holiday_detail(day)[1]
    except NotImplementedError:
        return None
    return name


def autoregression(rng: np.random.Generator, weeks: int, shape: tuple[int, ...], sd: float, memory: float) -> Floats:
    """A stationary first-order autoregression of shape (weeks + 1, *shape); row w + 1 is week w."""
    steps = rng.normal(0.0, sd * np.sqrt(1.0 - memory**2), (weeks + 1, *shape))
    steps[0] = rng.normal(0.0, sd, shape)
    for week in range(weeks):
        steps[week + 1] += memory * steps[week]
    return steps


def expected_lift(before: Floats, sd: float, memory: float) -> Floats:
    """Mean of exp(x) next week given x now, relative to its long-run mean."""
    return np.asarray(np.exp(memory * before - 0.5 * (sd * memory) ** 2))


def daily_weights(config: WorldConfig, issues: list[str], overrides: dict[date, bool]) -> Floats:
    """Relative complaints per day, shape (weeks, 7, issues); an ordinary week sums to about 7."""
    weights = np.empty((config.weeks, 7, len(issues)))
    for number in range(config.weeks * 7):
        day = config.first_day + timedelta(days=number)
        off = not is_workday(day, overrides)
        festival = off and festival_name(day) is not None
        for k, code in enumerate(issues):
            by_weekday, day_off, feast = RHYTHMS[PROFILES[code].rhythm]
            weight = by_weekday[day.weekday()]
            if off and day.weekday() < 5:
                weight *= day_off
            elif not off and day.weekday() >= 5:
                weight = 1.0
            weights[number // 7, number % 7, k] = weight * (feast if festival else 1.0)
    return weights


def everyday_level(rng: np.random.Generator, config: WorldConfig, city: City, issues: list[str]) -> Floats:
    """The level of each cell without time in it, shape (sites, issues), summing to 1."""
    population = np.array([site.population for site in city.sites], dtype=float)
    size = (len(city.sites), len(issues))
    community = population * rng.gamma(config.community_shape, 1.0, size[0])
    community *= np.exp(rng.normal(0.0, config.reporting_sd, size[0]))
    mix = np.array([PROFILES[code].weight for code in issues]) * rng.gamma(config.cell_shape, 1.0, size)
    level = community[:, None] * mix / mix.sum(axis=1, keepdims=True)
    return np.asarray(level / level.sum())


def handling_times(rng: np.random.Generator, config: WorldConfig, city: City, issues: list[str]) -> Floats:
    """Mean days to close, shape (weeks, sites, issues): slow departments stay slow and have their spells."""
    districts = sorted({site.code[:6] for site in city.sites})
    where = np.array([districts.index(site.code[:6]) for site in city.sites])
    slow = rng.normal(0.0, config.slowness_sd, (len(districts), len(issues)))
    spells = autoregression(rng, config.weeks, (len(districts), len(issues)), config.spell_sd, config.spell_memory)
    days = np.array([PROFILES[code].handling_days for code in issues])
    return np.asarray(days * np.clip(np.exp(slow[where] + spells[1:][:, where]), 0.3, 3.0))


def calendar_factor(config: WorldConfig, issues: list[str], days: Floats) -> Floats:
    """Season times the week's working days and festivals, shape (weeks, issues)."""
    middles = [config.first_day + timedelta(days=7 * w + 3) for w in range(config.weeks)]
    season = np.array([[season_factor(PROFILES[code].season, day) for code in issues] for day in middles])
    return np.asarray(season**config.season_strength * days.sum(axis=1) / 7.0)


def changing_levels(rng: np.random.Generator, config: WorldConfig, weeks: int, sites: int, kinds: int) -> Floats:
    """Growth of each community and, if asked for, a new regime; shape (weeks, sites, issues)."""
    years = (np.arange(weeks) - (weeks - 1) / 2) / 52.0
    growth = np.exp(np.outer(years, config.trend + rng.normal(0.0, config.growth_sd, sites)))
    levels = np.repeat(growth[:, :, None], kinds, axis=2)
    if config.regime_week is not None:
        changed = rng.random((sites, kinds)) < config.regime_share
        factor = rng.gamma(config.cell_shape, 1.0 / config.cell_shape, (sites, kinds))
        levels[config.regime_week :] *= np.where(changed, factor, 1.0)
    return levels


def draw_outbreaks(
    rng: np.random.Generator, config: WorldConfig, level: Floats, immigrants: float
) -> tuple[Floats, Floats]:
    """Where outbreaks may begin and do: onset rate per week (sites, issues) and sizes (weeks, sites, issues).

    An outbreak brings half its size in its first week, all of it in the second, and less and less afterwards.
    """
    whole = config.outbreak_size * (0.5 + 1.0 / (1.0 - config.outbreak_decay))
    root = np.sqrt(level) / np.sqrt(level).sum()
    rate = np.minimum(immigrants * config.outbreak_share / whole * root, 0.5)
    shape = (config.weeks, *level.shape)
    begins = rng.random(shape) < rate
    return rate, np.where(begins, rng.gamma(1.5, config.outbreak_size / 1.5, shape), 0.0)


def street_shocks(rng: np.random.Generator, config: WorldConfig, city: City, issues: list[str]) -> Floats:
    """Log shocks shared by a street's issues of one group, shape (weeks + 1, sites, issues); row w + 1 is week w."""
    streets = sorted({site.code[:9] for site in city.sites})
    street = np.array([streets.index(site.code[:9]) for site in city.sites])
    group = np.array([PROFILES[code].group for code in issues])
    shape = (len(streets), int(group.max()) + 1)
    shocks = autoregression(rng, config.weeks, shape, config.shock_sd, config.shock_memory)
    return np.asarray(shocks[:, street][:, :, group])


def simulate(seed: int = 7, config: WorldConfig | None = None, city_folder: Path = SAMPLE_CITY) -> World:
    """Draw a world. The same seed, config and folder give the same world, bit for bit."""
    config = config or WorldConfig()
    city = load_city(city_folder, config.first_day, config.communities)
    issues = [row["issue_code"] for row in read_rows(city_folder / "issues.csv")]
    overrides = {
        date.fromisoformat(row["date"]): row["is_workday"] == "true" for row in read_rows(city_folder / "calendar.csv")
    }
    rng = np.random.default_rng([seed, 1])
    weeks, sites, kinds = config.weeks, len(city.sites), len(issues)

    level = everyday_level(rng, config, city, issues)
    handling = handling_times(rng, config, city, issues)
    days = daily_weights(config, issues, overrides)
    kept = np.exp(-7.0 / handling)
    breeding = np.minimum(config.excitation, config.excitation_limit * (1.0 - kept) / kept)
    bred = float((breeding * kept / (1.0 - kept) * level).sum(axis=(1, 2)).mean())
    immigrants = config.matters_per_week * (1.0 - bred)

    plain = (
        level * calendar_factor(config, issues, days)[:, None, :] * changing_levels(rng, config, weeks, sites, kinds)
    )
    plain *= immigrants * (1.0 - config.outbreak_share) * weeks / plain.sum()
    onset_rate, sizes = draw_outbreaks(rng, config, level, immigrants)
    drift = autoregression(rng, weeks, (sites, kinds), config.drift_sd, config.drift_memory)
    shock = street_shocks(rng, config, city, issues)
    exposed = np.array([PROFILES[code].weather for code in issues])
    weather = rng.gamma(config.weather_shape, 1.0 / config.weather_shape, weeks)
    weather_factor = np.where(exposed, weather[:, None], 1.0)

    expected = np.empty((weeks, sites, kinds))
    intensity = np.empty_like(expected)
    counts = np.empty((weeks, sites, kinds), dtype=np.int64)
    burning, fresh, backlog, unrest = (np.zeros((sites, kinds)) for _ in range(4))
    for week in range(weeks):
        burning = config.outbreak_decay * burning + fresh
        inherited = burning + unrest
        everyday = np.exp(drift[week + 1] - 0.5 * config.drift_sd**2 + shock[week + 1] - 0.5 * config.shock_sd**2)
        foreseen = expected_lift(drift[week], config.drift_sd, config.drift_memory)
        foreseen = foreseen * expected_lift(shock[week], config.shock_sd, config.shock_memory)
        expected[week] = plain[week] * foreseen + inherited + 0.5 * config.outbreak_size * onset_rate
        intensity[week] = plain[week] * weather_factor[week] * everyday + inherited + 0.5 * sizes[week]
        counts[week] = rng.poisson(intensity[week])
        fresh = sizes[week]
        backlog = kept[week] * (backlog + counts[week])
        unrest = breeding[week] * backlog
    return World(config, city, issues, expected, intensity, counts, handling, days / days.sum(axis=1, keepdims=True))
