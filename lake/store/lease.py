"""One process at a time for one job: an advisory lock on a file, released by the kernel however the process ends."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lake.kit.errors import Retry


class Busy(Retry):
    """Another process holds the lease."""


@contextmanager
def lease(root: Path, job: str) -> Iterator[None]:
    """Hold the lease of a job for as long as the block runs. Raises Busy when another process has it."""
    folder = root / "leases"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / job).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(f"Another process is running {job!r}. Wait for it, or stop it first.") from error
        yield
