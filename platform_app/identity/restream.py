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
        _touch(
            database, correlation_id, table, sql.SQL("{} = {}").format(sql.Identifier(person), sql.Literal(account_id))
        )
        for table in TABLES
        for person in table.people
    )
    get_log().info("person_restreamed", rows=touched)
    return touched


def restream_table(database: Database, table: Table, correlation_id: str) -> int:
    """Touch every row of a published table, as after a migration that adds a column; safe to repeat."""
    touched = _touch(database, correlation_id, table, sql.SQL("true"))
    get_log().info("table_restreamed", table=table.name, rows=touched)
    return touched


def _touch(database: Database, correlation_id: str, table: Table, wanted: sql.Composable) -> int:
    """Touch the wanted rows in key order, a chunk in each transaction; every published table has one key column."""
    after: sql.Composable = sql.SQL("true")
    touched = 0
    while True:
        with database.write(correlation_id) as conn:
            rows, last = _touch_chunk(conn, table, sql.SQL("{} AND {}").format(wanted, after))
        touched += rows
        if rows < CHUNK:
            return touched
        after = sql.SQL("{} > {}").format(sql.Identifier(table.key[0]), sql.Literal(last))


def _touch_chunk(conn: Conn, table: Table, wanted: sql.Composable) -> tuple[int, object]:
    """(rows touched, the last of their keys as PostgreSQL orders them)"""
    statement = sql.SQL(
        "WITH chunk AS (SELECT {key} FROM {table} WHERE {wanted} ORDER BY {key} LIMIT {chunk}), "
        "touched AS (UPDATE {table} SET {key} = {key} WHERE {key} IN (SELECT {key} FROM chunk) RETURNING 1) "
        "SELECT (SELECT count(*) FROM touched), (SELECT {key} FROM chunk ORDER BY {key} DESC LIMIT 1)"
    ).format(
        table=sql.Identifier(table.schema, table.name),
        key=sql.Identifier(table.key[0]),
        wanted=wanted,
        chunk=sql.Literal(CHUNK),
    )
    row = conn.execute(statement).fetchone()
    return (row[0], row[1]) if row else (0, None)
