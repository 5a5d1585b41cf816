"""The cluster engine: Spark writes, with Delta's own writers; what only looks stays in this process.

Every row that is written, every rewriting and all derived rows go through Spark. Tables are made, and positions,
existence, file lists and rows that the caller wants here as Arrow are read, by `LocalStore`, because the log is the
protocol and every node sees the lake's folder. Spark is started by the first verb that needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads

from lake.kit.errors import Retry, Stop
from lake.settings import LakeSettings
from lake.store import scratch
from lake.store.carry import Judge, carry, parts_of
from lake.store.engine import engine_of, mark
from lake.store.interface import SecondWriter, Span, Work
from lake.store.lease import commit_turn
from lake.store.local import ATTEMPTS, LocalStore
from lake.store.log import metric, newest, unlink_removed
from lake.store.position import START, Position
from lake.store.session import MISSING, open_session
from lake.store.shape import gained

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FEW = 100_000  # rows that become one file
AT_ONCE = 32 * 2**20  # bytes of Parquet that one task of a compaction judges


class SparkStore:
    """The store of a lake that Spark writes. Any number of processes may hold one; a table's commits take turns."""

    carries = True

    def __init__(self, settings: LakeSettings) -> None:
        self._settings, self._here = settings, LocalStore(settings.root)

    @cached_property
    def session(self) -> SparkSession:
        """A Spark session of this store alone, so that nothing set elsewhere reaches its writes."""
        session = open_session(self._settings, "headwater")
        session.conf.set("spark.databricks.delta.write.txnVersion.autoReset.enabled", "true")
        return session

    # ---- looking: in this process ----

    @property
    def root(self) -> Path:
        return self._here.root

    def exists(self, path: str) -> bool:
        return self._here.exists(path)

    def position(self, path: str, app: str) -> Position:
        return self._here.position(path, app)

    def changes(
        self,
        path: str,
        *,
        after: Position,
        upto: Position | None = None,
        columns: Sequence[str] | None = None,
        where: pc.Expression | None = None,
    ) -> pa.Table:
        return self._here.changes(path, after=after, upto=upto, columns=columns, where=where)

    def read(self, path: str, *, columns: Sequence[str] | None = None, where: pc.Expression | None = None) -> pa.Table:
        return self._here.read(path, columns=columns, where=where)

    def dataset(self, path: str, schema: pa.Schema) -> pads.Dataset:
        return self._here.dataset(path, schema)

    def files(self, path: str) -> list[str]:
        return self._here.files(path)

    # ---- writing: Spark ----

    def _folder(self, path: str) -> str:
        return str(self.root / path)

    def _turn(self, path: str) -> AbstractContextManager[None]:
        return commit_turn(self.root / path)

    def create(self, path: str, schema: pa.Schema) -> None:
        if engine_of(self.root) != "spark":
            mark(self.root, "spark")  # first: an unmarked lake with a table in it counts as the embedded engine's
        # A table without rows, or a column more, is an entry in the log: it needs no Spark, which takes seconds for it.
        if not self.exists(path) or gained(path, self._here.schema(path), schema):
            with self._turn(path):
                self._here.create(path, schema)

    def append(
        self, path: str, rows: pa.Table | pads.Dataset, *, app: str, upto: Position, after: Position | None = None
    ) -> bool:
        with self._turn(path):
            for _ in range(ATTEMPTS):
                at = self._here.at(path, app)
                if at >= upto:
                    return False
                if after is not None and at != after:
                    raise SecondWriter(
                        f"{app} is at position {at} in {path}, but this process had left it at {after}. "
                        "A second copy is running: stop one of them, then start again."
                    )
                if self._write(path, rows, app, upto):
                    return True
        raise Retry(f"{path} changed under every one of {ATTEMPTS} attempts to append. Run the command again.")

    def _write(self, path: str, rows: pa.Table | pads.Dataset, app: str, upto: Position) -> bool:
        """Commit rows with a position; False when somebody else was there first."""
        before = self._here.version(path)
        with failures(), refused() as lost:
            writer = self._frame(rows, self._here.schema(path)).write.format("delta").mode("append")
            # For this write alone: in the session's settings they would make a later DELETE do nothing.
            writer.option("txnAppId", app).option("txnVersion", str(int(upto))).save(self._folder(path))
        # Spark passes over a position that the table has, without a word and without a commit.
        return not lost and self._here.version(path) > before

    def _frame(self, rows: pa.Table | pads.Dataset, schema: pa.Schema) -> DataFrame:
        """Rows of this process, or of Parquet files that every node sees, as Spark's."""
        from pyspark.sql.pandas.types import from_arrow_schema  # noqa: PLC0415

        if isinstance(rows, pads.UnionDataset):
            first, *others = [self._frame(child, schema) for child in rows.children]
            for other in others:
                first = first.unionByName(other, allowMissingColumns=True)
            return first
        if isinstance(rows, pads.FileSystemDataset):
            spark = self.session.read.schema(from_arrow_schema(rows.schema))
            found = spark.parquet(*[f"file://{file}" for file in rows.files])
            return found.coalesce(1) if rows.count_rows() <= FEW else found
        table = rows if isinstance(rows, pa.Table) else rows.to_table()
        frame = self.session.createDataFrame(table)
        return frame.coalesce(1) if table.num_rows <= FEW else frame

    @contextmanager
    def derive(self, rows: pa.Table | Span, work: Work) -> Iterator[Mapping[str, pads.Dataset]]:
        with scratch.folder(self.root) as folder:
            with failures():
                frame = self._spanned(rows) if isinstance(rows, Span) else self.session.createDataFrame(rows)
                made = frame.mapInArrow(carry(work, folder), "part string, file string, rows long")
                made.write.parquet(f"file://{folder / 'answer'}")  # of tasks that are run twice it holds one answer
            yield parts_of(pads.dataset(folder / "answer", format="parquet").to_table())

    def _spanned(self, span: Span) -> DataFrame:
        found = self.session.read.format("delta").load(self._folder(span.path))
        found = found.where(f"_position > {int(span.after)} and _position <= {int(span.upto)}")
        for column, texts in span.only.items():
            found = found.where(found[column].isin(list(texts)))
        return found.select(*span.columns)

    def compact(
        self,
        path: str,
        *,
        keep: Callable[[pa.Table], pa.Table] | None = None,
        upto: Position,
        by: Sequence[str] = (),
    ) -> int:
        with self._turn(path):
            if keep is None:
                with failures():
                    self._delta(path).optimize().executeCompaction()
                return 0
            before = self._here.count(path, upto)
            kept = self._judged(path, keep, upto, by) if by else self._judged_here(path, keep, upto)
            if kept is None:
                return 0
            with failures():
                where = f"_position <= {int(upto)}"
                kept.write.format("delta").mode("overwrite").option("replaceWhere", where).save(self._folder(path))
            return before - self._here.count(path, upto)

    def _judged_here(self, path: str, keep: Callable[[pa.Table], pa.Table], upto: Position) -> DataFrame | None:
        rows = self.changes(path, after=START, upto=upto)
        kept = keep(rows)
        if kept.num_rows == rows.num_rows and len(self.files(path)) <= 2:
            return None
        return self._frame(kept, kept.schema)

    def _judged(self, path: str, keep: Callable[[pa.Table], pa.Table], upto: Position, by: Sequence[str]) -> DataFrame:
        """What is kept, judged by the executors: each sees whole keys, and every row that has none."""
        loose = self.changes(path, after=START, upto=upto, where=pc.field(by[0]).is_null())
        size = sum(Path(file).stat().st_size for file in self.files(path))
        tasks = max(1, -(-size // AT_ONCE))
        found = self.session.read.format("delta").load(self._folder(path)).where(f"_position <= {int(upto)}")
        keyed = found.where(found[by[0]].isNotNull()).repartition(tasks, *by)
        kept = keyed.mapInArrow(Judge(keep, loose), found.schema)
        if loose.num_rows:
            kept = kept.unionByName(self._frame(keep(loose), loose.schema))
        return kept.repartitionByRange(tasks, "_position").sortWithinPartitions("_position")

    def _delta(self, path: str) -> Any:
        from delta.tables import DeltaTable  # noqa: PLC0415

        if not self.exists(path):
            raise Stop(f"There is no table at {path} yet: run the stage that writes it first.")
        return DeltaTable.forPath(self.session, self._folder(path))

    def erase(self, path: str, where: str) -> int:
        with self._turn(path):
            with failures():
                before = self._here.version(path)
                self._delta(path).delete(where)
            entry = newest(self.root / path, "DELETE", before)
            unlink_removed(self.root / path, entry)
            return metric(entry, "numDeletedRows")

    def vacuum(self, path: str, *, older_than_hours: int, orphans: bool = False) -> int:
        # No row is read for it, and Spark takes half a minute for what is a listing. The turn is what keeps it from
        # taking away the files of a write that has not committed yet.
        with self._turn(path):
            return self._here.vacuum(path, older_than_hours=older_than_hours, orphans=orphans)


@contextmanager
def failures() -> Iterator[None]:
    """What Spark says when it fails may quote a row: only its kind is passed on. Raises Stop when there is no Spark."""
    try:
        from py4j.protocol import Py4JError  # noqa: PLC0415
        from pyspark.errors import PySparkException  # noqa: PLC0415
    except ImportError as error:
        raise Stop(MISSING) from error

    try:
        yield
    except (PySparkException, Py4JError) as error:
        raise Retry(f"Spark could not finish ({kind(error)}). Look at its log, then run the command again.") from None


def kind(error: Exception) -> str:
    """The class of an error, with Spark's own name for it where it has one."""
    condition = getattr(error, "getCondition", lambda: None)()
    return f"{type(error).__name__} {condition}" if condition else type(error).__name__


@contextmanager
def refused() -> Iterator[list[bool]]:
    """A list that is not empty when Delta refused the commit because another came first."""
    from delta.exceptions import DeltaConcurrentModificationException  # noqa: PLC0415

    lost: list[bool] = []
    try:
        yield lost
    except DeltaConcurrentModificationException:
        lost.append(True)
