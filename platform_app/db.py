"""The edge to PostgreSQL: a pool, transactions that carry a correlation id, and one way to write many rows.

Services take a connection and never commit; `Database.write` and `Database.read` open and close the transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from operator import attrgetter
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from lake.contracts.model import Table
from lake.kit.errors import Retry, Stop
from lake.kit.log import get_log
from platform_app.errors import Overtaken

Conn = Connection[TupleRow]

CORRELATION_PREFIX = "headwater.correlation"
OPTIONS = "-c statement_timeout=60s -c lock_timeout=10s -c idle_in_transaction_session_timeout=120s -c timezone=UTC"
ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
WAIT = 10.0  # seconds for a connection
AWAY = "PostgreSQL did not answer. Run `make status`, start it with `make up`, then try again."
FULL = "PostgreSQL's disk is full. Free some space, then run the same command again."
BUSY = "PostgreSQL was too busy with other work and nothing was written. Try again in a moment."

OLD = "The database lacks a table or column of this code: run `python -m platform_app migrate`."
FAULT = "nothing was written. This is a fault of the app: report it with the correlation id."
OVERTAKEN = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.ForeignKeyViolation,
    psycopg.errors.ExclusionViolation,
)
"""What a rule that was checked before becomes when somebody else commits first."""


class Busy(Retry):
    """A statement took too long, or waited too long for a lock: what it was part of did not happen."""

    def __init__(self) -> None:
        super().__init__(BUSY)


class Broken(Retry):
    """The connection broke while something was read: nothing was changed, so it can be read again at once."""


class Database:
    """A pool of connections as role `app`. `with Database(url) as database:` opens and closes it."""

    def __init__(self, url: str, *, size: int = 10) -> None:
        self._size = size
        self._pool = ConnectionPool(
            url, min_size=0, max_size=size, open=False, timeout=WAIT, kwargs={"options": OPTIONS, "connect_timeout": 5}
        )

    def __enter__(self) -> Database:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self) -> None:
        self._pool.open()

    def close(self) -> None:
        self._pool.close()

    def stats(self) -> dict[str, int]:
        """The pool's own counts, as psycopg_pool names them."""
        return self._pool.get_stats()

    @contextmanager
    def write(self, correlation_id: str) -> Iterator[Conn]:
        """One transaction: commits when the block ends, rolls back when it raises. Retry when the server is away."""
        with _translated(), self._begun(lambda conn: correlate(conn, correlation_id)) as conn:
            yield conn

    @contextmanager
    def write_unlogged(self) -> Iterator[Conn]:
        """One transaction for what no log holds and a crash may take: nothing waits for the disk."""
        with _translated(), self._begun(lambda conn: conn.execute("SET LOCAL synchronous_commit = off")) as conn:
            yield conn

    @contextmanager
    def read(self) -> Iterator[Conn]:
        """One read-only transaction that sees one moment; Broken when its connection breaks."""
        with _translated(), self._begun(lambda conn: conn.execute(ONE_MOMENT)) as conn:
            try:
                yield conn
            except psycopg.OperationalError as error:
                if conn.broken:
                    raise Broken(AWAY) from error
                raise

    @contextmanager
    def _begun(self, first: Callable[[Conn], object]) -> Iterator[Conn]:
        """A transaction whose first statement went through, on a connection that is alive.

        After a restart of PostgreSQL all that lie in the pool are dead. Nothing was done on them yet, so each is passed over.
        """
        with ExitStack() as kept:
            for dead in range(self._size + 1):
                try:
                    conn = self._try(first, kept)
                except psycopg.OperationalError as error:
                    if isinstance(error, PoolTimeout) or dead == self._size:
                        raise
                else:
                    break
            yield conn

    def _try(self, first: Callable[[Conn], object], kept: ExitStack) -> Conn:
        with ExitStack() as attempt:
            conn = attempt.enter_context(self._pool.connection())
            attempt.enter_context(conn.transaction())
            first(conn)
            kept.push(attempt.pop_all())
        return conn


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except psycopg.errors.DiskFull as error:
        raise Retry(FULL) from error
    except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
        raise Busy from error
    except (psycopg.OperationalError, PoolTimeout) as error:
        raise Retry(AWAY) from error
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName) as error:
        raise Stop(OLD) from error
    except OVERTAKEN as error:
        get_log().warning("statement_overtaken", sqlstate=error.sqlstate)
        raise Overtaken from None
    except psycopg.Error as error:  # its text may quote the row
        raise Stop(f"PostgreSQL refused a statement with SQLSTATE {error.sqlstate}, and {FAULT}") from None


def correlate(conn: Conn, correlation_id: str) -> None:
    """Put the id into the write-ahead log, first in its transaction, so that bronze knows which request wrote a row."""
    conn.execute(
        "SELECT pg_logical_emit_message(true, %(key)s, %(id)s), set_config(%(key)s, %(id)s, true)",
        {"key": CORRELATION_PREFIX, "id": correlation_id},
    )


def correlation_of(conn: Conn) -> str:
    """The correlation id of the transaction; empty in one that was opened without."""
    row = conn.execute("SELECT coalesce(current_setting(%s, true), '')", (CORRELATION_PREFIX,)).fetchone()
    return str(row[0]) if row else ""


def insert_rows(conn: Conn, table: Table, rows: Sequence[object]) -> int:
    """Insert objects that have an attribute for each column of the contract; returns how many were new.

    A row whose key is already there is left as it is, so that a repeated batch changes nothing.
    """
    return len(insert_new(conn, table, rows))


def insert_new(conn: Conn, table: Table, rows: Sequence[object]) -> list[Any]:
    """As `insert_rows`, but returns the keys of the new rows."""
    if not rows:
        return []
    statement = _insert_statement(table)
    columns = [list(map(_getter(column.name), rows)) for column in table.columns]
    return [row[0] for row in conn.execute(statement, columns).fetchall()]


def _getter(name: str) -> Callable[[object], Any]:
    return attrgetter(name)


def _insert_statement(table: Table) -> sql.Composed:
    arrays = sql.SQL(", ").join(sql.SQL("%s::{}[]").format(sql.SQL(column.type.value)) for column in table.columns)
    return sql.SQL("INSERT INTO {} ({}) SELECT * FROM unnest({}) ON CONFLICT ({}) DO NOTHING RETURNING {}").format(
        sql.Identifier(table.schema, table.name),
        sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns),
        arrays,
        sql.SQL(", ").join(map(sql.Identifier, table.key)),
        sql.Identifier(table.key[0]),
    )
