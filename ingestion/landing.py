"""The heart of landing: read from exactly where bronze ends, append what was read with its position in one commit.

Nothing is remembered outside the lake. A restart reads the position and the recent past from bronze.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
from kafka.consumer.fetcher import ConsumerRecord

from ingestion import bronze, quarantine
from ingestion.assemble import Assembler, Batch, Raw
from ingestion.epochs import Epoch, epoch_for
from ingestion.failpoints import Failpoints
from ingestion.messages import SnapshotNotice, read
from ingestion.meters import LandMeters
from ingestion.repeats import REMEMBERED, Repeats
from ingestion.sessions import Sessions
from ingestion.snapshots import Running, Snapshots
from ingestion.topic import Topic
from ingestion.transactions import Suspect, Transactions
from ingestion.withhold import Withholding
from lake.contracts.names import BRONZE, QUARANTINE
from lake.erased import ErasedList
from lake.kit.errors import Stop
from lake.kit.log import get_log
from lake.schema import BRONZE as BRONZE_SCHEMA
from lake.schema import QUARANTINE as QUARANTINE_SCHEMA
from lake.store import START, Position, SecondWriter, Store
from lake.store.gate import Gate
from lake.store.position import offset_of, position

NEW_TOPIC = (
    "The topic is not the one bronze was fed from, and it holds no snapshot: changes between the two are lost. "
    "Run `python -m ingestion resnapshot`, then start `land` again."
)


class Landing:
    """Lands one topic in one lake. Not safe to run twice: the second one loses at its first commit, with SecondWriter."""

    def __init__(self, store: Store, topic: Topic, *, placeholder: str, failpoints: Failpoints | None = None) -> None:
        self._store, self._topic = store, topic
        self._failpoints = failpoints or Failpoints()
        store.create(BRONZE, BRONZE_SCHEMA)
        store.create(QUARANTINE, QUARANTINE_SCHEMA)
        self.counts: Counter[str] = Counter()
        self.meters = LandMeters()
        self.suspects: list[Suspect] = []
        self._identity = topic.identity()
        self._epoch = epoch_for(store, self._identity)
        self.landed = self._epoch.landed
        self._since = START  # nothing at or before it can be sent again
        self._withholding = Withholding(ErasedList(store))
        self._assembler = self._restore(placeholder)
        self._pending: list[Raw] = []
        self.weighty = False  # whether what is pending holds anything but heartbeats and empty transactions
        topic.seek(self._first_offset())
        self.meters.watch(self.offset, lambda: topic.newest_end() - self.offset)

    @property
    def epoch(self) -> Epoch:
        return self._epoch

    @property
    def read(self) -> int:
        """The offset behind the last message read."""
        return offset_of(self._pending[-1][0]) + 1 if self._pending else self.offset

    @property
    def offset(self) -> int:
        """The offset behind the last message landed."""
        return offset_of(self.landed) + 1 if self.landed != START else self._start

    def _first_offset(self) -> int:
        """Where to read on. A topic that is new, or has lost what we did not read, must hold a snapshot."""
        begin = self._start = self._topic.begin()
        if self.landed != START and offset_of(self.landed) + 1 >= begin:
            return offset_of(self.landed) + 1
        if (self._epoch.number or begin or self.landed != START) and not self._holds_snapshot(begin):
            raise Stop(NEW_TOPIC)
        return begin

    def _holds_snapshot(self, begin: int) -> bool:
        self._topic.seek(begin)
        end = self._topic.end()
        while begin < end:
            records = self._topic.poll(10_000, 1000)
            for record in records:
                if record.value and b'"aggregate_type"' in record.value:
                    notice = read(record.value)
                    if isinstance(notice, SnapshotNotice) and notice.state == "STARTED":
                        return True
            begin += len(records)
        return False

    def _restore(self, placeholder: str) -> Assembler:
        """What bronze tells about the recent past."""
        notes = bronze.notes(self._store, ("m", "b"))
        snapshots = _running(self._store, notes)
        started = [n for n in notes if n["after"].get("initial") is True]
        self._since = Position(started[-1]["_position"]) if started else START
        sessions = Sessions()
        sessions.restore(n["after"] for n in notes if n["_position"] >= self._since)
        recent = max(self._since, Position(self.landed - REMEMBERED))
        repeats = Repeats(lambda lsns: bronze.identities(self._store, lsns, self._since))
        transactions = Transactions(lambda tx_id: bronze.changes_of(self._store, tx_id, self._since))
        columns = ["op", "lsn", "table", "key", "tx_id", "correlation_id"]
        rows = self._store.changes(BRONZE, after=recent, columns=["_position", *columns])
        for op, lsn, table, key, tx_id, correlation_id in zip(*(rows[c].to_pylist() for c in columns), strict=True):
            if correlation_id:
                transactions.correlate(tx_id, correlation_id)
            if op in bronze.CHANGES:
                repeats.remember((lsn, table, key or ""))
        del rows
        pa.default_memory_pool().release_unused()
        repeats.beyond = bronze.newest_lsn(self._store, self._since, recent)
        return Assembler(
            repeats, transactions, snapshots, sessions,
            placeholder=placeholder, on_new_stream=self._new_stream, withhold=self._withholding,
        )  # fmt: skip

    def _new_stream(self, at: Position) -> None:
        self._since = at

    def poll(self, most: int, wait_ms: int) -> int:
        """Read some messages; returns how many."""
        records: Sequence[ConsumerRecord] = self._topic.poll(most, wait_ms)
        self._pending += [(position(self._epoch.number, r.offset), r.value) for r in records]
        self.weighty = self.weighty or any(r.value and b'"ts_ns"' in r.value for r in records)
        return len(records)

    @property
    def pending(self) -> int:
        """Messages read and not yet landed."""
        return len(self._pending)

    def commit(self) -> None:
        """Land what was read: refused messages first, then rows and position in one commit.

        Waits while an erasure has the gate closed: whoever it erases is withheld from what is landed after it.
        """
        if not self._pending:
            return
        self.check_topic()
        with Gate(self._store.root).passing():
            self._withholding.refresh()
            self._commit()

    def _commit(self) -> None:
        began, upto = time.monotonic(), self._pending[-1][0]
        batch = self._assembler.assemble(self._pending)
        if not self._epoch.known:
            about = {"cluster": self._identity.cluster, "topic": self._identity.topic}
            batch.rows.note(self._pending[0][0], "n", about)
        for at, positions in batch.replays:
            self._replay(batch, at, positions)
        self._failpoints.reach("before-quarantine")
        refusals = [each for each in batch.refusals if not self._withholding.speaks_of_them(each.value)]
        quarantine.refuse(self._store, self._epoch.app, refusals, upto)
        self._failpoints.reach("before-commit")
        self._append(batch.rows.table(), upto)
        self._failpoints.reach("after-commit")
        self._take_stock(batch, upto, time.monotonic() - began)

    def _append(self, rows: pa.Table, upto: Position) -> None:
        if not self._store.append(BRONZE, rows, app=self._epoch.app, upto=upto, after=self.landed):
            raise SecondWriter(
                f"Bronze is at or beyond position {upto} already, but this process had left it at {self.landed}. "
                "A second copy of `land` is running: stop one of them, then start again."
            )

    def _take_stock(self, batch: Batch, upto: Position, seconds: float) -> None:
        self.meters.committed(batch, len(self._pending), offset_of(upto) + 1, seconds)
        self.counts["in"] += len(self._pending)
        self.counts["out"] += batch.changes
        self.counts["refused"] += len(batch.refusals)
        self.counts["repeats"] += batch.repeats
        self.counts["commits"] += 1
        self.suspects += batch.suspects
        for suspect in batch.suspects:
            get_log().warning(
                "transaction_suspected", tables=suspect.tables, expected=suspect.expected, landed=suspect.landed
            )
        self.landed, self._pending, self.weighty = upto, [], False
        self._epoch = Epoch(self._epoch.number, self._epoch.app, upto, known=True)

    def check_topic(self) -> None:
        """What was read came from this topic if the topic is still the same. Raises Stop, or Retry when Kafka is away."""
        if self._topic.identity() != self._identity:
            raise Stop(
                "The topic was deleted and made again while it was read. "
                "Run `python -m ingestion resnapshot`, then start `land` again."
            )

    def _replay(self, batch: Batch, at: Position, positions: list[int]) -> None:
        """Land refused messages that can be read now, at their own positions, and say so at this one."""
        landed = quarantine.replayed(self._store, self._assembler, batch, positions)
        batch.rows.note(at, "m", {"kind": "replay", "positions": landed})


def _running(store: Store, notes: list[bronze.Note]) -> Snapshots:
    """The snapshot that was under way where bronze ends."""
    run: Running | None = None
    for note in notes:
        about = note["after"]
        if about.get("kind") != "snapshot" or note["op"] != "m":
            continue
        if about["state"] == "started":
            run = Running(Position(note["_position"]), initial=about["initial"])
        elif about["state"] == "scanned" and run:
            run.scanned[note["table"]] = about["rows"]
            if not about["succeeded"]:
                run.failed.add(note["table"])
        elif about["state"] in ("completed", "abandoned"):
            run = None
    if run:
        where = pc.field("op").isin(["r", bronze.WITHHELD]) & (pc.field("_position") > run.started)
        run.landed.update(store.read(BRONZE, columns=["table"], where=where)["table"].to_pylist())
        refused = store.read(QUARANTINE, columns=["_position"], where=pc.field("_position") > run.started)
        run.refused = refused.num_rows
    return Snapshots(run)
