"""A table as its files and its log: what is there without opening it, and putting it together in small steps.

All of it works on a folder beside whoever writes the table. Only Delta's log says what belongs to the table.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError

from lake.kit.errors import Retry
from lake.store.lease import commit_turn
from lake.store.position import Position

ATTEMPTS = 8
KEEP = 200  # log entries before the newest checkpoint that stay: a writer commits against the version it has read
CHECKPOINTS = 2
PROPERTIES = {
    # A clean-up by age would run inside a commit. `trim` goes by count, under upkeep's lease: a commit costs as much as
    # there are files in the log's folder (10 ms at a thousand, 65 ms at six thousand).
    "delta.enableExpiredLogCleanup": "false",
    # How long checkpoints name files that are gone: a little beyond the hours after which upkeep removes them.
    "delta.deletedFileRetentionDuration": "interval 3 hours",
}


@dataclass(frozen=True)
class Piece:
    """One file of a table, as the log describes it."""

    path: str  # absolute
    day: str
    rows: int
    bytes: int
    first: Position | None  # the smallest and the largest position in it; None when its writer kept no statistics
    last: Position | None


def pieces(folder: Path) -> list[Piece]:
    """The files that make up the table now."""
    return list(_pieces(DeltaTable(folder)))


def _pieces(table: DeltaTable) -> Iterator[Piece]:
    actions = pa.table(table.get_add_actions(flatten=True))
    root = table.table_uri.removeprefix("file://").rstrip("/")
    names = ("path", "partition._day", "num_records", "size_bytes", "min._position", "max._position")
    nothing = [None] * actions.num_rows
    columns = (actions[name].to_pylist() if name in actions.column_names else nothing for name in names)
    for path, day, rows, size, first, last in zip(*columns, strict=True):
        yield Piece(f"{root}/{path}", str(day), int(rows or 0), int(size), first, last)


def configure(folder: Path) -> bool:
    """Give the table the properties that upkeep needs; returns whether it lacked any."""
    have = DeltaTable(folder).metadata().configuration
    if all(have.get(name) == value for name, value in PROPERTIES.items()):
        return False
    with commit_turn(folder):
        DeltaTable(folder).alter.set_table_properties(PROPERTIES)
    return True


def merge(folder: Path, day: str, size: int) -> int:
    """Put the files of one day that are smaller than `size` bytes together, up to about that size.

    Returns the bytes that were rewritten; 0 also when an erasure came between. Appends go on meanwhile.
    """
    try:
        with commit_turn(folder):
            said = DeltaTable(folder).optimize.compact(partition_filters=[("_day", "=", day)], target_size=size)
    except CommitFailedError:
        return 0
    return int(json.loads(said["filesRemoved"])["totalSize"]) if said.get("numFilesRemoved") else 0


def settle(folder: Path, keep: Callable[[pa.Table], pa.Table], *, before: str, upto: Position) -> tuple[int, int]:
    """Rewrite the rows up to a position whose `_day` sorts before `before`, keeping what `keep` returns of them.

    `keep` may give rows another such day. Returns how many rows were read and how many left out. Raises Retry when
    erasures come between all the time; appends go on meanwhile.
    """
    for attempt in range(ATTEMPTS):
        with commit_turn(folder):
            table = DeltaTable(folder)
            rows = _rows_before(table, before, upto)
            kept = keep(rows)
            predicate = f"_day < '{before}' and _position <= {int(upto)}"
            try:
                write_deltalake(table, kept, mode="overwrite", predicate=predicate)
            except CommitFailedError:
                time.sleep(0.01 * 2**attempt)
            else:
                return rows.num_rows, rows.num_rows - kept.num_rows
    raise Retry(f"{folder.name} changed under every one of {ATTEMPTS} attempts to settle it. Run the command again.")


def _rows_before(table: DeltaTable, before: str, upto: Position) -> pa.Table:
    schema = pa.schema(table.schema())
    files = [piece.path for piece in _pieces(table) if piece.day < before]
    if not files:
        return schema.empty_table()
    hive = pads.partitioning(pa.schema([("_day", pa.string())]), flavor="hive")
    root = table.table_uri.removeprefix("file://")
    found = pads.dataset(files, schema=schema, format="parquet", partitioning=hive, partition_base_dir=root)
    return found.to_table(filter=pc.field("_position") <= int(upto)).sort_by("_position")


def trim(folder: Path, keep: int = KEEP) -> int:
    """Remove log entries far before the newest checkpoint, and older checkpoints; returns how many files went.

    A reader that was left behind by more than that opens the table anew from the checkpoint.
    """
    log = folder / "_delta_log"
    newest = _newest_checkpoint(log)
    if newest is None:
        return 0
    files = [(int(file.name[:20]), file) for file in log.iterdir() if file.name[:20].isdigit()]
    checkpoints = sorted({version for version, file in files if ".checkpoint" in file.name and version <= newest})
    oldest = checkpoints[-CHECKPOINTS:][0]
    gone = [
        file
        for version, file in files
        if version < newest - keep and not (".checkpoint" in file.name and version >= oldest)
    ]
    for file in gone:
        file.unlink(missing_ok=True)
    return len(gone)


def _newest_checkpoint(log: Path) -> int | None:
    """The version of the checkpoint that readers start from, when it is there."""
    try:
        version = int(json.loads((log / "_last_checkpoint").read_text())["version"])
    except (FileNotFoundError, ValueError, KeyError):
        return None
    return version if any(log.glob(f"{version:020}.checkpoint*")) else None
