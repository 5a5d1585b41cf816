"""The way back: a stack that has sold something is backed up, destroyed, and goes on elsewhere as if nothing had been."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from infra.capture import wait_for_capture
from infra.place import DATABASES
from infra.procurer import Procurer
from lake.store import LocalStore
from tests.lib.dumps import small_dump, write_xml
from tests.lib.shelf import publish_version, trend_rows
from tests.lib.stack import Stack, make_stack, remove_stack
from tests.lib.stream import Stream
from tests.lib.walk import Walk, difference

FILE = b"a picture of a person"
PRODUCT = "problem_trends_monthly"
TABLES = (
    "select table_schema || '.' || table_name from information_schema.tables"
    " where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema') order by 1"
)


def databases(stack: Stack) -> dict[str, str]:
    """Every table of every database with a digest of its rows; all but the pulse of the connector, which beats on."""
    found = {}
    for database in DATABASES:
        with psycopg.connect(stack.url("postgres", database)) as connection:
            for (name,) in connection.execute(TABLES).fetchall():
                query = f"select count(*) || ' ' || md5(coalesce(string_agg(t::text, ',' order by t::text), '')) from {name} t"
                found[f"{database} {name}"] = str((connection.execute(query.encode()).fetchone() or [""])[0])
    del found["app capture.heartbeats"]
    return found


def lake(stack: Stack) -> dict[str, int]:
    """Every table of the lake with the number of its rows."""
    root = stack.run / "lake"
    paths = sorted(str(log.parent.relative_to(root)) for log in root.rglob("_delta_log"))
    return {path: LocalStore(root).read(path).num_rows for path in paths}


def refine(stack: Stack) -> None:
    """Carry what is committed as far as the warehouse."""
    wait_for_capture(stack.place, 120)
    for room, verb in (("ingestion", "land"), ("anonymizer", "release"), ("lake", "load")):
        stack.summary(
            room, verb, seconds=240, ANONYMIZER_PROCESSES="1"
        )  # named when it hangs, before the test is ended


@dataclass
class Gone:
    """What a stack held when it was backed up; the stack itself is no more."""

    folder: Path
    keys: Path
    databases: dict[str, str]
    lake: dict[str, int]
    key: str  # a procurer's
    balance: Decimal


@pytest.fixture(scope="module")
def gone(connect: Stack, tmp_path_factory: pytest.TempPathFactory) -> Gone:
    home, stack = tmp_path_factory.mktemp("backup"), connect
    destroy(stack)
    try:
        Stream(stack, stack.run / "lake").reset()
        stack.summary("platform_app", "import", write_xml(home / "dump", small_dump()))
        stack.command("ingestion", "connect")
        refine(stack)
        publish_version(stack.run / "lake" / "gold", trend_rows())
        bring(stack, FILE)
        stack.up("stripe", "shop")
        with httpx.Client(trust_env=False, timeout=60) as client:
            procurer = Procurer(stack.http("shop"), "buyer@example.org", "correct horse battery", client)
            procurer.enter("")
            procurer.top_up(procurer.quote(PRODUCT))
            procurer.buy(PRODUCT, 5)
            paid = procurer.balance()
        stack.command("infra", "backup", home / "kept", "--keys", home / "keys")
        return Gone(home / "kept", home / "keys", databases(stack), lake(stack), procurer.key, paid)
    finally:
        destroy(stack)


def bring(stack: Stack, content: bytes) -> Path:
    """Lay a file where the app keeps those of people."""
    path = stack.run / "uploads" / "ab" / "abcd"
    path.parent.mkdir(parents=True, mode=0o700)
    path.write_bytes(content)
    return path


def destroy(stack: Stack) -> None:
    """Everything that the session's stack holds, but for its servers."""
    for part in ("shop", "stripe"):
        if stack.pid(part):
            stack.kill(part)
    Stream(stack, stack.run / "lake").remove_connector()
    for database in ("app", "shop", "warehouse"):
        stack.recreate(database)
    shutil.rmtree(stack.run / "lake", ignore_errors=True)
    shutil.rmtree(stack.run / "uploads", ignore_errors=True)
    (stack.run / "stripe.sqlite").unlink(missing_ok=True)


