"""The warehouse's `silver` equals the lake's current silver at the cut, whatever happened before."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from lake.contracts.tables import BY_NAME
from lake.kit.errors import Stop
from lake.load import compare, copy, load, warehouse
from lake.load.warehouse import SYSTEM, Connection, warehouse_fields
from lake.settings import LakeSettings
from lake.store import Position
from tests.lib.silver import Silver, pseudonym

WEEK, MONTH = datetime.date(2026, 1, 5), datetime.date(2026, 1, 1)


def post(n: int, **columns: Any) -> dict[str, Any]:
    return {
        "id": pseudonym("post", n), "author_id": pseudonym("person", n % 3), "kind": "problem", "status": "open",
        "title": "never in the warehouse", "title_chars": n, "title_masked": 0, "body": "never either", "body_chars": 12,
        "body_masked": 1, "language": "en", "created_week": WEEK, "created_month": MONTH,
    } | columns  # fmt: skip


def tag(name: str) -> dict[str, Any]:
    return {"name": name, "created_week": WEEK, "created_month": MONTH}


def rows(settings: LakeSettings, query: str) -> list[Any]:
    with psycopg.connect(settings.warehouse_dbt_url.get_secret_value()) as connection:
        return connection.execute(query.encode()).fetchall()


def assert_equal(settings: LakeSettings, **expected: int) -> None:
    outcome = {one.table: one for one in compare(settings)}
    assert [one.table for one in outcome.values() if not one.equal] == []
    assert {table: outcome[table].warehouse_rows for table in expected} == expected


def test_what_was_written_updated_and_deleted_is_equal_at_the_cut(settings: LakeSettings, silver: Silver) -> None:
    silver.put("posts", *(post(n) for n in range(20)))
    silver.put("posts", post(3, status="solved"), post(4, status="solved"))
    silver.delete("posts", {"id": pseudonym("post", 5)})
    silver.put("tags", tag("a"), tag("b"))
    silver.release()
    assert load(settings).changed == 22
    assert_equal(settings, posts=19, tags=2)


def test_a_deleted_row_leaves_its_key_and_position_and_nothing_else(settings: LakeSettings, silver: Silver) -> None:
    silver.put("posts", post(1))
    silver.release()
    load(settings)
    silver.delete("posts", {"id": pseudonym("post", 1)})
    silver.release()
    load(settings)
    with psycopg.connect(settings.warehouse_owner_url.get_secret_value()) as connection:
        (held,) = connection.execute("select to_jsonb(posts) from loaded.posts").fetchall()[0]
    assert {name for name, value in held.items() if value is not None} == {"id", "_position", "_revision", "_op"}


def test_a_column_that_is_added_later_joins_the_rows_that_were_there(
    settings: LakeSettings, silver: Silver, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = BY_NAME["posts"]
    younger = replace(whole, columns=tuple(c for c in whole.columns if c.name != "language"))
    for module in (warehouse, copy):
        monkeypatch.setattr(module, "TABLES", (younger,))
    silver.put("posts", post(1))
    silver.release()
    load(settings)
    with psycopg.connect(settings.warehouse_dbt_url.get_secret_value()) as connection:
        connection.execute("create view work.reader as select * from silver.posts")
    monkeypatch.undo()
    silver.put("posts", post(2))
    silver.release()
    load(settings)
    assert rows(settings, "select language from silver.posts order by _position") == [(None,), ("en",)]
    assert rows(settings, "select count(*) from work.reader") == [(2,)]


def test_a_column_that_changes_its_type_is_refused_with_the_way_out(settings: LakeSettings, silver: Silver) -> None:
    silver.put("posts", post(1))
    silver.release()
    load(settings)
    with psycopg.connect(settings.warehouse_owner_url.get_secret_value()) as connection:
        connection.execute("drop view silver.posts")
        connection.execute("alter table loaded.posts alter column body_chars type bigint")
    with pytest.raises(Stop, match=r"posts.body_chars as bigint.*add a column with a new name"):
        load(settings)


def test_a_table_is_analyzed_when_a_tenth_of_it_is_new(settings: LakeSettings, silver: Silver) -> None:
    def put(first: int, count: int) -> tuple[Any, ...]:
        silver.put("posts", *(post(n) for n in range(first, first + count)))
        silver.release()
        load(settings)
        query = "select last_analyze, greatest(last_analyze, last_autoanalyze) from pg_stat_user_tables"
        with psycopg.connect(settings.warehouse_owner_url.get_secret_value()) as connection:
            (found,) = connection.execute(f"{query} where relname = 'posts' and schemaname = 'loaded'").fetchall()
        return tuple(found)

    before = put(0, 1)
    first = put(1, 2_000)
    assert first[1] != before[1]
    assert put(3_000, 500)[0] == first[0]
    assert put(4_000, 1_500)[1] > first[1]


def test_nothing_beyond_the_cut_is_loaded(settings: LakeSettings, silver: Silver) -> None:
    silver.put("tags", tag("a"))
    cut = silver.release()
    silver.put("tags", tag("b"))
    assert load(settings).cut == cut
    assert_equal(settings, tags=1)
    silver.release()
    load(settings)
    assert_equal(settings, tags=2)


def test_a_second_load_reads_and_changes_nothing(settings: LakeSettings, silver: Silver) -> None:
    silver.put("posts", post(1))
    silver.release()
    load(settings)
    again = load(settings)
    assert (again.versions, again.changed) == (0, 0)


def test_a_deleted_row_that_comes_late_stays_deleted(settings: LakeSettings, silver: Silver) -> None:
    at = silver.put("posts", post(1))
    silver.delete("posts", {"id": pseudonym("post", 1)})
    silver.release()
    load(settings)
    silver.again("posts", post(1), at)
    assert load(settings).changed == 0
    assert_equal(settings, posts=0)


def test_a_row_treated_again_replaces_what_it_was(settings: LakeSettings, silver: Silver) -> None:
    at = silver.put("posts", post(1))
    silver.put("posts", post(2))
    silver.release()
    load(settings)
    silver.again("posts", post(1, body_masked=7), at)
    load(settings)
    assert rows(settings, "select body_masked, _revision from silver.posts order by body_masked") == [(1, 0), (7, 1)]
    assert_equal(settings, posts=2)


def test_a_barrier_removes_everything_older(settings: LakeSettings, silver: Silver) -> None:
    before = silver.put("tags", tag("a"), tag("b"))
    silver.release()
    load(settings)
    silver.barrier("tags")
    silver.put("tags", tag("b"))
    silver.release()
    load(settings)
    assert_equal(settings, tags=1)
    silver.again("tags", tag("a"), before)
    load(settings)
    assert_equal(settings, tags=1)


def test_an_empty_text_and_a_missing_one_stay_apart(settings: LakeSettings, silver: Silver) -> None:
    silver.put("tags", tag("a") | {"synonym_of": ""}, tag("b"), tag('c"\n,'))
    silver.release()
    load(settings)
    assert_equal(settings, tags=3)


def test_free_text_never_enters_the_warehouse(settings: LakeSettings, silver: Silver) -> None:
    silver.put("posts", post(1))
    silver.release()
    load(settings)
    columns = rows(settings, "select column_name from information_schema.columns where table_schema = 'silver'")
    assert not {name for (name,) in columns} & {"title", "body", "headline", "bio", "email", "handle", "location"}


def test_dbt_reads_the_current_rows_and_nothing_else_of_the_load(settings: LakeSettings, silver: Silver) -> None:
    silver.put("tags", tag("a"))
    silver.release()
    load(settings)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        rows(settings, "select * from loaded.tags")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        rows(settings, "delete from silver.tags")


def test_before_the_first_release_the_load_says_what_to_run(settings: LakeSettings, silver: Silver) -> None:
    with pytest.raises(Stop, match="anonymizer release"):
        load(settings)


def test_without_the_guard_of_positions_an_old_version_would_win(
    settings: LakeSettings, silver: Silver, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = silver.put("tags", tag("a"))
    silver.delete("tags", {"name": "a"})
    silver.release()
    load(settings)
    real = copy._upsert
    monkeypatch.setattr(copy, "_upsert", lambda table: real(table).rsplit(" where ", 1)[0])
    monkeypatch.setattr(copy, "_new_versions", lambda *seen: first(silver, at) if seen[2].name == "tags" else None)
    load(settings)
    assert [one.table for one in compare(settings) if not one.equal] == ["tags"]


def first(silver: Silver, at: Position) -> Any:
    """The version of the tags at one position, as a reader gets it that asks for nothing newer."""
    names = [*SYSTEM, *(field.name for field in warehouse_fields(BY_NAME["tags"]))]
    return silver.store.changes("silver/tags", after=Position(at - 1), upto=at, columns=names)


def test_without_the_one_transaction_a_failed_load_would_leave_two_cuts(
    settings: LakeSettings, silver: Silver, monkeypatch: pytest.MonkeyPatch
) -> None:
    silver.put("tags", tag("a"))
    silver.release()
    load(settings)
    silver.put("tags", tag("b"))
    silver.release()

    def fail(point: str, _: str) -> None:
        if point == "load.before_commit":
            raise Stop("failed here")

    def merge_and_commit(connection: Connection, *rest: Any) -> int:
        changed = merge(connection, *rest)
        connection.commit()
        return changed

    merge = copy._merge
    monkeypatch.setattr(copy, "reach", fail)
    for guard, whole in ((merge, True), (merge_and_commit, False)):
        monkeypatch.setattr(copy, "_merge", guard)
        with pytest.raises(Stop, match="failed here"):
            load(settings)
        assert all(one.equal for one in compare(settings)) is whole
