"""A table's Delta log, read entry by entry: what a commit did, and which files it removed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

Entry = list[dict[str, Any]]


def newest(folder: Path, operation: str, since: int = -1) -> Entry:
    """The actions of the newest commit of an operation after the version `since`; nothing when there is none."""
    for file in sorted((folder / "_delta_log").glob("[0-9]*.json"), reverse=True):
        if int(file.stem) <= since:
            break
        actions = [json.loads(line) for line in file.read_text().splitlines()]
        if any(action.get("commitInfo", {}).get("operation") == operation for action in actions):
            return actions
    return []


def unlink_removed(folder: Path, entry: Entry) -> None:
    """Remove the bytes of the files that a commit removed, named by its own entry, never by a listing."""
    for action in entry:
        if "remove" in action:
            (folder / unquote(action["remove"]["path"])).unlink(missing_ok=True)


def metric(entry: Entry, name: str) -> int:
    """A number that a commit says of itself; 0 when it does not."""
    found: dict[str, Any] = next((action["commitInfo"] for action in entry if "commitInfo" in action), {})
    return int(found.get("operationMetrics", {}).get(name, 0))
