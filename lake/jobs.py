"""The diary of jobs: one line for each command that ran, so that the last run of each can be shown.

Counts and exit codes only; a line never carries a row's value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from lake.kit.clock import utc_now

FILE = "jobs.jsonl"
Summary = Mapping[str, int | float | str | bool | None]


def record(run_dir: Path, job: str, exit_code: int, summary: Summary | None = None) -> None:
    """Append `{"job", "finished_at", "exit", "summary"}` to the run directory's diary in one write.

    A line is far shorter than a page, so that lines of jobs that end together never mix.
    """
    line = {"job": job, "finished_at": utc_now().isoformat(), "exit": exit_code, "summary": dict(summary or {})}
    run_dir.mkdir(parents=True, exist_ok=True)
    with (run_dir / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def last_runs(run_dir: Path) -> dict[str, dict[str, object]]:
    """The newest line of each job; a line that a full disk cut short is passed over."""
    path = run_dir / FILE
    newest: dict[str, dict[str, object]] = {}
    if not path.exists():
        return newest
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and "job" in line:
            newest[line["job"]] = line
    return newest
