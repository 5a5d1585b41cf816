"""The embedded PostgreSQL: who may connect where, what survives a kill, and what its log holds."""

from __future__ import annotations

import psycopg
import pytest

from infra.place import DATABASES, ROLES
from tests.lib.stack import Stack


@pytest.mark.parametrize("role", ROLES)
def test_every_role_connects_to_its_own_database_and_to_no_other(postgres: Stack, role: str) -> None:
    with psycopg.connect(postgres.url(role)) as connection:
        assert connection.execute("select current_database()").fetchone() == (ROLES[role],)
    for other in DATABASES.keys() - {ROLES[role]}:
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(postgres.url(role, other)).close()


def test_a_wrong_password_is_refused(postgres: Stack) -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(postgres.url("app").replace(":app", ":x", 1).replace("app:", "app:wrong", 1)).close()


def test_only_the_capture_role_may_replicate(postgres: Stack) -> None:
    with psycopg.connect(postgres.url("postgres")) as connection:
        rows = connection.execute("select rolname from pg_roles where rolreplication and not rolsuper").fetchall()
    assert rows == [("app_capture",)]


def test_committed_rows_survive_a_kill_and_the_next_start_recovers(postgres: Stack) -> None:
    with psycopg.connect(postgres.url("warehouse_owner"), autocommit=True) as connection:
        connection.execute("create schema kept create table rows (n int)")
        connection.execute("insert into kept.rows values (7)")
    postgres.kill("postgres")
    postgres.restart("postgres")
    with psycopg.connect(postgres.url("warehouse_owner")) as connection:
        assert connection.execute("select n from kept.rows").fetchone() == (7,)
    postgres.recreate("warehouse")


def test_recreating_a_database_empties_it_although_a_slot_holds_it(postgres: Stack) -> None:
    with psycopg.connect(postgres.url("app_owner"), autocommit=True) as connection:
        connection.execute("create schema gone create table rows (n int)")
    with psycopg.connect(postgres.url("app_capture"), autocommit=True) as connection:
        connection.execute("select pg_create_logical_replication_slot('held', 'pgoutput')")
    postgres.recreate("app")
    with psycopg.connect(postgres.url("app_owner")) as connection:
        assert connection.execute("select to_regclass('gone.rows')").fetchone() == (None,)


def test_a_failing_statement_leaves_no_value_in_the_log(postgres: Stack) -> None:
    with psycopg.connect(postgres.url("app")) as connection, pytest.raises(psycopg.DataError):
        connection.execute("select 'canary-in-a-statement'::text, %s::int", ["canary-in-a-parameter"])
    assert "canary" not in postgres.place.log("postgres").read_text()
