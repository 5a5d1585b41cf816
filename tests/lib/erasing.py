"""People who are to be erased, on a stack whose landing and release follow it all the while."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pyarrow.compute as pc

from anonymizer.bronze import end
from anonymizer.erasure import command
from anonymizer.erasure.scan import scan
from anonymizer.lane import Lane
from anonymizer.policy import Tools
from anonymizer.registry import Registry
from anonymizer.release import Room
from anonymizer.settings import AnonymizerSettings
from anonymizer.vault import open_vault
from infra.capture import wait_for_capture
from infra.settings import CHECKOUT
from ingestion.catch_up import catch_up
from ingestion.resnapshot import landed_position
from ingestion.settings import Settings as IngestionSettings
from lake.contracts.names import BRONZE, silver_path
from lake.contracts.tables import TABLES
from lake.cut import LANES, cut, lane_of
from lake.settings import LakeSettings
from lake.store import LocalStore, Position
from platform_app.community import service as community
from platform_app.community.schemas import Target
from platform_app.db import Conn, Database
from platform_app.identity.schemas import Account
from platform_app.leaving import leave
from platform_app.profiles import service as profiles
from tests.lib.people import NOON, approach_by, post_by
from tests.lib.releasing import stars
from tests.lib.stack import Stack
from tests.lib.stream import wait_until
from tests.lib.walk import Walk

FOLLOWERS = (("ingestion", "land"), ("anonymizer", "release"))
TOKENS = [f"canaryqx{n:02d}zv" for n in range(8)]


@dataclass
class Scene:
    """A walked stack with a person who wrote a token into every text, one who stays, and what the latter had before."""

    walk: Walk
    gone: Account
    stays: Account
    before: dict[str, list[Any]] = field(default_factory=dict)
    left: list[UUID] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.walk.root

    @property
    def stack(self) -> Stack:
        return self.walk.stack

    @property
    def store(self) -> LocalStore:
        return LocalStore(self.root)

    @property
    def ingestion(self) -> IngestionSettings:
        return IngestionSettings(_env_file=self.stack.run / "env/ingestion.env", wait=90)  # type: ignore[call-arg]

    @property
    def lake(self) -> LakeSettings:
        return LakeSettings(_env_file=self.stack.run / "env/lake.env")  # type: ignore[call-arg]

    def anonymizer(self, failpoint: str = "") -> AnonymizerSettings:
        file = self.stack.run / "env/anonymizer.env"
        return AnonymizerSettings(_env_file=file, failpoint=failpoint)  # type: ignore[call-arg]

    @contextmanager
    def followers(self) -> Iterator[None]:
        """`land --follow` and `release --follow` for as long as the block runs; both live at its end."""
        with ExitStack() as kept, (self.stack.run / "logs/followers.log").open("ab") as log:
            started = []
            for room, verb in FOLLOWERS:
                words = [sys.executable, "-m", room, verb, "--follow"]
                environment = self.stack.environment | {"ANONYMIZER_PROCESSES": "1"}
                process = subprocess.Popen(words, cwd=CHECKOUT, env=environment, stderr=log, stdout=log)
                kept.callback(process.wait, 30)
                kept.callback(process.terminate)
                started.append(process)
                wait_until(lambda: self.store.exists(BRONZE))
            yield
            assert [process.poll() for process in started] == [None, None]

    def carry(self) -> None:
        """Wait until the followers have carried what is committed now as far as silver."""
        wait_for_capture(self.stack.place, 60)
        catch_up(self.ingestion, self.store)
        target = end(self.store)
        wait_until(lambda: cut(self.store) >= target, 90)

    def landed(self) -> Position:
        """Up to where the stream is in bronze."""
        return landed_position(self.ingestion, self.store)

    def carry_anew(self, root: Path) -> None:
        """Everything that Kafka holds, into another lake."""
        catch_up(self.ingestion, LocalStore(root))
        for lane in LANES:
            room = self.room(root, lane)
            room.prepare()
            room.run_to(end(room.store), 0.05)

    def room(self, root: Path, lane: str = "text") -> Room:
        """A lane of release in this process, with a model that masks next to nothing."""
        store, vault = LocalStore(root), open_vault(self.anonymizer().key_file)
        registry = Registry(store, vault)
        tables = [table for table in TABLES if lane_of(table) == lane]
        return Room(store, registry, Lane(lane, tables, store, Tools(vault, stars), registry.people, 5000))

    def leave(self, who: Account) -> str:
        """Delete an account as its owner does; returns the token of its receipt."""
        self.left.append(who.id)
        with self.writing() as conn:
            return leave(conn, who.id, NOON)

    @contextmanager
    def writing(self) -> Iterator[Conn]:
        """A transaction in the app's database, as the app."""
        with Database(self.stack.url("app"), size=2) as database, database.write("t") as conn:
            yield conn

    def erase(self) -> Mapping[str, Any]:
        """Work off what is open, here; returns the counts."""
        return _erase(self.stack.run, self.anonymizer(), self.lake)

    def found(self, *words: str, root: Path | None = None) -> list[str]:
        """The files of a lake that hold one of the words; by default the id of anybody who left, or a token of theirs."""
        return scan([root or self.root], words or [str(self.gone.id), *map(str, self.left), *TOKENS]).found

    def pseudonym(self, account: UUID | None = None) -> str:
        return self.walk.pseudonym("account", account or self.gone.id)

    def in_silver(self, *accounts: UUID, root: Path | None = None) -> int:
        """Versions of these people's rows in silver, without tombstones; by default of the person and of all who left."""
        store, whose = LocalStore(root or self.root), [*map(self.pseudonym, accounts or (self.gone.id, *self.left))]
        count = 0
        for table in TABLES:
            for column in table.people:
                where = pc.field(column).isin(whose) & (pc.field("_op") == "upsert")
                count += store.read(silver_path(table), columns=[column], where=where).num_rows
        return count

    def of_those_who_stay(self) -> dict[str, list[Any]]:
        """The other person's own rows as silver shows them, without their position."""
        whose = self.pseudonym(self.stays.id)
        shown = {}
        for table in TABLES:
            rows = [row for row in self.walk.silver(table) if {row[p] for p in table.people} == {whose}]
            kept = [{k: v for k, v in row.items() if not k.startswith("_") and "hours" not in k} for row in rows]
            shown[table.name] = sorted(map(repr, kept))
        return shown


