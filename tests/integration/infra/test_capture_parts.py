"""Kafka and Connect: ready when they say so, recovered after a kill, and silent about what they carry."""

from __future__ import annotations

import json
import urllib.request

from kafka import KafkaConsumer

from lake.contracts.names import TOPIC
from tests.lib.stack import Stack


def test_the_topic_of_changes_has_one_partition_before_anybody_writes(kafka: Stack) -> None:
    consumer = KafkaConsumer(bootstrap_servers=kafka.kafka)
    try:
        assert consumer.partitions_for_topic(TOPIC) == {0}
    finally:
        consumer.close()


def test_connect_knows_the_connector_and_comes_back_after_a_kill(connect: Stack) -> None:
    for _ in range(2):
        with urllib.request.urlopen(f"{connect.connect_url}/connector-plugins", timeout=10) as answer:
            classes = {plugin["class"] for plugin in json.load(answer)}
        assert "io.debezium.connector.postgresql.PostgresConnector" in classes
        connect.kill("connect")
        connect.restart("connect")


def test_the_broker_comes_back_after_a_kill_with_its_topic(kafka: Stack) -> None:
    kafka.kill("kafka")
    kafka.restart("kafka")
    consumer = KafkaConsumer(bootstrap_servers=kafka.kafka)
    try:
        assert consumer.partitions_for_topic(TOPIC) == {0}
    finally:
        consumer.close()
