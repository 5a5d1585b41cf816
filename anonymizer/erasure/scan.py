"""Reads every file of the lake and of its jobs for somebody's id: as the bytes lie there, and unpacked."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

PACKED = {".zst": "zstd", ".lz4": "lz4", ".br": "brotli"}


@dataclass
class Scanned:
    """What was read, and the files in which something was found."""

    files: int = 0
    bytes: int = 0
    found: list[str] = field(default_factory=list)


def scan(places: Iterable[Path], spellings: Iterable[str]) -> Scanned:
    """Look for the spellings, in any case, in all files of the folders (or single files) given."""
    wanted = [text.lower().encode() for text in spellings]
    seen = Scanned()
    for place in places:
        for file in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if not file.is_file() or file.is_symlink():
                continue
            try:
                _look(file, wanted, seen)
            except FileNotFoundError:
                continue  # upkeep has removed it meanwhile
    return seen


def _look(file: Path, wanted: list[bytes], seen: Scanned) -> None:
    seen.files += 1
    for content in _contents(file):
        seen.bytes += len(content)
        lowered = content.lower()
        if any(text in lowered for text in wanted):
            seen.found.append(str(file))
            return


def _contents(file: Path) -> Iterator[bytes]:
    """The file's bytes, and what they unpack to."""
    raw = file.read_bytes()
    yield raw
    if file.suffix == ".parquet":
        for batch in pq.ParquetFile(pa.BufferReader(raw)).iter_batches():
            for column in batch.columns:
                yield from _texts(column)
    elif file.suffix == ".gz":
        yield gzip.decompress(raw)
    elif file.suffix in PACKED:
        yield pa.CompressedInputStream(pa.BufferReader(raw), PACKED[file.suffix]).read()


def _texts(column: pa.Array) -> Iterator[bytes]:
    """The text in a column, one value a line; of nested ones, of every part (a Delta checkpoint is made of them)."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        yield from _texts(column.dictionary_decode())
    elif pa.types.is_struct(kind):
        for part in column.flatten():
            yield from _texts(part)
    elif pa.types.is_map(kind):
        yield from _texts(column.keys)
        yield from _texts(column.items)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from _texts(column.flatten())
    elif not pa.types.is_primitive(kind):
        values = (one for one in column.to_pylist() if one is not None)
        yield b"\n".join(one if isinstance(one, bytes) else str(one).encode() for one in values)
