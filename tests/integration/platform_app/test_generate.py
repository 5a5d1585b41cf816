"""An invented community is written once, whenever the command is run again."""

from __future__ import annotations

from lake.contracts.tables import BY_NAME, TABLES
from lake.kit.errors import Stop
from platform_app.db import Database
from tests.lib.stack import Stack

COMMAND = ("platform_app", "generate", "--people", "80", "--seed", "3")


def test_a_community_is_written_once(app_stack: Stack, database: Database) -> None:
    first = app_stack.summary(*COMMAND, "--until", "2026-06-01T09:00:00+00:00")
    assert first["in"] == first["out"] > 1_000
    assert first["tables"].keys() >= BY_NAME.keys() - {"notifications", "attachments"}
    second = app_stack.summary(*COMMAND)
    assert (second["out"], second["already"], second["until"]) == (0, first["out"], "2026-06-01T09:00:00+00:00")
    with database.read() as conn:
        for table in TABLES:
            count = conn.execute(f"SELECT count(*) FROM {table.full_name}".encode()).fetchone()
            assert count == (first["tables"].get(table.name, 0),)


def test_another_end_for_the_same_community_is_refused(app_stack: Stack) -> None:
    app_stack.command(*COMMAND)
    done = app_stack.command(*COMMAND, "--until", "2026-05-01", expect=Stop.exit_code)
    assert "take another --seed" in done.stderr


def test_two_communities_live_side_by_side(app_stack: Stack, database: Database) -> None:
    app_stack.command(*COMMAND)
    app_stack.command("platform_app", "generate", "--people", "20", "--seed", "4")
    with database.read() as conn:
        assert conn.execute("SELECT count(*) FROM identity.accounts WHERE origin = 'generated'").fetchone() == (100,)
