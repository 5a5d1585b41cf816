"""Running a room's command to its end: what it printed as JSON, or the one line that says why it failed."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from typing import Any

from infra.place import Place
from infra.settings import CHECKOUT, process_environment
from lake.kit.errors import EXIT_INTERRUPTED, EXIT_RETRY, HouseError, Retry, Stop

Summary = dict[str, Any]
_GRACE = 5.0  # seconds a command may take to end by itself when it is told to
_running: set[subprocess.Popen[str]] = set()


def has_command(module: str) -> bool:
    """Whether `python -m module` finds something to run, without importing it."""
    folder = CHECKOUT.joinpath(*module.split("."))
    return (folder / "__main__.py").exists() or folder.with_suffix(".py").exists()


def call(place: Place, module: str, *words: str, seconds: float | None = None, whole: bool = False) -> Summary:
    """Run `python -m <module> <words>`; the last JSON object it printed, or nothing when it printed none.

    What it writes on stderr goes to `logs/<module>-<verb>.log`. When it fails, its last line (all it said, when `whole`)
    becomes the message of a `Stop` or `Retry`, by its exit code; after `seconds` it is ended and a `Retry` says so.
    """
    log = place.log(f"{module}-{words[0]}")
    with log.open("ab") as errors:
        start = errors.tell()
        child = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            cwd=CHECKOUT, env=process_environment(place.run), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=errors, text=True,
        )  # fmt: skip
        _running.add(child)
        try:
            printed, _ = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Retry(f"`python -m {module} {words[0]}` did not end within {seconds:.0f} s: {log}") from None
        finally:
            _end(child)
            if child.stdout:
                child.stdout.close()
    if child.returncode:
        with log.open("rb") as file:
            file.seek(start)
            said = file.read().decode(errors="replace")
        if whole and printed.strip():
            raise Stop(printed.strip())
        raise _failure(f"python -m {module} {words[0]}", child.returncode, said or printed, str(log))
    return last_object(printed)


def end_running() -> None:
    """End every command that is still running, in whichever thread; each is safe to run again."""
    for child in list(_running):
        _end(child)


def _end(child: subprocess.Popen[str]) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(_GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    _running.discard(child)


def last_object(text: str) -> Summary:
    """The last line of a text that is a JSON object; an empty one when there is none."""
    for line in reversed(text.splitlines()):
        with suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                return found
    return {}


def _failure(command: str, code: int, said: str, log: str) -> HouseError:
    if code == EXIT_INTERRUPTED:
        raise KeyboardInterrupt
    lines = [line for line in said.splitlines() if line.strip() and not line.startswith("{")]
    known = bool(lines) and "Traceback (most recent call last):" not in lines
    why = lines[-1] if known else f"it ended with exit code {code}, see {log}"
    return (Retry if code == EXIT_RETRY else Stop)(f"`{command}` failed: {why}")
