"""A copy of the lake is the lake at one moment, whoever writes meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pyarrow as pa
import pytest

from lake import backup as copying
from lake.backup import backup, bring
from lake.kit.errors import Retry, Stop
from lake.store import LocalStore, Position
from lake.store.gate import Gate
from tests.lib.stream import wait_until

FIRST, SECOND = "restricted/bronze/first", "silver/second"
SCHEMA = pa.schema([pa.field("_position", pa.int64()), pa.field("_day", pa.string())])


def append(store: LocalStore, path: str, at: int) -> None:
    rows = pa.Table.from_pylist([{"_position": at, "_day": "2026-01-01"}], SCHEMA)
    store.append(path, rows, app="test", upto=Position(at))


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    made = LocalStore(tmp_path / "lake")
    for path in (FIRST, SECOND):
        made.create(path, SCHEMA)
        append(made, path, 0)
    (made.root / "leases").mkdir(exist_ok=True)
    (made.root / "gold" / "product" / "v0001").mkdir(parents=True)
    (made.root / "gold" / "product" / "v0001" / "manifest.json").write_text("{}")
    return made


def copied_while_a_step_is_half_done(store: LocalStore, target: Path, seen: Callable[[], bool]) -> tuple[int, int]:
    """The rows of both tables in a copy that begins between the two appends of one step."""
    half, done = threading.Event(), threading.Event()

    def step() -> None:
        writer = LocalStore(store.root)
        with Gate(store.root).passing():
            append(writer, FIRST, 1)
            half.set()
            wait_until(lambda: seen() or done.is_set(), 20, 0.01)
            append(writer, SECOND, 1)

    writing = threading.Thread(target=step)
    writing.start()
    assert half.wait(20)
    backup(store.root, target)
    done.set()
    writing.join()
    copy = LocalStore(target)
    return copy.read(FIRST).num_rows, copy.read(SECOND).num_rows


def test_a_step_that_is_under_way_is_in_the_copy_as_a_whole(store: LocalStore, tmp_path: Path) -> None:
    waits = Gate(store.root).awaited
    assert copied_while_a_step_is_half_done(store, tmp_path / "copy", waits) == (2, 2)


def test_without_the_standstill_the_copy_would_hold_half_a_step(
    store: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "_standstill", lambda root, patience: nullcontext())
    assert copied_while_a_step_is_half_done(store, tmp_path / "copy", lambda: False) == (2, 1)


def test_what_the_lake_holds_no_more_leaves_the_copy_with_the_second_pass(store: LocalStore, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    target.mkdir()
    bring(store.root, target, loose=True)
    erased = store.files(FIRST)[0]
    Path(erased).unlink()
    bring(store.root, target)
    assert not (target / Path(erased).relative_to(store.root)).exists()
    assert not (target / "leases").exists()


def test_the_shelf_alone_has_no_personal_row_but_who_must_never_enter(store: LocalStore, tmp_path: Path) -> None:
    for path in ("restricted/erased", "restricted/receipts"):
        store.create(path, SCHEMA)
    backup(store.root, tmp_path / "copy", shelf_only=True)
    tables = {str(log.parent.relative_to(tmp_path / "copy")) for log in (tmp_path / "copy").rglob("_delta_log")}
    assert tables == {"restricted/erased", "restricted/receipts"}
    assert (tmp_path / "copy" / "gold" / "product" / "v0001" / "manifest.json").exists()


def test_a_writer_that_does_not_pause_is_named_and_a_used_folder_is_left_alone(
    store: LocalStore, tmp_path: Path
) -> None:
    with Gate(store.root).passing(), pytest.raises(Retry, match="inside one step"):
        backup(store.root, tmp_path / "copy", patience=0.1)
    with pytest.raises(Stop, match="holds something already"):
        backup(store.root, tmp_path / "copy")
