"""The embedded engine: delta-rs and Arrow, in this process.

A table handle is kept and moved forward by reading only new commits, because opening a table costs more with every
commit in its log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError

from lake.kit.errors import Retry, Stop
from lake.store.interface import SecondWriter, Span, Work
from lake.store.log import newest, unlink_removed
from lake.store.position import START, Position
from lake.store.shape import CONFIGURATION, gained

ATTEMPTS = 8


class LocalStore:
    """The store on this machine's disk."""

    carries = False

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._tables: dict[str, DeltaTable] = {}

    @property
    def root(self) -> Path:
        return self._root

    def create(self, path: str, schema: pa.Schema) -> None:
        folder = self.root / path
        if path.startswith("restricted/"):
            (self.root / "restricted").mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(parents=True, exist_ok=True)
        DeltaTable.create(folder, schema, mode="ignore", partition_by="_day", configuration=CONFIGURATION)
        self._tables.pop(path, None)
        self._add_columns(path, schema)

    def _add_columns(self, path: str, schema: pa.Schema) -> None:
        if new := gained(path, self.schema(path), schema):
            write_deltalake(self._open(path), schema.empty_table(), mode="append", schema_mode="merge")
            self._tables.pop(path, None)
            if missing := {f.name for f in new} - set(self.schema(path).names):
                raise Stop(f"Table {path} could not gain the columns {sorted(missing)}.")

    def schema(self, path: str) -> pa.Schema:
        """The columns that the table has now."""
        return pa.schema(self._open(path).schema())

    def version(self, path: str) -> int:
        """The number of the table's newest commit."""
        return int(self._open(path).version())

    def exists(self, path: str) -> bool:
        return path in self._tables or DeltaTable.is_deltatable(str(self.root / path))

    def _open(self, path: str) -> DeltaTable:
        if (table := self._tables.get(path)) is None:
            if not DeltaTable.is_deltatable(str(self.root / path)):
                raise Stop(f"There is no table at {path} yet: run the stage that writes it first.")
            table = self._tables[path] = DeltaTable(self.root / path)
        else:
            table.update_incremental()
        return table

    def append(
        self, path: str, rows: pa.Table | pads.Dataset, *, app: str, upto: Position, after: Position | None = None
    ) -> bool:
        for attempt in range(ATTEMPTS):
            table = self._open(path)
            at = self._position(table, app)
            if at >= upto:
                return False
            if after is not None and at != after:
                raise SecondWriter(
                    f"{app} is at position {at} in {path}, but this process had left it at {after}. "
                    "A second copy is running: stop one of them, then start again."
                )
            given = rows if isinstance(rows, pa.Table) else rows.scanner().to_reader()
            try:
                write_deltalake(table, given, mode="append", commit_properties=_commit(app, upto))
            except CommitFailedError:
                # Refused because the table moved. Compaction may do that: read the position again and decide anew.
                self._tables.pop(path, None)
                time.sleep(0.01 * 2**attempt)
            else:
                return True
        raise Retry(f"{path} changed under every one of {ATTEMPTS} attempts to append. Run the command again.")

    def position(self, path: str, app: str) -> Position:
        return self._position(self._open(path), app) if self.exists(path) else START

    def at(self, path: str, app: str) -> Position:
        """The position of `app` in a table that has to be there."""
        return self._position(self._open(path), app)

    @staticmethod
    def _position(table: DeltaTable, app: str) -> Position:
        version = table.transaction_version(app)
        return START if version is None else Position(version)

    def changes(
        self,
        path: str,
        *,
        after: Position,
        upto: Position | None = None,
        columns: Sequence[str] | None = None,
        where: pc.Expression | None = None,
    ) -> pa.Table:
        table = self._open(path)
        between = pc.field("_position") > after
        if upto is not None:
            between &= pc.field("_position") <= upto
        rows = _scan(self._dataset(table, _files_between(table, after, upto)), columns, between, where)
        return rows.sort_by("_position") if columns is None or "_position" in columns else rows

    def read(self, path: str, *, columns: Sequence[str] | None = None, where: pc.Expression | None = None) -> pa.Table:
        table = self._open(path)
        return _scan(self._dataset(table, table.file_uris()), columns, None, where)

    def dataset(self, path: str, schema: pa.Schema) -> pads.Dataset:
        if not self.exists(path):
            return pads.dataset(schema.empty_table())
        table = self._open(path)
        return self._dataset(table, table.file_uris()).replace_schema(schema)

    def files(self, path: str) -> list[str]:
        return list(self._open(path).file_uris())

    def _dataset(self, table: DeltaTable, files: Sequence[str]) -> pads.Dataset:
        schema = pa.schema(table.schema())
        if not files:
            return pads.dataset(schema.empty_table())
        root = table.table_uri.removeprefix("file://")
        hive = pads.partitioning(pa.schema([("_day", pa.string())]), flavor="hive")
        return pads.dataset(files, schema=schema, format="parquet", partitioning=hive, partition_base_dir=root)

    @contextmanager
    def derive(self, rows: pa.Table | Span, work: Work) -> Iterator[Mapping[str, pads.Dataset]]:
        if isinstance(rows, Span):
            where = None
            for column, texts in rows.only.items():
                one = pc.field(column).isin(list(texts))
                where = one if where is None else where & one
            rows = self.changes(rows.path, after=rows.after, upto=rows.upto, columns=rows.columns, where=where)
        yield {part: pads.dataset(made) for part, made in work(rows).items() if made.num_rows}

    def compact(
        self,
        path: str,
        *,
        keep: Callable[[pa.Table], pa.Table] | None = None,
        upto: Position,
        by: Sequence[str] = (),
    ) -> int:
        del by  # everything is judged at once
        if keep is None:
            self._open(path).optimize.compact()
            self._tables.pop(path, None)
            return 0
        for attempt in range(ATTEMPTS):
            rows = self.changes(path, after=START, upto=upto)
            table = self._tables[path]  # as it was read: what comes late into these positions meanwhile is a conflict
            kept = keep(rows)
            if kept.num_rows == rows.num_rows and attempt == 0 and len(table.file_uris()) <= 2:
                return 0
            try:
                write_deltalake(table, kept, mode="overwrite", predicate=f"_position <= {int(upto)}")
            except CommitFailedError:
                self._tables.pop(path, None)
                time.sleep(0.01 * 2**attempt)
            else:
                self._tables.pop(path, None)
                return int(rows.num_rows - kept.num_rows)
        raise Retry(f"{path} changed under every one of {ATTEMPTS} attempts to compact it. Run the command again.")

    def count(self, path: str, upto: Position) -> int:
        """How many rows lie at or before a position."""
        table = self._open(path)
        found = self._dataset(table, _files_between(table, START, upto))
        return int(found.count_rows(filter=pc.field("_position") <= int(upto)))

    def erase(self, path: str, where: str) -> int:
        for attempt in range(ATTEMPTS):
            table = self._open(path)
            try:
                metrics: dict[str, Any] = table.delete(where)
            except CommitFailedError:
                self._tables.pop(path, None)
                time.sleep(0.01 * 2**attempt)
                continue
            if metrics.get("num_deleted_rows") or metrics.get("num_removed_files"):
                unlink_removed(self.root / path, newest(self.root / path, "DELETE"))
            self._tables.pop(path, None)
            return int(metrics.get("num_deleted_rows") or 0)
        raise Retry(f"{path} changed under every one of {ATTEMPTS} attempts to erase from it. Run the command again.")

    def vacuum(self, path: str, *, older_than_hours: int, orphans: bool = False) -> int:
        table = self._open(path)
        removed = table.vacuum(
            retention_hours=older_than_hours, dry_run=False, enforce_retention_duration=False, full=orphans
        )
        self._tables.pop(path, None)
        return len(removed)


