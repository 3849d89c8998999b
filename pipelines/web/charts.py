"""The chart of one cell's history, and the script that draws it.

The script is Vega as an installed package brings it (``vl_convert``): nothing is copied into this repository and
nothing is fetched from outside.
"""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import os
import tempfile
from pathlib import Path
from typing import Any

INK, QUIET, HOT = "#37404d", "#7c9cc9", "#b3261e"


def history_chart(history: list[tuple[dt.date, int]], hot_threshold: int) -> dict[str, Any]:
    """Weekly bars with the threshold as a line, as a Vega-Lite specification.

    Args:
        history: week's first day and count, every week of the range.
        hot_threshold: the count from which a week is hot.
    """
    import altair as alt

    weeks = [
        # A time of day makes browsers read the date as local; a bare date would be UTC and shift by the zone.
        {
            "week": f"{start}T00:00:00",
            "end": f"{start + dt.timedelta(days=6)}",
            "count": count,
            "state": "热点周" if count >= hot_threshold else "一般周",
        }
        for start, count in history
    ]
    colour = alt.Scale(domain=["热点周", "一般周"], range=[HOT, QUIET])
    bars = (
        alt.Chart({"values": weeks})
        .mark_bar(size=6)
        .encode(
            x=alt.X("week:T", title=None, axis=alt.Axis(format="%Y-%m", grid=False, labelOverlap=True)),
            y=alt.Y("count:Q", title="每周件数", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color(
                "state:N", scale=colour, legend=alt.Legend(title=None, orient="top", direction="horizontal")
            ),
            tooltip=[
                alt.Tooltip("week:T", title="周起", format="%Y-%m-%d"),
                alt.Tooltip("end:N", title="周止"),
                alt.Tooltip("count:Q", title="件数"),
            ],
        )
    )
    line = alt.Chart({"values": [{"threshold": hot_threshold}]}).mark_rule(color=INK, strokeDash=[5, 4])
    chart = (bars + line.encode(y="threshold:Q")).properties(width="container", height=230)
    chart = (
        chart.configure_view(stroke=None)
        .configure(font="inherit")
        .configure_axis(labelColor=INK, titleColor=INK, gridColor="#e6e9ef", domainColor="#c3c9d4", tickColor="#c3c9d4")
    )
    specification: dict[str, Any] = chart.to_dict()
    del specification["$schema"]  # an outside address, of no use here
    return specification


def vega_version() -> str:
    """The version of the package that brings Vega, for the script's address: browsers may keep it for good."""
    return importlib.metadata.version("vl-convert-python")


def vega_script(folder: Path) -> Path:
    """The file with Vega, Vega-Lite and Vega-Embed; bundled once (some seconds) and kept in ``folder``."""
    path = folder / f"vega-{vega_version()}.js"
    if not path.exists():
        import vl_convert

        folder.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=folder, suffix=".tmp")
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            handle.write(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
        os.replace(temporary, path)
    return path
