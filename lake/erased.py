"""The erased list: who must never enter again. Landing, release and the audit read it; `anonymizer erase` alone writes it.

A row holds no id that leads back to anybody: the pseudonym, by which release knows a person, and a SHA-256 of the
account's id, by which landing, which has no key, knows them. The ids hold 74 random bits, so that no table of digests
leads back to one either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from lake.kit.clock import utc_now
from lake.store import START, Position, Store

PATH = "restricted/erased"
APP = "erase"
SCHEMA = pa.schema(
    [
        pa.field("_position", pa.int64()),  # number of the entry: 0, 1, 2, …
        pa.field("account", pa.string()),  # the pseudonym
        pa.field("digest", pa.string()),  # of the account's id
        pa.field("_day", pa.string()),
    ]
)
DOMAIN = "erased"


def digest(account_id: str) -> str:
    """What the list holds of an account's id: 64 hex digits. PostgreSQL computes the same in `ingestion/compare.py`."""
    return hashlib.sha256(f"{DOMAIN}\x1f{account_id.lower()}".encode()).hexdigest()


@dataclass
class ErasedList:
    """The list as it was when last refreshed; empty before the first entry of a lake."""

    store: Store
    accounts: frozenset[str] = frozenset()  # pseudonyms
    digests: frozenset[str] = frozenset()
    _read: Position = START

    def refresh(self) -> bool:
        """Take in new entries; returns whether there were any. Costs next to nothing when there are none."""
        if not self.store.exists(PATH) or (written := self.store.position(PATH, APP)) == self._read:
            return False
        rows = self.store.read(PATH, columns=["account", "digest"])
        self.accounts = frozenset(rows["account"].to_pylist())
        self.digests = frozenset(rows["digest"].to_pylist())
        self._read = written
        return True

    def names(self, accounts: Iterable[str]) -> bool:
        """Whether one of the account ids, as the app has them, is of an erased person."""
        return any(digest(account) in self.digests for account in accounts)


def enter(store: Store, account: str, of_id: str) -> bool:
    """Put a person on the list, once; returns whether they are new there. Only one process may do so at a time."""
    store.create(PATH, SCHEMA)
    listed = ErasedList(store)
    listed.refresh()
    if of_id in listed.digests:
        return False
    at = store.position(PATH, APP)
    number = Position(at + 1)
    row = {"_position": number, "account": account, "digest": of_id, "_day": utc_now().date().isoformat()}
    store.append(PATH, pa.Table.from_pylist([row], SCHEMA), app=APP, upto=number, after=at)
    return True
