"""What the verbs do: start lanes, wait for them, and add their counts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

import orjson
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from anonymizer.again import again, replay
from anonymizer.lane import APP
from anonymizer.lanes import in_turn, side_by_side
from anonymizer.mend import audit
from anonymizer.release import Room, Still, bronze_end, open_room
from anonymizer.settings import AnonymizerSettings
from anonymizer.vault import open_vault
from lake.contracts.names import BRONZE, silver_path
from lake.contracts.tables import BY_NAME, TABLES
from lake.cut import cut, lane_of, lane_position
from lake.kit.errors import Retry, Stop
from lake.kit.log import get_log
from lake.metrics import served
from lake.settings import LakeSettings
from lake.store import Busy, Position, Store, lease, open_store

JOB = "release"
CHILD_PATIENCE = 30.0  # seconds a new text lane waits for one that its killed parent left behind
SILENCE = 1800.0  # seconds without a commit after which release waits for the lane of free text no longer
RESTARTS = 3  # times the text lane is started again within a minute before release gives up
Summary = dict[str, Any]
NOTHING: Summary = dict.fromkeys(("in", "out", "refused", "withheld", "erased"), 0)


def release_once(settings: AnonymizerSettings, lake: LakeSettings) -> Summary:
    """Release everything up to the end of bronze seen now; where a follower runs, wait until it has."""
    started, store = time.monotonic(), open_store(lake)
    if not store.exists(BRONZE):
        raise Stop("There is nothing in bronze yet: run `python -m ingestion land` first.")
    target = bronze_end(store)
    try:
        with lease(store.root, JOB):
            summary = NOTHING if cut(store) >= max(target, 0) else _both(settings, lake, target)
    except Busy:
        _await(store, target)
        summary = NOTHING | {"waited": True}
    return summary | {"seconds": round(time.monotonic() - started, 3), "cut": cut(store)}


def _both(settings: AnonymizerSettings, lake: LakeSettings, target: Position) -> Summary:
    if open_store(lake).carries:
        return NOTHING | in_turn(settings, lake, target)
    child = _start_child("--upto", str(target))
    try:
        room = open_room("plain", settings, lake)
        room.prepare()
        with _progress() as progress:
            tasks = {name: progress.add_task(name, total=max(target, 0) + 1) for name in ("plain", "text")}
            room.run_to(target, settings.poll_interval, lambda at: progress.update(tasks["plain"], completed=at + 1))
            _await_child(
                child, room.store, settings.poll_interval, lambda at: progress.update(tasks["text"], completed=at + 1)
            )
        answer = child.stdout.read() if child.stdout else b""
        if child.returncode:
            raise Retry("The lane of free text stopped before its end; its message is above. Run the command again.")
    finally:
        _end(child)
    mine, theirs = room.summary(0.0), orjson.loads(answer)
    return {name: mine[name] + theirs[name] for name in NOTHING}


def _await_child(child: subprocess.Popen[bytes], store: Store, pause: float, tick: Callable[[Position], None]) -> None:
    """Wait for the text lane's end. Raises Retry when it has committed nothing for `SILENCE` seconds."""
    tables = [silver_path(table) for table in TABLES if lane_of(table) == "text"]
    moved, look = Still(SILENCE), 0.0
    while child.poll() is None:
        tick(at := lane_position(store, "text"))
        if time.monotonic() >= look:  # inside a snapshot the lane itself does not move, its tables do
            look = time.monotonic() + SILENCE / 100
            if moved.stands((at, [store.position(path, APP) for path in tables])):
                raise Retry(
                    f"The lane of free text has written nothing for {SILENCE:.0f} s and was stopped, at position {at}. "
                    "Nothing is lost: run the command again. If it stops there again, look at its log."
                )
        time.sleep(pause)


