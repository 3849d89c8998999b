"""What sets one issue apart from another in the simulated city.

These are the dice of the simulation, not knowledge offered to anyone: a real city's seasons are learnt from its data.
"""

import math
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Profile:
    """How often, when and how quickly.

    Attributes:
        weight: relative frequency in the city.
        season: name of a yearly curve, see ``season_factor``.
        rhythm: name of a weekly rhythm, see ``RHYTHMS``.
        handling_days: mean days until a matter is closed, in an ordinary department.
        weather: whether the week's weather drives it.
        group: issues of one group share street-level shocks.
    """

    weight: float
    season: str
    rhythm: str
    handling_days: float
    weather: bool
    group: int


PROFILES: dict[str, Profile] = {
    "01002": Profile(1.3, "flood", "office", 2.5, False, 0),
    "01004": Profile(1.8, "flood", "office", 3.0, True, 0),
    "01037": Profile(2.2, "dark", "office", 4.0, False, 0),
    "01057": Profile(0.9, "flat", "office", 1.5, False, 0),
    "01061": Profile(1.8, "heating", "office", 3.0, False, 0),
    "06001": Profile(3.0, "building", "office", 14.0, False, 1),
    "06010": Profile(8.0, "flat", "office", 2.5, False, 2),
    "06013": Profile(3.0, "thaw", "office", 8.0, False, 0),
    "06017": Profile(2.6, "leaves", "office", 4.0, False, 2),
    "06027": Profile(5.5, "night", "evening", 8.0, False, 3),
    "06028": Profile(8.5, "night", "evening", 6.0, False, 3),
    "06029": Profile(3.6, "night", "evening", 4.0, False, 3),
    "06036": Profile(4.2, "flat", "office", 5.0, False, 2),
    "06042": Profile(4.8, "night", "office", 2.5, False, 2),
    "07001": Profile(2.0, "flat", "office", 3.0, False, 1),
    "07003": Profile(1.5, "flat", "office", 7.0, False, 1),
    "08001": Profile(7.5, "building", "site", 4.0, False, 4),
    "08004": Profile(3.6, "dust", "site", 4.0, False, 4),
    "08011": Profile(2.8, "dust", "site", 3.5, False, 4),
    "09001": Profile(5.5, "night", "evening", 3.5, False, 3),
    "09005": Profile(4.8, "building", "office", 4.0, False, 3),
    "09009": Profile(12.0, "flat", "parking", 4.0, False, 5),
    "09010": Profile(5.0, "building", "parking", 3.0, False, 5),
    "09012": Profile(2.6, "flat", "parking", 4.0, False, 5),
    "10001": Profile(1.6, "snow", "office", 2.0, True, 0),
    "10002": Profile(1.2, "flood", "office", 2.5, True, 0),
}

# Complaints by weekday (Monday first), and what a day off and a festival day do to them.
RHYTHMS: dict[str, tuple[tuple[float, ...], float, float]] = {
    "office": ((1.18, 1.10, 1.06, 1.04, 1.02, 0.84, 0.76), 0.85, 0.55),
    "evening": ((0.92, 0.92, 0.95, 0.98, 1.08, 1.10, 1.05), 1.10, 1.25),
    "site": ((1.02, 1.04, 1.04, 1.03, 1.02, 1.00, 0.85), 0.80, 0.30),
    "parking": ((1.06, 1.00, 0.98, 0.98, 1.02, 1.02, 0.94), 1.05, 1.30),
}

# Curves as (day of year of the peak, width in days, height above a floor of 1); several bumps add up.
_CURVES: dict[str, tuple[tuple[int, float, float], ...]] = {
    "flat": (),
    "flood": ((200, 28.0, 4.0),),
    "dark": ((350, 45.0, 0.9),),
    "heating": ((325, 18.0, 9.0), (20, 32.0, 5.0)),
    "building": ((130, 45.0, 0.7), (275, 35.0, 0.5)),
    "thaw": ((75, 25.0, 1.1), (215, 25.0, 0.7)),
    "leaves": ((318, 17.0, 3.2), (150, 35.0, 0.6)),
    "night": ((205, 40.0, 1.7),),
    "dust": ((95, 24.0, 1.4), (300, 22.0, 1.1)),
    "snow": ((12, 20.0, 18.0), (345, 14.0, 9.0)),
}


def season_factor(season: str, day: date) -> float:
    """How much more common an issue is on ``day`` than at its quietest time of year (at least 1)."""
    total = 1.0
    for peak, width, height in _CURVES[season]:
        distance = abs(day.timetuple().tm_yday - peak)
        distance = min(distance, 365 - distance)
        total += height * math.exp(-0.5 * (distance / width) ** 2)
    return total


# Issues that residents and operators mix up, most likely first.
NEAR: dict[str, tuple[str, ...]] = {
    "01002": ("01004", "06013"),
    "01004": ("01002", "06013"),
    "01037": ("10002", "06013"),
    "01057": ("01061", "06027"),
    "01061": ("01057", "01004"),
    "06001": ("06036", "09012"),
    "06010": ("06042", "06017", "06036"),
    "06013": ("01002", "08011"),
    "06017": ("06010", "06042"),
    "06027": ("06029", "06028"),
    "06028": ("08001", "06029"),
    "06029": ("06027", "09001", "06028"),
    "06036": ("06010", "09012"),
    "06042": ("06010", "06017"),
    "07001": ("07003", "06036"),
    "07003": ("07001", "06028"),
    "08001": ("06028", "08004"),
    "08004": ("08011", "08001"),
    "08011": ("08004", "06013"),
    "09001": ("09005", "06029"),
    "09005": ("09001", "06036"),
    "09009": ("09010", "09012"),
    "09010": ("09009", "06036"),
    "09012": ("09009", "06036"),
    "10001": ("06013", "01004"),
    "10002": ("01037", "07003"),
}
