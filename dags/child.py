"""Running a command to its end, so that it never outlives the task that started it."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from settings import CHECKOUT, command_environment

RETRY, INTERRUPTED = 75, 130  # exit codes: the world failed; somebody pressed Ctrl-C
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code (negative: the signal that killed it), its summary, its own last words."""

    code: int
    summary: dict[str, Any]
    message: str

    @property
    def may_succeed_later(self) -> bool:
        """Whether the same command may be run again: the world failed, or something killed it."""
        return self.code in (RETRY, INTERRUPTED) or self.code < 0


class Child:
    """One command. It stays in the task's process group, and Linux kills it when the task's process is gone."""

    def __init__(self, argv: Sequence[str]) -> None:
        parent = os.getpid()
        self._process = subprocess.Popen(
            argv, cwd=CHECKOUT, env=command_environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
            preexec_fn=lambda: _die_with(parent),  # noqa: PLW1509 - one system call, before any other thread is started
        )  # fmt: skip
        self._last = deque[str](maxlen=50)

    def wait(self, tell: Callable[[str], None]) -> Ended:
        """Pass on each line of stderr as it comes, until the command has ended."""
        listener = threading.Thread(target=self._listen, args=(tell,), daemon=True)
        listener.start()
        printed = self._process.stdout.read() if self._process.stdout else ""
        code = self._process.wait()
        listener.join(5)
        return Ended(code, last_object(printed), last_words(list(self._last), code))

    def end(self) -> None:
        """Ask it to end; each command is safe to run again."""
        with suppress(ProcessLookupError):
            self._process.terminate()

    def _listen(self, tell: Callable[[str], None]) -> None:
        for line in self._process.stderr or ():
            if text := line.rstrip():
                self._last.append(text)
                tell(text)


def _die_with(parent: int) -> None:
    if _LIBC is None:
        return
    _LIBC.prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:  # it went before the line above
        os._exit(RETRY)


def last_object(text: str) -> dict[str, Any]:
    """The last line of a text that is a JSON object; an empty one when there is none."""
    for line in reversed(text.splitlines()):
        with suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                return found
    return {}


def last_words(lines: list[str], code: int) -> str:
    """Why a command failed, in its own words: the last line on stderr that is no fact of its log."""
    said = [line for line in lines if not line.startswith("{")]
    if code < 0:
        return f"The command was killed ({signal.Signals(-code).name})."
    return said[-1] if said else f"The command ended with exit code {code} and said nothing."
