"""Kafka and Connect: ready when they say so, recovered after a kill, and silent about what they carry."""

from __future__ import annotations

import json
import urllib.request
from datetime import timedelta

from kafka import KafkaConsumer
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from anonymizer.erasure.kafka import clean_from
from infra.kafka import make_topics
from lake.contracts.names import TOPIC
from lake.kit.clock import utc_now
from lake.upkeep.maintain import TOMBSTONE_DAYS
from tests.lib.stack import Stack


def test_the_topic_of_changes_has_one_partition_before_anybody_writes(kafka: Stack) -> None:
    consumer = KafkaConsumer(bootstrap_servers=kafka.kafka)
    try:
        assert consumer.partitions_for_topic(TOPIC) == {0}
    finally:
        consumer.close()


def test_no_message_stays_longer_than_three_days_in_a_topic_of_an_older_release_either(kafka: Stack) -> None:
    week = ConfigResource(ConfigResourceType.TOPIC, TOPIC, {"segment.ms": str(7 * 24 * 3600 * 1000)})
    admin = KafkaAdminClient(bootstrap_servers=kafka.kafka)
    try:
        admin.alter_configs([week])
    finally:
        admin.close()
    now = utc_now()
    assert clean_from(kafka.kafka, now) - now > timedelta(days=TOMBSTONE_DAYS)
    make_topics(kafka.kafka)
    assert clean_from(kafka.kafka, now) - now == timedelta(days=TOMBSTONE_DAYS)


def test_connect_knows_the_connector_and_comes_back_after_a_kill(connect: Stack) -> None:
    connect.kill("connect")
    connect.restart("connect")
    with urllib.request.urlopen(f"{connect.connect_url}/connector-plugins", timeout=10) as answer:
        classes = {plugin["class"] for plugin in json.load(answer)}
    assert "io.debezium.connector.postgresql.PostgresConnector" in classes


def test_the_broker_comes_back_after_a_kill_with_its_topic(kafka: Stack) -> None:
    kafka.kill("kafka")
    kafka.restart("kafka")
    consumer = KafkaConsumer(bootstrap_servers=kafka.kafka)
    try:
        assert consumer.partitions_for_topic(TOPIC) == {0}
    finally:
        consumer.close()
