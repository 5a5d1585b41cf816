"""Messages as the connector sends them, by hand."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import orjson

from lake.contracts.tables import BY_NAME
from tests.lib.changes import row

COMMITTED_US = 1_700_000_000_123_456


def change(
    table: str,
    op: str,
    *,
    lsn: int,
    tx: int | None = 1,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    snapshot: str = "false",
) -> bytes:
    """A change of a row; `before` and `after` are the images as they come."""
    contract = BY_NAME.get(table)
    source = {
        "schema": contract.schema if contract else "other",
        "table": table,
        "lsn": lsn,
        "txId": tx,
        "ts_us": COMMITTED_US,
        "snapshot": snapshot,
    }
    said = {"before": before, "after": after, "source": source, "op": op, "ts_ms": 1, "ts_us": 1, "ts_ns": 1}
    return orjson.dumps(said)


def insert(table: str, *, lsn: int, tx: int = 1, **values: Any) -> bytes:
    """A row was inserted that keeps every rule, with some values given."""
    return change(table, "c", lsn=lsn, tx=tx, after=row(table, **values))


def begin(tx: int) -> bytes:
    return orjson.dumps({"status": "BEGIN", "id": f"{tx}:1", "event_count": None, "data_collections": None, "ts_ms": 1})


def end(tx: int, **counts: int) -> bytes:
    """The end of a transaction with its changes by table."""
    each = [{"data_collection": BY_NAME[name].full_name, "event_count": n} for name, n in counts.items()]
    return orjson.dumps(
        {"status": "END", "id": f"{tx}:9", "event_count": sum(counts.values()), "data_collections": each, "ts_ms": 1}
    )


def said(prefix: str, content: str, *, tx: int | None = 1) -> bytes:
    """A logical message."""
    message = {"prefix": prefix, "content": base64.b64encode(content.encode()).decode()}
    return orjson.dumps({"op": "m", "source": {"schema": "", "table": "", "txId": tx, "lsn": 1}, "message": message})


def notice(state: str, table: str | None = None, rows: int = 0, status: str = "SUCCEEDED") -> bytes:
    """What the connector says about a snapshot."""
    more: dict[str, str] = {"connector_name": "app"}
    if table:
        more |= {
            "scanned_collection": BY_NAME[table].full_name,
            "total_rows_scanned": str(rows),
            "status": status,
        }
    about = {"id": "x", "type": state, "aggregate_type": "Initial Snapshot", "additional_data": more, "timestamp": 1}
    return orjson.dumps(about)


def signal(kind: str = "execute-snapshot") -> bytes:
    source = {"schema": "capture", "table": "signals", "lsn": 1, "txId": 1, "ts_us": 1, "snapshot": "false"}
    return orjson.dumps({"before": None, "after": {"id": "1", "type": kind, "data": "{}"}, "source": source, "op": "c"})


HEARTBEAT = orjson.dumps({"ts_ms": 1})
