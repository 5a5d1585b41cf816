"""PostgreSQL as the source of the stream: its replication slot, markers in its log, requests for a snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import orjson
import psycopg
from pydantic import SecretStr

from lake.contracts.names import SIGNALS, SLOT
from lake.kit.errors import Retry
from lake.kit.ids import new_id


@dataclass(frozen=True)
class Slot:
    """The replication slot: which status, what it has confirmed, and how many bytes of log wait behind it."""

    status: str  # reserved, extended, unreserved, lost
    confirmed: int | None  # LSN
    lag_bytes: int | None
    active: bool


@contextmanager
def source(url: SecretStr) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection to the app's database in which every statement commits by itself."""
    try:
        with psycopg.connect(url.get_secret_value(), autocommit=True, connect_timeout=10) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise Retry("The app's PostgreSQL did not answer. Run `make status`, start it with `make up`.") from error


def slot(connection: psycopg.Connection[tuple[object, ...]]) -> Slot | None:
    """The connector's slot as it is now; None when there is none."""
    row = connection.execute(
        "SELECT wal_status, confirmed_flush_lsn - '0/0'::pg_lsn, pg_current_wal_lsn() - confirmed_flush_lsn, active"
        " FROM pg_replication_slots WHERE slot_name = %s",
        (SLOT,),
    ).fetchone()
    if row is None:
        return None
    status, confirmed, lag, active = row
    return Slot(str(status), _int(confirmed), _int(lag), bool(active))


def _int(value: object) -> int | None:
    return None if value is None else int(str(value))


def drop_slot(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Drop the connector's slot if it is there; the connector must be stopped."""
    connection.execute(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s", (SLOT,)
    )


def mark(connection: psycopg.Connection[tuple[object, ...]], prefix: str, about: dict[str, object]) -> str:
    """Write a marker into the log, to be landed in the order of the commits; returns its id."""
    number = str(new_id())
    content = orjson.dumps({**about, "id": number}).decode()
    connection.execute("SELECT pg_logical_emit_message(true, %s, %s)", (prefix, content))
    return number


def ask_snapshot(connection: psycopg.Connection[tuple[object, ...]], tables: Sequence[str]) -> None:
    """Ask the connector to read tables anew, holding the stream meanwhile."""
    data = orjson.dumps({"type": "blocking", "data-collections": list(tables)}).decode()
    schema, name = SIGNALS.split(".")
    query = psycopg.sql.SQL("INSERT INTO {} (id, type, data) VALUES (%s, 'execute-snapshot', %s)")
    connection.execute(query.format(psycopg.sql.Identifier(schema, name)), (str(new_id()), data))
