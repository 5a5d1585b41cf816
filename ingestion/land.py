"""The verb `land`: catch up once, or follow; suspects that it meets are audited at once."""

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
from lake.kit.log import get_log
from lake.settings import LakeSettings
from lake.store import Busy, LocalStore, lease

JOB = "land"
COUNTS = ("in", "out", "refused", "repeats")


def once(settings: Settings, store: LocalStore) -> dict[str, Any]:
    """Land everything that is in the topic now, or wait until a running follower has."""
    with Topic(settings.kafka) as topic:
        try:
            with lease(store.root, JOB):
                return _catch_up(settings, store, topic)
        except Busy:
            offset = loops.await_follower(store, topic, topic.end(), settings.wait)
            return {"offset": offset, "followed": True}


def _catch_up(settings: Settings, store: LocalStore, topic: Topic) -> dict[str, Any]:
    landing = Landing(store, topic, placeholder=settings.placeholder, failpoints=Failpoints(settings.failpoint))
    end = topic.end()
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("landing", total=end, completed=landing.offset)
        loops.catch_up(
            landing, end, most=settings.batch, wait=settings.wait, progress=lambda n: progress.update(bar, completed=n)
        )
    return {
        **{name: landing.counts[name] for name in COUNTS},
        "suspects": len(landing.suspects),
        "offset": landing.offset,
    }


def follow(settings: Settings, lake: LakeSettings, store: LocalStore) -> dict[str, Any]:
    """Land what comes until SIGTERM or Ctrl-C."""
    interval = lake.commit_interval if settings.commit_interval is None else settings.commit_interval
    with lease(store.root, JOB), Topic(settings.kafka) as topic, loops.stopped_by_signal() as stop:
        landing = Landing(store, topic, placeholder=settings.placeholder, failpoints=Failpoints(settings.failpoint))
        get_log().info("landing_started", position=landing.landed, epoch=landing.epoch.number)
        loops.follow(landing, most=settings.batch, interval=interval, stop=stop, after_commit=lambda: None)
        get_log().info("landing_stopped", position=landing.landed)
        return {
            **{name: landing.counts[name] for name in COUNTS},
            "suspects": len(landing.suspects),
            "offset": landing.offset,
        }
