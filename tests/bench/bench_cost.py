"""Does the price of a row grow with what is there? The next rows' cost in a lake that holds 100 thousand or 10 million.

    python -m tests.bench.bench_cost [--sizes 100000 10000000] [--rows 10000] [--rounds 5]

Two lakes, each with a PostgreSQL of its own, are filled with synthetic votes, and left as upkeep leaves them. Then the next
rows are landed (appended to bronze, 1,000 a commit), released (read from bronze, treated, appended to silver by the plain
lane) and loaded (merged into the warehouse), in rounds that go from one lake to the other, so that both meet the same
noise. The follower's upkeep comes between the rounds, unmeasured. The figures are seconds for a million rows, of CPU
(this process and its PostgreSQL) and of the clock: medians over the rounds, and their ratio.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pyarrow as pa
from deltalake import DeltaTable
from pydantic import SecretStr

from lake.contracts.names import BRONZE, silver_path
from lake.contracts.tables import BY_NAME, TABLES
from lake.cut import LANES, move_lane
from lake.load import load
from lake.load.warehouse import migrate
from lake.schema import BRONZE as SCHEMA
from lake.schema import silver_schema
from lake.settings import LakeSettings
from lake.store import LocalStore, Position
from lake.upkeep import small_files
from tests.lib.changes import Bronze, person, thing
from tests.lib.releasing import Releasing
from tests.lib.silver import pseudonym
from tests.lib.stack import make_stack, remove_stack

CHUNK, COMMIT = 250_000, 1_000
VOTES = BY_NAME["votes"]
OVER = "2026-03-05"  # the day after the rows' one
Costs = dict[str, tuple[float, float]]  # seconds of CPU and of the clock, by stage


def fill(bronze: Bronze, rows: int) -> None:
    """Put votes into bronze and into silver, and say that they are released."""
    store = bronze.store
    bronze.join(1)
    one = bronze.put("votes", id=thing(0), account_id=person(1))
    image = bronze._pending[one]
    bronze.land()
    release = Releasing(bronze)
    release.go()
    (silver,) = release.versions("votes").to_pylist()
    while bronze.next < rows:
        many = min(CHUNK, rows - bronze.next)
        places = range(bronze.next, bronze.next + many)
        raw = pa.Table.from_pylist([image], SCHEMA).take(pa.array([0] * many))
        keys = pa.array([f'{{"id":"{thing(at)}"}}' for at in places])
        raw = raw.set_column(SCHEMA.get_field_index("_position"), "_position", pa.array(places, pa.int64()))
        raw = raw.set_column(SCHEMA.get_field_index("key"), "key", keys)
        last = Position(places[-1])
        store.append(BRONZE, raw, app="land", upto=last)
        shape = silver_schema(VOTES)
        made = pa.Table.from_pylist([silver], shape).take(pa.array([0] * many))
        made = made.set_column(shape.get_field_index("_position"), "_position", pa.array(places, pa.int64()))
        ids = pa.array([pseudonym("vote", at) for at in places])
        made = made.set_column(shape.get_field_index("id"), "id", ids)
        store.append(silver_path(VOTES), made, app="release", upto=last)
        bronze.next += many
    for lane in LANES:
        move_lane(store, lane, Position(bronze.next - 1))


class Lake:
    """A lake of some size with its warehouse, and the next rows that enter it."""

    def __init__(self, rows: int) -> None:
        self.stack = make_stack().up("postgres")
        pid_file = self.stack.run / "postgres" / "data" / "postmaster.pid"
        self.head = psutil.Process(int(pid_file.read_text().split()[0]))
        self.root = Path(self.stack.run) / "lake"
        self.bronze = Bronze(self.root)
        fill(self.bronze, rows)
        self.settle()
        urls = {f"warehouse_{role}_url": SecretStr(self.stack.url(f"warehouse_{role}")) for role in ("owner", "load")}
        self.settings = LakeSettings(_env_file=None, root=self.root, **urls)  # type: ignore[call-arg, arg-type]
        self.fill_warehouse()
        self.bronze.store = LocalStore(self.root)

    def settle(self) -> None:
        """Files and logs as upkeep leaves them when the day is over."""
        for path in (BRONZE, silver_path(VOTES)):
            small_files.tidy(self.root / path, OVER)
            DeltaTable(self.root / path).create_checkpoint()
            small_files.tidy_log(self.root / path)

    def fill_warehouse(self) -> None:
        """The votes of silver, put in by PostgreSQL itself; the key is made last, since that is quicker."""
        with psycopg.connect(self.settings.warehouse_owner_url.get_secret_value()) as owner:
            migrate(owner)
            owner.execute("alter table loaded.votes drop constraint votes_pkey")
            owner.execute(
                "insert into loaded.votes (id, account_id, _position, _revision, _op) "
                "select md5(n::text), md5('one'), n, 0, 'upsert' from generate_series(0, %s) as n",
                [self.bronze.next - 1],
            )
            owner.execute("alter table loaded.votes add primary key (id)")
            upto = self.bronze.next - 1
            for name in (table.name for table in TABLES):
                owner.execute("insert into loaded.positions values (%s, %s)", [name, upto])
            owner.execute("insert into loaded.state (cut, late, loaded_at) values (%s, -1, now())", [upto])
            owner.commit()
            owner.autocommit = True
            owner.execute("vacuum (analyze) loaded.votes")

    def _server(self) -> float:
        """Seconds of CPU that PostgreSQL's processes have spent, ended ones too."""
        spent = []
        for child in self.head.children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # it has just ended, and is among its parent's children below
                spent.append(child.cpu_times())
        head = self.head.cpu_times()
        return sum(t.user + t.system for t in (head, *spent)) + head.children_user + head.children_system

    def next_rows(self, rows: int) -> Costs:
        """CPU and clock of landing, releasing and loading the next rows."""
        room = Releasing(self.bronze, batch_rows=5_000).room("plain")
        room.step()
        costs: Costs = {"landing": (0.0, 0.0), "release": (0.0, 0.0), "load": (0.0, 0.0)}
        for _ in range(rows // COMMIT):
            for _ in range(COMMIT):
                self.bronze.put("votes", id=thing(self.bronze.next), account_id=person(1))
            self._timed(costs, "landing", self.bronze.land)
        self._timed(costs, "release", room.step)
        move_lane(self.bronze.store, "text", Position(self.bronze.next - 1))
        self._timed(costs, "load", lambda: load(self.settings))
        self.settle()
        return costs

    def _timed(self, costs: Costs, what: str, work: Callable[[], object]) -> None:
        """Add what the work takes; PostgreSQL's share belongs to the load alone, it also tidies up after itself."""
        server, cpu, clock = self._server(), time.process_time(), time.monotonic()
        work()
        mine, passed = time.process_time() - cpu, time.monotonic() - clock
        if what == "load":
            mine += self._server() - server
        before = costs[what]
        costs[what] = (before[0] + mine, before[1] + passed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs=2, default=[100_000, 10_000_000])
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    lakes: list[Lake] = []
    rounds: list[list[Costs]] = []
    try:
        lakes += [Lake(size) for size in wanted.sizes]
        for lake in lakes:
            lake.next_rows(COMMIT)  # caches and plans
        rounds = [[lake.next_rows(wanted.rows) for lake in lakes] for _ in range(wanted.rounds)]
    finally:
        for lake in lakes:
            remove_stack(lake.stack)
    for what in ("landing", "release", "load"):
        for unit, kind in enumerate(("CPU", "clock")):
            small, large = (
                statistics.median(costs[at][what][unit] for costs in rounds) / wanted.rows * 1e6 for at in (0, 1)
            )
            print(f"{what:<8} {kind:<5}: {small:8.2f} s and {large:8.2f} s for a million, ratio {large / small:.2f}")


if __name__ == "__main__":
    main()