@pytest.fixture(scope="module")
def back(gone: Gone) -> Iterator[Stack]:
    restored = make_stack()
    for name in ("secrets", "env"):  # as `make` leaves a run folder that was never started
        shutil.rmtree(restored.run / name)
    restored.command("infra", "restore", gone.folder, "--keys", gone.keys)
    restored.place.load_ports()
    yield restored
    remove_stack(restored)


def test_files_of_people_come_back_for_nobody_but_the_app(back: Stack) -> None:
    path = back.run / "uploads" / "ab" / "abcd"
    assert path.read_bytes() == FILE
    assert (back.run / "uploads").stat().st_mode & 0o777 == 0o700


def test_nothing_personal_lies_open_and_the_key_lies_apart(gone: Gone) -> None:
    assert {path.stat().st_mode & 0o777 for path in (gone.folder, gone.keys)} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in gone.keys.iterdir()} == {0o600}
    secret = (gone.keys / "lake.key").read_bytes()
    assert [path for path in gone.folder.rglob("*") if path.is_file() and secret in path.read_bytes()] == []


def test_every_row_of_every_database_and_of_the_lake_is_back(gone: Gone, back: Stack) -> None:
    assert databases(back) == gone.databases
    assert gone.databases["shop ledger.entries"] != "0 d41d8cd98f00b204e9800998ecf8427e"
    assert lake(back) == gone.lake
    assert (back.run / "secrets" / "lake.key").read_bytes() == (gone.keys / "lake.key").read_bytes()
    assert (back.run / "lake" / "restricted").stat().st_mode & 0o777 == 0o700


def test_nothing_is_restored_over_a_stack_that_holds_something(gone: Gone, back: Stack) -> None:
    refused = back.command("infra", "restore", gone.folder, "--keys", gone.keys, expect=65)
    assert "is not empty: it holds postgres/data, lake" in refused.stderr


def test_the_ledger_agrees_with_stripe_and_what_was_bought_stays_bought(gone: Gone, back: Stack) -> None:
    back.up("stripe", "shop")
    assert back.summary("api", "reconcile")["refused"] == 0
    with httpx.Client(trust_env=False, timeout=60) as client:
        procurer = Procurer(back.http("shop"), "buyer@example.org", "correct horse battery", client)
        procurer.enter(gone.key)
        assert procurer.key == gone.key
        procurer.buy(PRODUCT, 5)
        assert procurer.balance() == gone.balance


def test_the_stream_goes_on_and_every_comparison_closes(gone: Gone, back: Stack) -> None:
    back.up("connect")
    back.command("ingestion", "resnapshot")
    with psycopg.connect(back.url("postgres", "app"), autocommit=True) as connection:
        connection.execute("insert into community.tags (name, created_at) values ('restored', now())")
    refine(back)
    walk = Walk(back)
    assert difference(walk) == {}
    assert back.summary("anonymizer", "compare")["differing"] == []
    with walk.warehouse() as connection_:
        assert connection_.execute("select count(*) as n from silver.tags where name = 'restored'").fetchone() == {
            "n": 1
        }


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "databases" / "shop.dump").write_bytes(b"x"), "databases/shop.dump"),
        (lambda folder: (folder / "stripe.sqlite").unlink(), "stripe.sqlite"),
        (lambda folder: (folder / "contents.json").unlink(), "interrupted"),
    ],
    ids=["other bytes", "a file that is missing", "no contents"],
)
def test_a_damaged_backup_is_refused_before_anything_is_written(
    gone: Gone, back: Stack, tmp_path: Path, damage: Callable[[Path], Any], said: str
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(gone.folder, copy, copy_function=shutil.copy2)
    damage(copy)
    empty = tmp_path / "run"
    refused = back.command("infra", "restore", copy, "--keys", gone.keys, expect=65, HEADWATER_RUN=str(empty))
    assert said in refused.stderr
    assert not empty.exists()
