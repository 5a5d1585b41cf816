"""A batch of Kafka messages becomes bronze rows; what they say together (repeats, whole transactions, snapshots) is
decided here, one message after another, in the order of their offsets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from ingestion import messages
from ingestion.bronze import Rows
from ingestion.messages import (
    CORRELATION,
    MARKERS,
    SESSION,
    Begin,
    End,
    Message,
    Refused,
    Row,
    Said,
    SnapshotAsked,
    SnapshotNotice,
)
from ingestion.repeats import Identity, Repeats, identity
from ingestion.sessions import Sessions
from ingestion.snapshots import Snapshots
from ingestion.transactions import Suspect, Transactions
from lake.store import Position


class Refusal(NamedTuple):
    """A message that goes to quarantine."""

    at: Position
    table: str | None
    reason: str
    value: bytes


@dataclass
class Batch:
    """What one commit will hold."""

    rows: Rows = field(default_factory=Rows)
    refusals: list[Refusal] = field(default_factory=list)
    suspects: list[Suspect] = field(default_factory=list)
    replays: list[tuple[Position, list[int]]] = field(default_factory=list)
    repeats: int = 0
    changes: int = 0
    seen: set[Identity] = field(default_factory=set)
    of_transaction: Counter[int | None] = field(default_factory=Counter)
    asked_for: dict[int, str] = field(default_factory=dict)  # transactions whose id came, and whose rows did not yet


Raw = tuple[Position, bytes | None]
Understood = tuple[Position, Message | Refusal]


class Assembler:
    """Keeps what outlives a batch: repeats it can recognise, open transaction, running snapshot, session of Debezium's."""

    def __init__(
        self,
        repeats: Repeats,
        transactions: Transactions,
        snapshots: Snapshots,
        sessions: Sessions,
        *,
        placeholder: str,
        on_new_stream: Callable[[Position], None],
        withhold: Callable[[Row], Row] = lambda row: row,
    ) -> None:
        self.repeats, self.transactions, self.snapshots, self.sessions = repeats, transactions, snapshots, sessions
        self._placeholder = placeholder
        self._on_new_stream = on_new_stream
        self.withhold = withhold

    def assemble(self, raw: Sequence[Raw]) -> Batch:
        """Turn messages into a batch. Raises Stop when a value is missing from the stream."""
        understood = [(at, self.understand(at, value)) for at, value in raw]
        streamed = [each for _, each in understood if isinstance(each, Row) and each.op != "r"]
        known = self.repeats.landed_already(streamed)
        batch = Batch()
        for at, each in understood:
            self._take(batch, at, each, known)
        self._keep_correlation(batch, raw)
        return batch

    def understand(self, at: Position, value: bytes | None) -> Message | Refusal:
        try:
            return messages.read(value, placeholder=self._placeholder)
        except Refused as refused:
            return Refusal(at, refused.table, refused.reason, value or b"")

    def _take(self, batch: Batch, at: Position, each: Message | Refusal, known: set[Identity]) -> None:
        match each:
            case Row(op="r"):
                self.snapshots.landed(each.table)
                batch.rows.change(at, self.withhold(each), None)
                batch.changes += 1
            case Row():
                self._change(batch, at, each, known)
            case Begin():
                self._streaming_again(batch, at)
                self.transactions.begin(each.tx_id)
            case End():
                self._end(batch, at, each)
            case Said():
                self._said(batch, at, each)
            case SnapshotNotice():
                self._notice(batch, at, each)
            case SnapshotAsked():
                self.snapshots.asked()
            case Refusal():
                batch.refusals.append(each)
                self.transactions.refused()
                self.snapshots.refused()

    def _change(self, batch: Batch, at: Position, row: Row, known: set[Identity]) -> None:
        self._streaming_again(batch, at)
        if (each := identity(row)) in known or each in batch.seen:
            batch.repeats += 1
            self.transactions.repeated(row.tx_id)
            return
        self.repeats.remember(each)
        batch.seen.add(each)
        self.transactions.landed(row.tx_id, row.table)
        batch.of_transaction[row.tx_id] += 1
        batch.rows.change(at, self.withhold(row), self.transactions.correlation(row.tx_id))
        batch.changes += 1

    def _end(self, batch: Batch, at: Position, end: End) -> None:
        batch.asked_for.pop(end.tx_id, None)
        for suspect in self.transactions.end(end.tx_id, end.counts, batch.of_transaction[end.tx_id]):
            batch.suspects.append(suspect)
            self._suspect(batch, at, suspect)

    @staticmethod
    def _suspect(batch: Batch, at: Position, suspect: Suspect) -> None:
        about = {"kind": "transaction", "expected": suspect.expected, "landed": suspect.landed}
        batch.rows.note(at, "e", {**about, "tables": suspect.tables}, tx_id=suspect.tx_id)

    def _said(self, batch: Batch, at: Position, said: Said) -> None:
        if said.prefix == CORRELATION and said.tx_id is not None:
            self.transactions.correlate(said.tx_id, said.content[:200])
            batch.asked_for[said.tx_id] = said.content[:200]
        elif said.prefix == SESSION and not self.sessions.knows(said.content):
            self._session(batch, at, said.content)
        elif said.prefix in MARKERS and (about := _marker(said.content)):
            if about["kind"] == "replay":
                batch.replays.append((at, [p for p in about.get("positions", ()) if isinstance(p, int)]))
            else:
                if about["kind"] == "opening":
                    self.sessions.announced(str(about.get("id")))
                batch.rows.note(at, "m", about, tx_id=said.tx_id)

    def _session(self, batch: Batch, at: Position, session: str) -> None:
        batch.rows.note(at, "m", {"kind": "session", "id": session})
        if not self.sessions.streams(session):
            batch.suspects.append(Suspect(-1, -1, -1, ()))
            batch.rows.note(at, "e", {"kind": "session", "tables": ()})

    def _notice(self, batch: Batch, at: Position, notice: SnapshotNotice) -> None:
        if notice.state == "STARTED":
            run = self.snapshots.start(at)
            if run.initial:
                self.repeats.forget()
                batch.seen.clear()
                self.sessions.new_stream()
                self._on_new_stream(at)
            batch.rows.note(at, "m", {"kind": "snapshot", "state": "started", "initial": run.initial})
        elif notice.state == "TABLE_SCAN_COMPLETED" and notice.table:
            self.snapshots.scanned(notice.table, notice.rows, notice.succeeded)
            about = {"state": "scanned", "rows": notice.rows, "succeeded": notice.succeeded}
            batch.rows.note(at, "m", {"kind": "snapshot", **about}, table=notice.table)
        elif notice.state == "COMPLETED":
            self._complete(batch, at)
        elif notice.state in ("ABORTED", "SKIPPED"):
            self._abandon(batch, at)

    def _complete(self, batch: Batch, at: Position) -> None:
        whole, torn = self.snapshots.complete()
        for each in whole:
            about = {"kind": "snapshot", "hides": each.hides, "rows": each.rows}
            batch.rows.note(at, "b", about, table=each.table)
        if torn:
            suspect = Suspect(-1, -1, -1, tuple(sorted(torn)))
            batch.suspects.append(suspect)
            batch.rows.note(at, "e", {"kind": "snapshot", "tables": suspect.tables})
        batch.rows.note(at, "m", {"kind": "snapshot", "state": "completed"})

    def _streaming_again(self, batch: Batch, at: Position) -> None:
        """A streamed change ends a snapshot that was not completed: its barriers never count."""
        if self.snapshots.running:
            self._abandon(batch, at)

    def _abandon(self, batch: Batch, at: Position) -> None:
        self.snapshots.abandon()
        batch.rows.note(at, "m", {"kind": "snapshot", "state": "abandoned"})

    @staticmethod
    def _keep_correlation(batch: Batch, raw: Sequence[Raw]) -> None:
        """Leave the id of a transaction whose rows are still to come where a restart finds it."""
        for tx_id, correlation_id in batch.asked_for.items():
            if not batch.of_transaction[tx_id]:
                batch.rows.note(raw[-1][0], "m", {"kind": "open"}, tx_id=tx_id, correlation_id=correlation_id)


def _marker(content: str) -> dict[str, Any] | None:
    """What a marker says; nothing when it cannot be read."""
    try:
        about = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return about if isinstance(about, dict) and isinstance(about.get("kind"), str) else None
