"""Land everything that the topic holds now, here or by the follower that runs."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.progress import Progress

from ingestion import follow as loops
from ingestion.failpoints import Failpoints
from ingestion.landing import Landing
from ingestion.settings import Settings
from ingestion.topic import Topic
from lake.store import Busy, Store, lease

JOB = "land"
"""The lease that whoever lands holds."""


def catch_up(settings: Settings, store: Store) -> dict[str, Any]:
    """Land what the topic holds now; when a follower runs, wait until it has."""
    with Topic(settings.kafka) as topic:
        try:
            with lease(store.root, JOB):
                return land(settings, store, topic)
        except Busy:
            offset = loops.await_follower(store, topic, topic.end(), settings.wait)
            return {"offset": offset, "followed": True}


def open_landing(settings: Settings, store: Store, topic: Topic) -> Landing:
    """Landing as the settings want it."""
    return Landing(store, topic, placeholder=settings.placeholder, failpoints=Failpoints(settings.failpoint))


def summary(landing: Landing) -> dict[str, Any]:
    """What a landing has done so far."""
    counts = {name: landing.counts[name] for name in ("in", "out", "refused", "repeats", "commits")}
    return {**counts, "suspects": len(landing.suspects), "offset": landing.offset}


def land(settings: Settings, store: Store, topic: Topic) -> dict[str, Any]:
    """Land what the topic holds now; the caller holds the lease."""
    landing = open_landing(settings, store, topic)
    end = topic.end()
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("landing", total=end, completed=landing.offset)
        loops.catch_up(
            landing, end, most=settings.batch, wait=settings.wait, progress=lambda n: progress.update(bar, completed=n)
        )
    return summary(landing)
