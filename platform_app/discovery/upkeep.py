"""What keeps search in order beside the worker: the words for typing errors, learned anew every hour."""

from __future__ import annotations

import threading

from lake.kit.errors import Retry
from lake.kit.log import get_log
from platform_app.db import Database
from platform_app.discovery import spelling


def follow(database: Database, every_seconds: float, stop: threading.Event) -> None:
    """Learn the words until `stop` is set; while PostgreSQL is away or busy, the next time does."""
    while not stop.is_set():
        try:
            get_log().info("words_learned", words=spelling.learn(database))
        except Retry:
            get_log().warning("words_wait")
        stop.wait(every_seconds)
