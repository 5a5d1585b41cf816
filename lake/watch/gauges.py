"""The state as Prometheus reads it: computed from the last picture when somebody asks, never kept beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from lake.contracts.metrics import BY_NAME, WATCH, Kind
from lake.watch.watcher import LEVELS, State

Samples = Iterator[tuple[str, tuple[str, ...], float | None]]
LOOK = next(metric for metric in BY_NAME["watch"].metrics if metric.kind is Kind.HISTOGRAM)


class StateCollector(Collector):
    """Every declared gauge with the samples that the state has for it; what is unknown has none."""

    def __init__(self, state: Callable[[], State]) -> None:
        self._state = state

    def collect(self) -> Iterable[GaugeMetricFamily]:
        families = {
            metric.name: GaugeMetricFamily(metric.name, metric.about, labels=metric.labels)
            for metric in WATCH
            if metric.kind is Kind.GAUGE
        }
        state = self._state()
        for name, labels, value in samples(state) if state else ():
            if value is not None:
                families[name].add_metric(labels, float(value))
        return families.values()


def registry(state: Callable[[], State]) -> tuple[CollectorRegistry, Histogram]:
    """What `/metrics` answers from, and the histogram of looks."""
    kept = CollectorRegistry()
    ProcessCollector(registry=kept)
    kept.register(StateCollector(state))
    return kept, Histogram(LOOK.name, LOOK.about, buckets=LOOK.buckets, registry=kept)


def samples(state: State) -> Samples:
    """Name, labels and value of every sample."""
    yield "headwater_pipeline_health", (), LEVELS[state["health"]["level"]]
    for reason in {(one["code"], one["level"]) for one in state["health"]["reasons"]}:
        yield "headwater_pipeline_reason", reason, 1
    for source, known in state["sources"].items():
        yield "headwater_source_up", (source,), known["up"]
    for stage in state["stages"]:
        yield "headwater_stage_offset", (stage["name"],), stage["offset"]
        if stage["name"] != "kafka":
            yield "headwater_stage_behind_messages", (stage["name"],), stage["behind"]
            yield "headwater_stage_freshness_seconds", (stage["name"],), stage["freshness_seconds"]
    capture = state["capture"]
    yield "headwater_slot_lag_bytes", (), capture["lag_bytes"]
    yield "headwater_slot_active", (), capture["active"]
    if capture["connector"] is not None:
        yield "headwater_connector_running", (), capture["connector"] == "RUNNING"
    yield from _troubles(state)
    yield from _jobs(state)
    yield from _products(state)
    for table in state["tables"]:
        yield "headwater_table_bytes", (table["table"],), table["bytes"]
        yield "headwater_table_files", (table["table"],), table["files"]
    yield "headwater_disk_free_bytes", (), state["disk"]["free_bytes"]
    yield "headwater_disk_size_bytes", (), state["disk"]["size_bytes"]


def _troubles(state: State) -> Samples:
    rows: dict[tuple[str, str], int] = {("land", "unknown"): 0, ("release", "unknown"): 0}
    for one in state["quarantine"]:
        rows[one["stage"], one["table"]] = rows.get((one["stage"], one["table"]), 0) + one["rows"]
    for labels, count in rows.items():
        yield "headwater_quarantine_rows", labels, count
    yield "headwater_suspect_tables", (), len(state["suspects"])


def _jobs(state: State) -> Samples:
    for job in state["jobs"]:
        label = (job["job"],)
        yield "headwater_job_last_run_timestamp_seconds", label, job["finished_at"]
        yield "headwater_job_last_success_timestamp_seconds", label, job["succeeded_at"]
        yield "headwater_job_last_exit_code", label, job["exit"]
        yield "headwater_job_last_duration_seconds", label, job["seconds"]
        if job["job"] == "api reconcile":
            yield "headwater_ledger_differences", (), job["summary"].get("refused")
            yield "headwater_ledger_reconciled_timestamp_seconds", (), job["succeeded_at"]


def _products(state: dict[str, Any]) -> Samples:
    for product in state["products"]:
        for newest in product["versions"][:1]:
            label = (product["product"],)
            yield "headwater_product_version", label, newest["version"]
            yield "headwater_product_rows", label, newest["rows"]
            yield "headwater_product_published_timestamp_seconds", label, newest["published_at"]
