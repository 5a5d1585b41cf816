"""Real servers for tests: PostgreSQL, and where asked for Kafka and Connect, in a folder of their own on free ports.

`postgres`, `kafka` and `connect` give the session's one `Stack` with that part (and what it needs) up. A test that
breaks things or needs an empty lake asks `new_stack` for one of its own. `Stack.recreate` empties a database.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from infra import part as parts
from infra import process, stack
from infra.place import HOST, Place
from infra.postgres import make_database
from infra.settings import CHECKOUT, Settings


class Stack:
    """A stack of one's own: its run folder, its addresses, and hands to stop and start its parts."""

    def __init__(self, run: Path) -> None:
        free = {f"{port}_port": 0 for part in stack.PARTS.values() for port in part.ports}
        self.settings = Settings(run=run, **free)
        self.place: Place = stack.open_place(self.settings)
        self.run = run

    def up(self, *names: str) -> Stack:
        """Start the named parts and what they need, unless they are up."""
        stack.up(self.place, names, lambda _: None)
        return self

    def down(self) -> None:
        """Stop everything that was started from this run folder."""
        stack.down(self.place, stack.PARTS, lambda _: None)

    def kill(self, name: str) -> None:
        """kill -9 a part, and wait until it is gone."""
        self._send(name, signal.SIGKILL)

    def terminate(self, name: str) -> None:
        """Stop a part with SIGTERM, and wait until it is gone."""
        self._send(name, signal.SIGTERM)

    def restart(self, name: str) -> None:
        """Start a part again (it is stopped first if it is up), and wait until it is ready."""
        process.stop(self.place, name, stack.PARTS[name].stop_signal)
        parts.bring_up(stack.PARTS[name], self.place, lambda _: None)

    def pid(self, name: str) -> int | None:
        running = process.find(self.place, name)
        return running.pid if running else None

    def _send(self, name: str, number: signal.Signals) -> None:
        assert process.send(self.place, name, number), f"{name} is not up"
        assert process.wait_until(lambda: process.find(self.place, name) is None, 60), f"{name} does not end"

    def url(self, role: str, database: str | None = None) -> str:
        """The URL of a role (see infra.place.ROLES; "postgres" is the superuser) to its database or the named one."""
        return self.place.url(role, database)

    @property
    def kafka(self) -> str:
        """host:port of the broker."""
        return f"{HOST}:{self.place.ports['kafka']}"

    @property
    def connect_url(self) -> str:
        return f"http://{HOST}:{self.place.ports['connect']}"

    def http(self, port: str) -> str:
        """The base URL of `app`, `shop` or `stripe`."""
        return f"http://{HOST}:{self.place.ports[port]}"

    def recreate(self, database: str) -> None:
        """Drop a database with whoever is connected to it, and make it again, empty."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            for (slot,) in connection.execute(
                "select slot_name from pg_replication_slots where database = %s", [database]
            ).fetchall():
                connection.execute(
                    "select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = %s", [slot]
                )
                process.wait_until(lambda name=slot: _dropped(connection, name), 10)  # type: ignore[misc]
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database)))
            make_database(connection, database)

    @property
    def environment(self) -> dict[str, str]:
        """What a room's command needs to find this stack: pass it as `env`."""
        return {**os.environ, "HEADWATER_RUN": str(self.run), "PYTHONUNBUFFERED": "1"}

    def command(
        self, *words: object, expect: int | None = 0, seconds: float = 300, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `python -m <words>` against this stack; fails the test when the exit code is not `expect` (None: any)."""
        done = subprocess.run(
            [sys.executable, "-m", *map(str, words)],
            cwd=CHECKOUT, env=self.environment | environment, capture_output=True, text=True, check=False, timeout=seconds,
        )  # fmt: skip
        if expect is not None and done.returncode != expect:
            pytest.fail(
                f"{' '.join(map(str, words))} gave {done.returncode}, not {expect}:\n{done.stdout}{done.stderr}"
            )
        return done

    def summary(self, *words: object, seconds: float = 900, **environment: str) -> dict[str, Any]:
        """Run a pipeline command with `--json` and read the line it prints."""
        line = self.command(*words, "--json", expect=0, seconds=seconds, **environment).stdout.strip().splitlines()[-1]
        summary: dict[str, Any] = json.loads(line)
        return summary


def _dropped(connection: psycopg.Connection[Any], slot: str) -> bool:
    try:
        connection.execute("select pg_drop_replication_slot(%s)", [slot])
    except psycopg.errors.ObjectInUse:
        return False
    except psycopg.errors.UndefinedObject:
        return True
    return True


def make_stack() -> Stack:
    """A stack in a new folder that every user may enter (PostgreSQL runs as nobody when tests run as root)."""
    run = Path(tempfile.mkdtemp(prefix="headwater-test-"))
    run.chmod(0o755)
    made = Stack(run)
    stack.settle(made.place, [], lambda _: None)
    return made


def remove_stack(made: Stack) -> None:
    made.down()
    shutil.rmtree(made.run)


@pytest.fixture(scope="session")
def shared_stack() -> Iterator[Stack]:
    """The session's one stack; nothing is up yet."""
    made = make_stack()
    yield made
    remove_stack(made)


@pytest.fixture(scope="session")
def postgres(shared_stack: Stack) -> Stack:
    """PostgreSQL with the empty databases app, shop and warehouse, and all roles."""
    return shared_stack.up("postgres")


@pytest.fixture(scope="session")
def kafka(postgres: Stack) -> Stack:
    """PostgreSQL and Kafka, with the topic of changes."""
    return postgres.up("kafka")


@pytest.fixture(scope="session")
def connect(kafka: Stack) -> Stack:
    """PostgreSQL, Kafka and Connect; no connector is posted."""
    return kafka.up("connect")


@pytest.fixture(scope="module")
def new_stack() -> Iterator[Callable[..., Stack]]:
    """Make a stack of one's own: `new_stack("postgres", "kafka")`. Every one is removed when the module ends.

    Left up, its servers, followers and schedules would take processor and memory from every module that comes after it.
    """
    made: list[Stack] = []

    def make(*names: str) -> Stack:
        made.append(make_stack())
        return made[-1].up(*names)

    yield make
    for one in made:
        remove_stack(one)
