"""The gate between those who write rows all day and one that needs them to stand still for a moment.

A writer passes through it for each of its steps; whoever closes it waits until the last step is done, and the next
steps wait until it is open again. The locks are the kernel's: a process that is killed leaves none behind.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from lake.kit.errors import Retry

PAUSE = 0.05


class StillOpen(Retry):
    """Somebody has been inside a step for longer than the one at the gate would wait."""


class Gate:
    """The gate of one lake. Two files: whoever closes it holds the first, so that new steps queue behind it."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "leases"

    @contextmanager
    def passing(self) -> Iterator[None]:
        """One step of a writer. Waits while the gate is closed."""
        with self._open("gate.turn") as turn, self._open("gate") as gate:
            fcntl.flock(turn, fcntl.LOCK_SH)
            fcntl.flock(gate, fcntl.LOCK_SH)
            fcntl.flock(turn, fcntl.LOCK_UN)
            yield

    @contextmanager
    def closed(self, seconds: float) -> Iterator[None]:
        """Nobody is inside a step while this block runs. Raises StillOpen when that takes longer than `seconds`."""
        end = time.monotonic() + seconds
        with ExitStack() as held:
            for name in ("gate.turn", "gate"):
                file = held.enter_context(self._open(name))
                while not _try(file):
                    if time.monotonic() > end:
                        raise StillOpen(
                            f"Landing or release has been inside one step for {seconds:.0f} s. "
                            "Look at `make status` and their logs, then run the command again."
                        )
                    time.sleep(PAUSE)
            yield

    def awaited(self) -> bool:
        """Whether somebody waits for the gate, so that a long step should end early."""
        with self._open("gate.turn") as turn:
            try:
                fcntl.flock(turn, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def _open(self, name: str) -> IO[str]:
        self._folder.mkdir(parents=True, exist_ok=True)
        return (self._folder / name).open("a")


def _try(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
