"""A person's rows in the warehouse: the loaded rows and dbt's work tables, and the dead tuples they leave."""

from __future__ import annotations

from psycopg import sql

from anonymizer.erasure.person import Person
from lake.load.warehouse import Connection, connect
from lake.settings import LakeSettings

_COLUMNS = """
    select c.table_schema, c.table_name, array_agg(c.column_name::text order by c.ordinal_position)
    from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
    where c.table_schema = any(%s) and t.table_type = 'BASE TABLE' and c.data_type = 'text' group by 1, 2 order by 1, 2
"""
_ROLES = (("warehouse_owner", ["loaded"]), ("warehouse_dbt", ["work", "gold"]))


def purge_warehouse(settings: LakeSettings, person: Person) -> tuple[int, int]:
    """Delete every row with the person's pseudonym in any column; returns the rows, and the relations looked at.

    A relation that lost rows is written anew, so that no dead tuple stays. The caller holds the warehouse's lease.
    """
    rows = relations = 0
    for role, schemas in _ROLES:
        with connect(getattr(settings, f"{role}_url").get_secret_value(), role) as connection:
            connection.autocommit = True
            for schema, table, columns in connection.execute(_COLUMNS, [schemas]).fetchall():
                rows += _purge(connection, sql.Identifier(schema, table), columns, person)
                relations += 1
    return rows, relations


def _purge(connection: Connection, relation: sql.Identifier, columns: list[str], person: Person) -> int:
    named = sql.SQL(" or ").join(sql.SQL("{} = %(who)s").format(sql.Identifier(name)) for name in columns)
    gone = connection.execute(sql.SQL("delete from {} where {}").format(relation, named), {"who": person.account})
    if gone.rowcount:
        connection.execute(sql.SQL("vacuum (full, analyze) {}").format(relation))
    return gone.rowcount
