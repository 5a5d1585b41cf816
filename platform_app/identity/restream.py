"""Streams a person's rows again after they grant `lake`: their rows were held back until then.

Every published row that names the person among its people is touched in chunks; an UPDATE that changes nothing is
still a change to the write-ahead log. For a follow, either side counts.
"""

from __future__ import annotations

import threading
from uuid import UUID, uuid4

from psycopg import sql

from lake.contracts.model import Table
from lake.contracts.tables import TABLES
from lake.kit.errors import Retry
from lake.kit.log import get_log
from platform_app.db import Conn, Database
from platform_app.identity import repository

CHUNK = 500  # rows touched in one transaction


def work_off(database: Database, correlation_id: str) -> int:
    """Stream again the rows of everybody who waits for it; returns how many rows were touched."""
    touched = 0
    while True:
        with database.read() as conn:
            wish = repository.next_restream(conn)
        if wish is None:
            return touched
        event_id, account_id = wish
        touched += restream(database, account_id, correlation_id)
        with database.write(correlation_id) as conn:
            repository.restream_done(conn, event_id)


def follow(database: Database, every_seconds: float, stop: threading.Event) -> None:
    """Work the queue off until `stop` is set; what `serve` runs beside its requests."""
    while not stop.wait(every_seconds):
        try:
            work_off(database, f"restream-{uuid4()}")
        except Retry:
            get_log().warning("restream_postponed")


def restream(database: Database, account_id: UUID, correlation_id: str) -> int:
    """Touch every published row of one person; safe to repeat. Returns how many rows were touched."""
    touched = sum(
        _touch_table(database, table, person, account_id, correlation_id) for table in TABLES for person in table.people
    )
    get_log().info("person_restreamed", rows=touched)
    return touched


def _touch_table(database: Database, table: Table, person: str, account_id: UUID, correlation_id: str) -> int:
    after: object = None
    touched = 0
    while True:
        with database.write(correlation_id) as conn:
            keys = _touch_chunk(conn, table, person, account_id, after)
        touched += len(keys)
        if len(keys) < CHUNK:
            return touched
        after = max(keys)


def _touch_chunk(conn: Conn, table: Table, person: str, account_id: UUID, after: object) -> list[UUID]:
    """Touch the next rows in key order; every published table of people has one key column."""
    statement = sql.SQL(
        "UPDATE {table} SET {key} = {key} WHERE {key} IN ("
        "SELECT {key} FROM {table} WHERE {person} = %(person)s AND ({first} OR {key} > %(after)s) "
        "ORDER BY {key} LIMIT %(chunk)s) RETURNING {key}"
    ).format(
        table=sql.Identifier(table.schema, table.name),
        key=sql.Identifier(table.key[0]),
        person=sql.Identifier(person),
        first=sql.Literal(after is None),
    )
    rows = conn.execute(statement, {"person": account_id, "after": after, "chunk": CHUNK}).fetchall()
    return [row[0] for row in rows]
