"""What goes on beside the worker goes on again after it tripped."""

from __future__ import annotations

import threading

from lake.kit.errors import Stop
from platform_app.outbox.process import keep_going


def test_what_trips_starts_again_and_ends_when_it_is_stopped() -> None:
    stop, runs = threading.Event(), []

    def follow(seconds: float, stop: threading.Event) -> None:
        runs.append(seconds)
        if len(runs) == 1:
            raise Stop("The schema is old.")
        if len(runs) == 2:
            raise AttributeError("x@[y.z")
        stop.set()

    keep_going(follow, 0.5, stop, again_after=0.0)
    assert runs == [0.5, 0.5, 0.5]
