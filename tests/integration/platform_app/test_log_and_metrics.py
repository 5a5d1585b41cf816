"""What the app says of its requests: lines of JSON and Prometheus metrics, under the route's template and never with a value."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from prometheus_client import generate_latest

from lake.kit import log
from tests.lib.front_door import Door, open_door
from tests.lib.stack import Stack

CANARY = "zanzibarquux"


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


@pytest.fixture
def said() -> Iterator[io.StringIO]:
    """The log as `serve` sets it up, into a string."""
    log.configure("platform_app")
    written = io.StringIO()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(written))
    yield written
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.basicConfig(level=logging.WARNING, stream=sys.__stderr__, force=True)


def test_each_request_is_a_line_of_json_that_repeats_nothing(door: Door, said: io.StringIO) -> None:
    ann = door.member("ann")
    post = ann.made("/posts", {"title": CANARY, "body": CANARY})
    ann.call("GET", f"/posts/{post}", X_Correlation_Id="trace-0001")
    ann.call("POST", "/posts", {"title": CANARY, "body": " "}, X_Correlation_Id="trace-0002")
    ann.client.get(f"/tags/{CANARY}")
    ann.client.get("/healthz")  # a line is written after its answer: what comes next shows that it was
    text = said.getvalue()
    lines: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    answered = {line["correlation_id"]: line for line in lines if line["event"] == "answered"}
    seen = answered["trace-0001"]
    assert (seen["method"], seen["route"], seen["status"]) == ("GET", "/api/v1/posts/{post_id}", 200)
    assert seen["ms"] > 0
    assert answered["trace-0002"]["status"] == 422
    assert all({"event", "level", "timestamp"} <= set(line) for line in lines)
    for value in (CANARY, ann.email, str(ann.token), post):
        assert value not in text


def test_each_request_is_counted_under_its_route(door: Door) -> None:
    ann = door.member("ann")
    for _ in range(3):
        ann.call("GET", f"/people/{ann.handle}")
    text = generate_latest(door.app.state.meters.meters.registry).decode()
    counted = [
        line for line in text.splitlines()
        if line.startswith("headwater_http_requests_total{") and '"/api/v1/people/{handle}"' in line
    ]  # fmt: skip
    assert [float(line.rsplit(" ", 1)[1]) for line in counted] == [3.0]
    assert ann.handle not in text
    for name in (
        "headwater_http_request_duration_seconds_bucket",
        "headwater_pool_connections",
        "headwater_pool_waiting",
    ):
        assert name in text
