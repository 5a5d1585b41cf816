"""Work in Spark's Python workers: rows come in Arrow batches, parts go into Parquet files that every node sees.

What comes back to Spark is one small row for each file. A task that is run twice leaves two files, and only the
one whose row arrived counts.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq

from lake.kit.errors import HouseError, Retry, Stop
from lake.store.interface import Work

ANSWER = pa.schema([("part", pa.string()), ("file", pa.string()), ("rows", pa.int64())])
SAID = {"!stop": Stop, "!retry": Retry}
Batches = Iterator[pa.RecordBatch]


def carry(work: Work, folder: Path) -> Callable[[Batches], Batches]:
    """A function for mapInArrow that does the work on every batch and says which files it wrote."""

    def run(batches: Batches) -> Batches:
        writing = Writing(folder)
        try:
            for batch in batches:
                if batch.num_rows:
                    writing.add(work, pa.Table.from_batches([batch]))
        except HouseError as error:
            yield from _answer([("!retry" if isinstance(error, Retry) else "!stop", str(error), 0)])
            return
        except Exception as error:  # noqa: BLE001 - the edge of a process: Spark logs the text, which may quote a row
            raise _bare(error) from None
        finally:
            writing.close()
        yield from _answer(writing.written())

    return run


class Writing:
    """The files that one task writes, one for each part."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, tuple[Path, pq.ParquetWriter]] = {}
        self._rows: dict[str, int] = {}

    def add(self, work: Work, rows: pa.Table) -> None:
        """Do the work on some rows, and write what came of them."""
        for part, made in work(rows).items():
            if not made.num_rows:
                continue
            if part not in self._open:
                file = self._folder / f"{uuid4().hex}.parquet"
                self._open[part] = (file, pq.ParquetWriter(file, made.schema, compression="zstd"))
            self._open[part][1].write_table(made)
            self._rows[part] = self._rows.get(part, 0) + made.num_rows

    def close(self) -> None:
        for _, writer in self._open.values():
            writer.close()

    def written(self) -> list[tuple[str, str, int]]:
        """Part, file and rows of what is closed."""
        return [(part, str(file), self._rows[part]) for part, (file, _) in self._open.items()]


class Judge:
    """A function for mapInArrow: `keep` over a whole partition and the rows that belong to every one, without these."""

    def __init__(self, keep: Callable[[pa.Table], pa.Table], everywhere: pa.Table) -> None:
        self._keep, self._everywhere = keep, everywhere

    def __call__(self, batches: Batches) -> Batches:
        mine = list(batches)
        if not mine:
            return
        try:
            yield from self._kept(pa.Table.from_batches(mine)).to_batches()
        except Exception as error:  # noqa: BLE001 - as in `carry`
            raise _bare(error) from None

    def _kept(self, rows: pa.Table) -> pa.Table:
        shape = pa.schema([field.with_nullable(True) for field in rows.schema])
        marked = rows.cast(shape).append_column("_mine", pa.array([True] * rows.num_rows, pa.bool_()))
        others = self._everywhere.select(shape.names).cast(shape)
        others = others.append_column("_mine", pa.array([False] * others.num_rows, pa.bool_()))
        kept = self._keep(pa.concat_tables([marked, others]))
        return kept.filter(kept["_mine"]).select(shape.names).cast(shape)


def parts_of(answer: pa.Table) -> dict[str, pads.Dataset]:
    """The files that all tasks named, as datasets by part. Raises what a task's work has raised."""
    files: dict[str, list[str]] = {}
    for row in answer.to_pylist():
        if raised := SAID.get(row["part"]):
            raise raised(row["file"])
        files.setdefault(row["part"], []).append(row["file"])
    return {part: pads.dataset(named, format="parquet") for part, named in files.items()}


def _answer(rows: list[tuple[str, str, int]]) -> Batches:
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    arrays = [pa.array(list(c), f.type) for c, f in zip(columns, ANSWER, strict=True)]
    yield pa.RecordBatch.from_arrays(arrays, schema=ANSWER)


def _bare(error: Exception) -> RuntimeError:
    """The kind of an error and the place in the code where it came up, without its own text."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return RuntimeError(f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}")
