"""Release as people start it: commands, a follower, kill -9 in the middle, and two at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from anonymizer.settings import AnonymizerSettings
from lake.cut import cut
from lake.jobs import last_runs
from lake.store import LocalStore
from tests.lib.changes import Bronze, person, thing

PATIENCE = 90.0


class Commands:
    """`python -m anonymizer` with a run folder of its own."""

    def __init__(self, run: Path) -> None:
        self.run = run
        self.bronze = Bronze(run / "lake")
        (run / "secrets").mkdir()
        (run / "secrets/lake.key").write_text("ab" * 32)
        self.environment = os.environ | {
            "HEADWATER_RUN": str(run),
            "ANONYMIZER_MODELS": str(AnonymizerSettings().models.resolve()),
        }
        self.followers: list[subprocess.Popen[bytes]] = []

    def call(self, *words: str, code: int = 0, **environment: str) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "anonymizer", *words], env=self.environment | environment,
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        self.stderr = done.stderr
        return json.loads(done.stdout) if done.stdout.startswith("{") else {}

    def release(self, code: int = 0, **environment: str) -> dict[str, Any]:
        return self.call("release", "--json", code=code, **environment)

    def follow(self) -> subprocess.Popen[bytes]:
        with (self.run / "follower.log").open("ab") as log:
            command = [sys.executable, "-m", "anonymizer", "release", "--follow"]
            follower = subprocess.Popen(command, env=self.environment, stderr=log, stdout=log)
        self.followers.append(follower)
        return follower

    def votes(self) -> list[str]:
        return [] if not self.store.exists("silver/votes") else self.store.read("silver/votes")["id"].to_pylist()

    @property
    def store(self) -> LocalStore:
        return LocalStore(self.run / "lake")

    def close(self) -> None:
        for follower in self.followers:
            if follower.poll() is None:
                follower.send_signal(signal.SIGINT)
                follower.wait(30)


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    opened = Commands(tmp_path)
    yield opened
    opened.close()


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)


def fill(bronze: Bronze, first: int, count: int) -> None:
    for number in range(first, first + count):
        bronze.put("votes", id=thing(number), account_id=person(1))
        bronze.put(
            "posts", id=thing(number), author_id=person(1), body=f"Ask Michael Jordan about it, or a{number}@b.example."
        )
    bronze.land()


def test_release_says_what_it_did_and_doing_it_again_changes_nothing(commands: Commands) -> None:
    commands.bronze.join(1)
    fill(commands.bronze, 10, 5)
    first = commands.release()
    assert (first["in"], first["out"], first["refused"], first["cut"]) == (12, 12, 0, 11)
    versions = {table: commands.store.files(f"silver/{table}") for table in ("votes", "posts")}
    again = commands.release()
    assert (again["in"], again["out"], again["cut"]) == (0, 0, 11)
    assert versions == {table: commands.store.files(f"silver/{table}") for table in ("votes", "posts")}
    bodies = commands.store.read("silver/posts")["body"].to_pylist()
    assert all("Jordan" not in body and "@" not in body for body in bodies)
    assert last_runs(commands.run)["anonymizer release"]["exit"] == 0


def test_without_bronze_or_key_or_model_it_says_what_to_do(commands: Commands, tmp_path: Path) -> None:
    commands.release(code=65, LAKE_ROOT=str(tmp_path / "elsewhere"))
    assert "python -m ingestion land" in commands.stderr
    commands.bronze.join(1)
    commands.bronze.land()
    commands.release(code=65, ANONYMIZER_KEY_FILE=str(tmp_path / "nothing"))
    assert "The lake's key file is missing" in commands.stderr
    commands.release(code=75, ANONYMIZER_MODELS=str(tmp_path / "nothing"))
    assert "The language model is missing" in commands.stderr


POINTS = ("release.after_quarantine", "release.after_votes", "release.after_posts", "release.before_cut")


def test_kill_9_at_each_point_loses_and_doubles_nothing(commands: Commands) -> None:
    commands.bronze.join(1)
    for round_, point in enumerate(POINTS):
        fill(commands.bronze, 100 * (round_ + 1), 4)
        commands.release(code=75 if "posts" in point else -signal.SIGKILL, ANONYMIZER_FAILPOINT=point)
        commands.release()
    for table in ("votes", "posts"):
        rows = commands.store.read(f"silver/{table}", columns=["id", "_position"]).to_pylist()
        assert len(rows) == len({(row["id"], row["_position"]) for row in rows}) == 4 * len(POINTS)


def test_a_follower_releases_what_lands_and_others_wait_for_it(commands: Commands) -> None:
    commands.bronze.join(1)
    fill(commands.bronze, 10, 3)
    follower = commands.follow()
    until(lambda: len(commands.votes()) == 3)
    fill(commands.bronze, 20, 3)
    waited = commands.release()
    assert waited["waited"] is True
    assert cut(commands.store) == commands.bronze.next - 1
    assert len(commands.votes()) == 6
    second = commands.follow()
    assert second.wait(PATIENCE) == 75
    children = psutil.Process(follower.pid).children(recursive=True)
    assert len(children) >= 1
    memory = sum(p.memory_full_info().pss for p in [psutil.Process(follower.pid), *children]) >> 20
    print(f"follower and its lanes: {memory} MB")
    assert memory <= 550
    follower.kill()
    follower.wait()
    until(lambda: not any(child.is_running() and child.status() != "zombie" for child in children))
    fill(commands.bronze, 30, 2)
    commands.follow()
    until(lambda: len(commands.votes()) == 8)


def test_a_text_lane_that_is_killed_is_started_again(commands: Commands) -> None:
    commands.bronze.join(1)
    fill(commands.bronze, 10, 1)
    follower = commands.follow()
    until(lambda: cut(commands.store) == commands.bronze.next - 1)
    psutil.Process(follower.pid).children()[0].kill()
    fill(commands.bronze, 20, 1)
    until(lambda: cut(commands.store) == commands.bronze.next - 1)
    assert commands.store.read("silver/posts").num_rows == 2
