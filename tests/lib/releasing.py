"""Release in this process, on hand-made bronze, with whatever stands in for the language model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from anonymizer.lane import Lane
from anonymizer.names import NameIndex
from anonymizer.policy import Tools
from anonymizer.registry import Registry
from anonymizer.release import Room
from anonymizer.rules.redact import Redactor
from anonymizer.spans import Masked
from anonymizer.vault import Vault
from lake.contracts.names import QUARANTINE, silver_path
from lake.contracts.tables import BY_NAME, TABLES
from lake.cut import LANES, lane_of
from lake.schema import current_sql
from lake.store import LocalStore
from tests.lib.changes import Bronze

VAULT = Vault(b"k" * 32)


def stars(texts: Sequence[str], /) -> list[Masked | None]:
    """A model that knows one secret word, and cannot judge texts that say so."""
    return [None if "slow" in t else Masked(t.replace("secret", "<PERSON>"), t.count("secret")) for t in texts]


class Killed(BaseException):
    """What a test raises where kill -9 would strike."""


class Releasing:
    """Both lanes over one lake. `stop_at` names the point at which the next run dies."""

    def __init__(self, bronze: Bronze, mask: Redactor = stars, batch_rows: int = 1000) -> None:
        self.bronze, self.store = bronze, bronze.store
        self.mask, self.batch_rows = mask, batch_rows
        self.names: NameIndex | None = None
        self.stop_at: str | None = None
        self.passed: list[str] = []

    def room(self, name: str) -> Room:
        """A lane as a fresh process opens it."""
        store = LocalStore(self.store.root)
        registry = Registry(store, VAULT, self.names)
        tables = [table for table in TABLES if lane_of(table) == name]
        lane = Lane(name, tables, store, Tools(VAULT, self.mask), registry.people, self.batch_rows, self._reached)
        room = Room(store, registry, lane)
        room.prepare()
        return room

    def _reached(self, point: str) -> None:
        self.passed.append(point)
        if point == self.stop_at:
            self.stop_at = None
            raise Killed(point)

    def go(self) -> dict[str, int]:
        """Land what is pending and let both lanes step once; returns their counts, added."""
        if self.bronze.pending:
            self.bronze.land()
        counts: dict[str, int] = {}
        for name in LANES:
            room = self.room(name)
            room.step()
            for what, count in vars(room.lane.counts).items():
                counts[what] = counts.get(what, 0) + count
        return counts

    def current(self, table: str) -> list[dict[str, Any]]:
        """Silver's current rows, as every reader sees them."""
        rows = self.versions(table)
        with duckdb.connect() as memory:
            memory.register("versions", rows)
            answer = memory.execute(current_sql(BY_NAME[table], "versions")).to_arrow_table()
        return list(answer.sort_by("_position").to_pylist())

    def versions(self, table: str) -> Any:
        return LocalStore(self.store.root).read(silver_path(BY_NAME[table]))

    def ids(self, table: str) -> set[str]:
        return {row["id"] for row in self.current(table)}

    def quarantine(self) -> list[tuple[int, str]]:
        """Position and reason of what release refused."""
        store = LocalStore(self.store.root)
        if not store.exists(QUARANTINE):
            return []
        rows = store.read(QUARANTINE).sort_by("_position").to_pylist()
        return [(row["_position"], row["reason"]) for row in rows]


def pseudonym(domain: str, identity: str) -> str:
    return VAULT.pseudonym(domain, identity)
