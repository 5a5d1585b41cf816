"""What commands leave beside the tables: products that were never finished, and the diary of jobs."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from lake.jobs import rotate
from lake.publish.shelf import BUILDING

UNFINISHED_HOURS = 24  # no version takes so long to be put on the shelf


def remove_unfinished(root: Path, now: datetime) -> int:
    """Remove the folders of versions whose publishing was killed; returns how many."""
    limit = (now - timedelta(hours=UNFINISHED_HOURS)).timestamp()
    found = [folder for folder in (root / "gold").glob(f"*/{BUILDING}*") if folder.stat().st_mtime < limit]
    for folder in found:
        shutil.rmtree(folder, ignore_errors=True)
    return len(found)


def shorten_diary(run_dir: Path) -> None:
    """Begin a new diary where the old one has grown long."""
    rotate(run_dir)
