"""How long Kafka keeps a message: single ones cannot be deleted, so the receipt says until when they are there."""

from __future__ import annotations

from datetime import datetime, timedelta

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError

from lake.contracts.names import TOPIC
from lake.kit.errors import Retry, Stop

BROKERS_ROUND = timedelta(hours=1)  # until a broker has noticed what expired, and removed its files


def clean_from(servers: str, now: datetime) -> datetime:
    """When the last message that may be there now has expired, by the topic's own settings.

    A segment goes as a whole when its newest message is old enough, and is closed when it is `segment.ms` old at the
    latest; the broker looks every few minutes. Stop when the topic keeps messages for ever.
    """
    wanted = {"retention.ms", "segment.ms"}
    try:
        admin = KafkaAdminClient(bootstrap_servers=servers, client_id="headwater-erase", bootstrap_timeout_ms=10_000)
        try:
            resource = ConfigResource(ConfigResourceType.TOPIC, TOPIC)
            answer = admin.describe_configs([resource], config_filter="all")
        finally:
            admin.close()
    except KafkaError as error:
        raise Retry(f"Kafka at {servers} did not answer. Run `make status`, start it with `make up`.") from error
    found = {name: int(one["value"]) for by in answer.values() for name, one in by[TOPIC].items() if name in wanted}
    if found.get("retention.ms", -1) < 0:
        raise Stop(f"Topic {TOPIC} keeps messages for ever: set its retention.ms, or nobody can be erased.")
    return now + timedelta(milliseconds=sum(found.values())) + BROKERS_ROUND
