"""A migrated app database: one for a module, and transactions that are rolled back."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from platform_app.db import Conn, Database
from platform_app.migrations.runner import migrate
from tests.lib.stack import Stack


@pytest.fixture(scope="module")
def app_stack(postgres: Stack) -> Stack:
    """The session's PostgreSQL with a fresh app database, migrated and empty."""
    postgres.recreate("app")
    migrate(postgres.url("app_owner"))
    return postgres


@pytest.fixture(scope="module")
def database(app_stack: Stack) -> Iterator[Database]:
    """The app's own edge, as role app."""
    with Database(app_stack.url("app"), size=2) as database:
        yield database


@pytest.fixture
def conn(app_stack: Stack) -> Iterator[Conn]:
    """A transaction as role app that is rolled back when the test ends."""
    with psycopg.connect(app_stack.url("app")) as conn:
        yield conn
        conn.rollback()
