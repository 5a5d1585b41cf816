"""The way from the app's database to bronze for a test: started anew, fed, landed, broken and read."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import orjson
import psycopg
import pyarrow.compute as pc
from kafka import KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import UnknownTopicOrPartitionError
from pydantic import SecretStr

from infra.settings import CHECKOUT
from ingestion.catch_up import catch_up, open_landing
from ingestion.connect import Capture
from ingestion.settings import Settings
from ingestion.topic import Topic
from ingestion.worker import Worker
from lake.contracts.names import BRONZE, CONNECTOR, QUARANTINE, SLOT, TOPIC
from lake.contracts.tables import TABLES
from lake.store import LocalStore
from platform_app.migrations.runner import migrate
from tests.lib.stack import Stack


def wait_until(condition: Callable[[], object], seconds: float = 60, pause: float = 0.1) -> None:
    """Wait for a condition; fails the test when it does not come true in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the awaited condition did not come true"
        time.sleep(pause)


class Stream:
    """A lake of one's own, fed through the stack's PostgreSQL, Connect and Kafka."""

    def __init__(self, stack: Stack, lake: Path) -> None:
        self.stack, self.lake = stack, lake
        self.worker = Worker(stack.connect_url)

    @property
    def settings(self) -> Settings:
        return Settings(
            kafka=self.stack.kafka,
            connect_url=self.stack.connect_url,
            source_url=SecretStr(self.stack.url("app_capture")),
            wait=60,
        )

    @property
    def store(self) -> LocalStore:
        return LocalStore(self.lake)

    @property
    def capture(self) -> Capture:
        return Capture(self.settings, self.worker, self.store)

    def sql(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Run a statement as the superuser in a transaction of its own."""
        with psycopg.connect(self.stack.url("postgres", "app"), autocommit=True) as connection:
            cursor = connection.execute(query, values)
            return list(cursor.fetchall()) if cursor.description else []

    def reset(self) -> Stream:
        """An empty database, a new topic, no connector, no slot."""
        migrate(self.stack.url("app_owner"))
        self.remove_connector()
        self.drop_slot()
        self.sql(f"TRUNCATE {', '.join(t.full_name for t in TABLES)}, capture.signals CASCADE")
        self.recreate_topic()
        return self

    def remove_connector(self) -> None:
        if self.worker.exists():
            self.worker.stop()
            self.worker.forget_offset()
            httpx.delete(f"{self.stack.connect_url}/connectors/{CONNECTOR}", trust_env=False).raise_for_status()

    def stop_connector(self) -> None:
        """Stop the connector and keep its offset and its slot."""
        self.worker.stop()

    def drop_slot(self) -> None:
        """Drop the slot, from under whoever uses it."""
        for (pid,) in self.sql("SELECT active_pid FROM pg_replication_slots WHERE slot_name = %s", SLOT):
            if pid:
                self.sql("SELECT pg_terminate_backend(%s)", pid)
        wait_until(lambda: not self.sql("SELECT 1 FROM pg_replication_slots WHERE slot_name = %s AND active", SLOT), 20)
        self.sql("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s", SLOT)

    def recreate_topic(self) -> None:
        admin = KafkaAdminClient(bootstrap_servers=self.stack.kafka)
        try:
            before = admin.describe_topics([TOPIC])[0]["topic_id"]
            with suppress(UnknownTopicOrPartitionError):
                admin.delete_topics([TOPIC])
            wait_until(lambda: admin.describe_topics([TOPIC])[0]["error_code"], 20)
            configs = {"max.message.bytes": "10485760"}
            admin.create_topics({TOPIC: {"num_partitions": 1, "replication_factor": 1, "configs": configs}})
            wait_until(lambda: admin.describe_topics([TOPIC])[0]["topic_id"] not in (None, before), 20)
        finally:
            admin.close()

    def connect(self) -> None:
        self.capture.start()

    def streaming(self) -> None:
        """Start the connector and wait until its first snapshot has landed, so that every commit from now on streams."""
        self.connect()
        wait_until(lambda: self.land() and len(self.rows("b")) == len(TABLES))

    def restart_connect(self, how: str = "kill") -> None:
        """End the worker by `kill` -9 or `terminate`, start it again and post the connector."""
        getattr(self.stack, how)("connect")
        self.stack.restart("connect")
        self.connect()

    def land(self) -> dict[str, Any]:
        return catch_up(self.settings, self.store)

    def land_all(self) -> None:
        """Land until everything that is committed now is in bronze."""
        marker = f"flush-{time.monotonic_ns()}"
        content = orjson.dumps({"kind": "flush", "id": marker}).decode()
        self.sql("SELECT pg_logical_emit_message(true, 'headwater.audit', %s)", content)
        wait_until(lambda: self.land() and any(n["after"].find(marker) > 0 for n in self.rows("m")), 90)

    def land_one_by_one(self, topic: Topic) -> int:
        """Land each message in a commit of its own, by a landing that has just started; returns the offset reached."""
        end = topic.end()
        while (landing := open_landing(self.settings, self.store, topic)).offset < end:
            wait_until(lambda one=landing: one.poll(1, 500))  # type: ignore[misc]
            landing.commit()
        return end

    def delete_records(self, before: int) -> None:
        """Let the topic forget everything before an offset, as if it had expired."""
        admin = KafkaAdminClient(bootstrap_servers=self.stack.kafka)
        try:
            admin.delete_records({TopicPartition(TOPIC, 0): before})
        finally:
            admin.close()

    def rows(self, *ops: str) -> list[dict[str, Any]]:
        """Bronze's rows with one of the operations, or all, in order."""
        if not self.store.exists(BRONZE):
            return []
        where = pc.field("op").isin(list(ops)) if ops else None
        return list(self.store.read(BRONZE, where=where).sort_by("_position").to_pylist())

    def quarantined(self) -> list[dict[str, Any]]:
        return list(self.store.read(QUARANTINE).to_pylist())

    def current(self, table: str) -> dict[str, dict[str, Any]]:
        """A table's current rows as bronze says, by key."""
        newest: dict[str, dict[str, Any]] = {}
        hidden = -1
        for row in self.rows("c", "u", "d", "r", "t", "b"):
            if row["table"] != table:
                continue
            if row["op"] in "tb":
                hidden = max(hidden, orjson.loads(row["after"])["hides"])
            else:
                newest[row["key"]] = row
        alive = {k: r for k, r in newest.items() if r["op"] != "d" and r["_position"] > hidden}
        return {
            orjson.loads(k)["name" if table == "tags" else "id"]: orjson.loads(r["after"]) for k, r in alive.items()
        }

    def ledger(self) -> Counter[tuple[str, str, str, str]]:
        """Every change of accounts in bronze: (operation, id, display_name)."""
        found: Counter[tuple[str, str, str, str]] = Counter()
        for row in self.rows("c", "u", "d"):
            if row["table"] in ("accounts", "tags"):
                key = next(iter(orjson.loads(row["key"]).values()))
                after = orjson.loads(row["after"]) if row["after"] else {}
                found[(row["table"], row["op"], key, after.get("display_name") or "")] += 1
        return found

    def produce(self, *values: bytes) -> None:
        """Put messages into the topic, beside the connector."""
        producer = KafkaProducer(bootstrap_servers=self.stack.kafka, acks="all")
        for value in values:
            producer.send(TOPIC, value).get(10)
        producer.close()

    def command(self, *words: str, **environment: Any) -> subprocess.CompletedProcess[str]:
        """Run a command of ingestion on this lake; any exit code is fine."""
        return self.stack.command("ingestion", *words, expect=None, LAKE_ROOT=str(self.lake), **environment)

    @contextmanager
    def follower(self, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
        """`land --follow` for as long as the block runs."""
        with (self.stack.run / "logs" / "land-test.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "ingestion", "land", "--follow"],
                cwd=CHECKOUT,
                env={**self.stack.environment, "LAKE_ROOT": str(self.lake), **environment},
                stderr=log,
                stdout=log,
            )
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.terminate()
                    process.wait(30)
