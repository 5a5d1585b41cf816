"""A task's command: what is understood of its end, and that it never outlives the task."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

DAGS = Path(__file__).parents[3] / "dags"
START = """
import sys, time
import child
{before}
started = child.Child([sys.executable, "-c", "import time; time.sleep(60)"])
print(started._process.pid, flush=True)
time.sleep(60)
"""
END = """
import json, sys
import child
told = []
ended = child.Child([sys.executable, "-c", sys.argv[1]]).wait(told.append)
print(json.dumps([ended.code, ended.summary, ended.message, ended.may_succeed_later, told]))
"""


def python(source: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", source, *words], cwd=DAGS, env={**os.environ, "PYTHONPATH": str(DAGS)},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def orphan_after_kill(before: str) -> psutil.Process | None:
    """The command of a task whose process was killed with -9; None when it is gone within two seconds."""
    task = python(START.format(before=before))
    assert task.stdout
    command = psutil.Process(int(task.stdout.readline()))
    task.send_signal(signal.SIGKILL)
    task.wait()
    task.stdout.close()
    end = time.monotonic() + 2
    while time.monotonic() < end:
        if not command.is_running() or command.status() == psutil.STATUS_ZOMBIE:
            return None
        time.sleep(0.02)
    return command


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
def test_a_command_is_gone_with_its_task() -> None:
    assert orphan_after_kill("") is None


def test_without_the_guard_it_goes_on() -> None:
    left = orphan_after_kill("child._LIBC = None")
    assert left is not None
    left.kill()


@pytest.mark.parametrize(
    ("command", "code", "message", "later"),
    [
        ("print('{\"out\": 3}')", 0, None, False),
        ("import sys; print('Kafka is away.', file=sys.stderr); sys.exit(75)", 75, "Kafka is away.", True),
        ('import sys; print(\'Mend it.\\n{"event": "x"}\', file=sys.stderr); sys.exit(65)', 65, "Mend it.", False),
        ("import os; os.kill(os.getpid(), 9)", -9, "The command was killed (SIGKILL).", True),
        ("import sys; sys.exit(70)", 70, "The command ended with exit code 70 and said nothing.", False),
    ],
)
def test_how_a_command_ended_and_whether_it_is_tried_again(
    command: str, code: int, message: str | None, later: bool
) -> None:
    import json

    task = python(END, command)
    printed, _ = task.communicate(timeout=30)
    ended = json.loads(printed)
    assert (ended[0], ended[3]) == (code, later)
    assert ended[1] == ({"out": 3} if code == 0 else {})
    assert message is None or ended[2] == message
