"""How far every reader has come, and from where on an older change can still come back. Neither reads a row."""

from __future__ import annotations

from pathlib import Path

from lake.contracts.model import Table
from lake.contracts.names import BRONZE, QUARANTINE
from lake.cut import cut
from lake.load.warehouse import connect
from lake.quality.silver import REPORTS
from lake.schema import KEPT_FOR_EVER
from lake.settings import LakeSettings
from lake.store import START, Position, Store
from lake.store.pieces import pieces

NOTHING_HELD = Position(2**62)


def loaded(settings: LakeSettings) -> Position:
    """The cut that the warehouse stands at; START before the first load."""
    with connect(settings.warehouse_load_url.get_secret_value(), "warehouse_load") as connection:
        known = connection.execute("select to_regclass('loaded.state')").fetchone()
        row = connection.execute("select cut from loaded.state").fetchone() if known and known[0] else None
    return Position(row[0]) if row else START


def slowest_reader(store: Store, table: Table, warehouse: Position) -> Position:
    """The smallest position that release, load and the quality reports have reached in a table.

    Reports that were never made hold nothing up; a table in which nothing happens has none, and holds up no other.
    """
    checked = store.position(REPORTS, table.name)
    return min(cut(store), warehouse, *([] if checked == START else [checked]))


def replayable_from(root: Path) -> Position:
    """The smallest position that bronze or quarantine still holds: a change from there on can be released again."""
    held = [NOTHING_HELD]
    for path in (BRONZE, QUARANTINE):
        if (root / path / "_delta_log").exists():
            days = [piece for piece in pieces(root / path) if piece.day != KEPT_FOR_EVER and piece.rows]
            held += [Position(0) if piece.first is None else piece.first for piece in days]
    return min(held)
