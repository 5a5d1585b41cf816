"""What waits for somebody in the lake: rows in quarantine, tables that may miss changes, a snapshot that is not over.

Read from quarantine (its stage, table and reason, never the message) and from landing's own notes in bronze, which lie
in a partition of their own and hold no row.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson

from lake.contracts.tables import BY_NAME
from lake.schema import KEPT_FOR_EVER
from lake.store import START, Position
from lake.store.glance import Glance

REPAIR = {"land": "python -m ingestion replay", "release": "python -m anonymizer release --replay"}
"""The command that tries a stage's refused rows again."""
UNKNOWN = "unknown"  # a refused message of which not even the table could be read


@dataclass(frozen=True)
class Refused:
    """Rows that wait in quarantine for the same reason, since when (ISO 8601), and the command that tries them again."""

    stage: str
    table: str
    reason: str
    rows: int
    since: str
    command: str


@dataclass
class Notes:
    """Landing's notes, taken in as they come."""

    seen: Position = START
    suspected: dict[str, int] = field(default_factory=dict)
    replayed: set[int] = field(default_factory=set)
    snapshot: bool = False

    def take(self, position: int, op: str, about: dict[str, Any]) -> None:
        """One note, in order of position."""
        kind = about.get("kind")
        if op == "e":
            self.suspected |= dict.fromkeys(about.get("tables") or BY_NAME, position)
        elif kind == "audited":
            for table in about.get("tables", ()):
                if self.suspected.get(table, -1) < about.get("began", -1):
                    self.suspected.pop(table, None)
        elif kind == "replay":
            self.replayed |= set(about.get("positions", ()))
        elif kind == "snapshot" and op == "m" and about.get("state") in ("started", "completed", "abandoned"):
            self.snapshot = about["state"] == "started"


class Troubles:
    """Keeps what it has read; a look that finds nothing new reads nothing."""

    def __init__(self, bronze: Glance, quarantine: Glance) -> None:
        self._bronze, self._quarantine = bronze, quarantine
        self._bronze_version = self._quarantine_version = -1
        self._rows: list[dict[str, Any]] = []
        self.notes = Notes()

    def look(self) -> None:
        """Take in what is new."""
        if self._bronze.version != self._bronze_version:
            self._read_notes()
            self._bronze_version = self._bronze.version
        if self._quarantine.version != self._quarantine_version:
            columns = ["_position", "stage", "table", "reason", "refused_at"]
            self._rows = self._quarantine.rows(columns).to_pylist()
            self._quarantine_version = self._quarantine.version

    def _read_notes(self) -> None:
        if self._bronze.files().last < self.notes.seen:
            self.notes = Notes()  # another lake
        rows = self._bronze.rows(["_position", "op", "after"], after=self.notes.seen, day=KEPT_FOR_EVER)
        for row in sorted(rows.to_pylist(), key=lambda one: one["_position"]):
            self.notes.take(row["_position"], row["op"], orjson.loads(row["after"] or "{}"))
            self.notes.seen = Position(row["_position"])

    def quarantine(self) -> list[Refused]:
        """What waits, the largest part first."""
        waiting = [row for row in self._rows if row["stage"] != "land" or row["_position"] not in self.notes.replayed]
        counts = Counter((row["stage"], _known(row["table"]), row["reason"]) for row in waiting)
        since: dict[tuple[str, str, str], Any] = {}
        for row in waiting:
            key = (row["stage"], _known(row["table"]), row["reason"])
            since[key] = min(since.get(key, row["refused_at"]), row["refused_at"])
        return [
            Refused(*key, rows, since[key].isoformat(), REPAIR.get(key[0], ""))
            for key, rows in sorted(counts.items(), key=lambda one: -one[1])
        ]

    @property
    def suspects(self) -> list[str]:
        """Tables that no audit has found equal since they were suspected."""
        return sorted(self.notes.suspected)


def _known(table: str | None) -> str:
    return table if table in BY_NAME else UNKNOWN
