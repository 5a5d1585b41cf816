"""Few files instead of many while a follower runs: a commit costs more with every file that is there."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from lake.cut import cut
from lake.kit.log import get_log
from lake.store import Busy, LocalStore, lease

MANY = 150  # files
EVERY = 30.0  # seconds between two looks


class Tidier(threading.Thread):
    """Compacts the tables of a lane beside it. Appends and compactions do not disturb each other."""

    def __init__(self, root: Path, paths: Sequence[str], *, many: int = MANY, every: float = EVERY) -> None:
        super().__init__(daemon=True)
        self._store, self._paths = LocalStore(root), paths
        self._many, self._every = many, every

    def run(self) -> None:
        """Look again and again until the process ends."""
        wait = threading.Event()
        while not wait.wait(self._every):
            try:
                with lease(self._store.root, "maintain"):
                    self.tidy()
            except Busy:
                continue  # `lake maintain` is doing it
            except Exception as error:  # noqa: BLE001 - upkeep may fail (a commit came between); the next look tries again
                get_log().warning("tidying_failed", error=type(error).__name__)

    def tidy(self) -> int:
        """Compact what has many files; returns how many tables that were."""
        done = 0
        for path in self._paths:
            if self._store.exists(path) and len(self._store.files(path)) > self._many:
                self._store.compact(path, upto=cut(self._store))
                done += 1
        return done
