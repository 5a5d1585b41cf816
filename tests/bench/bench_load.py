"""Rows per second from silver into the warehouse, the first time, for a repeat, and for a small increment.

    python -m tests.bench.bench_load [--rows 200000]

Starts a PostgreSQL of its own in a folder of its own, and removes both.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import pyarrow as pa
from pydantic import SecretStr

from lake.contracts.names import silver_path
from lake.contracts.tables import BY_NAME
from lake.cut import LANES, move_lane
from lake.load import compare, load
from lake.schema import silver_schema
from lake.settings import LakeSettings
from lake.store import Position
from tests.lib.silver import DAY, Silver, pseudonym
from tests.lib.stack import make_stack, remove_stack

TABLE = BY_NAME["votes"]


def votes(first: int, count: int) -> pa.Table:
    numbers = range(first, first + count)
    row = {"value": 1, "_revision": 0, "_op": "upsert", "_treatment": "bench", "_day": DAY}
    rows = [
        row
        | {
            "id": pseudonym(n),
            "account_id": pseudonym("p", n % 5000),
            "post_id": pseudonym("q", n % 9000),
            "_position": n,
        }
        for n in numbers
    ]
    return pa.Table.from_pylist(rows, silver_schema(TABLE))


def append(silver: Silver, first: int, count: int) -> None:
    upto = Position(first + count - 1)
    silver.store.append(silver_path(TABLE), votes(first, count), app="release", upto=upto)
    for lane in LANES:
        move_lane(silver.store, lane, upto)


def report(what: str, settings: LakeSettings) -> None:
    done = load(settings)
    print(f"{what:<12} {done.versions:>9,} rows  {done.seconds:6.2f} s  {done.versions / done.seconds:>9,.0f} rows/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    rows = parser.parse_args().rows
    stack = make_stack().up("postgres")
    try:
        with tempfile.TemporaryDirectory() as folder:
            urls = {f"warehouse_{role}_url": SecretStr(stack.url(f"warehouse_{role}")) for role in ("owner", "load")}
            settings = LakeSettings(_env_file=None, root=Path(folder) / "lake", **urls)  # type: ignore[call-arg, arg-type]
            silver = Silver(settings.root)
            append(silver, 0, rows)
            report("first", settings)
            report("repeat", settings)
            append(silver, rows, 1000)
            report("increment", settings)
            started = time.monotonic()
            assert all(table.equal for table in compare(settings))
            print(f"{'compare':<12} {rows + 1000:>9,} rows  {time.monotonic() - started:6.2f} s")
    finally:
        remove_stack(stack)


if __name__ == "__main__":
    main()
