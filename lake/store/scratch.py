"""Rows on their way lie below `restricted/`, readable by us alone, and go with the process that put them there."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

HERE = "restricted/scratch"


def home(root: Path) -> Path:
    """The folder of this process, made when missing; those of processes that are gone are removed first."""
    place = root.resolve() / HERE
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    (root / "restricted").chmod(0o700)
    host = socket.gethostname()
    for left in place.glob(f"{host}.*"):
        if not _lives(int(left.name.rpartition(".")[2])):
            shutil.rmtree(left, ignore_errors=True)
    mine = place / f"{host}.{os.getpid()}"
    mine.mkdir(exist_ok=True, mode=0o700)
    return mine


@contextmanager
def folder(root: Path) -> Iterator[Path]:
    """A folder for as long as the block runs."""
    made = home(root) / uuid4().hex
    made.mkdir(mode=0o700)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
