"""The analyst's door shows silver and gold, and has no way to anything else."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lake.contracts.names import BRONZE, product_path
from lake.contracts.products import PRODUCT_BY_NAME
from lake.kit.errors import Stop
from lake.publish.shelf import building, put_on_shelf
from lake.schema import ARROW
from lake.sql import ask, open_door, shell, statements
from tests.lib.silver import Silver

WEEKLY = "problem_activity_weekly"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    silver = Silver(tmp_path)
    silver.put("tags", {"name": "a"}, {"name": "b"})
    silver.put("tags", {"name": "a", "synonym_of": "b"})
    silver.delete("tags", {"name": "b"})
    for number, problems in ((1, 10), (2, 20)):
        put_version(tmp_path, number, problems)
    (tmp_path / BRONZE).mkdir(parents=True)
    pq.write_table(pa.table({"secret": ["raw"]}), tmp_path / BRONZE / "raw.parquet")
    return tmp_path


def put_version(root: Path, number: int, problems: int) -> None:
    schema = pa.schema([(column.name, ARROW[column.type]) for column in PRODUCT_BY_NAME[WEEKLY].columns])
    row = dict.fromkeys(schema.names, problems) | {"period": date(2026, 1, 5)}
    with building(root / product_path(WEEKLY)) as made:
        pq.write_table(pa.Table.from_pylist([row], schema), made / "rows.parquet")
        manifest = {"created_at": f"2026-0{number}-01T00:00:00+00:00", "files": [{"path": "rows.parquet"}]}
        (made / "manifest.json").write_text(json.dumps(manifest))
        put_on_shelf(made, number)


def rows(root: Path, query: str) -> list[tuple[object, ...]]:
    relation = ask(open_door(root), query)
    assert relation is not None
    return relation.fetchall()


def test_silver_is_current_and_silver_history_is_everything(root: Path) -> None:
    assert rows(root, "select name, synonym_of from silver.tags") == [("a", "b")]
    assert rows(root, "select count(*) from silver_history.tags") == [(4,)]


def test_a_product_is_seen_now_at_a_version_and_at_a_time(root: Path) -> None:
    assert rows(root, f"select problems from gold.{WEEKLY}") == [(20,)]
    assert rows(root, f"select problems from gold_version.{WEEKLY}(1)") == [(10,)]
    assert rows(root, f"select problems from gold_at.{WEEKLY}('2026-01-15')") == [(10,)]
    assert rows(root, f"select problems from gold_at.{WEEKLY}('2025-12-31')") == []
    assert rows(root, f"select version, problems from gold_history.{WEEKLY} order by 1") == [(1, 10), (2, 20)]


def test_before_anything_is_published_a_product_is_empty(root: Path) -> None:
    assert rows(root, "select * from gold.problem_trends_monthly") == []


FORBIDDEN = (
    "select * from read_parquet('{bronze}/raw.parquet')",
    "select * from '{bronze}/raw.parquet'",
    "select * from delta_scan('{bronze}')",
    "select * from read_text('{bronze}/../../../**')",
    "select * from read_blob('/etc/passwd')",
    "select * from glob('{root}/*')",
    "select * from parquet_metadata('{bronze}/raw.parquet')",
    "attach '{root}/x.db'",
    "copy (select * from silver.tags) to '{root}/x.csv'",
    "copy (select 1) to '{root}/silver/tags/x.parquet' (format parquet)",
    "export database '{root}/x'",
    "import database '{root}/x'",
    "install delta",
    "load delta",
    "install httpfs",
    "set enable_external_access = true",
    "set python_enable_replacements = true",
    "reset lock_configuration",
    "select * from secret_of_this_test",
)


@pytest.mark.parametrize("query", FORBIDDEN)
def test_there_is_no_way_to_a_file(root: Path, query: str) -> None:
    secret_of_this_test = pa.table({"secret": [1]})
    with pytest.raises(Stop):
        rows(root, query.format(root=root, bronze=root / BRONZE))
    assert secret_of_this_test.num_rows == 1
    assert not any(path.name.startswith("x") for path in root.rglob("*"))


def test_without_the_lock_the_raw_rows_would_be_readable(root: Path) -> None:
    assert duckdb.sql(f"select secret from read_parquet('{root / BRONZE}/raw.parquet')").fetchall() == [("raw",)]


def test_a_mistake_is_told_with_what_there_is(root: Path) -> None:
    with pytest.raises(Stop, match="show all tables"):
        rows(root, "select * from silver.nothing")


def test_the_shell_sees_what_was_released_meanwhile_and_survives_mistakes(root: Path) -> None:
    lines = iter(["select count(*) as tags", "from silver.tags;", "select * from nothing;", ".exit"])
    shown: list[str] = []

    def read() -> str:
        line = next(lines)
        if "tags" in line and "count" in line:
            Silver(root).store.append("silver/tags", one_more(), app="release", upto=99)  # type: ignore[arg-type]
        return line

    shell(root, read, shown.append)
    assert "│     2 │" in shown[1]
    assert "nothing does not exist" in shown[2]


def one_more() -> pa.Table:
    from lake.contracts.tables import BY_NAME
    from lake.schema import silver_schema

    row = {"name": "z", "_position": 99, "_revision": 0, "_op": "upsert", "_treatment": "t", "_day": "2026-01-01"}
    return pa.Table.from_pylist([row], silver_schema(BY_NAME["tags"]))


def test_a_statement_ends_with_its_semicolon() -> None:
    def reader(*lines: str) -> list[str]:
        waiting = [*lines]

        def read() -> str:
            if not waiting:
                raise EOFError
            return waiting.pop(0)

        return list(statements(read))

    assert reader("select", "1;", "select 2;", "exit", "select 3;") == ["select\n1;", "select 2;"]
