"""Few files instead of many while a follower runs: a commit costs more with every file and every log entry there is."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from lake.kit.clock import utc_now
from lake.kit.log import get_log
from lake.store import Busy, LocalStore, Store, lease
from lake.upkeep.small_files import tidy, tidy_log

EVERY = 30.0  # seconds between two looks
JOB = "maintain"
"""The lease of whoever rewrites files or shortens logs."""


def keep_tidy(store: Store, paths: Sequence[str]) -> None:
    """Start the upkeep of a follower's tables. Where Spark writes them, `lake maintain` has it done by Spark."""
    if isinstance(store, LocalStore):
        Tidier(store.root, paths).start()


class Tidier(threading.Thread):
    """Merges small files and shortens the logs of some tables beside a follower, until the process ends."""

    def __init__(self, root: Path, paths: Sequence[str], *, every: float = EVERY) -> None:
        super().__init__(daemon=True)
        self._root, self._paths, self._every = root, paths, every

    def run(self) -> None:
        """Look again and again."""
        wait = threading.Event()
        while not wait.wait(self._every):
            for path in self._paths:
                try:
                    with lease(self._root, JOB):
                        self.look(path)
                except Busy:
                    break  # `lake maintain` is doing it
                except Exception as error:  # noqa: BLE001 - upkeep may fail (a commit came between); the next look tries again
                    get_log().warning("tidying_failed", error=type(error).__name__)

    def look(self, path: str) -> int:
        """One table: returns the bytes that were rewritten."""
        folder = self._root / path
        if not (folder / "_delta_log").exists():
            return 0
        rewritten = tidy(folder, utc_now().date().isoformat())
        tidy_log(folder)
        return rewritten
