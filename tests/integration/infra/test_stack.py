"""Starting, stopping and recovering the stack as a person would, by command."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from infra import part as parts
from infra import process, stack
from infra.place import HOST
from infra.settings import CHECKOUT
from lake.kit.errors import Retry
from tests.lib.stack import Stack, make_stack, remove_stack


@pytest.fixture
def own() -> Iterator[Stack]:
    made = make_stack()
    yield made
    remove_stack(made)


def infra(own: Stack, *words: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra", *words],
        cwd=CHECKOUT, env=own.environment | environment, input=stdin, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_what_is_up_stays_up(own: Stack) -> None:
    own.up("postgres")
    pid = own.pid("postgres")
    again = infra(own, "up", "postgres")
    assert (again.returncode, again.stderr.strip()) == (0, "Everything is up already.")
    assert own.pid("postgres") == pid


def test_a_taken_port_is_replaced_and_said_and_two_checkouts_run_side_by_side(own: Stack) -> None:
    own.up("postgres")
    taken = own.place.ports["postgres"]
    neighbour = make_stack()
    try:
        neighbour.place.ports["postgres"] = taken
        neighbour.place.save_ports()
        started = infra(neighbour, "up", "postgres")
        assert f"Port {taken} is in use, so postgres takes" in started.stderr
        assert own.pid("postgres") is not None
    finally:
        remove_stack(neighbour)
    assert own.pid("postgres") is not None


def test_the_pid_file_of_a_dead_part_that_a_stranger_inherited_stops_nobody(own: Stack) -> None:
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        pid_file = own.place.folder("pids") / "kafka.json"
        pid_file.write_text(json.dumps({"pid": stranger.pid, "started": 1.0, "uses": ""}))
        assert own.pid("kafka") is None
        assert infra(own, "down").returncode == 0
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_down_leaves_no_process_even_when_a_pid_file_is_lost(own: Stack) -> None:
    own.up("postgres")
    pid = own.pid("postgres")
    assert pid is not None
    (own.run / "pids" / "postgres.json").unlink()
    assert infra(own, "down").returncode == 0
    assert process.wait_until(lambda: _ended(pid), 10)
    assert list(process.strays(own.place)) == []


def _ended(pid: int) -> bool:
    process._reap()
    return not psutil.pid_exists(pid)


def test_a_crashed_part_is_seen_as_down_and_started_again(own: Stack) -> None:
    own.up("postgres")
    own.kill("postgres")
    states = {part["name"]: part["up"] for part in json.loads(infra(own, "status", "--json").stdout)["parts"]}
    assert states["postgres"] is False
    assert infra(own, "up", "postgres").returncode == 0
    assert own.pid("postgres") is not None


def test_without_java_one_line_says_what_to_install(own: Stack, tmp_path: Path) -> None:
    for program in ("setpriv", "test"):
        found = subprocess.run(["which", program], capture_output=True, text=True, check=True).stdout.strip()
        (tmp_path / program).symlink_to(found)
    failed = infra(own, "up", "kafka", PATH=str(tmp_path))
    assert failed.returncode == 65
    assert failed.stderr.strip().splitlines() == [
        "Java is missing: install a Java 17 runtime (Debian: `apt install openjdk-17-jre-headless`)."
    ]


def test_clean_asks_first_and_then_leaves_nothing(own: Stack) -> None:
    own.up("postgres")
    refused = infra(own, "clean", stdin="n\n")
    assert (refused.returncode, own.run.exists()) == (65, True)
    assert infra(own, "clean", stdin="y\n", PYTHONDONTWRITEBYTECODE="1").returncode == 0
    assert not own.run.exists()
    assert list(process.strays(own.place)) == []
    own.run.mkdir()


def test_clean_deletes_no_folder_that_is_not_a_run_folder(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    refused = subprocess.run(
        [sys.executable, "-m", "infra", "clean", "--yes"], cwd=CHECKOUT, capture_output=True, text=True, check=False,
        env={**os.environ, "HEADWATER_RUN": str(tmp_path)},
    )  # fmt: skip
    assert refused.returncode == 65
    assert (tmp_path / "letter.txt").read_text() == "mine"


def test_settings_files_are_private_and_name_every_address(own: Stack) -> None:
    files = {path.name: path for path in (own.run / "env").iterdir()}
    names = ("app", "ingestion", "lake", "anonymizer", "api", "stripe", "watch")
    assert set(files) == {f"{name}.env" for name in names}
    assert {path.stat().st_mode & 0o777 for path in files.values()} == {0o600}
    assert f"APP_PORT={own.place.ports['app']}" in files["app.env"].read_text().splitlines()


def test_a_port_taken_at_the_last_moment_is_said_and_leaves_nothing_behind(own: Stack) -> None:
    with socket.socket() as squatter:
        squatter.bind((HOST, 0))
        squatter.listen()
        own.place.ports["postgres"] = squatter.getsockname()[1]
        with pytest.raises(Retry, match="was taken meanwhile"):
            parts.bring_up(stack.PARTS["postgres"], own.place, lambda _: None)
    assert own.pid("postgres") is None


def test_a_stopped_part_can_be_signalled_no_more(own: Stack) -> None:
    assert process.send(own.place, "postgres", signal.SIGTERM) is False