def _erase(run: Path, settings: AnonymizerSettings, lake: LakeSettings) -> Mapping[str, Any]:
    with patch.object(command, "RUN", run):
        return command.erase(settings, lake)


class Dying:
    """`erase` in processes that are killed at a named point. One server loads the program once and forks for each."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload([__name__])

    def at(self, point: str) -> int | None:
        """Run until the point is reached; returns the exit code."""
        scene = self._scene
        process = self._context.Process(target=_erase, args=(scene.stack.run, scene.anonymizer(point), scene.lake))
        process.start()
        process.join(60)
        return process.exitcode


def write_much(conn: Conn, me: Account, rows: int) -> None:
    """So many rows in one's name, a fifth of them in each of five tables, apart from the account's own."""
    given = {"me": me.id, "now": NOON, "each": rows // 5}
    conn.execute(
        "insert into community.posts (id, author_id, kind, title, body, language, status, created_at, updated_at) "
        "select gen_random_uuid(), %(me)s, 'problem', 'Why ' || n %% 50, 'It leaks ' || n %% 50, 'en', 'open', "
        "%(now)s, %(now)s from generate_series(1, %(each)s) n",
        given,
    )
    for into, what in (
        ("approaches (id, post_id, author_id, kind, body, status, created_at, updated_at)",
         "id, author_id, 'idea', 'Turn it off.', 'published', %(now)s, %(now)s"),
        ("comments (id, post_id, author_id, body, status, created_at)", "id, author_id, 'Still.', 'published', %(now)s"),
        ("votes (id, post_id, account_id, value, cast_at)", "id, author_id, 1, %(now)s"),
        ("taggings (id, post_id, author_id, tag, source, created_at)",
         "id, author_id, 'leaks', 'author', %(now)s"),
    ):  # fmt: skip
        conn.execute(
            f"insert into community.{into} select gen_random_uuid(), {what} from community.posts "
            "where author_id = %(me)s".encode(),
            given,
        )


def write_everywhere(conn: Conn, me: Account, other: Account) -> None:
    """A token of the person in every text that a person can write, and one row of every kind."""
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
