"""A person is erased from the whole path, and does not come back: not late, not replayed, not from a snapshot or a backup."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable

from anonymizer.erasure.receipt import BrokenChain, chain, verify
from anonymizer.erasure.scan import scan
from infra.capture import wait_for_capture
from lake.contracts.names import BRONZE, QUARANTINE
from lake.contracts.tables import TABLES
from lake.kit.clock import utc_now
from lake.schema import QUARANTINE as SCHEMA
from lake.store import LocalStore, Position
from platform_app.community import service as community
from platform_app.community.schemas import Target
from platform_app.db import Conn, Database
from platform_app.identity.schemas import Account
from platform_app.leaving import leave
from platform_app.profiles import service as profiles
from tests.lib.people import NOON, approach_by, post_by, sign_up
from tests.lib.plants import texts_below, texts_of_database
from tests.lib.stack import Stack
from tests.lib.walk import Walk

TOKENS = [f"canaryqx{n:02d}zv" for n in range(8)]
POINTS = (
    "erase.listed", "erase.buried", "erase.silver/posts", "erase.restricted/people", f"erase.{BRONZE}",
    "erase.warehouse", "erase.scanned", "erase.receipt",
)  # fmt: skip


@dataclass
class Scene:
    """A walked stack with a person who wrote a token into every text, one who stays, and what the latter had before."""

    walk: Walk
    gone: Account
    stays: Account
    before: dict[str, list[Any]]

    @property
    def root(self) -> Path:
        return self.walk.root

    @property
    def stack(self) -> Stack:
        return self.walk.stack

    def found(self, root: Path | None = None) -> list[str]:
        """The files of a lake that hold the person's id, or a token of theirs."""
        return scan([root or self.root], [str(self.gone.id), *TOKENS]).found

    def carry(self, root: Path | None = None) -> None:
        """Land and release what is committed now."""
        wait_for_capture(self.stack.place, 60)
        where = str(root or self.root)
        self.stack.command("ingestion", "land", LAKE_ROOT=where)
        self.stack.command("anonymizer", "release", LAKE_ROOT=where)

    def pseudonym(self) -> str:
        return self.walk.pseudonym("account", self.gone.id)

    def in_silver(self, root: Path | None = None) -> int:
        """Versions of the person's rows in silver, without tombstones."""
        store, whose = LocalStore(root or self.root), self.pseudonym()
        count = 0
        for table in TABLES:
            for column in table.people:
                where = (pc.field(column) == whose) & (pc.field("_op") == "upsert")
                count += store.read(f"silver/{table.name}", columns=[column], where=where).num_rows
        return count

    def of_those_who_stay(self) -> dict[str, list[Any]]:
        """The other person's own rows as silver shows them, without their position."""
        whose = self.walk.pseudonym("account", self.stays.id)
        shown = {}
        for table in TABLES:
            rows = [row for row in self.walk.silver(table) if {row[p] for p in table.people} == {whose}]
            kept = [{k: v for k, v in row.items() if not k.startswith("_") and "hours" not in k} for row in rows]
            shown[table.name] = sorted(map(repr, kept))
        return shown


def write_everywhere(conn: Conn, me: Account, other: Account) -> None:
    t = iter(TOKENS[1:])
    profiles.edit_profile(
        conn, me.id, headline=next(t), bio=next(t), website_url=f"https://{next(t)}.example", location=next(t), now=NOON
    )
    mine = community.write_post(conn, me.id, title=next(t), body=next(t), now=NOON)
    theirs = post_by(conn, other)
    approach_by(conn, me, theirs, body=f"try {TOKENS[1]}")
    community.comment(conn, me.id, Target(post_id=theirs), body=next(t), now=NOON)
    community.vote(conn, me.id, Target(post_id=theirs), 1, NOON)
    community.vote(conn, other.id, Target(post_id=mine), 1, NOON)


@pytest.fixture(scope="module")
def scene(new_stack: Callable[..., Stack]) -> Scene:
    walk = Walk(new_stack()).start()
    with Database(walk.stack.url("app"), size=2) as database, database.write("t") as conn:
        gone, stays = sign_up(conn, TOKENS[0]), sign_up(conn, "stays")
        write_everywhere(conn, gone, stays)
    walk.go(upto="load")
    made = Scene(walk, gone, stays, {})
    made.before = made.of_those_who_stay()
    return made


