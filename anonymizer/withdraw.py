"""A person withdraws: every live row of theirs gets a tombstone, then all its versions are erased from the files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.treat import tombstones_at
from lake.contracts.model import Table
from lake.contracts.names import silver_path
from lake.store import Store


def tombstones(store: Store, table: Table, fresh: pa.Table, withdrawn: Mapping[str, int]) -> pa.Table:
    """Tombstones for the rows whose newest version, stored or among the `fresh` ones, is of a person who withdrew
    after it was written; each at the withdrawal's position."""
    key = table.key[0]  # every published table has one key column
    names = list(dict.fromkeys([key, *table.people, "_position", "_revision", "_op"]))
    theirs = _of(table, list(withdrawn)) & (pc.field("_op") != "barrier")
    given = fresh.select(names)
    mine = [store.read(silver_path(table), columns=[key], where=theirs)[key], given.filter(theirs)[key]]
    keys = pc.unique(pa.chunked_array([chunk for one in mine for chunk in one.chunks], pa.string()))
    if not len(keys):
        return fresh.schema.empty_table()
    of_these = pc.field(key).isin(keys)
    stored = store.read(silver_path(table), columns=names, where=of_these)
    versions = pa.concat_tables([stored, given.filter(of_these)])
    newest: dict[object, dict[str, object]] = {}
    for row in versions.sort_by([("_position", "ascending"), ("_revision", "ascending")]).to_pylist():
        newest[row[key]] = row
    found, places = [], []
    for one, row in newest.items():
        at = max((withdrawn[p] for n in table.people if (p := str(row[n])) in withdrawn), default=-1)
        if row["_op"] == "upsert" and int(str(row["_position"])) < at:
            found.append(one)
            places.append(at)
    return tombstones_at(table, pa.table({key: pa.array(found, pa.string())}), places)


def erase(store: Store, table: Table, withdrawn: Mapping[str, int]) -> int:
    """Remove every version of theirs that is older than the withdrawal, and the bytes of the files that held them."""
    where = _of(table, list(withdrawn)) & (pc.field("_op") == "upsert")
    theirs = store.read(silver_path(table), columns=["_position", *table.people], where=where).to_pylist()
    ends = [max((withdrawn[row[n]] for n in table.people if row[n] in withdrawn), default=-1) for row in theirs]
    places = [row["_position"] for row, end in zip(theirs, ends, strict=True) if row["_position"] < end]
    if not places:
        return 0
    erased = store.erase(silver_path(table), upserts_at(places))
    store.vacuum(silver_path(table), older_than_hours=0)  # a compaction may have left older copies of these rows
    return erased


def upserts_at(places: Iterable[int]) -> str:
    """The SQL that names versions by their positions: a DELETE leaves its predicate in the Delta log, so no pseudonym may
    stand in it. There is one upsert at a position, or several treatments of the same row."""
    return f"_position in ({', '.join(map(str, sorted(set(places))))}) and _op = 'upsert'"


def _of(table: Table, accounts: list[str]) -> pc.Expression:
    where = pc.field(table.people[0]).isin(accounts)
    for name in table.people[1:]:
        where |= pc.field(name).isin(accounts)
    return where
