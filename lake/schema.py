"""The Arrow shapes of bronze and silver, derived from the contracts, and the one definition of *current*."""

from __future__ import annotations

import pyarrow as pa

from lake.contracts.model import Column, Pii, Table, To, Type
from lake.contracts.names import silver_names

ARROW: dict[Type, pa.DataType] = {
    Type.UUID: pa.string(),
    Type.TEXT: pa.string(),
    Type.INT: pa.int32(),
    Type.BIGINT: pa.int64(),
    Type.BOOL: pa.bool_(),
    Type.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    Type.DATE: pa.date32(),
}
GENERALISED: dict[To, pa.DataType] = {
    To.WEEK_AND_MONTH: pa.date32(),
    To.COUNTRY: pa.string(),
    To.HOUR_BAND: pa.int32(),
    To.RATE_BAND: pa.int32(),
    To.YEAR_BAND: pa.int32(),
}

# What bronze guarantees is told in `ingestion/__init__.py`. Its operations:
#   c u d r   a row was created, updated, deleted, or read by a snapshot
#   t         a table was truncated;     after = {"kind": "truncate", "hides": <its own position>}
#   b         a snapshot is complete;    after = {"kind": "snapshot", "hides": <position>, "rows": <of this table>}
#   m         a note of landing;         after = {"kind": "snapshot" | "audit" | "audited" | "replay" | "open", …}
#   e         rows may be missing;       after = {"kind": "transaction" | "snapshot", "tables": [...], …}
#   n         a new epoch begins;        after = {"cluster": …, "topic": …}
#   x         a row of an erased person came; table, position and transaction, and nothing else
# Rows of a table at or before the largest `hides` of its t and b rows are not current. Changes (c u d r) are kept for
# days; everything else is kept for ever, in a `_day` of its own, where it is found without reading any change.
KEPT_FOR_EVER = "kept"
# Silver's and the digests' rows that have been compacted once; sorts before every day.
SETTLED = "0000-settled"
BRONZE = pa.schema(
    [
        pa.field("_position", pa.int64()),  # epoch and Kafka offset, see lake.store.position
        pa.field("table", pa.string()),  # the contract's name; null for notes that concern none or several
        pa.field("op", pa.string()),
        pa.field(
            "key", pa.string()
        ),  # canonical JSON of the key columns, in the contract's order; null for t and notes
        pa.field("before", pa.string()),  # JSON of key and people before the change, as far as PostgreSQL sent them
        pa.field("after", pa.string()),  # JSON of all the contract's columns after the change; null for d
        pa.field("lsn", pa.int64()),  # tells a repeat, never an order
        pa.field("tx_id", pa.int64()),
        pa.field("committed_at", pa.timestamp("us", tz="UTC")),  # of the transaction; of r: when it was read
        pa.field(
            "snapshot", pa.string()
        ),  # Debezium's mark of a snapshot row: true, first, last, …; null when streamed
        pa.field("correlation_id", pa.string()),
        pa.field("landed_at", pa.timestamp("us", tz="UTC")),
        pa.field("_day", pa.string()),  # when it landed; KEPT_FOR_EVER for t, b, m, e and n
    ]
)

QUARANTINE = pa.schema(
    [
        pa.field("_position", pa.int64()),
        pa.field("stage", pa.string()),  # land or release
        pa.field("table", pa.string()),
        pa.field("reason", pa.string()),  # what is wrong, without any value
        pa.field("offset", pa.int64()),
        pa.field("message", pa.binary()),  # the bytes as they came
        pa.field("refused_at", pa.timestamp("us", tz="UTC")),
        pa.field("_day", pa.string()),
    ]
)

SYSTEM = (
    pa.field("_position", pa.int64()),
    pa.field("_revision", pa.int32()),  # 0; grows each time the row at this position is treated again
    pa.field("_op", pa.string()),  # upsert, delete, barrier
    pa.field("_treatment", pa.string()),  # hash of policy and model
    pa.field("_day", pa.string()),
)


def silver_fields(column: Column) -> list[pa.Field]:
    """The Arrow fields that a source column becomes in silver."""
    names = silver_names(column)
    if column.pii is Pii.KEY:
        return [pa.field(names[0], pa.string())]
    if column.pii is Pii.FREE_TEXT:
        return [pa.field(n, t) for n, t in zip(names, (pa.string(), pa.int32(), pa.int32()), strict=True)]
    kind = ARROW[column.type] if column.to is None else GENERALISED[column.to]
    return [pa.field(name, kind) for name in names]


def silver_schema(table: Table) -> pa.Schema:
    """The shape of a table's anonymised versions: treated columns, then the system columns."""
    return pa.schema([*(f for c in table.columns for f in silver_fields(c)), *SYSTEM])


def current_sql(table: Table, versions: str, hidden: int | None = None) -> str:
    """SQL for a table's current rows over the relation that holds all its versions.

    Plain enough for DuckDB, PostgreSQL and Spark: the newest version of each key, when it is not a delete and is newer
    than the newest barrier; `hidden` is that barrier's position (-1 for none) where the caller knows it already.
    """
    barrier = (
        f"(select coalesce(max(_position), -1) from {versions} where _op = 'barrier')" if hidden is None else hidden
    )
    key = ", ".join(table.key)
    columns = ", ".join(field.name for field in silver_schema(table))
    return (
        f"select {columns} from (select *, row_number() over (partition by {key} "
        f"order by _position desc, _revision desc) as newest from {versions} where _op <> 'barrier') as v "
        f"where newest = 1 and _op = 'upsert' and _position > {barrier}"
    )
