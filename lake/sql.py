"""The analyst's door: DuckDB over current silver, every anonymised version, and the products, at any version or time.

Data is handed to DuckDB as Arrow; DuckDB itself may open no file, load no extension and change none of its settings.
So bronze, quarantine, the key and unsuppressed marts are not merely hidden: there is no way from here to there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from lake.contracts.names import product_path, silver_path
from lake.contracts.products import PRODUCTS, Product
from lake.contracts.tables import TABLES
from lake.kit.errors import Stop
from lake.publish.shelf import Version, versions
from lake.schema import ARROW, current_sql, silver_schema
from lake.store import LocalStore

SCHEMAS = ("silver", "silver_history", "gold", "gold_history", "gold_version", "gold_at")
WELCOME = """\
  silver.<table>                      current rows, anonymised             silver_history.<table>   every version
  gold.<product>                      the newest published version         gold_history.<product>   all versions
  gold_version.<product>(3)           the product as version 3 has it
  gold_at.<product>('2026-05-01')     the product as it was published at that time
  show all tables;  describe silver.posts;  .exit
"""
_LOCKED = {
    "python_enable_replacements": "false",  # a name in a query is never a Python variable
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "enable_external_access": "false",
    "lock_configuration": "true",
}


def open_door(root: Path) -> duckdb.DuckDBPyConnection:
    """A connection that holds the lake's readable parts as they are now, and can reach nothing else."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    for schema in SCHEMAS:
        connection.execute(f"create schema {schema}")
    refresh(connection, root)
    for name, value in _LOCKED.items():
        connection.execute(f"set {name} = {value}")
    return connection


def refresh(connection: duckdb.DuckDBPyConnection, root: Path) -> None:
    """Show what has been released and published since."""
    store = LocalStore(root)
    for table in TABLES:
        source = f"silver_{table.name}"
        connection.register(source, store.dataset(silver_path(table), silver_schema(table)))
        connection.execute(f"create or replace view silver_history.{table.name} as select * from {source}")
        current = current_sql(table, f"silver_history.{table.name}")
        connection.execute(f"create or replace view silver.{table.name} as {current}")
    for product in PRODUCTS:
        _add_product(connection, product, versions(root / product_path(product.name)))


def _add_product(connection: duckdb.DuckDBPyConnection, product: Product, published: list[Version]) -> None:
    """All versions as one relation with `version` and `published_at`, and the views and macros that choose among them."""
    name, columns = product.name, ", ".join(column.name for column in product.columns)
    connection.register(f"gold_{name}", _history(product, published))
    history = f"gold_history.{name}"
    connection.execute(f"create or replace view {history} as select * from gold_{name}")
    newest = f"select {columns} from {history} where version = (select max(version) from {history}"
    connection.execute(f"create or replace view gold.{name} as {newest})")
    connection.execute(
        f"create or replace macro gold_at.{name}(moment) as table {newest} where published_at <= moment::timestamptz)"
    )
    connection.execute(
        f"create or replace macro gold_version.{name}(number) as table "
        f"select {columns} from {history} where version = number"
    )


def _history(product: Product, published: list[Version]) -> pa.Table:
    fields = [pa.field(column.name, ARROW[column.type]) for column in product.columns]
    schema = pa.schema([("version", pa.int32()), ("published_at", pa.timestamp("us", tz="UTC")), *fields])
    parts = [schema.empty_table()]
    for version in published:
        rows = version.rows([column.name for column in product.columns])
        number = pa.array([version.number] * rows.num_rows, pa.int32())
        at = pa.array([version.manifest["created_at"]] * rows.num_rows).cast(pa.timestamp("us", tz="UTC"))
        parts.append(pa.table([number, at, *rows.columns], schema=schema))
    return pa.concat_tables(parts)


def ask(connection: duckdb.DuckDBPyConnection, query: str) -> duckdb.DuckDBPyRelation | None:
    """Run a query; None when the statement gives no rows. Raises Stop with DuckDB's own words, and what there is."""
    try:
        return connection.sql(query)
    except duckdb.Error as error:
        raise Stop(f"{error}\nWhat there is: `show all tables`.") from error


def shell(root: Path, read: Callable[[], str], show: Callable[[str], None]) -> None:
    """Read statements until `.exit` or the end of input, and show what they give; each sees the lake as it is then."""
    connection = open_door(root)
    show(WELCOME)
    for query in statements(read):
        refresh(connection, root)
        try:
            relation = ask(connection, query)
            if relation is not None:
                show(str(relation))
        except (Stop, KeyboardInterrupt) as error:
            show(str(error) or "Stopped.")


def statements(read: Callable[[], str]) -> Iterator[str]:
    """Statements as a person types them: over one line or several, each ended by a semicolon."""
    typed: list[str] = []
    while True:
        try:
            line = read().strip()
        except EOFError:
            return
        except KeyboardInterrupt:
            typed = []
            continue
        if not typed and line in (".exit", ".quit", "exit", "quit"):
            return
        if line:
            typed.append(line)
        if line.endswith(";"):
            yield "\n".join(typed)
            typed = []
