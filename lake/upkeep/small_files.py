"""Few files and a short log for every table, however many commits were made.

Within an open day files are merged in tiers, so that a byte is rewritten a few times and not with every merge; a day
that is over is put together once more, and then left alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from lake.schema import KEPT_FOR_EVER, SETTLED
from lake.store import START, LocalStore, Store
from lake.store.pieces import Piece, configure, merge, pieces, trim

TIERS = (1 << 15, 1 << 18, 1 << 21, 1 << 24)  # bytes: files below one of them are merged into one above it
FIRST, FEW = 64, 8  # so many files of the lowest tier, or of another, are merged
FULL = 1 << 27  # bytes of a file that is left as it is
ROUNDS = 8  # merges of one table in one go


def tables(root: Path) -> Iterator[str]:
    """The paths of silver's and the restricted tables below a lake's root."""
    for room in ("silver", "restricted"):
        for log in sorted((root / room).glob("**/_delta_log")):
            yield log.parent.relative_to(root).as_posix()


def needed(found: Sequence[Piece], today: str) -> tuple[str, int] | None:
    """The day whose files to merge next, and below which size; None when nothing is worth it."""
    by_day: dict[str, list[int]] = defaultdict(list)
    for piece in found:
        by_day[piece.day].append(piece.bytes)
    for day, sizes in sorted(by_day.items()):
        over = day < today and day not in (KEPT_FOR_EVER, SETTLED)
        if size := (_once(sizes) if over else _by_tier(sizes)):
            return day, size
    return None


def _once(sizes: Sequence[int]) -> int:
    """A day that is over: one file for each FULL bytes."""
    small = [size for size in sizes if size < FULL // 2]
    return FULL if len(small) > 1 and sum(small) < FULL * (len(small) - 1) else 0


def _by_tier(sizes: Sequence[int]) -> int:
    """A day that grows: the lowest tier that has enough files, merged to beyond its upper edge."""
    below = 0
    for tier in TIERS:
        if sum(below <= size < tier for size in sizes) >= (FEW if below else FIRST):
            return 2 * tier
        below = tier
    return 0


def tidy(folder: Path, today: str) -> int:
    """Merge what is worth it; returns the bytes rewritten. A merge that an erasure overtook waits for the next time."""
    rewritten = 0
    for _ in range(ROUNDS):
        wanted = needed(pieces(folder), today)
        if wanted is None or not (done := merge(folder, *wanted)):
            break
        rewritten += done
    return rewritten


def put_together(store: Store, path: str, today: str) -> int:
    """Merge a table's files with the engine that writes it, as far as it is worth it; returns the bytes rewritten."""
    folder = store.root / path
    if isinstance(store, LocalStore):
        return tidy(folder, today)
    before = {piece.path: piece.bytes for piece in pieces(folder)}
    if len(before) > FIRST:
        store.compact(path, upto=START)
    after = {piece.path for piece in pieces(folder)}
    return sum(size for name, size in before.items() if name not in after)


def tidy_log(folder: Path) -> int:
    """Shorten a table's log; returns how many of its files went."""
    configure(folder)
    return trim(folder)
