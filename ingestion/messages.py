"""One Kafka message, understood: a row change, a transaction's edge, a marker, a notice of a snapshot, or nothing.

Bytes enter; one of the small types below leaves, or `Refused` is raised with a reason that holds no value.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from lake.contracts.model import Table
from lake.contracts.names import SIGNALS
from lake.contracts.tables import BY_FULL_NAME
from lake.kit.errors import Stop

PLACEHOLDER = "__debezium_unavailable_value"
CORRELATION = "headwater.correlation"
SESSION = "headwater.session"
AUDIT = "headwater.audit"
MARKERS = (AUDIT, "headwater.replay")
ROW_OPS = frozenset("crudt")

Json = dict[str, Any]


class Refused(Exception):
    """A message that cannot become a row. The reason names columns and tables, never a value."""

    def __init__(self, reason: str, table: str | None = None) -> None:
        super().__init__(reason)
        self.reason, self.table = reason, table


class Row(NamedTuple):
    """A change of one row of a published table, or its truncation (op t, key empty). Times are µs since 1970."""

    table: str
    op: str
    key: str
    before: str | None
    after: str | None
    lsn: int
    tx_id: int | None
    committed_us: int
    snapshot: str | None


class Begin(NamedTuple):
    """A transaction's changes follow."""

    tx_id: int


class End(NamedTuple):
    """A transaction's changes are over; `counts` says how many there were for each published table."""

    tx_id: int
    counts: dict[str, int]


class Said(NamedTuple):
    """A logical message that somebody wrote into the write-ahead log with pg_logical_emit_message."""

    prefix: str
    content: str
    tx_id: int | None


class SnapshotNotice(NamedTuple):
    """What Debezium says about a running snapshot; `rows` counts what it read of `table`."""

    state: str  # STARTED, TABLE_SCAN_COMPLETED, COMPLETED, ABORTED, SKIPPED, …
    table: str | None = None
    rows: int = 0
    succeeded: bool = True


class SnapshotAsked(NamedTuple):
    """Somebody asked for a snapshot through the signal table, so the next one does not start a new stream."""


class Nothing(NamedTuple):
    """A heartbeat, or a change of a table that is not published: only its position counts."""


Message = Row | Begin | End | Said | SnapshotNotice | SnapshotAsked | Nothing
NOTHING = Nothing()


@dataclass(frozen=True)
class Shape:
    """What of a published table goes into bronze, computed once."""

    name: str
    columns: tuple[str, ...]
    known: frozenset[str]
    key: tuple[str, ...]
    kept: tuple[str, ...]  # of the state before a change: key and people

    @classmethod
    def of(cls, table: Table) -> Shape:
        columns = tuple(column.name for column in table.columns)
        kept = tuple(name for name in columns if name in {*table.key, *table.people})
        return cls(table.name, columns, frozenset(columns), table.key, kept)


SHAPES: dict[str, Shape] = {name: Shape.of(table) for name, table in BY_FULL_NAME.items()}


def read(value: bytes | None, *, placeholder: str = "") -> Message:
    """Understand one message.

    Raises Refused for what cannot be read, Stop where a value is missing because a table's replica identity is wrong.
    """
    if value is None:
        return NOTHING  # a Kafka tombstone; deletes arrive as rows
    try:
        said = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise Refused("is not JSON") from error
    if not isinstance(said, dict):
        raise Refused("is not a JSON object")
    try:
        return _understand(said, value, placeholder)
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error) as error:
        raise Refused(f"has an unexpected form ({type(error).__name__})") from error


def _understand(said: Json, value: bytes, placeholder: str) -> Message:
    if "source" in said:
        if said["op"] == "m":
            return _said(said)
        return _row(said, PLACEHOLDER.encode() in value, placeholder)
    if "status" in said:
        return _edge(said)
    if "aggregate_type" in said:
        return _notice(said)
    if said.keys() == {"ts_ms"}:
        return NOTHING
    raise Refused("is no kind of message that the connector sends")


