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
    thread = threading.Thread(target=follow, args=(seconds, stop), daemon=True)
    thread.start()
    kept.callback(thread.join, 20)
