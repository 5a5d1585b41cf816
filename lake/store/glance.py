"""A look at a table from its log alone: how far writers have come, how many files and bytes, never a scan.

The handle is kept and moved forward by reading new commits only, so that a look every few seconds costs next to
nothing. Tables of both engines look the same from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from lake.store.position import START, Position


@dataclass(frozen=True)
class Files:
    """The files that make up a table now; `last` is the highest position in them, from their statistics."""

    count: int = 0
    size: int = 0
    rows: int = 0
    last: Position = START


class Glance:
    """One table below the lake's root, looked at again and again by one thread."""

    def __init__(self, root: Path, path: str) -> None:
        self.path = path
        self._folder = root / path
        self._table: DeltaTable | None = None
        self._seen = -1
        self._files = Files()

    @property
    def version(self) -> int:
        """The table's newest version that was looked at; -1 while there is no table."""
        return -1 if self._table is None else self._table.version()

    def look(self) -> bool:
        """Move forward to the newest version; true when there is a table. A handle that cannot move is opened anew."""
        try:
            if self._table is None:
                if not DeltaTable.is_deltatable(str(self._folder)):
                    return False
                self._table = DeltaTable(self._folder)
            else:
                self._table.update_incremental()
        except (DeltaError, OSError):  # the log it stood on was cleaned away, or the lake was
            self._table, self._seen = None, -1
            return False
        return True

    def position(self, app: str) -> Position:
        """How far `app` has written; START when it never has."""
        known = None if self._table is None else self._table.transaction_version(app)
        return START if known is None else Position(known)

    def files(self) -> Files:
        """The files as of the last look; computed once for each version."""
        if self._table is None:
            return Files()
        if self._seen != (version := self._table.version()):
            added = pa.table(self._table.get_add_actions(flatten=True))
            self._files = Files(
                count=added.num_rows,
                size=pc.sum(added["size_bytes"]).as_py() or 0,
                rows=pc.sum(added["num_records"]).as_py() or 0,
                last=_last(added),
            )
            self._seen = version
        return self._files

    def rows(self, columns: Sequence[str], *, after: Position = START, day: str | None = None) -> pa.Table:
        """Some columns of the rows beyond a position (of one day), from files that can hold them. For small tables."""
        schema = pa.schema([])
        if self._table is None:
            return schema.empty_table()
        schema = pa.schema(self._table.schema())
        added = pa.table(self._table.get_add_actions(flatten=True))
        names = [
            f"{self._folder}/{path}"
            for path, last, of in zip(*(_column(added, n) for n in ("path", "max._position", "partition._day")), strict=True)
            if (last is None or last > after) and (day is None or of in (None, day))
        ]  # fmt: skip
        if not names:
            return schema.empty_table().select(list(columns))
        hive = pads.partitioning(pa.schema([("_day", pa.string())]), flavor="hive")
        kept = pads.dataset(
            names, schema=schema, format="parquet", partitioning=hive, partition_base_dir=str(self._folder)
        )
        where = pc.field("_position") > int(after)
        return kept.to_table(columns=list(columns), filter=where if day is None else where & (pc.field("_day") == day))


def _column(added: pa.Table, name: str) -> list[object]:
    """A column of the list of files; nothing known of a table without statistics."""
    return added[name].to_pylist() if name in added.column_names else [None] * added.num_rows


def _last(added: pa.Table) -> Position:
    known = [at for at in _column(added, "max._position") if isinstance(at, int)]
    return Position(max(known, default=int(START)))
