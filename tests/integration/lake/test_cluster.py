"""A lake that a standalone cluster writes: landing, release, compaction and erasure give what the embedded engine gives."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient

from anonymizer.release import open_room
from anonymizer.settings import AnonymizerSettings
from anonymizer.spread import Treating
from ingestion.catch_up import land
from ingestion.settings import Settings
from ingestion.topic import Topic
from lake.contracts.names import BRONZE, QUARANTINE
from lake.settings import LakeSettings
from lake.store import LocalStore, Position, Store, open_store
from lake.store.engine import switch
from tests.lib.changes import person, thing
from tests.lib.cluster import Cluster
from tests.lib.envelopes import begin, end, insert
from tests.lib.spark import spark_settings, stop_spark
from tests.lib.stack import Stack
from tests.lib.stream import wait_until

TOPIC = "cluster-changes"
PEOPLE, VOTES = 3, 400
COMPARED = ("silver/accounts", "silver/votes", "silver/posts", QUARANTINE)
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
)


@dataclass
class Halting:
    """Work that says where it is done, and goes no further in the first process that comes there."""

    work: Treating
    folder: Path

    def __call__(self, rows: pa.Table, /) -> Mapping[str, pa.Table]:
        try:
            (self.folder / "first").mkdir()
        except FileExistsError:
            return self.work(rows)
        (self.folder / "first" / str(os.getpid())).touch()
        while True:
            time.sleep(0.1)


@dataclass
class Lake:
    """One of the two lakes, and what its engine did."""

    settings: LakeSettings
    key: AnonymizerSettings

    @property
    def store(self) -> Store:
        return open_store(self.settings)

    def land(self, kafka: str) -> dict[str, Any]:
        with Topic(kafka, TOPIC) as topic:
            return land(Settings(kafka=kafka, wait=60), self.store, topic)

    def release(self, halt: Path | None = None) -> None:
        for lane in ("plain", "text"):
            room = open_room(lane, self.key, self.settings)
            room.prepare()
            if halt and room.lane.work:
                room.lane.work = partial(_halting, room.lane.work, halt)
            room.step()

    def rows(self, path: str) -> list[dict[str, Any]]:
        """A table's rows in order, without the day and the moment at which they were made."""
        rows = LocalStore(self.settings.root).read(path).to_pylist()
        kept = [{n: v for n, v in row.items() if n not in ("_day", "landed_at", "refused_at")} for row in rows]
        return sorted(kept, key=lambda row: (row["_position"], str(row.get("table")), str(row)))


@dataclass(frozen=True)
class Lakes:
    """The same stream, `here` through the embedded engine and `there` through the cluster."""

    here: Lake
    there: Lake


def _halting(work: Any, folder: Path, done: Mapping[str, Position]) -> Halting:
    return Halting(work(done), folder)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    stop_spark()
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        yield made.start()
    finally:
        stop_spark()
        made.stop()


@pytest.fixture(scope="module")
def topic(kafka: Stack) -> str:
    """Transactions of people who sign up, write and vote, in a topic of their own."""
    admin = KafkaAdminClient(bootstrap_servers=kafka.kafka)
    admin.create_topics({TOPIC: {"num_partitions": 1, "replication_factor": 1}})
    admin.close()
    producer = KafkaProducer(bootstrap_servers=kafka.kafka, acks="all")
    for message in messages():
        producer.send(TOPIC, message)
    producer.close()
    return kafka.kafka


