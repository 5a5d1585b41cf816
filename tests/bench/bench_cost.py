"""Does the price of a row grow with what is there? The next rows' cost in a lake that holds 100 thousand or 10 million.

    python -m tests.bench.bench_cost [--sizes 100000 10000000] [--rows 20000]

Bronze is filled with synthetic votes through the store, in files as upkeep leaves them. Then the next rows are landed
(appended to bronze, 1,000 a commit) and released (read from bronze, treated and appended to silver by the plain lane).
The figures are CPU seconds of this process for a million rows, medians of five rounds, and their ratio.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import pyarrow as pa

from lake.contracts.names import BRONZE, silver_path
from lake.contracts.tables import BY_NAME
from lake.cut import LANES, move_lane
from lake.schema import BRONZE as SCHEMA
from lake.schema import silver_schema
from lake.store import LocalStore, Position
from tests.lib.changes import Bronze, person, thing
from tests.lib.releasing import Releasing
from tests.lib.silver import pseudonym

CHUNK, COMMIT, ROUNDS = 250_000, 1_000, 5
VOTES = BY_NAME["votes"]


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


def next_rows(bronze: Bronze, rows: int) -> tuple[float, float]:
    """Seconds of CPU for landing and releasing the next rows."""
    room = Releasing(bronze, batch_rows=5_000).room("plain")
    room.step()
    landing = 0.0
    for _ in range(rows // COMMIT):
        for _ in range(COMMIT):
            bronze.put("votes", id=thing(bronze.next), account_id=person(1))
        began = time.process_time()
        bronze.land()
        landing += time.process_time() - began
    began = time.process_time()
    room.step()
    return landing, time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs=2, default=[100_000, 10_000_000])
    parser.add_argument("--rows", type=int, default=20_000)
    wanted = parser.parse_args()
    figures = []
    for size in wanted.sizes:
        root = Path(tempfile.mkdtemp(prefix="headwater-bench-"))
        try:
            bronze = Bronze(root)
            fill(bronze, size)
            bronze.store = LocalStore(root)
            rounds = [next_rows(bronze, wanted.rows) for _ in range(ROUNDS)]
        finally:
            shutil.rmtree(root, ignore_errors=True)
        landing, releasing = (statistics.median(column) / wanted.rows * 1e6 for column in zip(*rounds, strict=True))
        print(f"{size:>11,} rows there: landing {landing:7.2f} s, release {releasing:7.2f} s for a million", flush=True)
        figures.append((landing, releasing))
    (small, large) = figures
    print(f"ratio: landing {large[0] / small[0]:.2f}, release {large[1] / small[1]:.2f}")


if __name__ == "__main__":
    main()
