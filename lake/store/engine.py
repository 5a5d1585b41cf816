"""Which engine writes a lake: one at a time, named by a file in the lake, changed by a command while nobody writes."""

from __future__ import annotations

from pathlib import Path

from lake.kit.errors import Stop
from lake.store.lease import Busy, every_lease

ENGINES = ("local", "spark")
MARK = "engine"
AUTO = "auto"  # the setting that asks for whatever the lake is marked with


def engine_of(root: Path) -> str | None:
    """The engine that writes a lake; None while it holds no table and anyone may begin. Without a mark it is `local`."""
    try:
        return (root / MARK).read_text().strip()
    except FileNotFoundError:
        return "local" if any(root.glob("*/*/_delta_log")) else None


def chosen(root: Path, wanted: str) -> str:
    """The engine that the setting and the lake agree on. Raises Stop when they differ."""
    have = engine_of(root)
    if wanted == AUTO:
        return have or "local"
    if have not in (None, wanted):
        raise Stop(
            f"This lake is written by the engine {have!r}, and LAKE_ENGINE says {wanted!r}. Leave LAKE_ENGINE unset, or "
            f"switch with `python -m lake engine {wanted}` while nothing runs."
        )
    return wanted


def mark(root: Path, engine: str) -> None:
    """Name the engine that writes a lake from now on."""
    root.mkdir(parents=True, exist_ok=True)
    draft = root / f"{MARK}.draft"
    draft.write_text(f"{engine}\n")
    draft.replace(root / MARK)


def switch(root: Path, engine: str) -> None:
    """Give a lake to another engine. Raises Busy while somebody holds a lease in it."""
    try:
        with every_lease(root):
            mark(root, engine)
    except Busy as error:
        raise Busy(f"{error} The engine is switched only while nothing writes: `make down`, then again.") from error
