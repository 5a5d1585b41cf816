"""Offers every event to others on the Kafka topic `app.events`, as CloudEvents 1.0 in binary mode (JSON data).

At least once: an event whose delivery was not committed is sent again with the same id. Events of one thing keep their
order, its id is the message's key.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress

import orjson
from kafka import KafkaProducer
from kafka.errors import KafkaError

from lake.contracts.names import EVENTS_TOPIC
from lake.failpoint import reach
from lake.kit.errors import Retry
from lake.kit.log import get_log
from platform_app.db import Database
from platform_app.outbox import deliveries
from platform_app.outbox.meters import OutboxMeters
from platform_app.outbox.publish import Event
from platform_app.outbox.subscribers import RELAY

MOST = 500  # events in one transaction
SENT = "relay.sent"  # the failpoint after Kafka has confirmed, before the deliveries end
SECONDS = 10.0  # that Kafka has to confirm them
SOURCE = "/headwater/app"


class Relay:
    """Sends what is due, in batches. Opens its connection to Kafka when there is something to send."""

    def __init__(self, database: Database, servers: str, meters: OutboxMeters, *, failpoint: str = "") -> None:
        self._database, self._servers, self._meters, self._failpoint = database, servers, meters, failpoint
        self._producer: KafkaProducer | None = None

    def follow(self, every_seconds: float, stop: threading.Event) -> None:
        """Send what comes until `stop` is set; while Kafka or PostgreSQL is away, wait."""
        away = False
        while not stop.is_set():
            try:
                sent = self.step()
                away = False
            except Retry as error:
                if not away:
                    get_log().warning("relay_waits", exc_info=error)
                away, sent = True, 0
                stop.wait(1.0)
            stop.wait(0.0 if sent else every_seconds)
        self.close()

    def step(self) -> int:
        """Send one batch; returns how many events. Raises Retry when Kafka does not confirm them."""
        with self._database.read() as conn:
            wanted = [event_id for event_id, _ in deliveries.due(conn, RELAY, MOST)]
        if not wanted:
            return 0
        with self._database.write("outbox-relay") as conn:
            events = deliveries.take(conn, RELAY, wanted)
            self._send(events)
            reach(SENT, self._failpoint)
            deliveries.done(conn, RELAY, events)
        self._meters.handled(RELAY, len(events))
        return len(events)

    def _send(self, events: Sequence[Event]) -> None:
        try:
            producer = self._open()
            sent = [
                producer.send(
                    EVENTS_TOPIC,
                    key=str(event.subject_id).encode(),
                    headers=headers(event),
                    value=orjson.dumps(event.data),
                )
                for event in events
            ]
            producer.flush(SECONDS)
            for future in sent:
                future.get(0)
        except KafkaError as error:
            self.close()
            raise Retry(f"Kafka at {self._servers} did not confirm the events. Run `make status`.") from error

    def _open(self) -> KafkaProducer:
        if self._producer is None:
            self._producer = KafkaProducer(
                bootstrap_servers=self._servers, client_id="headwater-relay", acks="all", bootstrap_timeout_ms=10_000,
                max_block_ms=10_000, request_timeout_ms=5_000, delivery_timeout_ms=10_000, linger_ms=5,
                reconnect_backoff_max_ms=1_000,
            )  # fmt: skip
        return self._producer

    def close(self) -> None:
        """Leave Kafka; the next batch opens it again."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(KafkaError):
                producer.close(1)


def headers(event: Event) -> list[tuple[str, bytes]]:
    """The attributes of the event as the CloudEvents binding for Kafka names them."""
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": str(event.id),
        "ce_source": SOURCE,
        "ce_type": event.type,
        "ce_subject": str(event.subject_id),
        "ce_time": event.occurred_at.isoformat(),
        "ce_correlationid": event.correlation_id,
        **({"ce_actorid": str(event.actor_id)} if event.actor_id else {}),
        "content-type": "application/json",
    }
    return [(name, value.encode()) for name, value in attributes.items()]
