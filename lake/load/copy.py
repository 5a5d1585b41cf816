"""Copy what is new in silver into the warehouse, up to the cut and not beyond, in one transaction.

A version goes in when it is newer than what its key has; a barrier removes everything older than itself. Killed at any
moment, the warehouse is at the old cut or at the new one.
"""

from __future__ import annotations

import io
import time
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from psycopg import sql

from lake.contracts.model import Table
from lake.contracts.names import silver_path
from lake.contracts.tables import TABLES
from lake.cut import Late, cut, late_since
from lake.failpoint import reach
from lake.kit.clock import utc_now
from lake.kit.errors import Stop
from lake.kit.log import get_log
from lake.load.warehouse import POSTGRES, SYSTEM, Connection, connect, migrate, warehouse_fields
from lake.settings import LakeSettings
from lake.store import START, Position, Store, lease, open_store

WAREHOUSE = "warehouse"  # the lease of everything that changes the warehouse or needs it to stand still
WORTH_ANALYZING = """
    select relname from pg_stat_user_tables where schemaname = 'loaded'
        and n_mod_since_analyze >= 1000 + 0.1 * n_live_tup
"""  # a sample of a table costs the same whether a hundred of its rows are new or all of them


@dataclass(frozen=True)
class Loaded:
    """What a load did: versions read, rows of the warehouse changed, and the cut it stands at."""

    versions: int
    changed: int
    cut: Position
    seconds: float

    def summary(self) -> dict[str, int | float]:
        return {
            "in": self.versions, "out": self.changed, "refused": 0, "seconds": round(self.seconds, 3), "cut": self.cut,
        }  # fmt: skip


def load(settings: LakeSettings) -> Loaded:
    """Bring the warehouse's `silver` to the release watermark. Running it again changes nothing."""
    started, store = time.monotonic(), open_store(settings)
    with (
        lease(store.root, WAREHOUSE),
        connect(settings.warehouse_owner_url.get_secret_value(), "warehouse_owner") as owner,
    ):
        migrate(owner)
        with connect(settings.warehouse_load_url.get_secret_value(), "warehouse_load") as connection:
            versions, changed, upto = _load_all(store, connection, settings.failpoint)
            connection.execute("select pg_stat_force_next_flush()")  # how many rows are new is read right afterwards
            reach("load.before_commit", settings.failpoint)
        reach("load.committed", settings.failpoint)
        for (name,) in owner.execute(WORTH_ANALYZING).fetchall():
            owner.execute(sql.SQL("analyze loaded.{}").format(sql.Identifier(name)))
    get_log().info("loaded", versions=versions, changed=changed, cut=upto)
    return Loaded(versions, changed, upto, time.monotonic() - started)


def _load_all(store: Store, connection: Connection, failpoint: str) -> tuple[int, int, Position]:
    """Load every table inside the connection's one transaction."""
    upto = cut(store)
    if upto == START:
        raise Stop("Nothing has been released yet. Run `python -m anonymizer release` first.")
    before, late_number = _state(connection)
    if upto < before:
        raise Stop("The lake's cut lies before the warehouse's: this warehouse was loaded from another lake.")
    late = late_since(store, late_number)
    versions = changed = 0
    for table in TABLES:
        rows = _new_versions(store, connection, table, upto, [one for one in late if one.table == table.name])
        if rows is not None and rows.num_rows:
            versions += rows.num_rows
            changed += _merge(connection, table, rows, failpoint)
        connection.execute(
            "insert into loaded.positions values (%s, %s) on conflict (table_name) do update set position = excluded.position",
            [table.name, upto],
        )
    connection.execute(
        "insert into loaded.state (cut, late, loaded_at) values (%s, %s, %s) on conflict (one) do update "
        "set cut = excluded.cut, late = excluded.late, loaded_at = excluded.loaded_at",
        [upto, max([late_number, *(one.number for one in late)]), utc_now()],
    )
    return versions, changed, upto


def _state(connection: Connection) -> tuple[Position, int]:
    """The cut the warehouse stands at, and the last announcement of late rows that it has followed."""
    row = connection.execute("select cut, late from loaded.state").fetchone()
    return (Position(row[0]), int(row[1])) if row else (START, -1)


def _new_versions(
    store: Store, connection: Connection, table: Table, upto: Position, late: list[Late]
) -> pa.Table | None:
    """The versions after the table's own position, and those that came late to positions before it."""
    path = silver_path(table)
    if not store.exists(path):
        return None
    row = connection.execute("select position from loaded.positions where table_name = %s", [table.name]).fetchone()
    after = Position(row[0]) if row else START
    names = [*SYSTEM, *(field.name for field in warehouse_fields(table))]
    parts = [store.changes(path, after=after, upto=upto, columns=names)]
    for one in late:
        if one.first <= after:
            last = Position(min(one.last, after))
            parts.append(store.changes(path, after=Position(one.first - 1), upto=last, columns=names))
    return pa.concat_tables(parts)


def _merge(connection: Connection, table: Table, rows: pa.Table, failpoint: str) -> int:
    """Put versions into `loaded.<table>`; returns how many rows were inserted, updated or removed."""
    barriers = rows.filter(pc.equal(rows["_op"], "barrier"))
    if barriers.num_rows:
        connection.execute(
            "insert into loaded.barriers values (%s, %s) on conflict (table_name) do update "
            "set position = greatest(barriers.position, excluded.position)",
            [table.name, pc.max(barriers["_position"]).as_py()],
        )
    _copy(connection, table, rows.filter(pc.not_equal(rows["_op"], "barrier")))
    reach("load.copied", failpoint)
    changed = connection.execute(_upsert(table).encode(), [table.name]).rowcount
    if barriers.num_rows:
        hidden = f"delete from loaded.{table.name} where _position < (select position from loaded.barriers where table_name = %s)"
        changed += connection.execute(hidden.encode(), [table.name]).rowcount
    connection.execute("drop table incoming")
    return changed


def _copy(connection: Connection, table: Table, rows: pa.Table) -> None:
    kinds = SYSTEM | {field.name: POSTGRES[field.type] for field in warehouse_fields(table)}
    columns = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
    connection.execute(f"create temporary table incoming ({columns}) on commit drop".encode())
    buffer = io.BytesIO()
    # Arrow quotes every text and no null, which is how PostgreSQL tells an empty text from a missing one.
    pacsv.write_csv(rows.select(list(kinds)), buffer, pacsv.WriteOptions(include_header=False))
    with connection.cursor().copy(sql.SQL("copy incoming from stdin (format csv)")) as copy:
        copy.write(buffer.getbuffer())


def _upsert(table: Table) -> str:
    names = [*SYSTEM, *(field.name for field in warehouse_fields(table))]
    key, columns = ", ".join(table.key), ", ".join(names)
    sets = ", ".join(f"{name} = excluded.{name}" for name in names if name not in table.key)
    return (
        f"insert into loaded.{table.name} as held ({columns}) select distinct on ({key}) {columns} from incoming "
        "where _position > coalesce((select position from loaded.barriers where table_name = %s), -1) "
        f"order by {key}, _position desc, _revision desc "
        f"on conflict ({key}) do update set {sets} "
        "where (excluded._position, excluded._revision) > (held._position, held._revision)"
    )
