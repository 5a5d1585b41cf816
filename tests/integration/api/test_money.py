"""Money: nobody overspends, nothing is paid twice, every split costs the same, and no price tells a value."""

from __future__ import annotations

import itertools
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row

from tests.lib.shelf import publish_version, trend_rows, weekly_rows
from tests.lib.shops import QUOTE, ROWS, Buyer, TestShop, at_once, wait_for

MICRO = 20_000
WEEKLY = "/v1/products/problem_activity_weekly/rows"
WEEK_MICRO = 10_000
SLOW_READ = "FOR NO KEY UPDATE; PERFORM pg_sleep(0.05);"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def assert_books_agree(shop: TestShop) -> None:
    assert shop.sql("SELECT * FROM billing.differences") == []


# --- overspending ------------------------------------------------------------------------------------------------


def fifty_requests() -> list[str]:
    return [f"{WEEKLY}?period={row['period']}" for row in weekly_rows()[:50]]


@pytest.mark.parametrize("code", ["FOR NO KEY UPDATE;", SLOW_READ])
def test_fifty_different_requests_on_a_balance_for_ten_pay_for_exactly_ten(shop: TestShop, code: str) -> None:
    buyer = shop.buyer(balance=10 * WEEK_MICRO)
    with shop.rewritten("metering.buy", "FOR NO KEY UPDATE;", code):
        answers = at_once(shop, buyer, fifty_requests())
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(200), statuses.count(402)) == (10, 40)
    assert shop.balance(buyer.procurer_id) == 0
    spent = shop.sql("SELECT sum(price) AS spent FROM metering.purchases WHERE procurer_id = %s", (buyer.procurer_id,))
    assert spent[0]["spent"] == 10 * WEEK_MICRO
    assert_books_agree(shop)


def test_without_the_lock_and_the_check_more_than_ten_are_served(shop: TestShop) -> None:
    buyer = shop.buyer(balance=10 * WEEK_MICRO)
    shop.sql("ALTER TABLE ledger.accounts DROP CONSTRAINT prepaid_is_never_overspent")
    try:
        with shop.rewritten("metering.buy", "FOR NO KEY UPDATE;", "; PERFORM pg_sleep(0.05);"):
            answers = at_once(shop, buyer, fifty_requests())
        assert sum(answer.status_code == 200 for answer in answers) > 10
        assert shop.balance(buyer.procurer_id) < 0
    finally:
        shop.fund(buyer.procurer_id, 50 * WEEK_MICRO)
        shop.sql("ALTER TABLE ledger.accounts ADD CONSTRAINT prepaid_is_never_overspent CHECK (balance >= 0)")


def test_the_same_request_fifty_times_at_once_is_paid_once(shop: TestShop) -> None:
    buyer = shop.buyer(balance=30 * MICRO)
    answers = at_once(shop, buyer, [f"{ROWS}?tag=clay"] * 50)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.headers["headwater-receipt"] for answer in answers}) == 1
    assert shop.balance(buyer.procurer_id) == 24 * MICRO


def test_a_balance_that_does_not_cover_the_price_is_402_with_both_and_nothing_is_written(shop: TestShop) -> None:
    buyer = shop.buyer(balance=5 * MICRO)
    with shop.client(buyer) as client:
        answer = client.get(ROWS, params={"tag": "clay"}, headers={"Idempotency-Key": "again"})
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (402, "insufficient_balance")
        assert (problem["details"]["price"], problem["details"]["balance"]) == ("0.120000", "0.100000")
        assert shop.sql("SELECT 1 FROM metering.purchases WHERE procurer_id = %s", (buyer.procurer_id,)) == []
        shop.fund(buyer.procurer_id, MICRO)
        assert client.get(ROWS, params={"tag": "clay"}, headers={"Idempotency-Key": "again"}).status_code == 200
    assert shop.balance(buyer.procurer_id) == 0


# --- any split costs the same ------------------------------------------------------------------------------------


