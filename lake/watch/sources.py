"""What is asked over the network, with short time-outs: Kafka's end, the replication slot, the connector, the warehouse.

Each question answers None while its server is away, and is not asked again for some seconds then, so that one server
that hangs does not hold up the look at the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import httpx
import psycopg
from kafka import TopicPartition
from kafka.admin import KafkaAdminClient, OffsetSpec
from kafka.errors import KafkaError
from psycopg.conninfo import make_conninfo

from lake.contracts.names import CONNECTOR, SLOT, TOPIC
from lake.store import Position

T = TypeVar("T")
PATIENCE = 2  # seconds for an answer
PAUSE = 5.0  # seconds without asking a server that was away
AGAIN = 60.0  # seconds after which it is asked whether the topic is still the same
OPTIONS = f"-c statement_timeout={PATIENCE}s -c timezone=UTC -c default_transaction_read_only=on"


class Source(Generic[T]):
    """Something that is asked again and again. `why` says what went wrong, by the kind of the error alone."""

    away: tuple[type[Exception], ...] = ()

    def __init__(self) -> None:
        self.up = False
        self.why = "not asked yet"
        self._rest = 0.0

    def ask(self) -> T | None:
        """The answer; None while the server is away."""
        if time.monotonic() < self._rest:
            return None
        try:
            answer = self._ask()
        except self.away as error:
            self.up, self.why, self._rest = False, type(error).__name__, time.monotonic() + PAUSE
            self.close()
            return None
        self.up, self.why = True, ""
        return answer

    def _ask(self) -> T:
        raise AssertionError("every source asks in its own way")

    def close(self) -> None:
        """Let go of the connection; the next question opens a new one."""


@dataclass(frozen=True)
class Topic:
    """The topic of changes: the application id of positions in it, and the offset its next message will get."""

    app: str
    end: int


class Kafka(Source[Topic]):
    """The topic's end and identity."""

    away = (KafkaError, OSError)

    def __init__(self, servers: str) -> None:
        super().__init__()
        self._servers = servers
        self._admin: KafkaAdminClient | None = None
        self._app, self._asked = "", 0.0
        self._where = TopicPartition(TOPIC, 0)

    def _ask(self) -> Topic:
        if self._admin is None:
            self._admin = KafkaAdminClient(
                bootstrap_servers=self._servers,
                client_id="headwater-watch",
                request_timeout_ms=PATIENCE * 1000,
                bootstrap_timeout_ms=PATIENCE * 1000,
            )
        if not self._app or time.monotonic() - self._asked > AGAIN:
            topic = self._admin.describe_topics([TOPIC])[0]
            self._app = f"land:{self._admin.describe_cluster()['cluster_id']}:{topic['topic_id']}"
            self._asked = time.monotonic()
        found = self._admin.list_partition_offsets({self._where: OffsetSpec.LATEST}, timeout_ms=PATIENCE * 1000)
        return Topic(self._app, int(found[self._where].offset))

    def close(self) -> None:
        if self._admin is not None:
            with suppress(Exception):  # it is being left because it failed
                self._admin.close()
        self._admin, self._app = None, ""


@dataclass(frozen=True)
class Slot:
    """The replication slot: PostgreSQL's word for its state or `missing`, who reads it, what it holds back."""

    status: str
    active: bool = False
    lag_bytes: int | None = None


class Postgres(Source[T]):
    """One question to a PostgreSQL, over a connection that is kept."""

    away = (psycopg.Error,)

    def __init__(self, url: str, question: Callable[[psycopg.Connection[tuple[Any, ...]]], T]) -> None:
        super().__init__()
        self._url, self._question = url, question
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def _ask(self) -> T:
        if self._connection is None:
            url = make_conninfo(
                self._url, connect_timeout=PATIENCE, options=OPTIONS, application_name="headwater-watch"
            )
            self._connection = psycopg.connect(url, autocommit=True)
        return self._question(self._connection)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def slot(connection: psycopg.Connection[tuple[Any, ...]]) -> Slot:
    """The connector's slot as it is now."""
    row = connection.execute(
        "SELECT wal_status, active, pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::bigint"
        " FROM pg_replication_slots WHERE slot_name = %s",
        (SLOT,),
    ).fetchone()
    return Slot("missing") if row is None else Slot(str(row[0]), bool(row[1]), row[2])


def loaded(connection: psycopg.Connection[tuple[Any, ...]]) -> Position | None:
    """The cut that the warehouse was loaded at; None before the first load."""
    known = connection.execute("SELECT to_regclass('loaded.state') IS NOT NULL").fetchone()
    row = connection.execute("SELECT cut FROM loaded.state").fetchone() if known and known[0] else None
    return None if row is None else Position(int(row[0]))


class Connect(Source[str]):
    """The connector's state in Kafka Connect's words, FAILED where its task failed, MISSING where there is none."""

    away = (httpx.HTTPError, ValueError, KeyError)

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = f"{url}/connectors/{CONNECTOR}/status"
        self._client = httpx.Client(timeout=PATIENCE, trust_env=False)

    def _ask(self) -> str:
        answer = self._client.get(self._url)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return "MISSING"
        said = answer.raise_for_status().json()
        if (own := str(said["connector"]["state"])) != "RUNNING":
            return own
        return str(said["tasks"][0]["state"]) if said["tasks"] else "UNASSIGNED"
