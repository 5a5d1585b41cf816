"""What an engine promises, on both of them: each test runs on the embedded engine and on Spark."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
import pytest
from deltalake import DeltaTable

from lake.contracts.names import BRONZE, digest_path
from lake.contracts.tables import BY_NAME
from lake.kit.errors import Retry, Stop
from lake.load import compare, load
from lake.schema import BRONZE as BRONZE_SCHEMA
from lake.schema import SETTLED
from lake.settings import LakeSettings
from lake.store import START, Busy, LocalStore, Position, SecondWriter, Span, Store, lease, open_store
from lake.store.engine import engine_of, mark, switch
from lake.store.spark import SparkStore
from lake.upkeep.compact import compact
from lake.upkeep.maintain import maintain
from tests.integration.lake.conftest import make_settings
from tests.integration.lake.test_maintain import LATER, restricted
from tests.lib.silver import Silver
from tests.lib.spark import spark_settings
from tests.lib.stack import Stack

SCHEMA = pa.schema(
    [
        ("_position", pa.int64()), ("id", pa.string()), ("kind", pa.string()), ("number", pa.int32()),
        ("big", pa.int64()), ("yes", pa.bool_()), ("at", pa.timestamp("us", tz="UTC")), ("week", pa.date32()),
        ("raw", pa.binary()), ("_op", pa.string()), ("_day", pa.string()),
    ]
)  # fmt: skip
DAY = "2026-01-01"
Open = Callable[[], Store]


def table(first: int, count: int, **more: Any) -> pa.Table:
    """Rows at consecutive positions."""
    rows = [
        {"_position": at, "id": f"id{at}", "number": at, "at": at * 1_000_001, "raw": b"\x00\xff", "_day": DAY} | more
        for at in range(first, first + count)
    ]
    return pa.Table.from_pylist(rows, SCHEMA)


def ids(store: Store, path: str = "silver/things") -> list[str]:
    return sorted(store.read(path, columns=["id"])["id"].to_pylist())


@pytest.fixture(params=["local", "spark"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """A new store on the same lake, as another process would open it."""
    engine = request.param
    return lambda: LocalStore(tmp_path) if engine == "local" else SparkStore(spark_settings(tmp_path))


@pytest.fixture
def store(opened: Open) -> Store:
    made = opened()
    made.create("silver/things", SCHEMA)
    return made


def put(store: Store, first: int, count: int, **more: Any) -> bool:
    after = Position(first - 1) if first else START
    rows = table(first, count, **more)
    return store.append("silver/things", rows, app="test", upto=Position(first + count - 1), after=after)


# ---- append, position, replay ----


def test_rows_come_back_as_they_went_in_with_their_position(store: Store, opened: Open) -> None:
    assert store.position("silver/things", "test") == START
    assert put(store, 0, 5)
    assert put(store, 5, 3)
    again = opened()
    assert again.position("silver/things", "test") == 7
    assert again.changes("silver/things", after=START).select(SCHEMA.names).cast(SCHEMA) == pa.concat_tables(
        [table(0, 5), table(5, 3)]
    )
    assert again.changes("silver/things", after=Position(2), upto=Position(5))["_position"].to_pylist() == [3, 4, 5]
    assert again.read("silver/things", columns=["id"], where=pc.field("number") > 6)["id"].to_pylist() == ["id7"]


def test_a_replay_writes_nothing_and_a_second_writer_loses(store: Store, opened: Open) -> None:
    assert put(store, 0, 5)
    assert not put(opened(), 0, 5)
    assert put(opened(), 5, 5)
    with pytest.raises(SecondWriter, match="A second copy is running"):
        store.append("silver/things", table(5, 9), app="test", upto=Position(13), after=Position(4))
    assert store.append("silver/things", table(90, 1), app="other", upto=Position(0))
    assert len(ids(store)) == 11


def test_a_position_may_move_without_rows(store: Store) -> None:
    files = store.files("silver/things")
    assert store.append("silver/things", SCHEMA.empty_table(), app="lane", upto=Position(41))
    assert store.position("silver/things", "lane") == 41
    assert store.files("silver/things") == files


def test_two_processes_that_append_at_once_lose_nothing(store: Store, opened: Open) -> None:
    def write(app: str, first: int) -> None:
        mine = opened()
        for turn in range(4):
            mine.append("silver/things", table(first + turn, 1), app=app, upto=Position(turn))

    threads = [threading.Thread(target=write, args=(f"app{n}", 100 * n)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [store.position("silver/things", f"app{n}") for n in range(2)] == [3, 3]
    assert len(ids(store)) == 8


def test_a_table_that_is_not_there_is_said(opened: Open) -> None:
    store = opened()
    assert not store.exists("silver/nothing")
    assert store.position("silver/nothing", "test") == START
    with pytest.raises(Stop, match="run the stage that writes it first"):
        store.append("silver/nothing", table(0, 1), app="test", upto=Position(0))


# ---- create ----


def test_a_table_gains_columns_and_never_changes_one(store: Store, opened: Open) -> None:
    put(store, 0, 2)
    wider = SCHEMA.append(pa.field("new", pa.date32()))
    again = opened()
    again.create("silver/things", wider)
    again.create("silver/things", wider)
    rows = table(2, 1).append_column("new", pa.array([7], pa.date32()))
    again.append("silver/things", rows, app="test", upto=Position(2))
    assert again.changes("silver/things", after=START)["new"].to_pylist()[:2] == [None, None]
    assert again.read("silver/things", where=pc.field("new").is_valid()).num_rows == 1
    with pytest.raises(Stop, match="never retyped"):
        again.create("silver/things", pa.schema([pa.field("number", pa.string()), *list(SCHEMA)[:3]]))


def test_every_table_has_the_same_protocol_properties_and_statistics(store: Store) -> None:
    put(store, 0, 3)
    found = DeltaTable(store.root / "silver/things")
    assert (found.protocol().min_reader_version, found.protocol().min_writer_version) == (1, 2)
    assert found.metadata().partition_columns == ["_day"]
    told = found.metadata().configuration
    assert told["delta.dataSkippingStatsColumns"] == "_position"
    assert told.get("delta.enableDeletionVectors", "false") == "false"
    assert "delta.columnMapping.mode" not in told
    log = "".join(p.read_text() for p in (store.root / "silver/things/_delta_log").glob("*.json"))
    assert "id1" not in log, "no value of a row lies in the log"


def test_what_is_restricted_is_readable_by_its_owner_alone(opened: Open) -> None:
    store = opened()
    store.create("restricted/things", SCHEMA)
    assert (store.root / "restricted").stat().st_mode & 0o777 == 0o700


def test_other_readers_read_it(store: Store) -> None:
    put(store, 0, 3)
    assert DeltaTable(store.root / "silver/things").to_pyarrow_table().num_rows == 3
    with duckdb.connect() as memory:
        memory.execute(f"create view things as select * from read_parquet({store.files('silver/things')!r})")
        assert memory.execute("select sum(number), max(week) from things").fetchone()[0] == 3  # type: ignore[index]


# ---- derive ----


class Halves:
    """Work whose parts have shapes of their own."""

    def __call__(self, rows: pa.Table, /) -> Mapping[str, pa.Table]:
        odd = pc.equal(pc.bit_wise_and(rows["number"], 1), 1)
        return {"odd": rows.filter(odd), "names": rows.filter(pc.invert(odd)).select(["id"])}


class Raises:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def __call__(self, rows: pa.Table, /) -> Mapping[str, pa.Table]:
        raise self.error


SPAN = Span("silver/things", Position(2), Position(8), tuple(SCHEMA.names), {"kind": ("a", "b")})


def test_what_is_derived_comes_in_parts_and_can_be_appended(store: Store) -> None:
    for first, kind in ((0, "a"), (5, "b"), (10, "c")):
        put(store, first, 5, kind=kind)
    store.create("silver/odd", SCHEMA)
    with store.derive(SPAN, Halves()) as parts:
        assert sorted(parts["names"].to_table()["id"].to_pylist()) == ["id4", "id6", "id8"]
        both = pads.dataset([parts["odd"], pads.dataset(table(90, 1))])
        assert store.append("silver/odd", both, app="test", upto=Position(8))
    assert ids(store, "silver/odd") == ["id3", "id5", "id7", "id90"]
    with store.derive(table(0, 3), Halves()) as parts:
        assert {part: made.count_rows() for part, made in parts.items()} == {"odd": 1, "names": 2}
    assert not any((store.root / "restricted").glob("scratch/*/*.parquet"))


def test_what_stops_the_work_stops_the_caller_without_quoting_a_row(store: Store, capfd: Any) -> None:
    put(store, 0, 3)
    for error in (Stop("Mend the key."), Retry("The model is away.")):
        with pytest.raises(type(error), match=str(error)), store.derive(table(0, 3), Raises(error)):
            pass
    if isinstance(store, SparkStore):
        with pytest.raises(Retry) as said, store.derive(table(0, 3), Raises(ValueError("canary-7351"))):
            pass
        assert "canary-7351" not in str(said.value) + capfd.readouterr().err


# ---- compact ----


def newest_of_each(rows: pa.Table) -> pa.Table:
    """Of each id the newest row, when it lies above the newest barrier; barriers stay."""
    barrier = pc.max(rows.filter(pc.equal(rows["_op"], "barrier"))["_position"]).as_py() or -1
    seen: dict[Any, int] = {}
    for at, one in enumerate(rows.to_pylist()):
        if one["_op"] == "barrier":
            seen[("barrier", one["_position"])] = at
        elif one["_position"] > barrier and one["_position"] >= rows["_position"][seen.get(one["id"], at)].as_py():
            seen[one["id"]] = at
    return rows.take(pa.array(sorted(seen.values()), pa.int64()))


@pytest.mark.parametrize("by", [(), ("id",)])
def test_compaction_keeps_what_it_is_told_and_touches_nothing_beyond(store: Store, by: tuple[str, ...]) -> None:
    for turn in range(4):
        rows = table(turn * 10, 10, _op="upsert").set_column(1, "id", [[f"id{n}" for n in range(10)]])
        store.append("silver/things", rows, app="test", upto=Position(turn * 10 + 9))
        if turn == 1:
            barrier = table(20, 1, id=None, _op="barrier", number=None)
            store.append("silver/things", barrier, app="barrier", upto=Position(20))
    assert store.compact("silver/things", keep=newest_of_each, upto=Position(29), by=by) == 21
    left = store.changes("silver/things", after=START)
    assert [at for at in left["_position"].to_pylist() if at < 30] == [*range(20, 30)]
    assert left.num_rows == 20
    assert store.position("silver/things", "test") == 39


def test_compaction_without_a_rule_makes_few_files_of_many(store: Store) -> None:
    for turn in range(5):
        put(store, turn, 1)
    assert store.compact("silver/things", upto=Position(4)) == 0
    assert len(store.files("silver/things")) == 1
    assert ids(store) == [f"id{n}" for n in range(5)]


@pytest.mark.parametrize("late", [2, 40], ids=["at an old position", "at a new position"])
def test_an_append_while_compaction_judges_is_not_lost(store: Store, opened: Open, late: int) -> None:
    put(store, 0, 10)
    writing: list[threading.Thread] = []

    def keep(rows: pa.Table) -> pa.Table:
        if not writing:
            writing.append(threading.Thread(target=write))
            writing[0].start()
            writing[0].join(0.0 if isinstance(store, SparkStore) else 20)
        return rows.filter(pc.not_equal(rows["id"], "id5"))

    def write() -> None:
        opened().append("silver/things", table(late, 1, id="late"), app="late", upto=Position(0))

    assert store.compact("silver/things", keep=keep, upto=Position(9)) >= 1
    writing[0].join(60)
    assert sorted(ids(opened())) == sorted(["late", *(f"id{n}" for n in range(10) if n != 5)])


# ---- erase, vacuum ----


def test_erasing_leaves_no_byte(store: Store) -> None:
    put(store, 0, 4)
    put(store, 4, 4, id="canary-9182")
    assert put(store, 8, 2)
    assert store.erase("silver/things", "id = 'canary-9182' and _position < 100") == 4
    assert store.erase("silver/things", "id = 'canary-9182'") == 0
    assert len(ids(store)) == 6
    held = [p for p in (store.root / "silver").rglob("*") if p.is_file() and p.suffix == ".parquet"]
    assert sorted(map(str, held)) == sorted(store.files("silver/things")), "only what the table names is left"
    for file in held:
        assert "canary-9182" not in str(pads.dataset(file).to_table().to_pylist())
    assert put(store, 10, 1)


def test_vacuum_removes_superseded_files(store: Store) -> None:
    for turn in range(4):
        put(store, turn, 1)
    store.compact("silver/things", upto=Position(3))
    assert store.vacuum("silver/things", older_than_hours=24) == 0
    assert store.vacuum("silver/things", older_than_hours=0) == 4
    assert len(ids(store)) == 4


# ---- the two of them ----


def test_either_engine_goes_on_where_the_other_stopped(tmp_path: Path) -> None:
    mine, theirs = LocalStore(tmp_path), SparkStore(spark_settings(tmp_path))
    mine.create("silver/things", SCHEMA)
    for turn in range(4):
        one, other = (mine, theirs) if turn % 2 else (theirs, mine)
        one.create("silver/things", SCHEMA)
        assert put(one, turn * 5, 5)
        assert not put(other, turn * 5, 5)
    assert theirs.erase("silver/things", "number = 3") == 1
    assert mine.erase("silver/things", "number = 9") == 1
    mine.compact("silver/things", upto=Position(19))
    theirs.compact("silver/things", upto=Position(19))
    assert theirs.compact("silver/things", keep=lambda rows: rows.slice(2), upto=Position(19)) == 2
    assert mine.compact("silver/things", keep=lambda rows: rows.slice(2), upto=Position(19)) == 2
    assert mine.read("silver/things").num_rows == theirs.read("silver/things").num_rows == 14
    wider = SCHEMA.append(pa.field("new", pa.string()))
    theirs.create("silver/things", wider)
    mine.create("silver/things", wider.append(pa.field("newer", pa.int32())))
    assert put(theirs, 20, 1)
    assert theirs.position("silver/things", "test") == mine.position("silver/things", "test") == 20
    assert DeltaTable(tmp_path / "silver/things").protocol().min_reader_version == 1


def test_a_position_left_in_the_session_would_make_an_erasure_do_nothing(tmp_path: Path) -> None:
    """The twin: the store gives the position to one write. Left in the session, the next DELETE is taken for a replay."""
    store = SparkStore(spark_settings(tmp_path))
    store.create("silver/things", SCHEMA)
    put(store, 0, 5)
    store.session.conf.set("spark.databricks.delta.write.txnVersion.autoReset.enabled", "false")
    store.session.conf.set("spark.databricks.delta.write.txnAppId", "test")
    store.session.conf.set("spark.databricks.delta.write.txnVersion", "4")
    assert store.erase("silver/things", "number < 3") == 0
    assert len(ids(store)) == 5
    for name in ("write.txnVersion.autoReset.enabled", "write.txnAppId", "write.txnVersion"):
        store.session.conf.unset(f"spark.databricks.delta.{name}")
    assert store.erase("silver/things", "number < 3") == 3


def test_a_lake_has_one_engine_and_a_command_changes_it(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    assert engine_of(root) is None
    assert isinstance(open_store(LakeSettings(root=root, engine="auto")), LocalStore)
    LocalStore(root).create("silver/things", SCHEMA)
    assert engine_of(root) == "local"
    with pytest.raises(Stop, match="python -m lake engine spark"):
        open_store(spark_settings(root))
    with lease(root, "land"), pytest.raises(Busy, match="make down"):
        switch(root, "spark")
    switch(root, "spark")
    assert isinstance(open_store(spark_settings(root)), SparkStore)
    with pytest.raises(Stop, match="python -m lake engine local"):
        open_store(LakeSettings(root=root, engine="local"))
    assert isinstance(open_store(LakeSettings(root=root, engine="auto")), SparkStore)
    mark(root, "local")
    assert engine_of(root) == "local"


# ---- upkeep ----


def grown(settings: LakeSettings) -> None:
    """One row in three versions with its landed changes, released and loaded; from then on Spark writes the lake."""
    silver = Silver(settings.root)
    silver.put("tags", {"name": "a"}, {"name": "a"}, {"name": "a"}, {"name": "b"})
    silver.barrier("votes")
    silver.release()
    load(settings)
    restricted(silver, BRONZE, BRONZE_SCHEMA, 0, 1)
    switch(settings.root, "spark")


def test_upkeep_of_a_lake_that_spark_writes(postgres: Stack, tmp_path: Path) -> None:
    """Bronze folded, old versions and digests settled, small files put together, superseded files gone: by Spark."""
    postgres.recreate("warehouse")
    settings = make_settings(postgres, tmp_path / "lake")
    grown(settings)
    settings = spark_settings(settings.root, **{n: v for n, v in settings if n.startswith("warehouse_")})
    done = maintain(settings.model_copy(update={"upkeep_seconds": 900.0}), LATER)  # a step of Spark's takes seconds
    assert (done.raw_removed, done.seen, done.left_out, done.left) == (2, 5, 2, [])
    store = open_store(settings)
    assert isinstance(store, SparkStore)
    left = store.read("silver/tags", columns=["name", "_day"]).sort_by("name")
    assert left.to_pylist() == [{"name": "a", "_day": SETTLED}, {"name": "b", "_day": SETTLED}]
    assert store.read("silver/votes", columns=["_op"])["_op"].to_pylist() == ["barrier"]
    assert store.read(digest_path(BY_NAME["tags"]), columns=["_position", "_day"]).to_pylist() == [
        {"_position": 0, "_day": SETTLED}, {"_position": 1, "_day": SETTLED},
    ]  # fmt: skip
    assert all(table.equal for table in compare(settings))
    again = compact(settings, ["tags"], LATER)
    assert (again.rows, again.left_out) == (4, 0)


@pytest.fixture(scope="module", autouse=True)
def one_spark() -> Iterator[None]:
    """One Spark for the module, stopped at its end."""
    from tests.lib.spark import stop_spark

    yield
    stop_spark()
