"""The two ways to land: catch up once, or follow the stream until somebody stops it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from ingestion.landing import Landing
from ingestion.topic import Topic
from lake.contracts.names import BRONZE
from lake.kit.errors import Retry
from lake.kit.log import get_log
from lake.store import Store
from lake.store.position import offset_of

IDLE = 1.0  # seconds between two commits that hold no row
AWAY = 1.0  # seconds between two attempts to reach Kafka


def catch_up(
    landing: Landing, end: int, *, most: int, wait: float, progress: Callable[[int], None] = lambda _: None
) -> None:
    """Land everything before the offset `end`. Raises Retry when nothing comes for `wait` seconds."""
    last = time.monotonic()
    while landing.offset < end:
        if landing.poll(min(most - landing.pending, end - landing.read), 200):
            last = time.monotonic()
        elif time.monotonic() - last > wait:
            raise Retry(f"Kafka gave nothing for {wait:.0f} s although its topic goes on. Run `make status`.")
        if landing.pending and (landing.pending >= most or landing.read >= end):
            landing.commit()
            progress(landing.offset)


def follow(
    landing: Landing, *, most: int, interval: float, stop: Callable[[], bool], after_commit: Callable[[], None]
) -> None:
    """Land what comes, in commits that are `interval` seconds apart, until `stop` says so.

    While Kafka is away it waits: nothing is lost by that, and what was read is kept.
    """
    due = time.monotonic()
    while not stop():
        _read_some(landing, most, due - time.monotonic())
        pause = 0.0 if landing.weighty else max(0.0, IDLE - interval)
        if landing.pending >= most or (landing.pending and time.monotonic() >= due + pause):
            if not _reachable(landing):
                time.sleep(AWAY)
                continue
            landing.commit()
            due = time.monotonic() + interval
            after_commit()
    if landing.pending and _reachable(landing):
        landing.commit()


def _read_some(landing: Landing, most: int, seconds_left: float) -> None:
    if landing.pending >= most:
        return
    wait_ms = max(1, min(200, int(seconds_left * 1000))) if landing.pending else 200
    try:
        landing.poll(most - landing.pending, wait_ms)
    except Retry:
        time.sleep(AWAY)


def _reachable(landing: Landing) -> bool:
    try:
        landing.check_topic()
    except Retry:
        get_log().warning("kafka_away", position=landing.landed)
        return False
    return True


def await_follower(store: Store, topic: Topic, end: int, wait: float) -> int:
    """Wait until somebody else has landed everything before the offset `end`; returns the offset reached."""
    app = topic.identity().app
    last, seen = time.monotonic(), -2
    while True:
        landed = store.position(BRONZE, app)
        if offset_of(landed) + 1 >= end:
            return offset_of(landed) + 1
        if landed != seen:
            seen, last = landed, time.monotonic()
        elif time.monotonic() - last > wait:
            raise Retry(f"The running `land --follow` has not moved for {wait:.0f} s. Look at its log.")
        time.sleep(0.1)


@contextmanager
def stopped_by_signal() -> Iterator[Callable[[], bool]]:
    """A question that is answered with yes once SIGTERM or SIGINT came."""
    came: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        came.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
