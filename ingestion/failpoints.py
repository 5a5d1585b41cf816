"""Named points at which a test lets this process die as by kill -9. Off unless INGESTION_FAILPOINT names one."""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter


class Failpoints:
    """Counts how often each point is passed and ends the process at the one that was asked for."""

    def __init__(self, wanted: str = "") -> None:
        self._name, _, nth = wanted.partition(":")
        self._nth = int(nth or 1)
        self._passed: Counter[str] = Counter()

    def reach(self, name: str) -> None:
        """Pass the point `name`."""
        self._passed[name] += 1
        if name == self._name and self._passed[name] == self._nth:
            sys.stderr.write(f"failpoint {name} reached\n")
            sys.stderr.flush()
            os.kill(os.getpid(), signal.SIGKILL)