def _row(said: Json, suspicious: bool, placeholder: str) -> Message:
    source, op = said["source"], said["op"]
    name = f"{source['schema']}.{source['table']}"
    shape = SHAPES.get(name)
    if shape is None:
        if name == SIGNALS and op == "c" and said["after"]["type"] == "execute-snapshot":
            return SnapshotAsked()
        return NOTHING
    if op not in ROW_OPS:
        raise Refused("has an operation that is not c, r, u, d or t", shape.name)
    before, after = said.get("before"), said.get("after")
    if suspicious:
        _check_placeholder(shape, op, (before, after), placeholder)
    for image in (before, after):
        if image is not None and (unknown := image.keys() - shape.known):
            raise Refused(f"has columns that the contract does not declare: {', '.join(sorted(unknown))}", shape.name)
    snapshot = source.get("snapshot")
    return Row(
        table=shape.name,
        op=op,
        key="" if op == "t" else _key(shape, before if op == "d" else after),
        before=None if before is None else _json({name: before.get(name) for name in shape.kept}),
        after=None if after is None else _json({name: after.get(name) for name in shape.columns}),
        lsn=int(source["lsn"]),
        tx_id=None if source.get("txId") is None else int(source["txId"]),
        committed_us=int(source["ts_us"]),
        snapshot=None if snapshot in (None, "false", False) else str(snapshot),
    )


def _key(shape: Shape, image: Json | None) -> str:
    if image is None:
        raise Refused("has no image of the row", shape.name)
    key = {name: image.get(name) for name in shape.key}
    if None in key.values():
        raise Refused("has no key", shape.name)
    return _json(key)


def _json(value: Json) -> str:
    return orjson.dumps(value).decode()


def _check_placeholder(shape: Shape, op: str, images: tuple[Json | None, Json | None], placeholder: str) -> None:
    """Stop where Debezium stood in for a value it was not given. The plain constant is only text, which anybody may
    write into a post, where the whole row was at hand: in an insert, and in an update with the row before it."""
    before, after = images
    missing = {
        name for image in images if image for name, value in image.items() if placeholder and value == placeholder
    }
    if op == "u" and before is None and after is not None:
        missing |= {name for name, value in after.items() if value == PLACEHOLDER}
    if missing:
        raise Stop(
            f"Table {shape.name}: the stream does not carry the value of {', '.join(sorted(missing))}. Give the table "
            "REPLICA IDENTITY FULL in a migration, then run `python -m ingestion resnapshot "
            f"{shape.name}` and `python -m ingestion land` again."
        )


def _said(said: Json) -> Said:
    content = base64.b64decode(said["message"]["content"]).decode()
    tx_id = said["source"].get("txId")
    return Said(str(said["message"]["prefix"]), content, None if tx_id is None else int(tx_id))


def _edge(said: Json) -> Begin | End:
    tx_id = int(said["id"].partition(":")[0])
    if said["status"] == "BEGIN":
        return Begin(tx_id)
    if said["status"] != "END":
        raise Refused("is neither the begin nor the end of a transaction")
    counts = {
        SHAPES[each["data_collection"]].name: int(each["event_count"])
        for each in said["data_collections"] or ()
        if each["data_collection"] in SHAPES
    }
    return End(tx_id, counts)


def _notice(said: Json) -> SnapshotNotice | Nothing:
    if "Snapshot" not in said["aggregate_type"]:
        return NOTHING
    more = said.get("additional_data") or {}
    shape = SHAPES.get(more.get("scanned_collection", ""))
    rows = int(more.get("total_rows_scanned") or 0)
    succeeded = more.get("status", "SUCCEEDED") in ("SUCCEEDED", "EMPTY")
    return SnapshotNotice(said["type"], shape.name if shape else None, rows, succeeded)
