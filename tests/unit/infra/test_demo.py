"""The demo's sums, its eye for a payment page, and what it says before it starts anything."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from infra import demo, demo_report
from infra.place import Place
from infra.procurer import Procurer
from infra.settings import Settings
from infra.walk import STOPS, Paid, Walked, known_key
from lake.kit.errors import Retry, Stop


def test_a_stop_that_works_twice_adds_up() -> None:
    walked = Walked("generated")
    walked.add("bronze", {"in": 5, "out": 4, "refused": 1, "offset": 9}, 1.04)
    walked.add("bronze", {"in": 2, "out": 2}, 0.5)
    assert walked.stops == {"bronze": {"in": 7, "out": 6, "refused": 1, "seconds": 1.5}}


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_wrong_data_folder_is_one_clear_line_before_anything_starts(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    place = Place(Settings(run=tmp_path / "run"))
    with pytest.raises(Stop, match="folder"):
        demo.run(place, str(tmp_path / name), Console(file=io.StringIO()))
    assert not place.run.exists()


def full_report() -> Walked:
    walked = Walked(
        "cardano",
        paid=Paid(product="p", rows=2, price="0.040000", receipt={"receipt": {"receipt_id": "1"}, "key_id": "k"}),
    )
    for stop in STOPS:
        walked.add(stop, {"in": 3, "out": 2, "refused": 1}, 0.25)
    return walked


def test_the_report_holds_the_nine_stops_and_the_paid_request(tmp_path: Path) -> None:
    place = Place(Settings(run=tmp_path))
    demo_report.write(place, full_report(), {"APP_URL": "http://127.0.0.1:1", "API_KEY": "key-of-the-demo"})
    report = json.loads((tmp_path / "demo.json").read_text())
    assert list(report["stops"]) == [
        "app",
        "capture",
        "bronze",
        "silver",
        "quality",
        "warehouse",
        "gold",
        "publish",
        "paid",
    ]
    assert all(set(stop) == {"in", "out", "refused", "seconds"} for stop in report["stops"].values())
    assert set(report["paid"]) == {"price", "rows", "receipt", "balance_before", "balance_after"}
    assert (tmp_path / "demo.env").stat().st_mode & 0o777 == 0o600
    assert known_key(place) == "key-of-the-demo"


def test_the_table_has_a_line_for_each_stop_and_an_empty_shelf_is_said() -> None:
    out = io.StringIO()
    walked = full_report()
    walked.paid = Paid(products=["p: no period could be published"])
    demo_report.show(Console(file=out, width=120), walked)
    assert [line.split()[1] for line in out.getvalue().splitlines() if line[:1].isdigit()][:9] == list(STOPS)
    assert "no period could be published" in out.getvalue()
    assert "nothing to buy" in out.getvalue()


def test_before_the_first_run_no_key_is_known(tmp_path: Path) -> None:
    assert known_key(Place(Settings(run=tmp_path))) == ""


def shop(balance: str, credited: bool = True) -> tuple[Procurer, list[httpx.Request]]:
    """A procurer at a shop that answers by rote, and every request that either server got."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.host == "pay" and request.method == "GET":
            return httpx.Response(
                200,
                text='<form method="get"><input name="q"></form><form method="post"><input name="card" value="42"></form>',
            )
        answers = {
            "/v1/account": {"balance": balance},
            "/v1/topups": {"topup_id": "t", "checkout_url": "http://pay/c/1"},
            "/v1/topups/t": {"credited_at": "2026-01-01" if credited else None},
        }
        return httpx.Response(200, json=answers.get(request.url.path, {}))

    client = httpx.Client(transport=httpx.MockTransport(answer))
    return Procurer("http://shop", "a@example.org", "pw", client), seen


@pytest.mark.parametrize(
    ("balance", "needed", "bought"),
    [("0.000000", "8.910000", "25.00"), ("30.000000", "29.000000", None), ("1.500000", "40.010000", "39.00")],
)
def test_balance_is_bought_only_where_it_is_missing_and_paid_on_the_page_as_it_stands(
    balance: str, needed: str, bought: str | None
) -> None:
    procurer, seen = shop(balance)
    procurer.top_up(Decimal(needed))
    orders = [json.loads(r.content)["amount"] for r in seen if r.url.path == "/v1/topups"]
    paid = [r.content for r in seen if r.url.host == "pay" and r.method == "POST"]
    assert (orders, paid) == (([bought], [b"card=42"]) if bought else ([], []))


def test_what_the_shop_refuses_is_said_in_its_own_words() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        return httpx.Response(402, json={"title": "The balance does not cover the price", "detail": "Top up."})

    procurer = Procurer("http://shop", "a@example.org", "pw", httpx.Client(transport=httpx.MockTransport(refuse)))
    with pytest.raises(Stop, match=r"402 to /v1/account: The balance does not cover the price Top up\."):
        procurer.balance()


def test_a_shop_that_is_away_may_be_asked_again() -> None:
    def away(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    procurer = Procurer("http://shop", "a@example.org", "pw", httpx.Client(transport=httpx.MockTransport(away)))
    with pytest.raises(Retry, match="make up"):
        procurer.balance()
