"""Kafka: one broker in KRaft mode with a small heap; its topics exist before anybody reads or writes."""

from __future__ import annotations

import base64
import shutil
import subprocess
import uuid
from contextlib import suppress
from pathlib import Path

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from infra.java import java, kafka_jars, write_log_settings, write_properties
from infra.part import Part
from infra.place import HOST, Place
from infra.ports import answers
from infra.settings import process_environment
from lake.contracts.names import EVENTS_TOPIC, TOPIC
from lake.kit.errors import Retry, Stop

HOUR_MS = 3600 * 1000
KEEP_MS = 72 * HOUR_MS  # the lake drops tombstones only after every older position is out of Kafka: three days
SEGMENT_MS = 6 * HOUR_MS  # messages expire by segments, and one that is written to never does: by default for a week
ROUND_MS = HOUR_MS  # the broker looks for what has expired every few minutes, and removes files a minute later
LARGEST_MESSAGE = 10485760  # bytes


def _prepare(place: Place) -> None:
    """Write the broker's settings and, the first time, format its storage."""
    home = place.folder("kafka")
    write_log_settings(home, {"kafka.server.KafkaServer": "INFO", "kafka.server.KafkaRaftServer": "INFO"})
    settings = write_properties(home / "server.properties", _settings(place))
    data = home / "data"
    if (data / "meta.properties").exists():
        return
    shutil.rmtree(data, ignore_errors=True)  # what an interrupted format left
    said = _format(place, home, settings)
    if not said:
        return
    if "No space left" in said:
        raise OSError(28, "No space left on device")
    words = " ".join(said.split())[-200:]
    raise Stop(f"Kafka could not format its storage ({words}): see {place.log('kafka')}.")


def _format(place: Place, home: Path, settings: Path) -> str:
    """Format the storage; what Java said if it could not, else nothing."""
    done = subprocess.run(
        java(128, home / "log4j2.xml", kafka_jars(place), "kafka.tools.StorageTool",
             "format", "-t", cluster_id(), "-c", str(settings)),
        env=process_environment(place.run), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not done.returncode:
        return ""
    said = f"{done.stdout}{done.stderr}\nJava ended with {done.returncode}."
    with place.log("kafka").open("a") as log:
        log.write(said)
    return said


def cluster_id() -> str:
    """A new id, in Kafka's own spelling. One in 64 would begin with a dash, which its tools take for an option."""
    while (spelled := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return spelled


def _settings(place: Place) -> dict[str, object]:
    broker, controller = (f"{HOST}:{place.ports[name]}" for name in ("kafka", "kafka_controller"))
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{broker},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{broker}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": place.run / "kafka" / "data",
        "auto.create.topics.enable": "false",
        "num.partitions": 1,
        "default.replication.factor": 1,
        "offsets.topic.num.partitions": 1,
        "offsets.topic.replication.factor": 1,
        "transaction.state.log.num.partitions": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        "log.cleaner.dedupe.buffer.size": 16777216,
        "log.retention.ms": KEEP_MS,
        "num.network.threads": 2,
        "num.io.threads": 2,
        "message.max.bytes": LARGEST_MESSAGE,
        "replica.fetch.max.bytes": LARGEST_MESSAGE,
    }


def _command(place: Place) -> list[str]:
    home = place.run / "kafka"
    heap = place.settings.kafka_heap_mb
    return java(heap, home / "log4j2.xml", kafka_jars(place), "kafka.Kafka", str(home / "server.properties"))


def _ready(place: Place) -> bool:
    return answers(place.ports["kafka"])


def _settle(place: Place) -> None:
    try:
        make_topics(f"{HOST}:{place.ports['kafka']}")
    except KafkaError as error:
        raise Retry(f"Kafka accepts connections and does not answer: see {place.log('kafka')}.") from error


def make_topics(servers: str, *, replicas: int = 1, in_sync: int = 1) -> None:
    """Make the topics of changes and of business events, or give those that are there their settings: one partition,
    whose order is that of the commits, and no message in it for longer than three days.

    Raises `KafkaError` when the brokers do not answer, `Stop` when a topic is there with more than one partition.
    """
    configs = {
        "cleanup.policy": "delete",
        "max.message.bytes": str(LARGEST_MESSAGE),
        "message.timestamp.type": "LogAppendTime",  # a message is as old as its stay here, whatever a producer says
        "min.insync.replicas": str(in_sync),
        "retention.ms": str(KEEP_MS - SEGMENT_MS - ROUND_MS),
        "segment.ms": str(SEGMENT_MS),
    }
    admin = KafkaAdminClient(bootstrap_servers=servers, client_id="infra")
    try:
        for topic in (TOPIC, EVENTS_TOPIC):
            _make_topic(admin, topic, replicas, configs)
    finally:
        admin.close()


def _make_topic(admin: KafkaAdminClient, topic: str, replicas: int, configs: dict[str, str]) -> None:
    with suppress(TopicAlreadyExistsError):
        admin.create_topics(
            {topic: {"num_partitions": 1, "replication_factor": replicas, "configs": configs}}, wait_for_metadata=True
        )
    told = admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs)])["topic"][topic]
    if told != "OK":
        raise Stop(f"Topic {topic} does not take its settings ({told}): see docs/production.md.")
    if len(admin.describe_topics([topic])[0]["partitions"]) != 1:
        raise Stop(f"Topic {topic} must have one partition: the order of messages is the order of its offsets.")


KAFKA = Part(
    name="kafka",
    ports=("kafka", "kafka_controller"),
    prepare=_prepare,
    command=_command,
    ready=_ready,
    settle=_settle,
)
