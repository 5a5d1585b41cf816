"""A person's rows in the lake's Delta tables: found by id or pseudonym in whatever column, and removed with their bytes.

Every table below the lake's root is looked at, so that one that is added tomorrow is not forgotten. What is not: the
shelf (frozen aggregates), the erased list and the receipts. A DELETE leaves its predicate in the table's log, so rows are
named by position. Tombstones stay: a key and a position.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.erasure.person import Person
from anonymizer.late import append_late
from anonymizer.treat import tombstones_at
from lake.contracts.model import Table
from lake.contracts.names import silver_path
from lake.contracts.tables import TABLES
from lake.cut import lane_of, lane_position
from lake.erased import PATH as ERASED
from lake.store import Store

RECEIPTS = "restricted/receipts"
SHELF = "gold/"
KINDS = ("op", "_op", "kind", "stage")  # columns that tell rows at the same position apart
EVERYTHING = "1 = 1"


@dataclass(frozen=True)
class Purged:
    """What was removed from a table, between which of its versions."""

    path: str
    rows: int
    files: int
    before: int
    after: int


def tables(store: Store) -> list[str]:
    """The paths of all tables that can hold a person: what is made from others first, their sources last."""
    found = sorted(log.parent.relative_to(store.root).as_posix() for log in store.root.rglob("_delta_log"))
    rank = {"gold_internal": 0, "silver": 1, "restricted": 2}
    kept = [path for path in found if path not in (ERASED, RECEIPTS) and not path.startswith(SHELF)]
    return sorted(kept, key=lambda path: (rank.get(path.split("/")[0], 0), path))


def version(store: Store, path: str) -> int:
    """The number of a table's newest commit."""
    return max(int(entry.stem) for entry in (store.root / path / "_delta_log").glob("[0-9]*.json"))


def theirs(store: Store, path: str, person: Person) -> pa.Table:
    """The person's rows in a table, tombstones left out: `_position` and what tells rows of one position apart."""
    schema = _schema(store, path)
    texts = [f.name for f in schema if _is_text(f.type) and f.name != "_day"]
    if not texts:
        return pa.table({})
    where = reduce(or_, (one for name in texts for one in _mentions(name, schema.field(name).type, person)))
    if "_op" in schema.names:
        where &= pc.field("_op") == "upsert"
    names = [name for name in ("_position", *KINDS) if name in schema.names] or texts[:1]
    return store.read(path, columns=names, where=where)


def _schema(store: Store, path: str) -> pa.Schema:
    return store.read(path, where=pc.scalar(False)).schema


def _is_text(kind: pa.DataType) -> bool:
    return any(
        test(kind)
        for test in (
            pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view,
            pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view,
        )
    )  # fmt: skip


def _mentions(name: str, kind: pa.DataType, person: Person) -> Iterator[pc.Expression]:
    """The conditions under which a cell is about the person."""
    cell = pc.field(name)
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
        cell = cell.cast(pa.large_binary())
    yield pc.match_substring(cell, person.id, ignore_case=True)
    yield pc.match_substring(cell, person.account)


def purge(store: Store, path: str, person: Person) -> Purged:
    """Remove the person's rows from a table, and every superseded file of it, which may hold older copies."""
    before, files = version(store, path), _on_disk(store, path)
    rows = theirs(store, path, person)
    if "_position" in rows.column_names and rows.num_rows:
        store.erase(path, _named(rows))
    elif rows.num_rows:
        store.erase(path, EVERYTHING)  # made from others, and made anew by its next run
    store.vacuum(path, older_than_hours=0, orphans=True)
    gone = len(files - _on_disk(store, path))
    return Purged(path, rows.num_rows, gone, before, version(store, path))


def _on_disk(store: Store, path: str) -> set[Path]:
    return set((store.root / path).rglob("*.parquet"))


def _named(rows: pa.Table) -> str:
    """SQL that names rows by position, and by kind where several may share one."""
    places = ", ".join(map(str, sorted(set(rows["_position"].to_pylist()))))
    words = [f"_position in ({places})"]
    for name in KINDS:
        if name in rows.column_names:
            values = sorted({value for value in rows[name].to_pylist() if value is not None})
            words.append(f"{name} in ({', '.join(repr(value) for value in values)})")
    return " and ".join(words)


def bury(store: Store, table: Table, person: Person) -> int:
    """Give each live row of theirs in silver a tombstone, where every reader sees it; returns how many."""
    if not table.people or not store.exists(silver_path(table)):
        return 0
    whose = reduce(or_, (pc.field(name) == person.account for name in table.people))
    names = list(dict.fromkeys([*table.key, *table.people, "_position", "_revision", "_op"]))
    mine = store.read(silver_path(table), columns=names, where=whose & (pc.field("_op") == "upsert"))
    if not mine.num_rows:
        return 0
    key = table.key[0]  # every published table has one key column
    versions = store.read(silver_path(table), columns=names, where=pc.field(key).isin(pc.unique(mine[key])))
    newest: dict[str, dict[str, object]] = {}
    for row in versions.sort_by([("_position", "ascending"), ("_revision", "ascending")]).to_pylist():
        newest[row[key]] = row
    live = [r for r in newest.values() if r["_op"] == "upsert" and person.account in {r[n] for n in table.people}]
    if not live:
        return 0
    here = int(lane_position(store, lane_of(table)))
    places = [max(here, int(str(row["_position"]))) for row in live]
    dead = tombstones_at(table, pa.table({key: pa.array([row[key] for row in live], pa.string())}), places)
    revisions = [
        int(str(r["_revision"])) + 1 if r["_position"] == at else 0 for r, at in zip(live, places, strict=True)
    ]
    at = dead.schema.get_field_index("_revision")
    dead = dead.set_column(at, dead.schema.field(at), pa.array(revisions, pa.int32()))
    append_late(store, table, dead, "erase")
    return len(live)


def bury_all(store: Store, person: Person) -> int:
    """Tombstones in every table of silver."""
    return sum(bury(store, table, person) for table in TABLES)
