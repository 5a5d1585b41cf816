"""The edge to PostgreSQL: one pool; a statement on its own is a transaction, `transaction()` makes one of several.

Rows leave as dictionaries. Services take a connection and never commit.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from lake.kit.errors import Retry

Conn = AsyncConnection[DictRow]

OPTIONS = "-c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s -c timezone=UTC"
AWAY = "PostgreSQL did not answer. Run `make status`, start it with `make up`, then try again."


class Database:
    """A pool of connections as role shop. Every method raises Retry when the server is away."""

    def __init__(self, url: str, *, size: int = 8) -> None:
        self._pool: AsyncConnectionPool[Conn] = AsyncConnectionPool(
            url,
            min_size=0,
            max_size=size,
            open=False,
            timeout=10,
            kwargs={"options": OPTIONS, "connect_timeout": 5, "autocommit": True, "row_factory": dict_row},
        )

    def stats(self) -> dict[str, int]:
        """The pool's own counts, as psycopg_pool names them."""
        return self._pool.get_stats()

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Conn]:
        """A connection in autocommit: each statement commits as it ends."""
        try:
            async with self._pool.connection() as conn:
                yield conn
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise Retry(AWAY) from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Conn]:
        """One transaction: commits when the block ends, rolls back when it raises."""
        async with self.connection() as conn, conn.transaction():
            yield conn

    async def one(self, statement: str, values: tuple[Any, ...] = ()) -> DictRow | None:
        """The first row of one statement, or None."""
        async with self.connection() as conn:
            return await (await conn.execute(statement.encode(), values or None)).fetchone()

    async def all(self, statement: str, values: tuple[Any, ...] = ()) -> list[DictRow]:
        """Every row of one statement."""
        async with self.connection() as conn:
            return await (await conn.execute(statement.encode(), values or None)).fetchall()

    async def run(self, statement: str, values: tuple[Any, ...] = ()) -> int:
        """Run one statement; answers how many rows it touched."""
        async with self.connection() as conn:
            return (await conn.execute(statement.encode(), values or None)).rowcount
