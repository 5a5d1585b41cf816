"""Tells what happened: one row in the outbox and one delivery for each subscriber, in the transaction that did it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from lake.contracts.business_events import BY_NAME, EventType
from lake.contracts.model import Type
from lake.kit.ids import new_id
from platform_app.db import Conn, correlation_of
from platform_app.outbox.subscribers import SUBSCRIBERS
from platform_app.outbox.topics import announce, changed_by
from platform_app.rules import fault_of

KINDS: dict[Type, type] = {Type.UUID: UUID, Type.TEXT: str, Type.INT: int, Type.BOOL: bool}


@dataclass(frozen=True, slots=True)
class Event:
    """What happened. `actor_id` is who did it, None for the system; `data` is as the type declares it, ids as text."""

    id: UUID
    type: str
    subject_id: UUID
    actor_id: UUID | None
    data: dict[str, Any]
    correlation_id: str
    occurred_at: datetime


def publish(conn: Conn, name: str, subject_id: UUID, actor_id: UUID | None, now: datetime, **data: object) -> UUID:
    """Write an event of a declared type; returns its id. ValueError when it is not as declared: that is a fault here."""
    kind = BY_NAME[name]
    check(kind, data)
    people = (
        {data[field] for field in kind.people} | {actor_id} | ({subject_id} if kind.subject == "account" else set())
    )
    event_id = new_id()
    conn.execute(
        "INSERT INTO kernel.outbox (id, type, subject_id, actor_id, people, data, correlation_id, occurred_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            event_id, name, subject_id, actor_id, sorted(filter(None, people), key=str),
            Jsonb({field: str(value) if isinstance(value, UUID) else value for field, value in data.items()}),
            correlation_of(conn), now,
        ),
    )  # fmt: skip
    for topic in changed_by(name, subject_id, actor_id):
        announce(conn, topic)
    hearing = sorted(subscriber for subscriber, types in SUBSCRIBERS.items() if name in types)
    conn.execute(
        "INSERT INTO kernel.deliveries (subscriber, event_id, due_at) SELECT unnest(%s::text[]), %s, now()",
        (hearing, event_id),
    )
    return event_id


def check(kind: EventType, data: Mapping[str, Any]) -> None:
    """ValueError unless the fields and their values are as the type declares them."""
    declared = {column.name: column for column in kind.data}
    if data.keys() != declared.keys():
        raise ValueError(f"{kind.name} carries {sorted(declared)}, not {sorted(data)}.")
    for name, column in declared.items():
        if data[name] is not None and type(data[name]) is not KINDS[column.type]:
            raise ValueError(f"{kind.name}.{name} must be {column.type.value}.")
        for rule in column.rules:
            if fault := fault_of(rule, data[name]):
                raise ValueError(f"{kind.name}.{name} {fault}")
