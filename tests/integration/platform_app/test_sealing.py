"""Sealed columns: new keys for every row, the key file's lines, and what is said when one is missing."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from lake.kit.clock import utc_now
from lake.kit.errors import Retry, Stop
from platform_app.db import Conn, Database
from platform_app.identity import mfa, signing
from platform_app.sealing import FACTOR, SEALED, Sealer
from tests.lib.people import NOON, sign_up
from tests.lib.stack import Stack


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "app.key"
    path.write_text(f"{secrets.token_hex(32)}\n")
    return path


def data_keys(conn: Conn) -> set[object]:
    return {row[0] for row in conn.execute("SELECT id FROM kernel.data_keys").fetchall()}


def test_after_a_rotation_everything_opens_with_the_new_key_alone(conn: Conn, key_file: Path) -> None:
    sealer = Sealer(key_file)
    people = [sign_up(conn) for _ in range(3)]
    shown = {one.id: mfa.begin(conn, sealer, one.id, NOON).secret for one in people}
    signing.make_key(conn, sealer, NOON)
    before = data_keys(conn)
    old = key_file.read_text()
    key_file.write_text(f"{secrets.token_hex(32)}\n{old}")
    counts = sealer.rotate(conn, utc_now())
    assert counts[FACTOR.place] >= 3
    assert not before & data_keys(conn)
    key_file.write_text(key_file.read_text().splitlines()[0])
    opened = Sealer(key_file)
    for one in people:
        setup = mfa.pending(conn, opened, one.id)
        assert setup is not None
        assert setup.secret == shown[one.id]
    key_file.write_text(old)
    with pytest.raises(Stop, match="put the line that was there back"):
        mfa.pending(conn, Sealer(key_file), people[0].id)


def test_a_process_that_holds_a_key_that_is_gone_says_try_again(conn: Conn, key_file: Path) -> None:
    ann = sign_up(conn)
    sealer = Sealer(key_file)
    mfa.begin(conn, sealer, ann.id, NOON)
    row = conn.execute("SELECT secret FROM identity.factors WHERE account_id = %s", (ann.id,)).fetchone()
    assert row
    Sealer(key_file).rotate(conn, NOON)
    with pytest.raises(Retry, match="try again"):
        Sealer(key_file).unseal(conn, FACTOR, ann.id, row[0])
    assert mfa.pending(conn, sealer, ann.id) is not None, "a process that goes on finds the new one"


@pytest.mark.parametrize("text", ["", "abc", "zz" * 32, "aa" * 31])
def test_a_key_file_that_holds_no_key_is_refused_with_advice(conn: Conn, key_file: Path, text: str) -> None:
    key_file.write_text(text)
    with pytest.raises(Stop, match="openssl rand"):
        mfa.begin(conn, Sealer(key_file), sign_up(conn).id, NOON)
    key_file.unlink()
    with pytest.raises(Stop, match="APP_KEY_FILE"):
        mfa.begin(conn, Sealer(key_file), sign_up(conn).id, NOON)


def test_every_sealed_column_is_a_private_one(conn: Conn) -> None:
    found = {
        f"{schema}.{table}.{column}"
        for schema, table, column in conn.execute(
            "SELECT table_schema, table_name, column_name FROM information_schema.columns WHERE data_type = 'bytea'"
        ).fetchall()
    }
    assert {one.place for one in SEALED} <= found


def test_the_command_rotates_a_running_apps_keys(app_stack: Stack, database: Database) -> None:
    app_stack.place.secret("app.key", 32)
    sealer = Sealer(app_stack.run / "secrets" / "app.key")
    with database.write("t") as conn:
        ann = sign_up(conn)
        secret = mfa.begin(conn, sealer, ann.id, NOON).secret
    said = app_stack.command("platform_app", "rotate-keys").stdout
    assert "identity.factors.secret: 1 values are sealed under a new key." in said
    with database.read() as conn:
        setup = mfa.pending(conn, sealer, ann.id)
        assert setup is not None
        assert setup.secret == secret
        assert len(signing.public_keys(conn)) == 1
