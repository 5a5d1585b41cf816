"""A copy of the lake, made beside its writers and equal to one moment of it.

The files are copied twice over. The first pass takes everything while the followers go on. Then whoever writes the lake
waits, landing and release between two of their steps, and the second pass brings the copy to that moment: files are
never changed in place, so it copies what is new and removes what is gone, which takes about a second.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from lake.contracts.names import INTERNAL
from lake.erased import PATH as ERASED
from lake.kit.errors import Stop
from lake.kit.log import get_log
from lake.store.gate import Gate
from lake.store.lease import turn

WRITERS = ("erase", "maintain", "features", "release-aside", "warehouse")  # in the order in which erasure takes them
PATIENCE = 600.0  # seconds that each of them may go on
LEASES = "leases"
PERSONAL = ("restricted", "silver", INTERNAL)
KEPT = (Path(ERASED), Path("restricted/receipts"))  # of what is personal, what every copy holds


@dataclass
class Copied:
    """What a copy holds, and for how long writers waited."""

    files: int = 0
    bytes: int = 0
    seconds: float = 0.0
    held_seconds: float = 0.0

    def summary(self) -> dict[str, int | float]:
        """The counts for the diary."""
        return {
            "in": self.files, "out": self.files, "refused": 0, "bytes": self.bytes,
            "seconds": round(self.seconds, 3), "held_seconds": round(self.held_seconds, 3),
        }  # fmt: skip


def backup(root: Path, folder: Path, *, shelf_only: bool = False, patience: float = PATIENCE) -> Copied:
    """Copy the lake below `root` into an empty folder; with `shelf_only` the products, the erased list and its receipts.

    Raises Stop when the folder holds something, Retry when somebody goes on writing for longer than `patience` seconds.
    """
    if not root.is_dir():
        raise Stop(f"There is no lake at {root}: nothing to copy.")
    if folder.exists() and any(folder.iterdir()):
        raise Stop(f"{folder} holds something already: name a folder that is new or empty.")
    started, copied = time.monotonic(), Copied()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    bring(root, folder, shelf_only=shelf_only, loose=True)
    with _standstill(root, patience):
        held = time.monotonic()
        bring(root, folder, shelf_only=shelf_only)
        copied.held_seconds = time.monotonic() - held
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    copied.files, copied.bytes, copied.seconds = len(sizes), sum(sizes), time.monotonic() - started
    get_log().info("lake_copied", **copied.summary())
    return copied


@contextmanager
def _standstill(root: Path, patience: float) -> Iterator[None]:
    with ExitStack() as held:
        for job in WRITERS:
            held.enter_context(turn(root, job, patience))
        held.enter_context(Gate(root).closed(patience))
        yield


def bring(root: Path, folder: Path, *, shelf_only: bool = False, loose: bool = False) -> None:
    """Make a folder equal to the lake: copy what is new or another, remove what the lake holds no more.

    `loose`: files may go while they are copied, because somebody writes.
    """
    wanted = {path.relative_to(root) for path in root.rglob("*") if _belongs(path.relative_to(root), shelf_only)}
    for name in sorted(wanted):  # a folder before what is in it, a log (`_delta_log`) before most of its files
        try:
            _copy(root / name, folder / name)
        except FileNotFoundError:
            if not loose:
                raise
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.relative_to(folder) not in wanted:
            path.rmdir() if path.is_dir() else path.unlink()


def _belongs(name: Path, shelf_only: bool) -> bool:
    if LEASES in name.parts:
        return False
    if not shelf_only or name.parts[0] not in PERSONAL:
        return True
    return any(name == kept or kept in name.parents or name in kept.parents for kept in KEPT)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        target.mkdir(exist_ok=True)
        target.chmod(source.stat().st_mode & 0o777)
        return
    now = source.stat()
    if target.exists() and (had := target.stat()) and (had.st_size, had.st_mtime_ns) == (now.st_size, now.st_mtime_ns):
        return
    shutil.copy2(source, target)
