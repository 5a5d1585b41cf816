"""A person is erased from the whole path, and does not come back: not late, not replayed, not from a snapshot or a backup.

Landing and release follow the stream beside every one of these tests.
"""

from __future__ import annotations

import json
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable

from anonymizer.again import again
from anonymizer.again import replay as release_replay
from anonymizer.erasure.receipt import BrokenChain, chain, verify
from ingestion.audit import audit
from ingestion.bronze import WITHHELD
from ingestion.connect import Capture, snapshots_after
from ingestion.replay import replay as land_replay
from ingestion.resnapshot import resnapshot
from ingestion.worker import Worker
from lake.contracts.names import BRONZE, QUARANTINE
from lake.contracts.tables import BY_NAME
from lake.kit.clock import utc_now
from lake.kit.ids import new_id
from lake.load.copy import load
from lake.schema import KEPT_FOR_EVER
from lake.schema import QUARANTINE as SCHEMA
from lake.store import LocalStore, Position
from platform_app.community import batch
from platform_app.community.schemas import CommentRow
from platform_app.db import Database
from platform_app.migrations.runner import migrate
from tests.lib.erasing import TOKENS, Dying, Scene, write_everywhere, write_much
from tests.lib.people import NOON, post_by, sign_up, vocabulary
from tests.lib.plants import texts_below, texts_of_database
from tests.lib.stack import Stack
from tests.lib.stream import wait_until
from tests.lib.walk import Walk

POINTS = (
    "erase.listed", "erase.buried", "erase.silver/posts", "erase.restricted/people", f"erase.{BRONZE}",
    "erase.warehouse", "erase.scanned", "erase.receipt",
)  # fmt: skip
ROWS = 10_000


@pytest.fixture(scope="module")
def scene(new_stack: Callable[..., Stack]) -> Iterator[Scene]:
    walk = Walk(new_stack("postgres", "connect"))
    migrate(walk.stack.url("app_owner"))
    with Database(walk.stack.url("app"), size=2) as database, database.write("t") as conn:
        gone, stays = sign_up(conn, TOKENS[0]), sign_up(conn, "stays")
        write_everywhere(conn, gone, stays)
        vocabulary(conn, "leaks")
    made = Scene(walk, gone, stays)
    Capture(made.ingestion, Worker(made.ingestion.connect_url), made.store).start()
    with made.followers():
        made.carry()
        load(made.lake)
        made.before = made.of_those_who_stay()
        yield made


def test_before_and_after_a_plain_delete_the_scan_finds_the_person(scene: Scene, tmp_path: Path) -> None:
    assert scene.in_silver() >= 6
    assert any("bronze" in file for file in scene.found())
    assert any("people" in file for file in scene.found())
    twin = tmp_path / "twin"
    shutil.copytree(scene.root, twin)
    for log in sorted(twin.rglob("_delta_log")):
        DeltaTable(log.parent).delete()
        assert DeltaTable(log.parent).to_pyarrow_table().num_rows == 0
    assert any("bronze" in file for file in scene.found(root=twin))


def test_killed_at_every_point_the_next_run_ends_with_one_receipt(scene: Scene) -> None:
    assert scene.leave(scene.gone)
    dying = Dying(scene)
    assert [dying.at(point) for point in POINTS] == [-signal.SIGKILL] * len(POINTS)
    said = scene.stack.summary("anonymizer", "erase")
    assert (said["in"], said["out"]) == (1, 1)
    assert scene.erase()["in"] == 0
    receipts = chain(scene.store)
    assert verify(receipts) == len(receipts) == 1
    with scene.walk.app() as connection:
        row = connection.execute("select account_id, state, receipt from identity.erasure_requests").fetchone()
    assert row == {"account_id": None, "state": "done", "receipt": receipts[0]}


def test_nothing_of_the_person_is_left_and_the_others_have_all_of_theirs(scene: Scene) -> None:
    assert scene.found() == []
    assert scene.in_silver() == 0
    with scene.walk.warehouse() as connection:
        dump = "\n".join(text for _, text in texts_of_database(connection))
    for word in (str(scene.gone.id), scene.pseudonym(), *TOKENS):
        assert word not in dump
    left = [name for name, text in texts_below(scene.root) if scene.pseudonym() in text]
    assert {name.split("/")[1] for name in left} <= {"erased", "accounts", "profiles"}  # the list, and tombstones' keys
    scene.carry()
    assert len(scene.before["votes"]) == 1
    assert scene.of_those_who_stay() == scene.before | {"votes": []}  # a vote on what is gone goes with it


def test_what_was_on_its_way_does_not_enter(scene: Scene) -> None:
    """The deletes themselves are landed now, with the person's id in every one of them."""
    scene.carry()
    assert scene.found() == []
    assert scene.in_silver() == 0
    room = scene.room(scene.root)
    room.prepare()
    days = pc.unique(scene.store.read(BRONZE, columns=["_day"])["_day"]).to_pylist()
    for day in set(days) - {KEPT_FOR_EVER}:
        again(room, day, "posts")
    release_replay(room)
    land_replay(scene.ingestion, scene.store)
    assert scene.in_silver() == 0


def test_a_restored_backup_of_the_app_does_not_bring_them_back(scene: Scene) -> None:
    put_back(scene.stack, scene.gone.id)
    resnapshot(scene.ingestion, scene.store, ["accounts", "consents"])
    scene.carry()
    assert scene.found() == []
    assert scene.in_silver() == 0
    assert audit(scene.ingestion, scene.store, ["accounts", "consents"])["differing"] == []


