"""Products on disk: a version's folder is a Delta table of its own, so that any Delta reader opens it as it stands."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake


def append_rows(folder: Path, rows: pa.Table) -> None:
    """Add rows to the Delta table in a folder, or make it; files that are there already are left as they are."""
    write_deltalake(folder, rows, mode="append")


def parquet_files(folder: Path) -> list[Path]:
    """The Parquet files that make up the Delta table in a folder, sorted by name."""
    table = DeltaTable(folder)
    root = table.table_uri.removeprefix("file://").rstrip("/")
    return sorted(folder / Path(uri).relative_to(root) for uri in table.file_uris())