def test_before_and_after_a_plain_delete_the_scan_finds_the_person(scene: Scene, tmp_path: Path) -> None:
    assert scene.in_silver() >= 6
    assert any("bronze" in file for file in scene.found())
    assert any("people" in file for file in scene.found())
    twin = tmp_path / "twin"
    shutil.copytree(scene.root, twin)
    for log in sorted(twin.rglob("_delta_log")):
        DeltaTable(log.parent).delete()
        assert DeltaTable(log.parent).to_pyarrow_table().num_rows == 0
    assert any("bronze" in file for file in scene.found(twin))


def test_killed_at_every_point_the_next_run_ends_with_one_receipt(scene: Scene) -> None:
    with Database(scene.stack.url("app"), size=2) as database, database.write("t") as conn:
        token = leave(conn, scene.gone.id, NOON)
    assert token
    for point in POINTS:
        scene.stack.command("anonymizer", "erase", expect=-signal.SIGKILL, ANONYMIZER_FAILPOINT=point)
    said = scene.stack.summary("anonymizer", "erase")
    assert (said["in"], said["out"]) == (1, 1)
    assert scene.stack.summary("anonymizer", "erase")["in"] == 0
    receipts = chain(LocalStore(scene.root))
    assert verify(receipts) == len(receipts) == 1
    assert scene.stack.summary("anonymizer", "receipts")["receipts"] == 1
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
    assert scene.of_those_who_stay() == scene.before


def test_what_was_on_its_way_does_not_enter(scene: Scene) -> None:
    """The deletes themselves are landed only now, with the person's id in every one of them."""
    scene.carry()
    assert scene.found() == []
    assert scene.in_silver() == 0
    day = LocalStore(scene.root).read(BRONZE, columns=["_day"])["_day"].to_pylist()
    scene.stack.command("anonymizer", "release", "--again", max(d for d in day if d[0] == "2"), "posts", expect=None)
    scene.stack.command("anonymizer", "release", "--replay")
    scene.stack.command("ingestion", "replay")
    assert scene.in_silver() == 0


def test_a_restored_backup_of_the_app_does_not_bring_them_back(scene: Scene) -> None:
    put_back(scene.stack, scene.gone.id)
    scene.stack.command("ingestion", "resnapshot", "accounts", "consents")
    scene.carry()
    assert scene.found() == []
    assert scene.in_silver() == 0
    audited = scene.stack.summary("ingestion", "audit", "accounts", "consents")
    assert audited["differing"] == []


def test_a_lake_read_anew_from_the_first_message_leaves_them_out(scene: Scene, tmp_path: Path) -> None:
    """The twin lacks the erased list, and so has them again."""
    fresh, twin = tmp_path / "fresh", tmp_path / "twin"
    shutil.copytree(scene.root / "restricted/erased", fresh / "restricted/erased")
    scene.carry(fresh)
    assert scene.found(fresh) == []
    assert scene.in_silver(fresh) == 0
    scene.stack.command("ingestion", "land", LAKE_ROOT=str(twin))
    assert scene.found(twin) != []


def test_somebody_without_any_row_and_somebody_in_quarantine_only_get_their_receipts(scene: Scene) -> None:
    nobody, broken = UUID(int=0xABC), UUID(int=0xDEF)
    with Database(scene.stack.url("app"), size=2) as database, database.write("t") as conn:
        for number, account in enumerate((nobody, broken)):
            conn.execute(
                "insert into identity.erasure_requests (id, account_id, token_hash, requested_at, state) "
                "values (gen_random_uuid(), %s, sha256(%s::bytea), now(), 'open')",
                (account, str(number).encode()),
            )
    store = LocalStore(scene.root)
    quarantine(store, f'{{"after": {{"author_id": "{broken}"'.encode())
    assert scene.stack.summary("anonymizer", "erase", "--account", str(nobody))["rows"] == 0
    said = scene.stack.summary("anonymizer", "erase")
    assert (said["out"], said["rows"]) == (1, 1)
    assert scan([scene.root], [str(broken)]).found == []
    receipts = chain(LocalStore(scene.root))
    assert verify(receipts) == 3
    for tampered in (receipts[1:], [receipts[0] | {"tombstones": 99}, *receipts[1:]]):
        with pytest.raises(BrokenChain):
            verify(json.loads(json.dumps(tampered)))


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
