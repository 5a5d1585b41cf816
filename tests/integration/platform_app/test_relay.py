"""Business events on Kafka: CloudEvents that the official client reads, at least once, in the order of each thing."""

from __future__ import annotations

import gc
import logging
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from cloudevents.http import CloudEvent
from cloudevents.kafka import KafkaMessage, from_binary
from kafka import KafkaConsumer, TopicPartition

from infra.process import wait_until
from lake.contracts.names import EVENTS_TOPIC
from lake.kit.errors import Retry
from platform_app.db import Database
from platform_app.outbox import relay
from platform_app.outbox.meters import OutboxMeters
from platform_app.outbox.publish import publish
from tests.lib.people import NOON
from tests.lib.stack import Stack

# kafka-python gives up a broker that does not answer without closing its sockets.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
)
PLACE = TopicPartition(EVENTS_TOPIC, 0)


class Topic:
    """What is in the topic after it was opened."""

    def __init__(self, servers: str) -> None:
        self._consumer = KafkaConsumer(bootstrap_servers=servers, group_id=None, enable_auto_commit=False)
        self._consumer.assign([PLACE])
        self._begin = self._consumer.end_offsets([PLACE])[PLACE]

    def events(self) -> list[CloudEvent]:
        """Everything that has arrived since."""
        self._consumer.seek(PLACE, self._begin)
        end, found = self._consumer.end_offsets([PLACE])[PLACE], []
        while self._consumer.position(PLACE) < end:
            for record in self._consumer.poll(1000).get(PLACE, []):
                headers = {name: bytes(value) for name, value in record.headers}
                found.append(from_binary(KafkaMessage(headers=headers, key=record.key, value=record.value)))
        return found

    def ids(self) -> list[UUID]:
        return [UUID(event["id"]) for event in self.events()]

    def close(self) -> None:
        self._consumer.close()


@pytest.fixture
def topic(app_stack: Stack, kafka: Stack) -> Iterator[Topic]:
    """The topic from here on; nothing else waits for the relay."""
    with psycopg.connect(app_stack.url("app_owner"), autocommit=True) as conn:
        conn.execute("DELETE FROM kernel.outbox")
    opened = Topic(kafka.kafka)
    yield opened
    opened.close()


def publish_some(database: Database, many: int) -> list[UUID]:
    """So many events of two people, in turns."""
    people, found = (uuid4(), uuid4()), []
    for number in range(many):
        with database.write(f"request-{number}") as conn:
            found.append(publish(conn, "account.registered", people[number % 2], people[number % 2], NOON))
    return found


def work(stack: Stack, **environment: str) -> int:
    """`python -m platform_app work` until nothing waits any more, or until it ends by itself."""
    settings = {"APP_KAFKA": stack.kafka, "APP_WORKER_METRICS_PORT": "0", **environment}
    process = subprocess.Popen([sys.executable, "-m", "platform_app", "work"], env={**stack.environment, **settings})

    def over() -> bool:
        with psycopg.connect(stack.url("app")) as conn:
            row = conn.execute("SELECT count(*) FROM kernel.deliveries WHERE subscriber = 'relay'").fetchone()
        return process.poll() is not None or row == (0,)

    assert wait_until(over, 60)
    if process.poll() is None:
        process.terminate()
    return process.wait(30)


def test_an_event_is_what_the_official_client_reads(database: Database, topic: Topic, kafka: Stack) -> None:
    someone, post = uuid4(), uuid4()
    with database.write("request-7") as conn:
        event_id = publish(conn, "post.published", post, someone, NOON, kind="problem")
    assert work(kafka) == 0
    (event,) = topic.events()
    attributes = dict(event.get_attributes())
    assert attributes.pop("id") == str(event_id)
    assert attributes.pop("partitionkey") == str(post).encode()
    assert attributes == {
        "specversion": "1.0", "source": "/headwater/app", "type": "post.published", "subject": str(post),
        "time": "2026-03-02T12:00:00+00:00", "datacontenttype": "application/json",
        "correlationid": "request-7", "actorid": str(someone),
    }  # fmt: skip
    assert event.get_data() == {"kind": "problem"}


def test_kill_9_after_kafka_has_confirmed_sends_again_under_the_same_ids_and_loses_nothing(
    database: Database, topic: Topic, kafka: Stack
) -> None:
    events = publish_some(database, 8)
    assert work(kafka, APP_FAILPOINT=relay.SENT) == -signal.SIGKILL
    assert topic.ids() == events
    assert work(kafka) == 0
    assert topic.ids() == [*events, *events]


def test_while_kafka_is_away_events_wait_and_no_attempt_is_counted(
    database: Database, topic: Topic, kafka: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL + 1, "kafka")  # a record that is kept keeps the sockets of its exception
    events = publish_some(database, 3)
    closed = relay.Relay(database, "127.0.0.1:9", OutboxMeters())
    began = time.monotonic()
    with pytest.raises(Retry, match="did not confirm"):
        closed.step()
    assert time.monotonic() - began < 30
    gc.collect()
    with database.read() as conn:
        rows = conn.execute("SELECT event_id, attempts FROM kernel.deliveries ORDER BY event_id").fetchall()
    assert rows == [(event, 0) for event in events]
    assert work(kafka) == 0
    assert topic.ids() == events
