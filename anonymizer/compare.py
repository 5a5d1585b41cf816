"""Silver against what has landed: every current row whose people all consent is there at that very position, and nothing
else is. It is the second half of the audit; the first, PostgreSQL against what has landed, is `python -m ingestion audit`.

Positions are compared, not values: a treatment is a pure function of the row at a position. What differs twice differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
import pyarrow as pa

from anonymizer import quarantine
from anonymizer.people import People, read_events
from anonymizer.vault import Vault
from lake.contracts.model import Table
from lake.contracts.names import silver_path
from lake.cut import cut
from lake.erased import ErasedList
from lake.landed import landed
from lake.store import START, Position, Store

Key = tuple[str, ...]  # as silver has it
FAR = Position(2**62)


@dataclass(frozen=True)
class Difference:
    """What one table's silver has wrong, by key; positions are those of the rows concerned."""

    table: Table
    rows: int  # that should be current
    missing: dict[Key, int]  # landed, and not in silver
    stale: dict[Key, int]  # in silver at another position than the newest that has landed
    extra: dict[Key, int]  # in silver, and deleted, hidden, withheld or never landed
    waiting: int = 0  # in quarantine: silver keeps the version before, until `release --replay`
    unstreamed: int = 0  # consent came after the row: the app's job streams it again

    def __len__(self) -> int:
        return len(self.missing) + len(self.stale) + len(self.extra)

    def __and__(self, other: Difference) -> Difference:
        """What both found."""
        pairs = ((self.missing, other.missing), (self.stale, other.stale), (self.extra, other.extra))
        missing, stale, extra = ({k: at for k, at in b.items() if k in a} for a, b in pairs)
        return Difference(other.table, other.rows, missing, stale, extra, other.waiting, other.unstreamed)


class Consents:
    """Who consented at a position and who does now: release may have known of either."""

    def __init__(self, store: Store, upto: Position) -> None:
        self._then, self._now = People(), People()
        self.granted: dict[str, int] = {}  # account → position of its newest grant
        listed = ErasedList(store)
        listed.refresh()
        for event in read_events(store, START):
            self._now.apply(event)
            if event["_position"] <= upto:
                self._then.apply(event)
            if event["kind"] == "consent" and event["granted"]:
                self.granted[event["account"]] = event["_position"]
        self._then.erased = self._now.erased = listed.accounts

    def always(self, people: Sequence[str]) -> bool:
        return self._then.consents(people) and self._now.consents(people)

    def ever(self, people: Sequence[str]) -> bool:
        return self._then.consents(people) or self._now.consents(people)


def compare(store: Store, vault: Vault, tables: Sequence[Table]) -> list[Difference]:
    """Compare once, and what differs once more: release may be at work."""
    found = []
    for table in tables:
        first = _compare(store, vault, table)
        found.append(first & _compare(store, vault, table) if len(first) else first)
    return found


def _compare(store: Store, vault: Vault, table: Table) -> Difference:
    upto = cut(store)
    have = current(store, table, upto)
    consents = Consents(store, upto)
    held_back = {row["_position"] for row in quarantine.waiting(store) if row["table"] == table.name}
    should: dict[Key, int] = {}
    may, waiting, unstreamed = set[Key](), 0, 0
    rows = landed(store, table, upto).current()
    for text, at, accounts in zip(*(rows[name].to_pylist() for name in ("key", "_position", "people")), strict=True):
        key, people = silver_key(table, text, vault), [vault.pseudonym("account", one) for one in accounts.split()]
        if at in held_back:
            waiting += 1
            may.add(key)
        elif consents.always(people):
            if key not in have and any(consents.granted.get(one, -1) > at for one in people):
                unstreamed += 1
            else:
                should[key] = at
        if consents.ever(people):
            may.add(key)
    missing = {key: at for key, at in should.items() if key not in have}
    stale = {key: at for key, at in should.items() if key in have and have[key] != at}
    extra = {key: at for key, at in have.items() if key not in may}
    return Difference(table, len(should), missing, stale, extra, waiting, unstreamed)


def silver_key(table: Table, text: str, vault: Vault) -> Key:
    """A key as bronze has it → as silver has it."""
    values = orjson.loads(text)
    parts = []
    for name in table.key:
        domain = table.column(name).domain
        parts.append(vault.pseudonym(domain, str(values[name])) if domain else str(values[name]))
    return tuple(parts)


def current(store: Store, table: Table, upto: Position) -> dict[Key, int]:
    """Key → position of silver's current rows at a position."""
    import duckdb  # noqa: PLC0415 - release, which never compares, does without it

    names = [*table.key, "_position", "_revision", "_op"]
    versions = store.changes(silver_path(table), after=START, upto=upto, columns=names)
    key = ", ".join(table.key)
    query = (
        f"select {key}, _position from versions where _op <> 'barrier' qualify row_number() over "
        f"(partition by {key} order by _position desc, _revision desc) = 1 and _op = 'upsert' and _position > "
        "(select coalesce(max(_position), -1) from versions where _op = 'barrier')"
    )
    with duckdb.connect() as memory:
        memory.register("versions", versions)
        found: pa.Table = memory.execute(query).to_arrow_table()
    columns = [found[name].to_pylist() for name in found.column_names]
    return {tuple(map(str, row[:-1])): row[-1] for row in zip(*columns, strict=True)}