def test_a_snapshot_that_was_under_way_does_not_bring_them_back(scene: Scene) -> None:
    """It saw the person's rows before they left, waits for one table's lock, and sends them after the erasure."""
    with scene.writing() as conn:
        leaving = sign_up(conn, "leaving")
        post_by(conn, leaving)
    scene.carry()
    tables, before = ["tags", "accounts", "consents", "posts"], scene.landed()
    with psycopg.connect(scene.stack.url("postgres", "app")) as holding:
        holding.execute("lock table community.tags in access exclusive mode")
        Capture(scene.ingestion, Worker(scene.ingestion.connect_url), scene.store).ask(tables)
        wait_until(lambda: holding.execute("select 1 from pg_locks where not granted").fetchone())
        scene.leave(leaving)
        assert scene.erase()["rows"] > 2
        erased = scene.landed()
    wait_until(lambda: snapshots_after(scene.store, before, tables) == set(tables))
    scene.carry()
    late = scene.store.changes(BRONZE, after=erased, where=(pc.field("op") == WITHHELD) & pc.field("tx_id").is_null())
    assert "posts" in late["table"].to_pylist()  # read before they left, landed after they were erased
    assert scene.found() == []
    assert scene.in_silver() == 0


def test_a_lake_read_anew_from_the_first_message_leaves_them_out(scene: Scene, tmp_path: Path) -> None:
    """The twin lacks the erased list, and so has them again: raw, and in silver, since the backup has them consenting."""
    fresh, twin = tmp_path / "fresh", tmp_path / "twin"
    shutil.copytree(scene.root / "restricted/erased", fresh / "restricted/erased")
    for root in (fresh, twin):
        scene.carry_anew(root)
    assert scene.found(root=fresh) == []
    assert scene.in_silver(root=fresh) == 0
    assert any("bronze" in file for file in scene.found(root=twin))
    assert scene.in_silver(root=twin) > 0


def test_ten_thousand_rows_go_while_others_write(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    with scene.writing() as conn:
        busy = sign_up(conn, "busy")
        write_much(conn, busy, ROWS)
    scene.carry()
    assert scene.in_silver(busy.id) >= ROWS
    scene.leave(busy)
    began = time.monotonic()
    with talking(scene) as said:
        done = scene.erase()
        seconds = time.monotonic() - began
    with capsys.disabled():
        print(f"\n{done['rows']} rows, {done['files']} files: {seconds:.1f} s to the receipt")
    assert done["rows"] > ROWS
    scene.carry()
    assert scene.found() == []
    assert scene.in_silver() == 0
    shown = scene.walk.silver(BY_NAME["comments"])
    assert len(said) > 3
    assert {scene.walk.pseudonym("comment", one) for one in said} <= {row["id"] for row in shown}


def test_somebody_without_any_row_and_somebody_in_quarantine_only_get_their_receipts(scene: Scene) -> None:
    nobody, broken = UUID(int=0xABC), UUID(int=0xDEF)
    with Database(scene.stack.url("app"), size=2) as database, database.write("t") as conn:
        for number, account in enumerate((nobody, broken)):
            conn.execute(
                "insert into identity.erasure_requests (id, account_id, token_hash, requested_at, state) "
                "values (gen_random_uuid(), %s, sha256(%s::bytea), now(), 'open')",
                (account, str(number).encode()),
            )
    quarantine(scene.store, f'{{"after": {{"author_id": "{broken}"'.encode())
    assert scene.stack.summary("anonymizer", "erase", "--account", str(nobody))["rows"] == 0
    said = scene.erase()
    assert (said["out"], said["rows"]) == (1, 1)
    assert scene.found(str(broken)) == []
    receipts = chain(scene.store)
    assert verify(receipts) == scene.stack.summary("anonymizer", "receipts")["receipts"] == len(scene.left) + 2
    for tampered in (receipts[1:], [receipts[0] | {"tombstones": 99}, *receipts[1:]]):
        with pytest.raises(BrokenChain):
            verify(json.loads(json.dumps(tampered)))


@contextmanager
def talking(scene: Scene) -> Iterator[list[UUID]]:
    """The person who stays writes one comment after another for as long as the block runs; gives their ids."""
    said, enough = list[UUID](), threading.Event()

    def talk() -> None:
        with Database(scene.stack.url("app"), size=1) as database:
            with database.write("t") as conn:
                post = post_by(conn, scene.stays)
            while not enough.wait(0.05):
                said.append(new_id())
                row = CommentRow(said[-1], post, None, scene.stays.id, "Well.", NOON)
                with database.write("t") as conn:  # in batches, for the service slows down who says so much
                    batch.add_comments(conn, [row])

    speaker = threading.Thread(target=talk)
    speaker.start()
    try:
        yield said
    finally:
        enough.set()
        speaker.join()


def quarantine(store: LocalStore, message: bytes) -> None:
    row = {"_position": 5, "stage": "land", "reason": "is not JSON", "offset": 5, "message": message}
    row |= {"refused_at": utc_now(), "_day": "2026-01-01"}
    store.append(QUARANTINE, pa.Table.from_pylist([row], SCHEMA), app="test", upto=Position(1))


def put_back(stack: Stack, account: UUID) -> None:
    """What a backup of the app from yesterday holds."""
    with psycopg.connect(stack.url("postgres", "app"), autocommit=True) as connection:
        connection.execute(
            "insert into identity.accounts (id, handle, display_name, role, status, origin, created_at) "
            "values (%s, %s, %s, 'member', 'active', 'signup', now())",
            [account, TOKENS[0], TOKENS[0]],
        )
        connection.execute(
            "insert into identity.consents (id, account_id, purpose, granted, decided_at) "
            "values (gen_random_uuid(), %s, 'lake', true, now())",
            [account],
        )
