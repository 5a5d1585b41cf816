"""What keeps search in order beside the worker: words for typing errors, and vectors of what no event told of.

An import and a generated community write without events, and a new model lets everything wait.
"""

from __future__ import annotations

import threading

from lake.kit.errors import Retry
from lake.kit.log import get_log
from platform_app.db import Database
from platform_app.discovery import embedding, spelling
from platform_app.discovery.embedder import Embedder


def follow(database: Database, every_seconds: float, stop: threading.Event) -> None:
    """Learn the words until `stop` is set; while PostgreSQL is away or busy, the next time does."""
    while not stop.is_set():
        try:
            get_log().info("words_learned", words=spelling.learn(database))
        except Retry:
            get_log().warning("words_wait")
        stop.wait(every_seconds)


def catch_up(database: Database, embedder: Embedder, every_seconds: float, stop: threading.Event) -> None:
    """Embed what waits, whenever something does, until `stop` is set; the first look is after a pause.

    Nothing is loaded while nothing waits. Without a model it does nothing, as the subscriber does.
    """
    while not stop.wait(every_seconds):
        try:
            with database.read() as conn:
                waits = embedding.waiting(conn)
            if waits and embedder.there:
                done = embedding.work_off(database, embedder, lambda *_: None, stop)
                get_log().info("documents_embedded", documents=done)
        except Retry:
            get_log().warning("documents_wait")
