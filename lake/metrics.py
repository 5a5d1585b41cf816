"""A process's metrics, made from their declaration, and the small server that answers `/metrics` beside its work.

A process that exports nothing (a one-shot, a port of 0) counts all the same: counting costs about a microsecond, and
the code that counts stays free of questions. Metrics never stop what they measure: a port in use is a line in the log.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)

from lake.contracts.metrics import BY_NAME, Kind, Metric
from lake.kit.log import get_log

T = TypeVar("T")

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter, which nobody asks for


class Meters:
    """The metrics of one exporter (`lake.contracts.metrics.EXPORTERS`), each found by its declared name.

    Every object has a registry of its own, so that two in one process (in a test) do not meet.
    """

    def __init__(self, exporter: str) -> None:
        self.exporter = exporter
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._made = {metric.name: self._make(metric) for metric in BY_NAME[exporter].metrics}

    def _make(self, metric: Metric) -> Counter | Gauge | Histogram:
        match metric.kind:
            case Kind.COUNTER:
                return Counter(metric.name, metric.about, metric.labels, registry=self.registry)
            case Kind.GAUGE:
                return Gauge(metric.name, metric.about, metric.labels, registry=self.registry)
            case Kind.HISTOGRAM:
                return Histogram(
                    metric.name, metric.about, metric.labels, buckets=metric.buckets, registry=self.registry
                )

    def counter(self, name: str) -> Counter:
        """A declared counter; KeyError for any other name, TypeError for another kind."""
        return self._of(name, Counter)

    def gauge(self, name: str) -> Gauge:
        """A declared gauge; KeyError for any other name, TypeError for another kind."""
        return self._of(name, Gauge)

    def histogram(self, name: str) -> Histogram:
        """A declared histogram; KeyError for any other name, TypeError for another kind."""
        return self._of(name, Histogram)

    def _of(self, name: str, kind: type[T]) -> T:
        made = self._made[name]
        if not isinstance(made, kind):
            raise TypeError(f"{name} is declared as {type(made).__name__}")
        return made


@contextmanager
def served(meters: Meters, host: str, port: int) -> Iterator[None]:
    """Answer `/metrics` on an address of its own for as long as the block runs; nothing with port 0."""
    server = None
    if port:
        try:
            server, _ = start_http_server(port, host, meters.registry)
        except OSError as error:
            get_log().warning("metrics_not_served", exporter=meters.exporter, port=port, exc_info=error)
        else:
            get_log().info("metrics_served", exporter=meters.exporter, port=port)
    try:
        yield
    finally:
        if server is not None:
            server.shutdown()
            server.server_close()