def _scan(
    dataset: pads.Dataset, columns: Sequence[str] | None, between: pc.Expression | None, where: pc.Expression | None
) -> pa.Table:
    """The rows that satisfy both conditions."""
    names = list(columns) if columns else None
    both = between if where is None else where if between is None else between & where
    try:
        return dataset.to_table(columns=names, filter=both)
    except pa.ArrowNotImplementedError:
        # A file that an erasure has rewritten holds texts as views, with which the scan cannot compare a text.
        rows = dataset.to_table(filter=between).filter(where)
        return rows.select(names) if names else rows


def _commit(app: str, upto: Position) -> CommitProperties:
    return CommitProperties(app_transactions=[Transaction(app, int(upto))], max_commit_retries=0)


def _files_between(table: DeltaTable, after: Position, upto: Position | None) -> list[str]:
    """The files whose statistics do not rule out rows between two positions."""
    actions = pa.table(table.get_add_actions(flatten=True))
    low, high = actions["min._position"].to_pylist(), actions["max._position"].to_pylist()
    root = table.table_uri.removeprefix("file://").rstrip("/")
    return [
        f"{root}/{path}"
        for path, first, last in zip(actions["path"].to_pylist(), low, high, strict=True)
        if (last is None or last > after) and (upto is None or first is None or first <= upto)
    ]