def messages() -> Iterator[bytes]:
    for n in range(PEOPLE):
        yield begin(n)
        name = "Wilhelmina Zorgvliet" if n == 1 else "Some Body"
        yield insert("accounts", lsn=n * 9, tx=n, id=person(n), handle=f"handle{n:04}x", display_name=name)
        yield insert("consents", lsn=n * 9 + 1, tx=n, id=thing(n), account_id=person(n), purpose="lake", granted=n < 2)
        yield end(n, accounts=1, consents=1)
    for n in range(100, 100 + VOTES):
        yield begin(n)
        yield insert("votes", lsn=n * 9, tx=n, id=thing(n), account_id=person(n % PEOPLE), value=9 if n == 150 else 1)
        posts = n % 20 == 0
        if posts:
            text = f"Ask Wilhelmina Zorgvliet, or a{n}@b.example."
            yield insert("posts", lsn=n * 9 + 1, tx=n, id=thing(n), author_id=person(n % PEOPLE), body=text)
        yield end(n, votes=1, **({"posts": 1} if posts else {}))


@pytest.fixture(scope="module")
def lakes(cluster: Cluster, topic: str, tmp_path_factory: pytest.TempPathFactory) -> Lakes:
    """The same topic landed and released by both engines. The cluster lost a worker in the middle of the release."""
    folder = tmp_path_factory.mktemp("lakes")
    (folder / "key").write_text("ab" * 32)
    key = AnonymizerSettings(key_file=folder / "key")
    here = Lake(LakeSettings(_env_file=None, root=folder / "here"), key)  # type: ignore[call-arg]
    there = Lake(spark_settings(folder / "there", spark_master=cluster.url), key)
    switch(there.settings.root, "spark")
    halt = folder / "halt"
    halt.mkdir()
    for lake in (here, there):
        lake.land(topic)
    here.release()
    releasing = Thread(target=there.release, args=(halt,))
    releasing.start()
    wait_until(lambda: list(halt.glob("first/*")), 120)  # a task is in the middle of its work
    (reached,) = halt.glob("first/*")
    cluster.kill_worker_of(int(reached.name))
    releasing.join(180)
    assert not releasing.is_alive()
    return Lakes(here, there)


def test_a_killed_worker_changes_nothing_in_what_is_released(lakes: Lakes, cluster: Cluster) -> None:
    assert len(cluster.workers) == 1
    for path in COMPARED:
        assert lakes.there.rows(path) == lakes.here.rows(path), path
    votes = [row["_position"] for row in lakes.there.rows("silver/votes")]
    assert len(votes) == len(set(votes)) > 200
    assert [row["reason"] for row in lakes.there.rows(QUARANTINE)]
    bodies = [row["body"] for row in lakes.there.rows("silver/posts") if row["body"]]
    assert bodies
    assert not any("Zorgvliet" in body or "@" in body for body in bodies)


def test_both_engines_land_the_same_bronze(lakes: Lakes) -> None:
    landed = lakes.there.rows(BRONZE)
    assert landed == lakes.here.rows(BRONZE)
    assert len([row for row in landed if row["op"] == "c"]) == 2 * PEOPLE + VOTES + VOTES // 20


def test_the_cluster_erases_and_compacts_as_the_embedded_engine_does(lakes: Lakes) -> None:
    gone, everything = lakes.here.rows("silver/votes")[8]["id"], Position(2**62)
    for lake in (lakes.here, lakes.there):
        assert lake.store.erase("silver/votes", f"id = '{gone}'") == 1
        assert gone not in stored(lake)
        before = len(lake.rows("silver/votes"))
        left_out = lake.store.compact("silver/votes", keep=_some, upto=everything, by=("id",))
        assert 0 < left_out == before - len(lake.rows("silver/votes"))
    assert lakes.there.rows("silver/votes") == lakes.here.rows("silver/votes")


def stored(lake: Lake) -> set[object]:
    """The ids in every file below silver's votes, whether the log names it or not."""
    files = (lake.settings.root / "silver/votes").rglob("*.parquet")
    return {one for file in files for one in pq.read_table(file, columns=["id"])["id"].to_pylist()}


def _some(rows: pa.Table) -> pa.Table:
    """A rule that leaves rows out."""
    return rows.filter(pc.not_equal(pc.bit_wise_and(rows["_position"], 2), 0))
