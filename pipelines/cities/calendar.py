"""Festivals, make-up workdays and the city's own days. No run may fail because a year is not published yet."""

from __future__ import annotations

import datetime as dt

from pipelines.cities.city import City


def notable_days(city: City, first: dt.date, days: int = 7) -> list[tuple[dt.date, str]]:
    """The notable days among ``days`` from ``first``, as (date, name).

    Order of trust: the city's ``calendar.csv``, the published national calendar, computed festivals marked as
    provisional (the national calendar appears each November for the next year).
    """
    own = {row.date: row.name for row in city.calendar}
    found = []
    for offset in range(days):
        day = first + dt.timedelta(days=offset)
        name = own.get(day)
        if name is None and city.config.calendar == "china":
            name = _national(day)
        if name:
            found.append((day, name))
    return found


def _national(day: dt.date) -> str | None:
    import chinese_calendar

    titles = {holiday.value: holiday.chinese for holiday in chinese_calendar.Holiday}
    try:
        is_off, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:  # how the library says that the State Council has not published the year
        return _computed(day)
    if name is None:
        return None
    return f"{titles[name]}放假" if is_off else f"{titles[name]}调休上班"


def _computed(day: dt.date) -> str | None:
    from borax.calendars.festivals2 import FestivalLibrary

    statutory = {"元旦", "除夕", "春节", "清明", "劳动节", "端午节", "中秋节", "国庆节"}
    names = [name for name in FestivalLibrary.load_builtin().get_festival_names(day) if name in statutory]
    return f"{names[0]}（暂定，以正式放假通知为准）" if names else None
