"""The one topic, read by position: assigned by hand, from exactly where bronze ends, and never reset."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError, OffsetOutOfRangeError

from lake.contracts.names import TOPIC
from lake.kit.errors import Retry, Stop

LOST = (
    "The topic holds offsets {begin} to {end}, but bronze ends before {next}: the changes between are gone or the "
    "topic went back. Run `python -m ingestion resnapshot`, then start `land` again."
)

CONNECTING = {
    "client_id": "headwater-land",
    "bootstrap_timeout_ms": 10_000,
    "reconnect_backoff_max_ms": 1_000,  # a broker that comes back is found at once, not after half a minute
}


@dataclass(frozen=True)
class TopicIdentity:
    """Which topic of which cluster; a topic that was deleted and made again is another one."""

    cluster: str
    topic: str

    @property
    def app(self) -> str:
        """The application id under which positions in this topic are kept."""
        return f"land:{self.cluster}:{self.topic}"


class Topic:
    """A consumer of `app.changes`."""

    def __init__(self, servers: str, name: str = TOPIC) -> None:
        self._name, self._partition = name, TopicPartition(name, 0)
        with _away(servers):
            self._admin = KafkaAdminClient(bootstrap_servers=servers, request_timeout_ms=10_000, **CONNECTING)
            self._consumer = KafkaConsumer(
                bootstrap_servers=servers,
                **CONNECTING,
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="none",
                fetch_max_wait_ms=100,
                max_partition_fetch_bytes=8 << 20,
                fetch_max_bytes=32 << 20,
                receive_buffer_bytes=1 << 20,
                isolation_level="read_committed",
            )
            self._consumer.assign([self._partition])
        self._servers = servers
        self._next = -1

    def __enter__(self) -> Topic:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._consumer.close()
        self._admin.close()

    def identity(self) -> TopicIdentity:
        """Which topic this is now."""
        with _away(self._servers):
            topic = self._admin.describe_topics([self._name])[0]
            cluster = self._admin.describe_cluster()["cluster_id"]
        if topic["error_code"] or not topic["topic_id"]:
            raise Stop(f"Kafka has no topic {self._name}: run `make up`, which makes it, then `land` again.")
        if len(topic["partitions"]) != 1:
            raise Stop(f"Topic {self._name} must have one partition: the order of changes is the order of its offsets.")
        return TopicIdentity(str(cluster), str(topic["topic_id"]))

    def begin(self) -> int:
        """The first offset that is still there."""
        with _away(self._servers):
            return int(self._consumer.beginning_offsets([self._partition])[self._partition])

    def end(self) -> int:
        """The offset that the next message will get."""
        with _away(self._servers):
            return int(self._consumer.end_offsets([self._partition])[self._partition])

    def newest_end(self) -> int:
        """The end as the last read saw it, without asking; where we are when nothing was read yet."""
        seen = self._consumer.highwater(self._partition)
        return self._next if seen is None else max(int(seen), self._next)

    def seek(self, offset: int) -> None:
        """Read on from an offset. Raises Stop when the topic does not hold it."""
        begin, end = self.begin(), self.end()
        if not begin <= offset <= end:
            raise Stop(LOST.format(begin=begin, end=end, next=offset))
        self._consumer.seek(self._partition, offset)
        self._next = offset

    def poll(self, most: int, wait_ms: int) -> list[ConsumerRecord]:
        """The next messages, none when nothing came in time. Raises Stop at a gap."""
        try:
            records = self._consumer.poll(wait_ms, max_records=most).get(self._partition, [])
        except OffsetOutOfRangeError as error:
            raise Stop(LOST.format(begin=self.begin(), end=self.end(), next=self._next)) from error
        except KafkaError as error:
            raise Retry(f"Kafka at {self._servers} did not answer. Run `make status`, then try again.") from error
        for record in records:
            if record.offset != self._next:
                raise Stop(LOST.format(begin=record.offset, end=self.end(), next=self._next))
            self._next += 1
        return list(records)


@contextmanager
def _away(servers: str) -> Iterator[None]:
    try:
        yield
    except KafkaError as error:
        raise Retry(f"Kafka at {servers} did not answer. Run `make status`, start it with `make up`.") from error
