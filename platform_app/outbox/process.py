"""The process of `python -m platform_app work`: the worker and the relay beside each other until SIGTERM or Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from lake.kit.log import get_log
from lake.metrics import served
from platform_app.community.tidy import Tidier
from platform_app.db import Database
from platform_app.discovery import upkeep
from platform_app.discovery.embedder import Embedder
from platform_app.mail import open_outbox
from platform_app.messaging.post import Mailer
from platform_app.outbox.meters import OutboxMeters
from platform_app.outbox.reactions import TIDY, reactions
from platform_app.outbox.relay import Relay
from platform_app.outbox.worker import Worker
from platform_app.settings import Settings
from platform_app.uploads.cleaning import Cleaner
from platform_app.uploads.store import Store

LEARN_EVERY = 3600.0  # seconds between two lessons of the words for typing errors
TIDY_SECONDS = 60.0  # between two looks for deletions that can no longer be taken back
CATCH_UP_EVERY = 120.0  # seconds between two looks for texts that no event told of
AGAIN_AFTER = 30.0  # seconds until what tripped starts again


def work(settings: Settings) -> None:
    """Hand out events until somebody stops it; what is under way is finished first."""
    stop, meters = threading.Event(), OutboxMeters()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as kept:
        database = kept.enter_context(Database(settings.database_url.get_secret_value(), size=6))
        kept.enter_context(served(meters.meters, settings.metrics_host, settings.worker_metrics_port))
        if settings.kafka:
            relay = Relay(database, settings.kafka, meters, failpoint=settings.failpoint)
            _beside(kept, relay.follow, settings.worker_seconds, stop)
        mailer = Mailer(database, open_outbox(settings), settings.public_url, failpoint=settings.failpoint)
        _beside(kept, mailer.follow, settings.mail_seconds, stop)
        cleaner = Cleaner(database, Store(settings.uploads))
        _beside(kept, cleaner.follow, settings.clean_seconds, stop)
        _beside(kept, partial(upkeep.follow, database), LEARN_EVERY, stop)
        _beside(kept, Tidier(database).follow, TIDY_SECONDS, stop)
        embedder = Embedder(settings.models)
        _beside(kept, partial(upkeep.catch_up, database, embedder), CATCH_UP_EVERY, stop)
        react = reactions(embedder)
        worker = Worker(
            database, react, meters, days=settings.outbox_days, tidy=TIDY, relayed=bool(settings.kafka),
            failpoint=settings.failpoint,
        )  # fmt: skip
        get_log().info("worker_started", subscribers=sorted(react))
        worker.follow(settings.worker_seconds, stop)
        get_log().info("worker_stopped")


def _beside(
    kept: ExitStack, follow: Callable[[float, threading.Event], None], seconds: float, stop: threading.Event
) -> None:
    """Let something else go on beside the worker; it is waited for when the process stops."""
    thread = threading.Thread(target=keep_going, args=(follow, seconds, stop), daemon=True)
    thread.start()
    kept.callback(thread.join, 20)


def keep_going(
    follow: Callable[[float, threading.Event], None],
    seconds: float,
    stop: threading.Event,
    again_after: float = AGAIN_AFTER,
) -> None:
    """Run `follow` until `stop` is set; if it trips over something it did not expect, run it again after a pause.

    A thread that ends leaves the process up and its work undone, which nobody would see.
    """
    while not stop.is_set():
        try:
            follow(seconds, stop)
        except Exception as error:  # noqa: BLE001 - the edge of a thread: its text may quote a row
            get_log().error("companion_failed", what=_name(follow), fault=type(error).__name__)
            stop.wait(again_after)


def _name(follow: Callable[[float, threading.Event], None]) -> str:
    called = follow.func if isinstance(follow, partial) else follow
    return f"{called.__module__}.{called.__qualname__}"
