"""Numbered versions of a product: `v0001`, `v0002`, … A version is built beside them and appears by one rename."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lake.kit.errors import Stop
from lake.kit.ids import new_id

MANIFEST = "manifest.json"
BUILDING = ".building-"
_NUMBERED = re.compile(r"v(\d{4,9})")


@dataclass(frozen=True)
class Version:
    """One published version."""

    number: int
    folder: Path
    manifest: dict[str, Any]

    @property
    def periods(self) -> frozenset[str]:
        """The first days of its periods, as ISO dates."""
        return frozenset(day.isoformat() for day in self.rows(["period"])["period"].unique().to_pylist())

    def rows(self, columns: list[str] | None = None) -> pa.Table:
        """Its rows, in the order of the manifest's files."""
        return pa.concat_tables(pq.read_table(self.folder / one["path"], columns=columns) for one in self.files)

    @property
    def files(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.manifest["files"]
        return found


def versions(folder: Path) -> list[Version]:
    """All versions in a product's folder, oldest first."""
    if not folder.exists():
        return []
    found = ((int(match[1]), path) for path in folder.iterdir() if (match := _NUMBERED.fullmatch(path.name)))
    return [Version(n, path, json.loads((path / MANIFEST).read_text(encoding="utf-8"))) for n, path in sorted(found)]


def current(folder: Path) -> Version | None:
    """The newest version, or None before the first."""
    return found[-1] if (found := versions(folder)) else None


@contextmanager
def building(folder: Path) -> Iterator[Path]:
    """A new folder to build a version in; removed when the block fails. What a killed build left is removed first."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{BUILDING}*"):
        shutil.rmtree(left)
    made = folder / f"{BUILDING}{new_id().hex}"
    made.mkdir()
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def put_on_shelf(made: Path, number: int) -> Path:
    """Make a built version visible: everything is on disk first, the rename is last. Its files become read-only."""
    for path in sorted(made.rglob("*")):
        if path.is_file():
            path.chmod(0o444)
        _sync(path)
    _sync(made)
    target = made.parent / f"v{number:04d}"
    if target.exists():
        raise Stop(f"{target.parent.name} version {number} exists already: a version is never written twice.")
    made.rename(target)
    _sync(target.parent)
    return target


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
