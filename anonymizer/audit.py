"""Looks for what must not be there: given identifiers, in every spelling, in every file of what release left behind.

Used by the tests with planted canaries and by hand with whatever somebody is afraid of. It says where, never what.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lake.kit.errors import Stop

RESTRICTED = "restricted"


class CanarySurvived(Stop):
    """An identifier was found behind the door."""


@dataclass(frozen=True)
class Sighting:
    """A file, the column where it has columns, and which of the given identifiers (by number, from 1) is in it."""

    file: str
    column: str
    canary: int


def search(root: Path, canaries: Iterable[str], *, restricted: bool = False) -> list[Sighting]:
    """Every place below a folder that holds one of the identifiers as it is, in lower or in upper case.

    Reads Parquet by column and everything else byte for byte; logs, Delta logs and reports included. The restricted
    folder is left out unless it is asked for.
    """
    wanted = {number: _spellings(canary) for number, canary in enumerate(canaries, 1) if canary.strip()}
    seen = []
    for file in sorted(path for path in root.rglob("*") if path.is_file()):
        name = file.relative_to(root)
        if restricted or RESTRICTED not in name.parts:
            for column, content in _contents(file):
                seen += [
                    Sighting(name.as_posix(), column, n)
                    for n, forms in wanted.items()
                    if any(f in content for f in forms)
                ]
    return seen


def check(root: Path, canaries: Iterable[str]) -> int:
    """Search, and raise CanarySurvived where anything was found; returns how many identifiers were looked for."""
    listed = list(canaries)
    if seen := search(root, listed):
        places = ", ".join(sorted({f"{s.file} {s.column}".strip() for s in seen})[:10])
        raise CanarySurvived(
            f"{len({s.canary for s in seen})} of {len(listed)} identifiers were found in: {places}. Stop release, mend the "
            "treatment, then `python -m anonymizer release --again DAY TABLE` and erase the old versions."
        )
    return len(listed)


def _spellings(canary: str) -> tuple[bytes, ...]:
    return tuple({form.encode() for form in (canary, canary.lower(), canary.upper())})


def _contents(file: Path) -> Iterator[tuple[str, bytes]]:
    """What a file holds: its bytes as they are and, because Parquet compresses, the text of its columns."""
    yield "", file.read_bytes()
    if file.suffix == ".parquet":
        for batch in pq.ParquetFile(file).iter_batches():
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                if not pa.types.is_nested(column.type):
                    yield name, "\n".join(_text(value) for value in column.to_pylist() if value is not None).encode()


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
