"""The migrations keep the contracts, and the check says what to do where they do not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from lake.contracts.tables import BY_FULL_NAME, PRIVATE
from lake.kit.errors import Retry, Stop
from platform_app.migrations import runner
from platform_app.migrations.runner import LOCK, migrate, migrations_in
from platform_app.migrations.verify import faults, faults_at
from tests.lib.stack import Stack


@pytest.fixture
def owner(app_stack: Stack) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A transaction as the owner of the app database, rolled back when the test ends."""
    with psycopg.connect(app_stack.url("app_owner")) as conn:
        yield conn
        conn.rollback()


def test_an_empty_database_keeps_every_contract_after_the_migrations(app_stack: Stack) -> None:
    assert faults_at(app_stack.url("app_owner")) == []


def test_a_second_run_does_nothing(app_stack: Stack) -> None:
    assert migrate(app_stack.url("app_owner")) == []


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ("ALTER TABLE community.posts ADD COLUMN mood text", "Column community.posts.mood has no contract: declare it"),
        ("ALTER TABLE community.votes DROP COLUMN value", "Column community.votes.value is declared but missing"),
        ("ALTER TABLE community.votes ALTER value TYPE bigint", "is bigint in PostgreSQL and integer in its contract"),
        ("ALTER TABLE community.posts ALTER title DROP NOT NULL", "takes null in PostgreSQL: write a migration that sets"),
        ("ALTER TABLE profiles.profiles ALTER bio SET NOT NULL", "not in its contract: add NotNull()"),
        ("CREATE TABLE community.polls (id uuid)", "Table community.polls is in PostgreSQL but nowhere declared"),
        ("DROP TABLE community.follows", "Table community.follows is declared but missing"),
        ("DROP TABLE identity.reset_tokens", "Table identity.reset_tokens is listed in PRIVATE but missing"),
        ("ALTER TABLE community.posts REPLICA IDENTITY DEFAULT", "text columns without REPLICA IDENTITY FULL"),
        ("ALTER PUBLICATION headwater DROP TABLE community.votes", "Table community.votes is not in the publication"),
        ("ALTER PUBLICATION headwater ADD TABLE identity.sessions", "identity.sessions is in the publication headwater w"),
        ("ALTER PUBLICATION headwater DROP TABLE community.votes; ALTER PUBLICATION headwater ADD TABLE community.votes (id)",
         "published with a row filter or column list"),
        ("ALTER TABLE community.posts DROP CONSTRAINT posts_status_check", "posts.status has no constraint for its rule OneOf"),
        ("ALTER TABLE community.posts DROP CONSTRAINT posts_title_check", "posts.title has no constraint for its rule AtMost"),
        ("ALTER TABLE community.tags DROP CONSTRAINT tags_name_check", "tags.name has no constraint for its rule Matches"),
        ("ALTER TABLE community.tags DROP CONSTRAINT tags_synonym_of_fkey", "no constraint for its rule References"),
        ("ALTER TABLE community.follows DROP CONSTRAINT follows_pkey", "another primary key than its contract (id)"),
        ("DELETE FROM kernel.migrations WHERE name = '0005_capture'", "Migration 0005_capture has not run"),
    ],
)  # fmt: skip
def test_a_difference_is_one_sentence_that_says_what_to_do(
    owner: psycopg.Connection[tuple[object, ...]], change: str, advice: str
) -> None:
    assert list(faults(owner)) == []
    owner.execute(change.encode())
    found = list(faults(owner))
    assert any(advice in fault for fault in found), found
    assert all(fault.endswith(".") for fault in found)


def test_the_command_fails_with_the_faults(app_stack: Stack) -> None:
    with psycopg.connect(app_stack.url("app_owner"), autocommit=True) as conn:
        conn.execute("ALTER TABLE community.posts ADD COLUMN mood text")
        done = app_stack.command("platform_app", "verify", expect=Stop.exit_code)
        conn.execute("ALTER TABLE community.posts DROP COLUMN mood")
    assert done.stderr.strip().startswith("Column community.posts.mood has no contract")
    assert app_stack.command("platform_app", "verify").stdout == "The database keeps every contract.\n"


def test_a_file_that_was_changed_after_it_ran_is_refused(app_stack: Stack, tmp_path: Path) -> None:
    for migration in migrations_in():
        (tmp_path / f"{migration.name}.sql").write_text(migration.sql)
    (tmp_path / "0002_identity.sql").write_text("SELECT 1;")
    with pytest.raises(Stop, match="0002_identity was changed after it ran"):
        migrate(app_stack.url("app_owner"), tmp_path)


def test_a_database_that_is_newer_than_the_code_is_refused(app_stack: Stack, tmp_path: Path) -> None:
    with pytest.raises(Stop, match="which this code does not know"):
        migrate(app_stack.url("app_owner"), tmp_path)


def test_a_failed_file_leaves_nothing_behind(app_stack: Stack, tmp_path: Path) -> None:
    for migration in migrations_in():
        (tmp_path / f"{migration.name}.sql").write_text(migration.sql)
    (tmp_path / "9999_broken.sql").write_text("CREATE TABLE kernel.half (id int); SELECT 1 / 0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(app_stack.url("app_owner"), tmp_path)
    assert faults_at(app_stack.url("app_owner")) == []


def test_two_migrations_do_not_run_at_once(app_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LOCK_TIMEOUT", "100ms")
    with psycopg.connect(app_stack.url("app_owner")) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        with pytest.raises(Retry, match="waited too long for a lock"):
            migrate(app_stack.url("app_owner"))


def test_every_role_may_do_its_work_and_no_more(app_stack: Stack) -> None:
    with psycopg.connect(app_stack.url("app_capture"), autocommit=True) as capture:
        capture.execute(
            "INSERT INTO capture.heartbeats (id, at) VALUES (1, now()) ON CONFLICT (id) DO UPDATE SET at = excluded.at"
        )
        capture.execute("INSERT INTO capture.signals (id, type, data) VALUES ('x', 'execute-snapshot', '{}')")
        for table in BY_FULL_NAME:
            capture.execute(f"SELECT * FROM {table} LIMIT 1".encode())
        for table in PRIVATE.keys() - {"capture.heartbeats", "capture.signals"}:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                capture.execute(f"SELECT * FROM {table} LIMIT 1".encode())
    with psycopg.connect(app_stack.url("app"), autocommit=True) as app:
        for forbidden in ("DROP TABLE community.votes", "DELETE FROM community.tags", "TRUNCATE community.posts"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(forbidden.encode())


def test_a_file_that_takes_too_long_says_how_to_give_it_more(app_stack: Stack, tmp_path: Path) -> None:
    for path in runner.FOLDER.glob("[0-9]*.sql"):
        shutil.copy(path, tmp_path)
    (tmp_path / "9990_slow.sql").write_text("CREATE TABLE kernel.slow (); SELECT pg_sleep(0.4);")
    with pytest.raises(Retry, match="--minutes") as refusal:
        migrate(app_stack.url("app_owner"), tmp_path, minutes=0.001)
    assert "did not answer" not in str(refusal.value)
    assert migrate(app_stack.url("app_owner"), tmp_path, minutes=0) == ["9990_slow"]
    with psycopg.connect(app_stack.url("app_owner"), autocommit=True) as conn:
        conn.execute("DROP TABLE kernel.slow")
        conn.execute("DELETE FROM kernel.migrations WHERE name = '9990_slow'")
