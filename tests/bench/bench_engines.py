"""The same backfill by both engines: time, CPU seconds and memory, and where one overtakes the other.

    python -m tests.bench.bench_engines [--sizes 100000 1000000 10000000] [--master "local[*]"]

Bronze is filled with synthetic votes. Each engine releases all of them, in a process of its own that starts cold (read
from bronze, treated, appended to silver), and then compacts the table of silver with upkeep's own rule. Both must end
with the same rows. Time is from the start of the process to its end; CPU and memory are those of the process and of
everything below it (Spark's JVM and Python workers), memory as proportional set size at its highest.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psutil
import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.release import open_room
from anonymizer.settings import AnonymizerSettings
from infra.settings import CHECKOUT
from lake.contracts.names import BRONZE, silver_path
from lake.contracts.tables import BY_NAME
from lake.schema import BRONZE as BRONZE_SCHEMA
from lake.settings import LakeSettings
from lake.store import START, LocalStore, Position, open_store
from lake.store.engine import mark
from lake.upkeep.kept import Ages, kept
from tests.lib.changes import Bronze, person, thing
from tests.lib.spark import spark_settings

VOTES = BY_NAME["votes"]
DAY, EVER = "2026-03-04", "9"
CHUNK = 250_000  # changes in one file of bronze
PAUSE = 0.25  # seconds between two looks at a process


@dataclass
class Spent:
    """What a process and everything below it took."""

    seconds: float = 0.0
    cpu: float = 0.0
    megabytes: int = 0


def watch(command: list[str]) -> Spent:
    """Run a command to its end. Raises CalledProcessError when it fails."""
    spent, cpu, began = Spent(), dict[int, float](), time.monotonic()
    with subprocess.Popen(command, cwd=CHECKOUT) as running:
        while running.poll() is None:
            memory = 0
            for process in _tree(running.pid):
                try:
                    times = process.cpu_times()
                    cpu[process.pid] = times.user + times.system
                    memory += process.memory_full_info().pss
                except psutil.Error:
                    continue
            spent.megabytes = max(spent.megabytes, memory >> 20)
            time.sleep(PAUSE)
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, command)
    spent.seconds, spent.cpu = time.monotonic() - began, sum(cpu.values())
    return spent


def _tree(pid: int) -> list[psutil.Process]:
    try:
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    except psutil.Error:
        return []


def step(verb: str, engine: str, root: Path, master: str) -> None:
    """What one of the watched processes does."""
    lake = LakeSettings(_env_file=None, root=root)  # type: ignore[call-arg]
    if engine == "spark":
        lake = spark_settings(root, spark_master=master, spark_memory="2g")
    if verb == "release":
        room = open_room("plain", AnonymizerSettings(key_file=root.parent / "key"), lake)
        room.prepare()
        room.keep_tidy()  # as the command does
        room.step()
    else:
        rule = kept(VOTES, Ages(history=EVER, tombstones=EVER, replayable=START))
        open_store(lake).compact(silver_path(VOTES), keep=rule, upto=Position(2**62), by=VOTES.key)


def result(root: Path) -> tuple[int, ...]:
    """Rows, distinct positions and a sum over the contents of silver's votes."""
    files = LocalStore(root).files(silver_path(VOTES))
    with duckdb.connect() as memory:
        memory.execute("set memory_limit = '2GB'")
        found = memory.execute(
            "select count(*), count(distinct _position), sum(hash(id, account_id, value, _position, _op)::hugeint) "
            "from read_parquet($1, hive_partitioning => true)",
            [files],
        )
        return tuple(found.fetchone() or ())


def fill(root: Path, changes: int) -> None:
    """Bronze with a person who consents and so many changes of votes; every fifth changes a vote that is there."""
    bronze = Bronze(root)
    bronze.join(1)
    at = bronze.put("votes", id=thing(0), account_id=person(1), day=DAY)
    image = bronze._pending[at]
    bronze.land()
    before, behind = image["after"].split(thing(0))
    with duckdb.connect() as memory:
        while bronze.next < changes:
            last = min(bronze.next + CHUNK, changes) - 1
            keys = memory.execute(
                "select i::bigint as position, $1 || format('{:012x}', i - i % 5 // 4) as id from range($2, $3) t(i)",
                [thing(0)[:24], bronze.next, last + 1],
            ).to_arrow_table()
            rows = pa.Table.from_pylist([image], BRONZE_SCHEMA).take(pa.array([0] * keys.num_rows))
            parts = {
                "_position": keys["position"],
                "key": pc.binary_join_element_wise('{"id":"', keys["id"], '"}', ""),
                "after": pc.binary_join_element_wise(before, keys["id"], behind, ""),
            }
            for name, column in parts.items():
                rows = rows.set_column(BRONZE_SCHEMA.get_field_index(name), name, column)
            bronze.store.append(BRONZE, rows.cast(BRONZE_SCHEMA), app="land", upto=Position(last))
            bronze.next = last + 1


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    words.add_argument("--master", default="local[*]")
    words.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.step:
        verb, engine, root = given.step
        step(verb, engine, Path(root), given.master)
        return
    print(f"{'changes':>11} {'step':8} {'engine':6} {'seconds':>8} {'CPU s':>8} {'MB':>6}")
    for size in given.sizes:
        with tempfile.TemporaryDirectory() as folder:
            race(Path(folder), size, given.master)


def race(folder: Path, size: int, master: str) -> None:
    """Both engines on copies of one bronze."""
    (folder / "key").write_text("ab" * 32)
    fill(folder / "local", size)
    shutil.copytree(folder / "local", folder / "spark")
    mark(folder / "spark", "spark")
    ends = {}
    for engine in ("local", "spark"):
        for verb in ("release", "compact"):
            root = folder / engine
            me = [sys.executable, "-m", "tests.bench.bench_engines", "--master", master]
            spent = watch([*me, "--step", verb, engine, str(root)])
            print(
                f"{size:11,} {verb:8} {engine:6} {spent.seconds:8.1f} {spent.cpu:8.1f} {spent.megabytes:6,}", flush=True
            )
        ends[engine] = result(folder / engine)
    assert ends["local"] == ends["spark"], ends


if __name__ == "__main__":
    main()
