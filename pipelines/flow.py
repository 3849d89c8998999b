"""The order of the work. Read this first.

Each step says what it reads and what it writes. The command line and the DAGs are both built from this list, so the
order exists once. Steps are named by dotted path, so that reading this list imports nothing heavy.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from pipelines.steps.run import Counts, Run

Per = Literal["source", "date"]


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        name: what the command line and Airflow call it.
        function: ``module:function`` below ``pipelines.steps``; called with (run, source) or (run).
        per: once a source, or once an as-of date.
        dag: which DAG it belongs to; steps of one DAG stand together.
        title: what the person at the Airflow page reads.
    """

    name: str
    function: str
    per: Per
    dag: str
    title: str
    reads: str
    writes: str

    def run(self, run: Run, source_name: str | None = None) -> Counts:
        """Do the step for one date, and for one source where it is a step per source."""
        module, _, function = self.function.partition(":")
        call: Callable[..., Counts] = getattr(importlib.import_module(f"pipelines.steps.{module}"), function)
        if self.per == "source":
            if source_name is None:
                raise ConfigurationError(f"step {self.name} works on one source; name it")
            return call(run, run.source(source_name))
        return call(run)


FLOW = (
    Step("land", "land:land", "source", "ingest", "落地", "files", "raw"),
    Step("clean", "clean:clean", "source", "ingest", "清洗脱敏", "raw", "stg"),
    Step("validate", "validate:validate", "source", "ingest", "校验", "stg", "ops"),
    Step("conform", "conform:conform", "date", "conform", "归集", "stg", "core"),
    Step("read", "read:read_text", "date", "conform", "读文本", "stg", "core"),
    Step("classify", "classify:classify", "date", "conform", "归类", "core, ops", "core, ops, mart"),
    Step("incidents", "incidents:join_incidents", "date", "conform", "归并事件", "core", "core"),
    Step("features", "features:build_features", "date", "forecast", "特征", "core", "cohort, feature"),
    Step("train", "train:train", "date", "forecast", "训练选型", "core, feature", "forecast"),
    Step("forecast", "forecast:forecast", "date", "forecast", "预测", "core, feature, forecast", "forecast, label"),
    Step(
        "publish",
        "publish:publish",
        "date",
        "forecast",
        "发布",
        "core, feature, label, forecast, ops",
        "mart, snapshot",
    ),
    Step("brief", "brief:write_brief", "date", "brief", "日报", "snapshot", "briefs"),
)


def step(name: str) -> Step:
    """The step of that name.

    Raises:
        ConfigurationError: there is none; names them all.
    """
    for candidate in FLOW:
        if candidate.name == name:
            return candidate
    raise ConfigurationError(f"no step {name!r}; the steps are {', '.join(s.name for s in FLOW)}")


def steps_of(dag: str) -> tuple[Step, ...]:
    """The steps of one DAG, in order."""
    return tuple(candidate for candidate in FLOW if candidate.dag == dag)
