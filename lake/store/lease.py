"""One process at a time for one job: an advisory lock on a file, released by the kernel however the process ends."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from lake.kit.errors import Retry

PATIENCE = 900.0  # seconds that a commit waits for the one before it on the same table


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


@contextmanager
def turn(root: Path, job: str, patience: float) -> Iterator[None]:
    """The lease of a job, once whoever has it is done. Raises Busy when it is kept for longer than `patience` seconds."""
    end = time.monotonic() + patience
    while True:
        with ExitStack() as kept:
            try:
                kept.enter_context(lease(root, job))
            except Busy:
                if time.monotonic() > end:
                    raise
            else:
                yield
                return
        time.sleep(0.02)


def commit_turn(folder: Path) -> AbstractContextManager[None]:
    """A commit's turn on the table in a folder of the lake, `<root>/<layer>/<name>`.

    Spark's commit on a plain file system looks whether its number is free and then renames, so that two processes can
    take one number, and one of the commits is lost. Whoever commits to a table that Spark may write waits here.
    """
    return turn(folder.parents[1], f"table.{folder.parent.name}.{folder.name}", PATIENCE)


@contextmanager
def every_lease(root: Path) -> Iterator[None]:
    """Every lease that anybody has ever held below a lake, so that nobody writes meanwhile. Raises Busy."""
    with ExitStack() as kept:
        for file in sorted((root / "leases").glob("*")):
            kept.enter_context(lease(root, file.name))
        yield
