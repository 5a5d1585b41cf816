"""A dump comes in once, with its own times, whatever happens on the way."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from infra.settings import CHECKOUT
from lake.contracts.tables import TABLES
from lake.kit.errors import Stop
from lake.kit.ids import new_id
from platform_app.db import Database
from platform_app.dump.convert import Converter
from platform_app.dump.run import import_dump
from tests.lib.dumps import small_dump, write_csv, write_xml
from tests.lib.stack import Stack

Imported = dict[str, Any]


def bring_in(database: Database, folder: Path, source: str) -> Imported:
    return import_dump(database, folder, source=source, seed=1, on_batch=lambda _stage, _rows: None)


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with database.read() as conn:
        return conn.execute(query.encode()).fetchall()


def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every published row, as text."""
    return {table.name: rows(database, f"SELECT t::text FROM {table.full_name} t ORDER BY 1") for table in TABLES}


@pytest.fixture
def empty(app_stack: Stack) -> None:
    """The module's database without rows."""
    empty_tables(app_stack)


def empty_tables(app_stack: Stack) -> None:
    with psycopg.connect(app_stack.url("app_owner"), autocommit=True) as conn:
        names = ", ".join(table.full_name for table in TABLES)
        conn.execute(f"TRUNCATE {names}, kernel.import_progress CASCADE".encode())


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("write", [write_xml, write_csv])
def test_every_kind_of_row_finds_its_place(
    database: Database, tmp_path: Path, write: Callable[[Path, Any], Path]
) -> None:
    summary = bring_in(database, write(tmp_path / "dump", small_dump()), "small")
    assert summary["tables"] == {
        "accounts": 3, "accepted": 1, "approaches": 2, "badge_awards": 1, "comments": 2, "consents": 9, "post_links": 2,
        "posts": 2, "profiles": 3, "taggings": 4, "tags": 3, "votes": 2,
    }  # fmt: skip
    assert summary["in"] == summary["out"] + summary["already"] + summary["refused"] + summary["skipped"] == 24
    assert (summary["refused"], summary["skipped"]) == (4, 3)
    assert rows(database, "SELECT badge, tier FROM profiles.badge_awards") == [("nice-answer", "silver")]
    assert rows(
        database,
        "SELECT p.status, p.created_at::text, a.body, a.kind, a.accepted_at::text, c.views, p.hours_to_first_approach "
        "FROM community.posts p JOIN community.approaches a ON a.id = p.accepted_approach_id "
        "JOIN community.post_counters c ON c.post_id = p.id",
    ) == [
        ("solved", "2021-05-02 10:00:00.123+00", "Use the wallet:\n\n```\nstake --all\n```", "code",
         "2021-05-06 00:00:00+00", 77, 48)
    ]  # fmt: skip
    assert rows(database, "SELECT bio, website_url, location FROM profiles.profiles WHERE bio IS NOT NULL") == [
        ("I like **code**.", "https://ann.example.org", "Berlin")
    ]
    assert rows(database, "SELECT count(*) FROM identity.accounts WHERE email IS NULL AND origin = 'import'") == [(3,)]
    assert rows(database, "SELECT count(*) FROM identity.credentials") == [(0,)]
    assert rows(database, "SELECT status, duplicate_of IS NOT NULL FROM community.posts WHERE status <> 'solved'") == [
        ("closed", True)
    ]
    assert rows(
        database,
        "SELECT count(*) FROM community.votes v JOIN community.posts p ON p.id = v.post_id AND p.author_id = v.account_id",
    ) == [(0,)]


@pytest.mark.usefixtures("empty")
def test_a_second_run_changes_nothing_even_when_its_progress_was_lost(
    app_stack: Stack, database: Database, tmp_path: Path
) -> None:
    folder = write_xml(tmp_path / "dump", small_dump())
    first = bring_in(database, folder, "small")
    before = everything(database)
    second = bring_in(database, folder, "small")
    assert (second["out"], second["already"], second["refused"]) == (0, first["out"], first["refused"])
    with psycopg.connect(app_stack.url("app_owner"), autocommit=True) as conn:
        conn.execute("TRUNCATE kernel.import_progress")
    third = bring_in(database, folder, "small")
    assert {table: count for table, count in third["tables"].items() if count} == {}
    assert everything(database) == before


@pytest.mark.usefixtures("empty")
def test_a_run_that_is_interrupted_after_any_batch_ends_like_one_that_was_not(
    app_stack: Stack, database: Database, tmp_path: Path
) -> None:
    folder = write_xml(tmp_path / "dump", small_dump())
    for allowed in range(1, 9):
        with pytest.raises(KeyboardInterrupt):
            import_dump(database, folder, source="small", seed=1, on_batch=_interrupt_after(allowed))
    last = bring_in(database, folder, "small")
    assert last["already"] > last["out"]
    pieces = everything(database)
    empty_tables(app_stack)
    bring_in(database, folder, "small")
    assert everything(database) == pieces


def _interrupt_after(allowed: int) -> Callable[[str, int], None]:
    done = []

    def on_batch(stage: str, _rows: int) -> None:
        done.append(stage)
        if len(done) == allowed:
            raise KeyboardInterrupt

    return on_batch


