"""Finishes, beside the worker, what is due in the community without anybody asking."""

from __future__ import annotations

import threading

from lake.kit.clock import utc_now
from lake.kit.errors import Retry
from lake.kit.log import get_log
from platform_app.community import second_thoughts
from platform_app.db import Database


class Tidier:
    """Removes for good what people deleted when their hour to think again is over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def follow(self, every_seconds: float, stop: threading.Event) -> None:
        """Tidy until `stop` is set; while PostgreSQL is away, wait."""
        while not stop.is_set():
            try:
                self.step()
            except Retry as error:
                get_log().warning("tidier_waits", exc_info=error)
            stop.wait(every_seconds)

    def step(self) -> int:
        """Tidy once; returns how many comments went."""
        with self._database.write("tidier") as conn:
            gone = second_thoughts.forget_comments(conn, utc_now())
        if gone:
            get_log().info("comments_gone", comments=gone)
        return gone
