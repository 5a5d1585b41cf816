"""The diary of jobs: one line for each command that ran, so that the last run of each can be shown.

Counts, exit codes and, of a failure, the message that its command printed: none of them carries a row's value.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from lake.kit.clock import utc_now
from lake.kit.errors import HouseError

FILE = "jobs.jsonl"
BEFORE = "jobs.1.jsonl"  # the diary before this one
LONG = 1 << 20  # bytes
LONGEST = 600  # characters of a message that are kept
Summary = Mapping[str, int | float | str | bool | None]
T = TypeVar("T")


def hearing(said: list[str], work: Callable[[], T]) -> T:
    """Do the work of a command; the message of an error that stops it is kept on its way out."""
    try:
        return work()
    except HouseError as error:
        said.append(str(error))
        raise


def record(run_dir: Path, job: str, exit_code: int, summary: Summary | None = None, said: str = "") -> None:
    """Append `{"job", "finished_at", "exit", "summary"}`, and `said` where there was a message, in one write.

    A line is far shorter than a page, so that lines of jobs that end together never mix.
    """
    line = {"job": job, "finished_at": utc_now().isoformat(), "exit": exit_code, "summary": dict(summary or {})}
    line |= {"said": said[:LONGEST]} if said else {}
    run_dir.mkdir(parents=True, exist_ok=True)
    with (run_dir / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def rotate(run_dir: Path) -> bool:
    """Begin a new diary when this one is long; the one before the last goes. A line under way lands in one of the two."""
    path = run_dir / FILE
    if not path.exists() or path.stat().st_size < LONG:
        return False
    path.replace(run_dir / BEFORE)
    return True


def last_runs(run_dir: Path) -> dict[str, dict[str, object]]:
    """The newest line of each job; a line that a full disk cut short is passed over."""
    newest: dict[str, dict[str, object]] = {}
    for path in (run_dir / BEFORE, run_dir / FILE):
        for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if isinstance(line, dict) and "job" in line:
                newest[line["job"]] = line
    return newest