def release_follow(settings: AnonymizerSettings, lake: LakeSettings) -> None:
    """Release for ever. The text lane is started again when it ends; when it keeps ending, so does this."""
    with ExitStack() as kept:
        kept.enter_context(lease(lake.root, JOB))
        room = open_room("plain", settings, lake)
        room.prepare()
        room.keep_tidy()
        kept.enter_context(served(room.lane.meters.meters, settings.metrics_host, settings.metrics_port))
        if room.store.carries:
            side_by_side(room, settings, lake)
            return
        child, ended = _start_child("--follow"), list[float]()
        try:
            while True:
                before = room.lane.position()
                if room.step() == before:
                    time.sleep(settings.poll_interval)
                if child.poll() is not None:
                    get_log().warning("text_lane_ended", code=child.returncode)
                    ended = [at for at in ended if time.monotonic() - at < 60.0] + [time.monotonic()]
                    if len(ended) > RESTARTS:
                        raise Stop(
                            "The lane of free text keeps ending; its message is above. Mend that, then start again."
                        )
                    child = _start_child("--follow")
        finally:
            _end(child)


def replay_quarantine(settings: AnonymizerSettings, lake: LakeSettings) -> Summary:
    """Try the rows in quarantine again, beside a follower or without one."""
    return _aside(settings, lake, replay)


def treat_again(settings: AnonymizerSettings, lake: LakeSettings, day: str, table: str) -> Summary:
    """Treat what landed on a day of a table once more."""
    return _aside(settings, lake, lambda room: again(room, day, table))


def compare_silver(
    settings: AnonymizerSettings, lake: LakeSettings, names: Sequence[str], *, repair: bool = True
) -> Summary:
    """Compare silver with what has landed, beside a follower or without one; mend what differs."""
    started, store = time.monotonic(), open_store(lake)
    if unknown := [name for name in names if name not in BY_NAME]:
        raise Stop(f"There is no published table {unknown[0]!r}. The tables are: {', '.join(sorted(BY_NAME))}.")
    if cut(store) < 0:
        raise Stop("Nothing has been released yet. Run `python -m anonymizer release` first.")
    tables = [BY_NAME[name] for name in names] or list(TABLES)

    def opened() -> Room:
        room = open_room("text", settings.model_copy(update={"processes": 1}), lake)
        room.prepare()
        return room

    with lease(store.root, f"{JOB}-aside"):
        said = audit(store, open_vault(settings.key_file), tables, opened if repair else None)
    get_log().info("silver_compared", **said)
    return said | {"seconds": round(time.monotonic() - started, 3)}


def _aside(settings: AnonymizerSettings, lake: LakeSettings, work: Callable[[Room], Summary]) -> Summary:
    """Work with every tool of release, but with no lane of it."""
    started = time.monotonic()
    with lease(lake.root, f"{JOB}-aside"):
        room = open_room("text", settings.model_copy(update={"processes": 1}), lake)
        room.prepare()
        summary = work(room)
    get_log().info("treated_again", **summary)
    return summary | {"seconds": round(time.monotonic() - started, 3)}


def text_lane(settings: AnonymizerSettings, lake: LakeSettings, parent: int, upto: Position | None) -> Summary:
    """The child's part: up to a position, or for as long as the parent lives."""
    started = time.monotonic()
    while True:
        try:
            with lease(lake.root, f"{JOB}-text"):
                room = open_room("text", settings, lake)
                room.prepare()
                if upto is None:
                    with served(room.lane.meters.meters, settings.metrics_host, settings.text_metrics_port):
                        room.follow(settings.poll_interval, parent)
                else:
                    room.run_to(upto, settings.poll_interval, parent=parent)
                return room.summary(time.monotonic() - started)
        except Busy:
            if time.monotonic() - started > CHILD_PATIENCE:
                raise
            time.sleep(0.2)


def _start_child(*arguments: str) -> subprocess.Popen[bytes]:
    """The text lane in a process of its own, at lower priority: on a full machine votes go first."""
    command = [sys.executable, "-m", "anonymizer", "lane", "--json", "--parent", str(os.getpid()), *arguments]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _await(store: Store, target: Position) -> None:
    """Wait for the follower; it is trusted to move, and a minute without a move is said."""
    at, since = cut(store), time.monotonic()
    while at < target:
        time.sleep(0.1)
        if (now := cut(store)) != at:
            at, since = now, time.monotonic()
        elif time.monotonic() - since > 60.0:
            raise Retry("The process that follows bronze has not moved for a minute: look at its log with `make logs`.")


def _progress() -> Progress:
    columns = (
        TextColumn("{task.description:>8}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
