"""Processes of the stack: started on their own, remembered by pid, recognised by a mark in their environment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from infra.place import Place, write_private
from infra.settings import CHECKOUT, process_environment

MARK = "HEADWATER_PART"  # in the environment of every process we start: "<run folder>:<part>"
_children: dict[int, subprocess.Popen[bytes]] = {}  # kept so that an ended child of this very process is reaped


@dataclass(frozen=True)
class Running:
    """A part's process: its pid, when it started (seconds since 1970), and what it was started with."""

    pid: int
    started: float
    uses: str


def start(place: Place, part: str, argv: list[str], uses: str = "", **environment: str) -> Running:
    """Start a part in a session of its own, its output appended to its log, and remember its pid."""
    marked = process_environment(place.run, **environment, **{MARK: f"{place.run}:{part}"})
    with place.log(part).open("ab") as log:
        child = subprocess.Popen(
            argv, cwd=CHECKOUT, env=marked, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    _children[child.pid] = child
    try:
        started = psutil.Process(child.pid).create_time()
    except psutil.NoSuchProcess:  # it ended at once; whoever waits for it will see that
        started = 0.0
    running = Running(child.pid, started, uses)
    write_private(_pid_file(place, part), json.dumps(vars(running)))
    return running


def find(place: Place, part: str) -> Running | None:
    """The part's process when it lives and is ours; a pid file that somebody else's process inherited counts for nothing."""
    try:
        running = Running(**json.loads(_pid_file(place, part).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return running if _is_ours(place, part, running) else None


def _is_ours(place: Place, part: str, running: Running) -> bool:
    """Whether the pid lives and is the process we started: by its start time or, where a clock was set, by its mark."""
    _reap()
    try:
        process = psutil.Process(running.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if abs(process.create_time() - running.started) < 2:  # asked first: an environment is empty during an exec
            return True
        return process.environ().get(MARK) == f"{place.run}:{part}"
    except psutil.Error:
        return False


def _reap() -> None:
    """Take note of children that have ended, so that they do not linger as zombies."""
    for pid, child in list(_children.items()):
        if child.poll() is not None:
            _children.pop(pid, None)


def strays(place: Place) -> Iterator[psutil.Process]:
    """Every process that carries this run folder's mark, whatever the pid files say."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if process.environ().get(MARK, "").startswith(f"{place.run}:"):
                yield process


def send(place: Place, part: str, number: signal.Signals) -> bool:
    """Send a signal to the part's process; false when it is not up."""
    running = find(place, part)
    if running is None:
        return False
    with suppress(ProcessLookupError):
        os.kill(running.pid, number)
    return True


def stop(place: Place, part: str, number: signal.Signals = signal.SIGTERM) -> bool:
    """End a part: ask with a signal, wait, then kill it and what it left behind. False when it was not up."""
    running = find(place, part)
    if running is not None:
        family = _family(running.pid)
        send(place, part, number)
        wait_until(lambda: find(place, part) is None, place.settings.stop_seconds)
        for process in family:
            with suppress(psutil.Error):
                process.kill()
        wait_until(lambda: find(place, part) is None, 5)
    _pid_file(place, part).unlink(missing_ok=True)
    return running is not None


def _family(pid: int) -> list[psutil.Process]:
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def wait_until(condition: Callable[[], bool], seconds: float, pause: float = 0.05) -> bool:
    """Wait for a condition; false when it did not come true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


def memory_kib(pid: int) -> int:
    """Proportional set size of a process and its children, in KiB; 0 when it cannot be read."""
    total = 0
    for process in _family(pid):
        with suppress(OSError, psutil.Error):
            total += _pss_kib(process.pid)
    return total


def _pss_kib(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup")
    if not rollup.parent.exists():  # not Linux: the resident size is the nearest there is
        rss: int = psutil.Process(pid).memory_info().rss
        return rss // 1024
    return next(int(line.split()[1]) for line in rollup.read_text().splitlines() if line.startswith("Pss:"))


def _pid_file(place: Place, part: str) -> Path:
    return place.folder("pids") / f"{part}.json"