@contextmanager
def connection(shop: TestShop) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A connection whose work is thrown away."""
    with psycopg.connect(shop.stack.url("shop_owner", "shop"), row_factory=dict_row) as conn:
        yield conn
        conn.rollback()


def multirange(rows: set[int]) -> str:
    return "{" + ",".join(f"[{row},{row + 1})" for row in sorted(rows)) + "}"


def buy(conn: psycopg.Connection[dict[str, Any]], buyer: UUID, rows: set[int], at: datetime = NOON) -> int:
    """Buy a slice straight from the database; answers the price in rows. The quote before must say the same."""
    name = repr(sorted(rows)).encode()
    quoted = conn.execute(
        "SELECT charged_rows FROM metering.quote(%s, 'p', 1, %s, %s::int4multirange, 1, %s)",
        (buyer, name, multirange(rows), at),
    ).fetchone()
    row = conn.execute(
        "SELECT price_now, outcome FROM metering.buy(%s, %s, 'p', 1, 'c', '[]', %s, %s::int4multirange, 1, NULL, NULL, %s)",
        (uuid4(), buyer, name, multirange(rows), at),
    ).fetchone()
    assert quoted is not None
    assert row is not None
    assert quoted["charged_rows"] == row["price_now"]
    return int(row["price_now"])


def new_buyer(conn: psycopg.Connection[dict[str, Any]]) -> UUID:
    buyer = uuid4()
    conn.execute("INSERT INTO access.procurers VALUES (%s, %s, 'x', 'x', now())", (buyer, f"{buyer}@split.example"))
    conn.execute("INSERT INTO ledger.accounts (kind, owner, balance) VALUES ('prepaid', %s, 1000000)", (str(buyer),))
    return buyer


slices = st.lists(st.sets(st.integers(0, 30), max_size=12), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=slices)
def test_any_split_costs_what_the_union_costs(shop: TestShop, parts: list[set[int]]) -> None:
    with connection(shop) as conn:
        split, whole = new_buyer(conn), new_buyer(conn)
        union = set().union(*parts)
        paid = [buy(conn, split, part) for part in parts]
        assert sum(paid) == buy(conn, whole, union) == max(1, len(union))
        assert all(price >= 0 for price in paid)
        conn.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the ledger's sums are checked as at a commit


def test_without_holdings_a_split_costs_more_than_the_whole(shop: TestShop) -> None:
    held = "SELECT greatest(1, metering.size((p_held - '{[-1,0)}') + p_slice)) - metering.size(p_held)"
    with (
        shop.rewritten("metering.due_rows", held, "SELECT greatest(1, metering.size(p_slice))"),
        connection(shop) as conn,
    ):
        buyer = new_buyer(conn)
        assert sum(buy(conn, buyer, part) for part in ({1, 2}, {2, 3}, set())) == 5


def test_an_empty_slice_costs_the_minimum_once_and_counts_towards_the_first_rows(shop: TestShop) -> None:
    with connection(shop) as conn:
        buyer = new_buyer(conn)
        assert [buy(conn, buyer, part) for part in (set(), {1, 2, 3}, {4})] == [1, 2, 1]
        other = new_buyer(conn)
        assert [buy(conn, other, part) for part in ({1}, set())] == [1, 0]


def test_what_was_bought_is_free_for_thirty_days_and_then_costs_again(shop: TestShop) -> None:
    with connection(shop) as conn:
        buyer = new_buyer(conn)
        prices = [buy(conn, buyer, {1, 2}, NOON + timedelta(days=days)) for days in (0, 1, 30, 32)]
        assert prices == [2, 0, 0, 2]


def test_over_the_api_a_product_costs_the_same_by_month_by_tag_and_whole(shop: TestShop) -> None:
    months = [f"{ROWS}?period=2025-0{month}-01" for month in range(1, 7)]
    tags = [f"{ROWS}?tag={tag}" for tag in ("budget", "clay", "garden", "kiln", "other", "no-such-tag")]
    for paths in ([ROWS], months, tags, [*tags[::-1], *months], [f"{ROWS}?limit=1", ROWS, months[0]]):
        buyer = shop.buyer(balance=100 * MICRO)
        with shop.client(buyer) as client:
            for path in paths:
                client.get(path).raise_for_status()
        assert shop.balance(buyer.procurer_id) == 70 * MICRO, paths


# --- a price tells nothing ---------------------------------------------------------------------------------------


def test_quotes_and_prices_do_not_depend_on_values(shop: TestShop) -> None:
    publish_version(shop.shelf, trend_rows(seed=1), "problem_trends_monthly", 90)
    publish_version(shop.shelf, trend_rows(seed=99), "problem_trends_monthly", 91)  # same grain, other values
    buyer = shop.buyer(balance=1_000 * MICRO)
    grain: tuple[dict[str, str], ...] = (
        {},
        {"tag": "clay"},
        {"period.lt": "2025-03-01"},
        {"tag": "none"},
        {"tag.in": "clay,kiln"},
    )
    values: tuple[dict[str, str], ...] = (
        {},
        {"problems.gte": "300"},
        {"votes.lt": "0"},
        {"sort": "-votes", "limit": "1", "select": "votes"},
    )
    try:
        with shop.client(buyer) as client:
            for slice_ in grain:
                answers = [
                    client.get(QUOTE, params={**slice_, **value, "version": version}).raise_for_status().json()
                    for value, version in itertools.product(values, (90, 91))
                ]
                assert len({str({k: v for k, v in a.items() if k != "version"}) for a in answers}) == 1, slice_
            prices = [
                client.get(ROWS, params={"tag": "clay", "problems.gte": "300", "version": version}).headers[
                    "headwater-price"
                ]
                for version in (90, 91)
            ]
        assert prices == ["0.120000", "0.120000"]
    finally:
        for version in (90, 91):
            (shop.shelf / "problem_trends_monthly" / f"v{version:04d}").rename(shop.run / f"gone{version}")


def test_a_quote_is_free_and_changes_nothing(shop: TestShop) -> None:
    buyer = shop.buyer(balance=MICRO)
    with shop.client(buyer) as client:
        quotes = [client.get(QUOTE).json() for _ in range(3)]
    assert {quote["price"] for quote in quotes} == {"0.600000"}
    assert (quotes[0]["covered"], quotes[0]["balance"]) == (False, "0.020000")


# --- idempotency keys --------------------------------------------------------------------------------------------


def test_a_finished_key_replays_even_when_a_newer_version_is_out(shop: TestShop) -> None:
    buyer = shop.buyer(balance=30 * MICRO)
    with shop.client(
        buyer,
    ) as client:
        client.headers["Idempotency-Key"] = "order-7"
        first = client.get(ROWS, params={"tag": "clay"})
        folder = publish_version(shop.shelf, trend_rows(seed=5), "problem_trends_monthly", 2)
        try:
            again = client.get(ROWS, params={"tag": "clay"}, headers={"Accept": "application/json"})
            unbound = client.get(ROWS, params={"tag": "clay"}, headers={"Idempotency-Key": "order-8"})
        finally:
            folder.rename(shop.run / "gone2")
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["rows"] == first.json()["rows"]
    assert (again.json()["version"], again.json()["purchase"]["price"]) == (1, "0.000000")
    assert (unbound.json()["version"], unbound.json()["purchase"]["price"]) == (2, "0.120000")


def test_a_key_with_another_request_is_refused_and_free(shop: TestShop) -> None:
    buyer = shop.buyer(balance=30 * MICRO)
    with shop.client(buyer) as client:
        client.headers["Idempotency-Key"] = "one"
        client.get(ROWS, params={"tag": "clay"}).raise_for_status()
        other = client.get(ROWS, params={"tag": "kiln"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_conflict")
    assert shop.balance(buyer.procurer_id) == 24 * MICRO


# --- crashes and clients that go away ----------------------------------------------------------------------------


def crash_after_charge(shop: TestShop, buyer: Buyer) -> None:
    """One request whose process is killed between charge and first byte; the shop runs again afterwards."""
    shop.stop("shop")
    seen = shop.log("shop").read_text().count("failpoint_reached")
    shop.start("shop", API_FAILPOINT="after-charge")
    with shop.client(buyer) as client, pytest.raises(httpx.TransportError):
        client.get(ROWS, params={"tag": "clay"}, headers={"Idempotency-Key": "crash"})
    assert shop.processes["shop"].wait(60) == -signal.SIGKILL
    assert shop.log("shop").read_text().count("failpoint_reached") == seen + 1
    shop.stop("shop")
    shop.start("shop")


def test_a_kill_between_charge_and_first_byte_costs_once(shop: TestShop) -> None:
    buyer = shop.buyer(balance=30 * MICRO)
    crash_after_charge(shop, buyer)
    assert shop.balance(buyer.procurer_id) == 24 * MICRO
    with shop.client(buyer) as client:
        for headers in ({}, {"Idempotency-Key": "crash"}):
            again = client.get(ROWS, params={"tag": "clay"}, headers=headers).json()
            assert (again["purchase"]["price"], again["purchase"]["repeat"], again["count"]) == ("0.000000", True, 6)
    assert shop.balance(buyer.procurer_id) == 24 * MICRO
    assert_books_agree(shop)


def test_without_the_memory_of_purchases_a_client_that_repeats_pays_twice(shop: TestShop) -> None:
    buyer = shop.buyer(balance=30 * MICRO)
    with (
        shop.rewritten("metering.buy", "p.query_hash = p_query_hash", "false"),
        shop.rewritten("metering.held", "free_until > p_at", "false"),
        shop.client(buyer) as client,
    ):
        for _ in range(2):
            client.get(ROWS, params={"tag": "clay"}).raise_for_status()
    assert shop.balance(buyer.procurer_id) == 18 * MICRO


def test_a_client_that_hangs_up_pays_once_and_can_come_back(shop: TestShop) -> None:
    buyer = shop.buyer(balance=30 * MICRO)
    request = f"GET {ROWS}?tag=clay HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer {buyer.key}\r\n\r\n".encode()
    for wanted in (0, 1, 60):  # bytes read before hanging up
        with socket.create_connection(("127.0.0.1", shop.shop_port)) as line:
            line.sendall(request)
            if wanted:
                line.recv(wanted)
    wait_for(lambda: shop.balance(buyer.procurer_id) < 30 * MICRO, "the charge is made")
    with shop.client(buyer) as client:
        again = client.get(ROWS, params={"tag": "clay"}).json()
    assert (again["count"], again["purchase"]["price"]) == (6, "0.000000")
    assert shop.balance(buyer.procurer_id) == 24 * MICRO


# --- the ledger --------------------------------------------------------------------------------------------------


def one_sided(conn: psycopg.Connection[dict[str, Any]]) -> None:
    conn.execute("INSERT INTO ledger.transactions VALUES (%s, 'topup', %s, now())", (uuid4(), str(uuid4())))
    conn.execute(
        "INSERT INTO ledger.entries (transaction_id, account_id, amount) SELECT t.transaction_id, a.account_id, 5 "
        "FROM ledger.transactions t, ledger.accounts a ORDER BY t.made_at DESC LIMIT 1"
    )
    conn.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_transaction_that_does_not_sum_to_zero_cannot_commit(shop: TestShop) -> None:
    shop.buyer(balance=1)
    with connection(shop) as conn, pytest.raises(psycopg.errors.CheckViolation, match="sum to zero"):
        one_sided(conn)


def test_without_the_trigger_it_could_and_the_books_say_so(shop: TestShop) -> None:
    shop.buyer(balance=1)
    with connection(shop) as conn:
        conn.execute("ALTER TABLE ledger.entries DISABLE TRIGGER sums_to_zero")
        one_sided(conn)
        assert len(conn.execute("SELECT * FROM billing.differences").fetchall()) >= 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger.entries SET amount = 1",
        "DELETE FROM ledger.entries",
        "DELETE FROM ledger.transactions",
        "TRUNCATE ledger.entries",
    ],
)
def test_entries_are_append_only_even_for_their_owner(shop: TestShop, statement: str) -> None:
    shop.buyer(balance=1)
    with connection(shop) as conn, pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        conn.execute(statement.encode())


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ledger.transactions VALUES (gen_random_uuid(), 'topup', 'x', now())",
        "UPDATE ledger.accounts SET balance = 1000000",
        "SELECT ledger.post(gen_random_uuid(), 'topup', 'x', '{1}', '{2}', '{5}', now())",
        "UPDATE metering.purchases SET price = 0",
        "DELETE FROM metering.holdings",
        "UPDATE billing.topups SET credited_at = now()",
    ],
)
def test_the_serving_role_cannot_write_the_books_itself(shop: TestShop, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        shop.sql(statement, role="shop")