@pytest.mark.usefixtures("empty")
def test_a_truncated_file_stops_with_one_line_and_the_next_run_goes_on(
    app_stack: Stack, database: Database, tmp_path: Path
) -> None:
    folder = write_xml(tmp_path / "small", small_dump())
    whole = (folder / "Comments.xml").read_text(encoding="utf-8")
    (folder / "Comments.xml").write_text(whole[:-90], encoding="utf-8")
    done = app_stack.command("platform_app", "import", folder, expect=Stop.exit_code)
    assert "Comments.xml breaks off or is damaged after" in done.stderr
    assert "run the same command, which goes on from there" in done.stderr
    assert "Traceback" not in done.stderr
    assert rows(database, "SELECT count(*) FROM community.posts") == [(2,)]
    (folder / "Comments.xml").write_text(whole, encoding="utf-8")
    summary = app_stack.summary("platform_app", "import", folder)
    assert summary["tables"]["comments"] == 2
    assert "posts" not in summary["tables"]


def test_a_wrong_folder_stops_with_one_line(app_stack: Stack, tmp_path: Path) -> None:
    done = app_stack.command("platform_app", "import", tmp_path, expect=Stop.exit_code)
    assert done.stderr.count("\n") == 1
    assert "holds no Users and no Posts file" in done.stderr


@pytest.mark.usefixtures("empty")
def test_malformed_rows_are_counted_and_the_rest_comes_in(database: Database, tmp_path: Path) -> None:
    dump = small_dump()
    dump["Users"].append({"Id": "9", "DisplayName": "No date"})
    dump["Users"].append({"Id": "10", "CreationDate": "yesterday"})
    dump["Comments"].append(
        {"Id": "8", "PostId": "10", "UserId": "1", "CreationDate": "2021-05-09", "Text": "x" * 5_001}
    )
    dump["Posts"].append({"Id": "20"})
    dump["Votes"].append({"Id": "9", "PostId": "10"})
    summary = bring_in(database, write_xml(tmp_path / "dump", dump), "small")
    assert summary["reasons"]["malformed: an id, a time or a number cannot be read"] == 4
    assert summary["reasons"]["longer than the app allows"] == 1
    assert summary["tables"]["accounts"] == 3


def test_what_is_left_out_is_told_by_help(app_stack: Stack) -> None:
    told = app_stack.command("platform_app", "import", "--help").stdout
    for reason in ("PostHistory", "bounties", "which is not a person", "they are drawn by seed"):
        assert reason in told


@pytest.mark.usefixtures("empty")
def test_a_real_dump_comes_in_at_a_thousand_rows_a_second(app_stack: Stack) -> None:
    home = os.environ.get("HEADWATER_DATA")
    if not home:
        pytest.skip("HEADWATER_DATA names no folder with real data")
    folder = next(iter(Path(home).glob("**/cardano")), Path(home))
    summary = app_stack.summary("platform_app", "import", folder)
    assert summary["tables"]["posts"] > 1_000
    assert summary["tables"]["accepted"] > 400
    assert summary["rows_per_second"] >= 1_000


@pytest.mark.usefixtures("empty")
def test_a_run_killed_at_any_moment_ends_like_one_that_was_not(
    app_stack: Stack, database: Database, tmp_path: Path
) -> None:
    folder = write_xml(tmp_path / "small", crowded(small_dump()))
    for stage in ("people", "votes"):
        killed = subprocess.Popen(
            [sys.executable, "-m", "platform_app", "import", str(folder)],
            cwd=CHECKOUT, env=app_stack.environment, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        reached = f"SELECT count(*) FROM kernel.import_progress WHERE stage = '{stage}'"
        while rows(database, reached) == [(0,)]:
            assert killed.poll() is None, "the import ended before it was killed"
            time.sleep(0.01)
        killed.kill()
        killed.wait()
    app_stack.command("platform_app", "import", folder)
    pieces = everything(database)
    empty_tables(app_stack)
    app_stack.command("platform_app", "import", folder)
    assert everything(database) == pieces
    assert len(pieces["votes"]) > 20_000


@pytest.mark.usefixtures("empty")
def test_without_settled_ids_a_second_run_would_double_the_rows(
    app_stack: Stack, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform_app.dump.convert.settled_id", lambda *_: new_id())
    monkeypatch.setattr(Converter, "_handle", lambda *_: f"someone-{new_id()}")
    folder = write_xml(tmp_path / "dump", small_dump())
    bring_in(database, folder, "small")
    with psycopg.connect(app_stack.url("app_owner"), autocommit=True) as conn:
        conn.execute("TRUNCATE kernel.import_progress")
    bring_in(database, folder, "small")
    assert len(everything(database)["posts"]) == 2 * 2


def crowded(dump: dict[str, list[dict[str, str]]]) -> dict[str, list[dict[str, str]]]:
    """The dump with 400 more people and 100 votes on each of 400 more questions, so that it takes a while."""
    at = {"CreationDate": "2021-05-02T00:00:00.000"}
    people = [{"Id": str(n), "DisplayName": f"P {n}", "UpVotes": "1", **at} for n in range(1_000, 1_400)]
    asked = [
        {"Id": str(n), "PostTypeId": "1", "OwnerUserId": "1000", "Title": "Q", "Body": "q", **at}
        for n in range(2_000, 2_400)
    ]
    votes = [
        {"Id": str(n), "PostId": str(2_000 + n % 400), "VoteTypeId": "2", **at} for n in range(10_000, 10_000 + 25_000)
    ]
    return dump | {
        "Users": dump["Users"] + people,
        "Posts": dump["Posts"] + asked,
        "Votes": dump["Votes"] + votes,
    }
