"""The Debezium connector's configuration, derived from the contracts. Pure: addresses enter, a mapping leaves."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg.conninfo import conninfo_to_dict

from ingestion.messages import SESSION
from lake.contracts.model import Table
from lake.contracts.names import HEARTBEATS, PUBLICATION, SIGNALS, SLOT, TOPIC, TOPIC_PREFIX

HEARTBEAT_MS = 5_000
HEARTBEAT = f"""WITH beat AS (
  INSERT INTO {HEARTBEATS} (id, at) VALUES (1, now()) ON CONFLICT (id) DO UPDATE SET at = excluded.at
)
SELECT pg_logical_emit_message(false, '{SESSION}', a.pid || ' ' || extract(epoch FROM a.backend_start))
FROM pg_replication_slots AS s JOIN pg_stat_activity AS a ON a.pid = s.active_pid WHERE s.slot_name = '{SLOT}'"""
"""Moves the log of a quiet database on, and says in it which connection streams the log (`sessions.py`)."""


def configuration(tables: Sequence[Table], source_url: str, placeholder: str, sslrootcert: str = "") -> dict[str, str]:
    """Everything the connector is told. `source_url` is the app's database as role app_capture.

    `sslrootcert` is where Connect's machine keeps the authority's certificate, if not where the URL says.
    """
    return {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "tasks.max": "1",
        **_database(source_url, sslrootcert),
        "topic.prefix": TOPIC_PREFIX,
        # what is captured
        "plugin.name": "pgoutput",
        "publication.name": PUBLICATION,
        "publication.autocreate.mode": "disabled",  # made by the migrations; the capturing role owns no table
        "slot.name": SLOT,
        "table.include.list": ",".join([*(table.full_name for table in tables), SIGNALS]),
        "snapshot.mode": "initial",
        "provide.transaction.metadata": "true",
        "skipped.operations": "none",  # by default truncations are left out
        "tombstones.on.delete": "false",
        "unavailable.value.placeholder": placeholder,
        # ad-hoc snapshots, and notices of what every snapshot does
        "signal.data.collection": SIGNALS,
        "signal.enabled.channels": "source",
        "notification.enabled.channels": "sink",
        "notification.sink.topic.name": f"{TOPIC_PREFIX}.notices",
        # a quiet database confirms its position, too, and each session says which it is
        "heartbeat.interval.ms": str(HEARTBEAT_MS),
        "heartbeat.action.query": HEARTBEAT,
        # values as text that every reader understands
        "decimal.handling.mode": "string",
        "time.precision.mode": "isostring",
        "extended.headers.enabled": "false",
        # pace
        "poll.interval.ms": "20",
        "max.batch.size": "4096",
        "max.queue.size": "16384",
        # a lost slot must not be replaced in silence
        "slot.drop.on.stop": "false",
        "errors.tolerance": "none",
        # everything goes to one topic, whose order is the order of the commits
        "transforms": "one",
        "transforms.one.type": "org.apache.kafka.connect.transforms.RegexRouter",
        "transforms.one.regex": ".*",
        "transforms.one.replacement": TOPIC,
    }


SSL = ("sslmode", "sslrootcert", "sslcert", "sslkey")  # libpq's words for a URL, which are Debezium's, too
JAVAS_OWN = "org.postgresql.ssl.DefaultJavaSSLFactory"  # the authorities that Java knows: libpq's `sslrootcert=system`


def _database(url: str, sslrootcert: str) -> dict[str, str]:
    """Where the database is and how the way there is secured, both from the URL."""
    parts = conninfo_to_dict(url)
    secured = {name: str(parts[name]) for name in SSL if parts.get(name)}
    if sslrootcert:
        secured["sslrootcert"] = sslrootcert
    if secured.get("sslrootcert") == "system":
        secured = {name: value for name, value in secured.items() if name != "sslrootcert"}
        secured |= {"sslmode": "verify-full", "sslfactory": JAVAS_OWN}  # libpq takes no weaker mode with it, either
    return {
        "database.hostname": str(parts.get("host") or "127.0.0.1"),
        "database.port": str(parts.get("port") or 5432),
        "database.user": str(parts.get("user") or ""),
        "database.password": str(parts.get("password") or ""),
        "database.dbname": str(parts.get("dbname") or ""),
        **{f"database.{name}": value for name, value in secured.items()},
    }
