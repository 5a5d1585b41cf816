"""What an engine must do for a table. Paths are relative to the lake's root."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads

from lake.kit.errors import Stop
from lake.store.position import Position


class SecondWriter(Stop):
    """Somebody else has moved the position that only this process should move."""


@dataclass(frozen=True)
class Span:
    """Rows of a table with `after` < `_position` ≤ `upto`, of which each column in `only` holds one of some texts."""

    path: str
    after: Position
    upto: Position
    columns: tuple[str, ...]
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Work(Protocol):
    """A function of rows that an engine may carry to other processes, so it can be pickled.

    It gives each part by name, the same rows however its input is cut into batches; a part without rows may be missing.
    """

    def __call__(self, rows: pa.Table, /) -> Mapping[str, pa.Table]: ...


class Store(Protocol):
    """Append-only tables whose rows carry `_position` (int64) and `_day` (text, the partition)."""

    carries: bool
    """Whether `derive` carries work to other processes, which then open for themselves what the work needs."""

    @property
    def root(self) -> Path:
        """The lake's folder."""

    def create(self, path: str, schema: pa.Schema) -> None:
        """Make the table if it is missing, and add columns that the schema gained; other changes raise Stop."""

    def exists(self, path: str) -> bool:
        """Whether the table has been made."""

    def append(
        self, path: str, rows: pa.Table | pads.Dataset, *, app: str, upto: Position, after: Position | None = None
    ) -> bool:
        """Append rows and move the position of `app` to `upto`, in one commit.

        Returns False, and writes nothing, when `app` is already at or beyond `upto` (a replay). With `after`, the
        position before the commit must be exactly that (START for none): otherwise SecondWriter is raised.
        """

    def position(self, path: str, app: str) -> Position:
        """How far `app` has written into the table; START when it never has."""

    def changes(
        self,
        path: str,
        *,
        after: Position,
        upto: Position | None = None,
        columns: Sequence[str] | None = None,
        where: pc.Expression | None = None,
    ) -> pa.Table:
        """The rows with `after` < `_position` ≤ `upto` that satisfy `where`, in order of position.

        Opens only files that can hold them.
        """

    def read(self, path: str, *, columns: Sequence[str] | None = None, where: pc.Expression | None = None) -> pa.Table:
        """The table's rows, all of them or those that satisfy `where`."""

    def dataset(self, path: str, schema: pa.Schema) -> pads.Dataset:
        """The table's rows as they are now, to be scanned later, in the given shape; empty when it is not made yet."""

    def files(self, path: str) -> list[str]:
        """The absolute paths of the Parquet files that make up the table now."""

    def derive(self, rows: pa.Table | Span, work: Work) -> AbstractContextManager[Mapping[str, pads.Dataset]]:
        """What work makes of rows, part by part; nothing of it is in a table until it is appended.

        The work is done wherever the engine does work: the rows of a Span need not fit into this process. The parts
        live as long as the block. Raises what the work raises, if that is a Stop or a Retry.
        """

    def compact(
        self,
        path: str,
        *,
        keep: Callable[[pa.Table], pa.Table] | None = None,
        upto: Position,
        by: Sequence[str] = (),
    ) -> int:
        """Rewrite the rows up to a position into few files, keeping those that `keep` returns.

        With `by`, an engine may show `keep` a part of the rows at a time: all that are equal in these columns, together
        with all in which the first of them is null. Rows beyond `upto` and appends made meanwhile are untouched.
        Returns the number of rows left out.
        """

    def erase(self, path: str, where: str) -> int:
        """Delete the rows that satisfy an SQL predicate, and the bytes of exactly the files that held them."""

    def vacuum(self, path: str, *, older_than_hours: int, orphans: bool = False) -> int:
        """Remove the files of superseded table versions; returns how many.

        With `orphans` also those that a killed writer left without a commit: only while nobody writes the table.
        """
