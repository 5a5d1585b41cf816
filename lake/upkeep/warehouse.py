"""The warehouse: tombstones that nothing can need any more, space of dead rows, statistics."""

from __future__ import annotations

from psycopg import sql

from lake.contracts.tables import TABLES
from lake.load.warehouse import connect
from lake.settings import LakeSettings
from lake.store import Position
from lake.upkeep.budget import Budget

MANY_DEAD, DEAD_SHARE = 1_000, 0.1  # autovacuum waits for a fifth, and forgets its counts when the server is killed


def forget_tombstones(settings: LakeSettings, below: Position) -> int:
    """Remove tombstones at positions below which no change can come back; returns how many."""
    removed = 0
    with connect(settings.warehouse_load_url.get_secret_value(), "warehouse_load") as connection:
        known = connection.execute("select to_regclass('loaded.state')").fetchone()
        if not known or not known[0]:
            return 0
        for table in TABLES:
            query = sql.SQL("delete from {} where _op = 'delete' and _position < %s")
            removed += connection.execute(query.format(sql.Identifier("loaded", table.name)), [int(below)]).rowcount
    return removed


def vacuum(settings: LakeSettings, budget: Budget) -> list[str]:
    """Give the space of dead rows back, and look at the values' distribution anew; returns the tables that were left."""
    with connect(settings.warehouse_owner_url.get_secret_value(), "warehouse_owner") as connection:
        connection.autocommit = True
        query = (
            "select relname from pg_stat_user_tables where schemaname = 'loaded' and n_dead_tup >= %s "
            "and n_dead_tup > %s * n_live_tup order by n_dead_tup desc"
        )
        wanted = [str(name) for (name,) in connection.execute(query, [MANY_DEAD, DEAD_SHARE])]
        while wanted and budget.left:
            connection.execute(sql.SQL("vacuum (analyze) {}").format(sql.Identifier("loaded", wanted.pop(0))))
    return wanted
