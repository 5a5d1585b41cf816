"""Waiting until everything that was committed has gone through the replication slot, confirmed by Kafka."""

from __future__ import annotations

import shutil

import psycopg

from infra.place import Place
from infra.process import wait_until
from lake.contracts.names import SLOT
from lake.kit.errors import Retry, Stop

_LEAST = 1024 * 1024  # bytes
_MARK = "select pg_logical_emit_message(true, 'headwater.correlation', 'demo')::text"
_PASSED = "select confirmed_flush_lsn >= %s::pg_lsn from pg_replication_slots where slot_name = %s"


def wait_for_capture(place: Place, seconds: float) -> None:
    """Put a mark behind everything that is committed, and wait until the slot has confirmed it.

    Raises `Stop` when there is no slot, `Retry` when the mark is not confirmed in time. A slot's own lag would not do:
    it is small while a first snapshot is still on its way.
    """
    with psycopg.connect(place.url("postgres", "app"), autocommit=True) as connection:
        if not wait_until(lambda: _passed(connection, "0/0") is not None, 30, pause=0.2):
            raise Stop(f"There is no replication slot. Run `python -m ingestion connect`, see {place.log('connect')}.")
        mark = str((connection.execute(_MARK).fetchone() or [""])[0])
        if not wait_until(lambda: _is_full(place) or bool(_passed(connection, mark)), seconds, pause=0.1):
            raise Retry(f"Capture does not catch up: look at {place.log('connect')}, then run the same command again.")
    if _is_full(place):
        raise Retry("The disk is full. Free some space, then run the same command again.")


def _is_full(place: Place) -> bool:
    """Whether the servers cannot write any more: they then wait for ever without a word."""
    return shutil.disk_usage(place.run).free < _LEAST


def _passed(connection: psycopg.Connection[tuple[object, ...]], position: str) -> object:
    """Whether the slot has confirmed a position of the write-ahead log; None without a slot."""
    row = connection.execute(_PASSED, [position, SLOT]).fetchone()
    return row[0] if row else None
