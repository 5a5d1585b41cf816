"""Bronze by hand: changes of the app's tables as landing writes them, one position each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pyarrow as pa

from lake.contracts.model import Table, Type
from lake.contracts.names import BRONZE as PATH
from lake.contracts.rules import OneOf
from lake.contracts.tables import BY_NAME
from lake.kit.clock import parse_moment
from lake.schema import BRONZE
from lake.store import LocalStore, Position

MOMENT = "2026-03-04T05:06:07.123456Z"
SAMPLE = {
    Type.TEXT: "a-word",
    Type.INT: 1,
    Type.BIGINT: 1,
    Type.BOOL: True,
    Type.TIMESTAMP: MOMENT,
    Type.DATE: "2026-03-04",
}
LANGUAGE = {"language": "en"}


def person(number: int) -> str:
    """The id of a person."""
    return str(UUID(int=0x70000000_0000_7000_8000_000000000000 + number))


def thing(number: int) -> str:
    """The id of anything else."""
    return str(UUID(int=0x60000000_0000_7000_8000_000000000000 + number))


def row(table: str, **values: Any) -> dict[str, Any]:
    """A row that keeps every rule, with some values given."""
    made: dict[str, Any] = {}
    for column in BY_NAME[table].columns:
        closed = next((rule.values[0] for rule in column.rules if isinstance(rule, OneOf)), None)
        made[column.name] = closed or LANGUAGE.get(column.name) or SAMPLE.get(column.type, thing(1))
    return made | values


class Bronze:
    """A lake whose bronze grows by hand. Positions count up from 0."""

    def __init__(self, root: Path) -> None:
        self.store = LocalStore(root)
        self.store.create(PATH, BRONZE)
        self.next = 0
        self._pending: list[dict[str, Any]] = []

    def add(self, op: str, table: str | None, *, key: str | None = None, before: str | None = None,
            after: str | None = None, day: str = "2026-03-04") -> int:  # fmt: skip
        """One row at the next position; it lands with `land`."""
        moment = parse_moment(MOMENT)
        place = {"_position": self.next, "table": table, "op": op, "key": key, "before": before, "after": after}
        self._pending.append(place | {"committed_at": moment, "landed_at": moment, "_day": day})
        self.next += 1
        return self.next - 1

    def put(
        self, table: str, op: str = "c", before: Mapping[str, Any] | None = None, day: str = "2026-03-04", **values: Any
    ) -> int:
        """A change that leaves a row behind."""
        image = row(table, **values)
        return self.add(
            op, table, key=_key(BY_NAME[table], image), before=_kept(BY_NAME[table], before or (image if op == "u" else None)),
            after=_json(image), day=day,
        )  # fmt: skip

    def delete(self, table: str, **values: Any) -> int:
        image = row(table, **values)
        return self.add("d", table, key=_key(BY_NAME[table], image), before=_kept(BY_NAME[table], image))

    def truncate(self, table: str) -> int:
        return self.add("t", table, after=_json({"kind": "truncate", "hides": self.next}))

    def start_snapshot(self) -> int:
        return self.add("m", None, after=_json({"kind": "snapshot", "state": "started", "initial": True}))

    def finish_snapshot(self, started: int, *tables: str) -> int:
        """The barriers of the tables and the notice that it is complete, at one position."""
        for table in tables:
            self.add("b", table, after=_json({"kind": "snapshot", "hides": started, "rows": 1}))
            self.next -= 1
        return self.add("m", None, after=_json({"kind": "snapshot", "state": "completed"}))

    def join(self, number: int, *, name: str = "Some Body", handle: str | None = None, email: str | None = None,
             consents: bool = True) -> str:  # fmt: skip
        """A person with an account and a decision about the lake."""
        who = person(number)
        self.put("accounts", id=who, handle=handle or f"handle{number:04}x", display_name=name, email=email)
        self.decide(number, consents)
        return who

    def decide(self, number: int, granted: bool) -> int:
        return self.put(
            "consents", "u", id=thing(900_000 + number), account_id=person(number), purpose="lake", granted=granted
        )

    @property
    def pending(self) -> int:
        """How many rows have been added since the last landing."""
        return len(self._pending)

    def land(self) -> Position:
        """Commit what was added; returns the last position."""
        rows, self._pending = self._pending, []
        upto = Position(self.next - 1)
        self.store.append(PATH, pa.Table.from_pylist(rows, BRONZE), app="land", upto=upto)
        return upto


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _key(table: Table, image: Mapping[str, Any]) -> str:
    return _json({name: image[name] for name in table.key})


def _kept(table: Table, image: Mapping[str, Any] | None) -> str | None:
    return None if image is None else _json({name: image[name] for name in {*table.key, *table.people}})
