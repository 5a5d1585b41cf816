"""Rows: who may have them, which they are, in which form."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from tests.lib.shelf import trend_rows
from tests.lib.shops import QUOTE, ROWS, Buyer, TestShop

MICRO = 20_000


@pytest.fixture(scope="module")
def rich(shop: TestShop) -> Buyer:
    return shop.buyer(balance=1_000 * MICRO)


def expected(**conditions: Any) -> list[dict[str, Any]]:
    rows = sorted(trend_rows(), key=lambda row: (row["period"], row["tag"]))
    return [row | {"period": str(row["period"])} for row in rows if all(row[k] == v for k, v in conditions.items())]


@pytest.mark.parametrize("path", [ROWS, QUOTE])
def test_anonymous_gets_nothing(shop: TestShop, path: str) -> None:
    with shop.client() as client:
        answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert {
        "type",
        "title",
        "status",
        "detail",
        "code",
        "details",
        "timestamp",
        "correlation_id",
    } <= answer.json().keys()


def test_rows_are_the_slice_with_price_balance_version_and_receipt(shop: TestShop) -> None:
    buyer = shop.buyer(balance=10 * MICRO)
    with shop.client(buyer) as client:
        answer = client.get(ROWS, params={"tag": "clay", "period.gte": "2025-03-01"})
    document = answer.json()
    assert document["rows"] == [row for row in expected(tag="clay") if row["period"] >= "2025-03-01"]
    assert document["purchase"]["price"] == "0.080000" == answer.headers["headwater-price"]
    assert document["purchase"]["balance"] == "0.120000" == answer.headers["headwater-balance"]
    assert document["version"] == 1 == int(answer.headers["headwater-version"])
    assert document["purchase"]["receipt_id"] == answer.headers["headwater-receipt"]
    assert document["purchase"]["repeat"] is False


def test_a_repeat_in_any_form_is_free_and_says_so(shop: TestShop) -> None:
    buyer = shop.buyer(balance=6 * MICRO)
    with shop.client(buyer) as client:
        first = client.get(ROWS, params={"tag": "clay"})
        for accept in ("application/json", "text/csv", "application/vnd.apache.arrow.stream"):
            again = client.get(ROWS, params={"tag": "clay", "sort": "-votes"}, headers={"Accept": accept})
            assert (again.status_code, again.headers["headwater-price"]) == (200, "0.000000")
            assert again.headers["headwater-repeat"] == "true"
            assert again.headers["headwater-receipt"] == first.headers["headwater-receipt"]
            assert again.headers["headwater-free-until"] > first.json()["purchase"]["free_until"][:4]


@pytest.mark.parametrize(
    ("accept", "read"),
    [
        ("text/csv", lambda body: pa.csv.read_csv(io.BytesIO(body))),
        ("application/vnd.apache.arrow.stream", lambda body: pa.ipc.open_stream(body).read_all()),
        ("application/vnd.apache.parquet", lambda body: pa.parquet.read_table(io.BytesIO(body))),
    ],
)
def test_every_format_holds_the_same_rows(shop: TestShop, rich: Buyer, accept: str, read: Any) -> None:
    with shop.client(rich) as client:
        answer = client.get(ROWS, params={"tag": "kiln"}, headers={"Accept": accept})
    assert answer.headers["content-type"].startswith(accept)
    rows = [row | {"period": str(row["period"])} for row in read(answer.content).to_pylist()]
    assert rows == expected(tag="kiln")


def test_an_unknown_format_is_not_acceptable(shop: TestShop, rich: Buyer) -> None:
    with shop.client(rich) as client:
        assert client.get(ROWS, headers={"Accept": "image/png"}).status_code == 406


def test_measures_narrow_sort_select_and_limit(shop: TestShop, rich: Buyer) -> None:
    parameters = {"problems.gte": "100", "sort": "-problems,tag", "select": "tag,problems", "limit": "3"}
    with shop.client(rich) as client:
        got = client.get(ROWS, params=parameters).json()
    wanted = sorted(
        (r for r in expected() if r["problems"] >= 100), key=lambda r: (-r["problems"], r["tag"], r["period"])
    )
    assert got["rows"] == [{"tag": r["tag"], "problems": r["problems"]} for r in wanted[:3]]
    assert got["total"] == len(wanted)


def test_pages_neither_repeat_nor_miss_a_row_and_cost_once(shop: TestShop) -> None:
    buyer = shop.buyer(balance=30 * MICRO)
    seen: list[dict[str, Any]] = []
    path: str | None = f"{ROWS}?limit=7&sort=-votes"
    with shop.client(buyer) as client:
        while path:
            page = client.get(path).raise_for_status().json()
            seen += page["rows"]
            path = page["next"]
    assert sorted(seen, key=str) == sorted(expected(), key=str)
    assert shop.balance(buyer.procurer_id) == 0


def test_a_cursor_is_bound_to_its_query_and_version(shop: TestShop, rich: Buyer) -> None:
    with shop.client(rich) as client:
        cursor = client.get(ROWS, params={"limit": 1}).json()["cursor"]
        other = client.get(ROWS, params={"limit": 1, "tag": "clay", "cursor": cursor})
        broken = client.get(ROWS, params={"cursor": "nonsense"})
    assert (other.status_code, other.json()["code"]) == (400, "cursor_mismatch")
    assert (broken.status_code, broken.json()["code"]) == (400, "bad_value")


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"colour": "red"}, "unknown_parameter"),
        ({"tag.like": "c%"}, "unknown_parameter"),
        ({"problems.gte": "many"}, "bad_value"),
        ({"period": "yesterday"}, "bad_value"),
        ({"limit": "0"}, "bad_value"),
        ({"select": "secret"}, "bad_value"),
        ({"version": "x"}, "bad_value"),
        ({"version": "99"}, "not_found"),
    ],
)
def test_a_wrong_question_is_refused_and_free(
    shop: TestShop, rich: Buyer, parameters: dict[str, str], code: str
) -> None:
    before = shop.balance(rich.procurer_id)
    with shop.client(rich) as client:
        answer = client.get(ROWS, params=parameters)
    assert answer.json()["code"] == code
    assert shop.balance(rich.procurer_id) == before


def test_an_unchanged_answer_is_304_and_free(shop: TestShop) -> None:
    buyer = shop.buyer(balance=MICRO * 6)
    with shop.client(buyer) as client:
        first = client.get(ROWS, params={"tag": "clay"})
        again = client.get(ROWS, params={"tag": "clay"}, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["headwater-price"]) == (304, b"", "0.000000")


def test_every_answer_says_where_the_limit_stands(shop: TestShop, rich: Buyer) -> None:
    with shop.client(rich) as client:
        answer = client.get(QUOTE)
    assert answer.headers["ratelimit"].startswith('"key";r=')
    assert answer.headers["ratelimit-policy"] == '"key";q=1000000;w=60'
    assert int(answer.headers["x-ratelimit-remaining"]) < 1_000_000


def test_the_correlation_id_of_the_request_comes_back(shop: TestShop, rich: Buyer) -> None:
    with shop.client(rich) as client:
        answer = client.get(QUOTE, params={"colour": "red"}, headers={"X-Correlation-Id": "mine-1"})
    assert answer.headers["x-correlation-id"] == "mine-1" == answer.json()["correlation_id"]
