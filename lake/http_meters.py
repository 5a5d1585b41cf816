"""What a front door counts of its requests: see `lake.contracts.metrics.HTTP`.

A request is counted under its route's template, so that a thousand posts are one series; whatever matched no route is
counted as one, and so is every method that HTTP does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import Counter, Histogram

from lake.metrics import Meters

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
UNMATCHED = "unmatched"


class HttpMeters:
    """The counts of one front door (`app` or `shop`). `meters` is what is served."""

    def __init__(self, exporter: str) -> None:
        self.meters = Meters(exporter)
        self._requests = self.meters.counter("headwater_http_requests_total")
        self._duration = self.meters.histogram("headwater_http_request_duration_seconds")
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        in_flight = self.meters.gauge("headwater_http_requests_in_flight")
        self.began, self._ended = in_flight.inc, in_flight.dec

    def answered(self, scope: Mapping[str, Any], status: int, seconds: float) -> None:
        """A request of an ASGI scope was answered; status 0 is one whose answer never began."""
        method = scope["method"] if scope["method"] in METHODS else "other"
        key = (method, route_of(scope), status // 100 or 5)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._series(*key)
        known[0].inc()
        known[1].observe(seconds)
        self._ended()

    def _series(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        return self._requests.labels(method, route, f"{status}xx"), self._duration.labels(route)

    def watch_pool(self, stats: Callable[[], Mapping[str, int]], most: int) -> None:
        """Show a psycopg pool's state whenever somebody asks for the metrics."""
        gauge = self.meters.gauge
        connections = gauge("headwater_pool_connections")
        connections.labels("idle").set_function(lambda: stats().get("pool_available", 0))
        connections.labels("used").set_function(
            lambda: (now := stats()).get("pool_size", 0) - now.get("pool_available", 0)
        )
        gauge("headwater_pool_waiting").set_function(lambda: stats().get("requests_waiting", 0))
        gauge("headwater_pool_connections_max").set(most)


def route_of(scope: Mapping[str, Any]) -> str:
    """The template of the route that a scope matched; never its path."""
    path = getattr(scope.get("route"), "path", None)
    if isinstance(path, str) and path:
        return path
    return "/static" if scope["path"].startswith("/static/") else UNMATCHED
