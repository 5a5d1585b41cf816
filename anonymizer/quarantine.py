"""Rows that release could not pass, kept with the reason until a fix lets them through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.bronze import READ
from anonymizer.vault import Vault
from lake.contracts.model import Table
from lake.contracts.names import QUARANTINE as PATH
from lake.kit.clock import utc_now
from lake.schema import QUARANTINE
from lake.store import Position, Store
from lake.store.position import offset_of

STAGE = "release"
MINE = pc.field("stage") == STAGE


def prepare(store: Store) -> None:
    """Make the table when it is missing."""
    store.create(PATH, QUARANTINE)


def keep(store: Store, refused: Sequence[tuple[Mapping[str, Any], str]], *, app: str, upto: Position) -> None:
    """Put refused bronze rows into quarantine, in the commit that moves `app` there. Nothing to keep is no commit."""
    keep_rows(store, as_table(refused), app=app, upto=upto)


def as_table(refused: Sequence[tuple[Mapping[str, Any], str]]) -> pa.Table:
    """Refused bronze rows as rows of quarantine."""
    return pa.Table.from_pylist([_row(row, reason) for row, reason in refused], QUARANTINE)


def keep_rows(store: Store, rows: pa.Table, *, app: str, upto: Position) -> None:
    """Put rows of quarantine there, but for those that an earlier attempt has put. Nothing to keep is no commit."""
    if rows.num_rows:
        fresh = rows.filter(pc.greater(rows["_position"], int(store.position(PATH, app))))
        if fresh.num_rows:
            store.append(PATH, fresh, app=app, upto=upto)


def _row(row: Mapping[str, Any], reason: str) -> dict[str, Any]:
    now = utc_now()
    return {
        "_position": row["_position"],
        "stage": STAGE,
        "table": row["table"],
        "reason": reason,
        "offset": offset_of(Position(row["_position"])),
        "message": orjson.dumps({name: row[name] for name in READ}),
        "refused_at": now,
        "_day": now.date().isoformat(),
    }


def waiting(store: Store) -> list[dict[str, Any]]:
    """The bronze rows in quarantine, in order."""
    if not store.exists(PATH):
        return []
    rows = store.read(PATH, columns=["_position", "message"], where=MINE).sort_by("_position")
    return [orjson.loads(message) for message in rows["message"].to_pylist()]


def forget(store: Store, tables: Sequence[Table], accounts: Set[str], vault: Vault) -> None:
    """Erase the rows of people who withdrew."""
    by_name = {table.name: table for table in tables if table.people}
    theirs = []
    for row in waiting(store):
        if (table := by_name.get(row["table"])) and not accounts.isdisjoint(people_of(table, row, vault)):
            theirs.append(row["_position"])
    remove(store, theirs)


def people_of(table: Table, row: Mapping[str, Any], vault: Vault) -> set[str]:
    """The pseudonyms of everybody whom either image of a bronze row names."""
    found: set[str] = set()
    for image in (row["before"], row["after"]):
        try:
            said = orjson.loads(image or "{}")
            found |= {vault.pseudonym("account", said[n]) for n in table.people if isinstance(said.get(n), str)}
        except (orjson.JSONDecodeError, AttributeError):
            continue
    return found


def remove(store: Store, places: Sequence[int]) -> None:
    """Erase rows from quarantine, with the bytes that held them."""
    if places:
        store.erase(PATH, f"stage = '{STAGE}' and _position in ({', '.join(map(str, places))})")
