"""Rows per second from PostgreSQL to bronze: the first snapshot, landing of streamed changes, and an audit.

    python -m tests.bench.bench_landing [--rows 100000]

Starts a PostgreSQL, a Kafka and a Connect of its own in a folder of its own, and removes them. Landing is measured on
a topic that is full, so that its figure is its own; the snapshot's figure is the whole way's. CPU is this process's.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingestion.audit import audit
from ingestion.topic import Topic
from tests.lib.stack import make_stack, remove_stack
from tests.lib.stream import Stream, wait_until

INSERT = (
    "INSERT INTO identity.accounts (id, handle, display_name, role, status, origin, created_at)"
    " SELECT gen_random_uuid(), 'h-' || i, 'somebody with a name', 'member', 'active', 'generated', now()"
    " FROM generate_series(1, %s) AS i"
)


@contextmanager
def measured(what: str, rows: int) -> Iterator[None]:
    wall, cpu = time.monotonic(), time.process_time()
    yield
    seconds, busy = time.monotonic() - wall, time.process_time() - cpu
    print(
        f"{what:<44} {rows:>9,} rows  {seconds:7.2f} s  {rows / seconds:>9,.0f} rows/s  {busy:6.2f} s CPU", flush=True
    )


def bench(stream: Stream, rows: int) -> None:
    stream.sql(INSERT, rows)
    with measured("snapshot, PostgreSQL to bronze", rows):
        stream.connect()
        wait_until(lambda: stream.land() and stream.rows("b"), 600)
    with Topic(stream.settings.kafka) as topic:
        first = topic.end()
        with measured("streamed, PostgreSQL to Kafka", rows):
            for part in range(100):
                stream.sql("UPDATE identity.accounts SET status = 'suspended' WHERE hashtext(handle) %% 100 = %s", part)
                stream.sql(
                    "UPDATE identity.accounts SET status = 'suspended' WHERE hashtext(handle) %% 100 = -%s", part + 1
                )
            wait_until(lambda: topic.end() >= first + rows, 600)
    with measured("landed from Kafka, 20,000 in a commit", rows):
        stream.land()
    again = Stream(stream.stack, stream.lake.parent / "again")
    with measured("snapshot and changes landed in a new lake", 2 * rows):
        again.land()
    with measured("audit of one table", rows):
        said = audit(stream.settings, stream.store, ["accounts"], repair=False)
    assert not said["differing"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    logging.getLogger("kafka").setLevel(logging.ERROR)
    stack = make_stack().up("connect", "postgres")
    lake = Path(stack.run) / "bench" / "lake"
    try:
        bench(Stream(stack, lake).reset(), rows)
    finally:
        shutil.rmtree(lake.parent, ignore_errors=True)
        remove_stack(stack)


if __name__ == "__main__":
    main()
