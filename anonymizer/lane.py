"""One lane of release: some tables, their positions, and one batch after another from bronze to silver.

What holds in a batch, in this order: refused rows are in quarantine; each table's versions and tombstones are in one
commit with its position; erased bytes are gone; only then the lane's position moves. A batch that is repeated after a
crash finds what it did already and does the rest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads

from anonymizer import quarantine
from anonymizer.bronze import Reach, page, page_end, page_span
from anonymizer.memory import give_back
from anonymizer.meters import ReleaseMeters
from anonymizer.people import People
from anonymizer.policy import Tools
from anonymizer.spread import COUNTS, REFUSED
from anonymizer.treat import Outcome, treat_changes
from anonymizer.withdraw import erase, tombstones
from lake.contracts.model import Table
from lake.contracts.names import silver_path
from lake.cut import CUT, lane_position, move_lane
from lake.kit.log import get_log
from lake.schema import silver_schema
from lake.store import Position, Store, Work

APP = "release"
WORTH_GIVING_BACK = 100  # changes of a batch after which memory is given back


@dataclass
class Counts:
    """What went through: changes read, versions written, rows refused, rows withheld for want of consent."""

    read: int = 0
    written: int = 0
    refused: int = 0
    withheld: int = 0
    erased: int = 0

    def add(self, outcome: Outcome, read: int) -> None:
        self.read += read
        self.written += outcome.versions.num_rows
        self.refused += len(outcome.refused)
        self.withheld += outcome.withheld


@dataclass
class Lane:
    """Tables that move together, and where they are."""

    name: str
    tables: Sequence[Table]
    store: Store
    tools: Tools
    people: People
    batch_rows: int
    reached: Callable[[str], None] = lambda point: None  # named points, for tests that kill the process there
    awaited: Callable[[], bool] = lambda: False  # whether somebody waits for the lane to stand still
    work: Callable[[Mapping[str, Position]], Work] | None = None  # where the engine carries treatments elsewhere
    counts: Counts = field(default_factory=Counts)
    meters: ReleaseMeters = field(init=False)
    _at: dict[str, Position] = field(default_factory=dict)  # nobody else moves these positions while the lease is held

    def __post_init__(self) -> None:
        self.meters = ReleaseMeters(self.name)

    def prepare(self) -> None:
        """Make the tables that are missing, and give silver's the columns that contracts gained."""
        quarantine.prepare(self.store)
        for table in self.tables:
            self.store.create(silver_path(table), silver_schema(table))

    def position(self) -> Position:
        """Up to where every table of the lane is complete."""
        if CUT not in self._at:
            self._at[CUT] = lane_position(self.store, self.name)
        return self._at[CUT]

    def _position_in(self, table: Table) -> Position:
        if table.name not in self._at:
            self._at[table.name] = self.store.position(silver_path(table), APP)
        return self._at[table.name]

    def advance(self, reach: Reach) -> Position:
        """Carry everything up to a position, in batches; returns it, or an earlier one when the lane is to stand still."""
        after = rested = self.position()
        while after < reach.upto:
            before, after = after, self._batch(after, reach.upto)
            if after - before >= WORTH_GIVING_BACK:
                give_back()
            if reach.rests(after):
                self.reached("release.before_cut")
                move_lane(self.store, self.name, after)
                self._at[CUT] = after
                self.meters.rests(after)
                self.people.forget_withdrawals(after)
                rested = after
            if self.awaited():
                break
        return rested

    def _batch(self, after: Position, end: Position) -> Position:
        if self.work is not None:
            return self._carried(after, end, self.work)
        started, before = time.monotonic(), replace(self.counts)
        changes, upto = page(self.store, [table.name for table in self.tables], after, end, self.batch_rows)
        outcomes = []
        for table in self.tables:
            if outcome := self._treat(table, changes, upto):
                outcomes.append((table, outcome))
        refused = [one for _, outcome in outcomes for one in outcome.refused]
        quarantine.keep(self.store, refused, app=f"{APP}-{self.name}", upto=upto)
        self._write([(table, outcome.versions) for table, outcome in outcomes], after, upto)
        self._measure(before, changes.num_rows, time.monotonic() - started)
        return upto

    def _carried(self, after: Position, end: Position, work: Callable[[Mapping[str, Position]], Work]) -> Position:
        """The same batch where the engine works: its rows pass through other processes, and not through this one."""
        started, before = time.monotonic(), replace(self.counts)
        span = page_span([table.name for table in self.tables], after, end)
        span = replace(span, upto=page_end(self.store, span, self.batch_rows))
        done = {table.name: self.store.position(silver_path(table), APP) for table in self.tables}
        with self.store.derive(span, work(done)) as parts:
            for one in parts[COUNTS].to_table().to_pylist() if COUNTS in parts else ():
                self.counts.read += one["read"]
                self.counts.withheld += one["withheld"]
            if REFUSED in parts:
                refused = parts[REFUSED].to_table()
                self.counts.refused += refused.num_rows
                quarantine.keep_rows(self.store, refused, app=f"{APP}-{self.name}", upto=span.upto)
            versions = [(table, parts[table.name]) for table in self.tables if table.name in parts]
            self.counts.written += sum(made.count_rows() for _, made in versions)
            self._write(versions, after, span.upto)
        self._measure(before, self.counts.read - before.read, time.monotonic() - started)
        return span.upto

    def _write(
        self, versions: Sequence[tuple[Table, pa.Table | pads.Dataset]], after: Position, upto: Position
    ) -> None:
        """Every table's commit, and what withdrawals ask for; refused rows are kept already."""
        withdrawn = self.people.withdrawn(after, upto)
        self.reached("release.after_quarantine")
        for table, made in versions:
            self._commit(table, made, withdrawn, upto)
        for table in self.tables if withdrawn else ():
            if table.people:
                self._withdraw(table, [t.name for t, _ in versions], withdrawn, upto)
        if withdrawn:
            quarantine.forget(self.store, self.tables, withdrawn.keys(), self.tools.vault)

    def _measure(self, before: Counts, changes: int, seconds: float) -> None:
        self.meters.counted(before, self.counts)
        if changes:
            self.meters.took(seconds)
            get_log().info("released", lane=self.name, changes=changes, seconds=round(seconds, 3))

    def _treat(self, table: Table, changes: pa.Table, upto: Position) -> Outcome | None:
        """A table's part of a batch, without what an earlier attempt has committed."""
        at = self.store.position(silver_path(table), APP)
        if at >= upto or not changes.num_rows:
            return None
        rows = changes.filter(
            pc.and_(pc.equal(changes["table"], table.name), pc.greater(changes["_position"], int(at)))
        )
        if not rows.num_rows:
            return None
        outcome = treat_changes(table, rows.to_pylist(), self.tools, self.people.consents)
        self.counts.add(outcome, rows.num_rows)
        return outcome

    def _commit(
        self, table: Table, versions: pa.Table | pads.Dataset, withdrawn: dict[str, int], upto: Position
    ) -> None:
        path = silver_path(table)
        if withdrawn and table.people:
            versions = versions if isinstance(versions, pa.Table) else versions.to_table()
            gone = tombstones(self.store, table, versions, withdrawn)
            self.counts.written += gone.num_rows
            versions = pa.concat_tables([versions, gone])
        if not isinstance(versions, pa.Table) or versions.num_rows:
            self.store.append(path, versions, app=APP, upto=upto, after=self._position_in(table))
            self._at[table.name] = upto
            self.reached(f"release.after_{table.name}")

    def _withdraw(self, table: Table, done: Sequence[str], withdrawn: dict[str, int], upto: Position) -> None:
        if table.name not in done and self._position_in(table) < upto:
            self._commit(table, silver_schema(table).empty_table(), withdrawn, upto)
        self.counts.erased += erase(self.store, table, withdrawn)
