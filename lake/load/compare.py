"""Prove that the warehouse's `silver` equals the lake's current silver at the cut it was loaded to."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.csv as pacsv
from psycopg import sql

from lake.contracts.model import Table
from lake.contracts.names import silver_path
from lake.contracts.tables import TABLES
from lake.kit.errors import Stop
from lake.load.copy import WAREHOUSE
from lake.load.warehouse import Connection, connect, warehouse_fields
from lake.schema import current_sql, silver_schema
from lake.settings import LakeSettings
from lake.store import START, Position, Store, lease, open_store


@dataclass(frozen=True)
class Compared:
    """One table: its rows on both sides, and whether every one of them is the same."""

    table: str
    lake_rows: int
    warehouse_rows: int
    equal: bool


def compare(settings: LakeSettings) -> list[Compared]:
    """Each table's current rows in the lake and in the warehouse, compared by a hash over all of them, sorted by key."""
    store = open_store(settings)
    with (
        lease(store.root, WAREHOUSE),
        connect(settings.warehouse_load_url.get_secret_value(), "warehouse_load") as connection,
    ):
        state = connection.execute("select cut from loaded.state").fetchone()
        if state is None:
            raise Stop("The warehouse is empty. Run `python -m lake load` first.")
        return [_compare(store, connection, table, Position(state[0])) for table in TABLES]


def _compare(store: Store, connection: Connection, table: Table, upto: Position) -> Compared:
    fields = pa.schema([("_position", pa.int64()), ("_revision", pa.int32()), *warehouse_fields(table)])
    lake = _sorted(_in_lake(store, table, upto).select(fields.names).cast(fields), table)
    warehouse = _sorted(_in_warehouse(connection, table, fields), table)
    return Compared(table.name, lake.num_rows, warehouse.num_rows, _digest(lake) == _digest(warehouse))


def _in_lake(store: Store, table: Table, upto: Position) -> pa.Table:
    schema = silver_schema(table)
    if not store.exists(silver_path(table)):
        return schema.empty_table()
    rows = store.changes(silver_path(table), after=START, upto=upto)
    with duckdb.connect() as memory:
        memory.register("versions", rows)
        return memory.execute(current_sql(table, "versions")).to_arrow_table()


def _in_warehouse(connection: Connection, table: Table, fields: pa.Schema) -> pa.Table:
    query = sql.SQL("copy (select {} from {}) to stdout (format csv, force_quote *)").format(
        sql.SQL(", ").join(map(sql.Identifier, fields.names)), sql.Identifier("silver", table.name)
    )
    buffer = io.BytesIO()
    with connection.cursor().copy(query) as copy:
        for block in copy:
            buffer.write(block)
    if not buffer.tell():
        return fields.empty_table()
    read = pacsv.ReadOptions(column_names=fields.names)
    convert = pacsv.ConvertOptions(
        column_types=fields, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False,
        true_values=["t"], false_values=["f"],
    )  # fmt: skip
    return pacsv.read_csv(io.BytesIO(buffer.getvalue()), read_options=read, convert_options=convert)


def _sorted(rows: pa.Table, table: Table) -> pa.Table:
    return rows.sort_by([(name, "ascending") for name in table.key])


def _digest(rows: pa.Table) -> str:
    buffer = io.BytesIO()
    pacsv.write_csv(rows, buffer)
    return hashlib.sha256(buffer.getbuffer()).hexdigest()
