"""Accounts and keys: who gets in, with what, until when; and the lines of docs/shop.md, which work as they stand."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.lib.shops import CHECKOUT, PASSWORD, QUOTE, ROWS, TestShop

NOBODYS = "6f1d7a0e-3c52-4c7b-9a54-0d2f7c1b8e11"

MICRO = 20_000
CATALOGUE = "/v1/products"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", CATALOGUE),
        ("GET", f"{CATALOGUE}/problem_trends_monthly"),
        ("GET", f"{CATALOGUE}/problem_trends_monthly/versions"),
        ("GET", f"{CATALOGUE}/problem_trends_monthly/versions/1/privacy"),
        ("GET", "/v1/purchases"),
        ("GET", f"/v1/receipts/{NOBODYS}"),
        ("GET", "/v1/keys"),
        ("POST", "/v1/keys"),
        ("DELETE", f"/v1/keys/{NOBODYS}"),
    ],
)
def test_anonymous_gets_nothing(shop: TestShop, method: str, path: str) -> None:
    with shop.client() as client:
        answer = client.request(method, path, json={} if method == "POST" else None)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_an_expired_key_is_refused_and_was_good_before(shop: TestShop) -> None:
    buyer = shop.buyer()
    with shop.client(buyer) as client:
        assert client.get(CATALOGUE).status_code == 200
        shop.sql("UPDATE access.api_keys SET expires_at = now() WHERE procurer_id = %s", (buyer.procurer_id,))
        assert client.get(CATALOGUE).status_code == 401
        shop.sql("UPDATE access.api_keys SET expires_at = now() + '1 h' WHERE procurer_id = %s", (buyer.procurer_id,))
        assert client.get(CATALOGUE).status_code == 200  # the guard was the date and nothing else


def test_a_revoked_key_is_refused_with_the_next_request(shop: TestShop) -> None:
    buyer = shop.buyer()
    with shop.client() as client:
        known = client.get("/v1/keys", auth=(buyer.email, PASSWORD)).json()["keys"]
        assert client.get(QUOTE, headers=buyer.headers).status_code == 200
        assert client.delete(f"/v1/keys/{known[0]['key_id']}", auth=(buyer.email, PASSWORD)).status_code == 204
        assert client.get(QUOTE, headers=buyer.headers).status_code == 401
        shop.sql("UPDATE access.api_keys SET revoked_at = NULL WHERE key_id = %s", (known[0]["key_id"],))
        assert client.get(QUOTE, headers=buyer.headers).status_code == 200


@pytest.mark.parametrize(
    ("scopes", "open_", "closed"),
    [
        (("catalogue",), [CATALOGUE], [ROWS, "/v1/account"]),
        (("rows:problem_trends_monthly",), [QUOTE], [CATALOGUE, "/v1/products/problem_activity_weekly/quote"]),
        (("rows:*",), [QUOTE, "/v1/products/problem_activity_weekly/quote"], ["/v1/account", "/v1/purchases"]),
        (("billing",), ["/v1/account", "/v1/purchases"], [QUOTE, ROWS, CATALOGUE]),
    ],
)
def test_a_key_opens_what_its_scopes_say(
    shop: TestShop, scopes: tuple[str, ...], open_: list[str], closed: list[str]
) -> None:
    with shop.client(shop.buyer(scopes=scopes)) as client:
        assert [client.get(path).status_code for path in open_] == [200] * len(open_)
        refused = [client.get(path) for path in closed]
    assert [answer.status_code for answer in refused] == [403] * len(closed)
    assert refused[0].json()["code"] == "scope_missing"


def test_a_scope_that_does_not_exist_makes_no_key(shop: TestShop) -> None:
    buyer = shop.buyer()
    with shop.client() as client:
        for scopes in (["rows:nothing"], ["admin"], []):
            answer = client.post("/v1/keys", json={"scopes": scopes}, auth=(buyer.email, PASSWORD))
            assert answer.status_code == 422


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(shop: TestShop) -> None:
    buyer = shop.buyer()
    with shop.client() as client:
        wrong = client.get("/v1/keys", auth=(buyer.email, "wrong password"))
        unknown = client.get("/v1/keys", auth=("nobody@buyer.example", PASSWORD))
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json()["detail"] == unknown.json()["detail"]


def test_an_address_can_be_taken_once_whatever_its_case(shop: TestShop) -> None:
    order = {"email": f"{uuid4().hex}@Buyer.example", "password": PASSWORD, "organisation": "One"}
    with shop.client() as client:
        assert client.post("/v1/procurers", json=order).status_code == 201
        again = client.post("/v1/procurers", json=order | {"email": order["email"].upper()})
        short = client.post("/v1/procurers", json=order | {"email": "b@buyer.example", "password": "short"})
    assert (again.status_code, short.status_code) == (409, 422)
    assert "short" not in short.text.replace("shop", "")


def test_keys_and_passwords_are_nowhere_in_the_database_or_the_log(shop: TestShop) -> None:
    buyer = shop.buyer()
    with shop.client(buyer) as client:
        client.get(QUOTE).raise_for_status()
    dumped = json.dumps(
        shop.sql("SELECT * FROM access.api_keys") + shop.sql("SELECT * FROM access.procurers"), default=str
    )
    log = shop.log("shop").read_text()
    assert buyer.key[:12] in dumped  # the prefix is kept to recognise it by
    for secret in (buyer.key, buyer.key[13:], PASSWORD):
        assert secret not in dumped
        assert secret not in log


def test_a_receipt_is_its_buyers_alone_and_verifies_offline(shop: TestShop, tmp_path: Path) -> None:
    buyer, other = shop.buyer(balance=6 * MICRO), shop.buyer()
    with shop.client(buyer) as client:
        receipt_id = client.get(ROWS, params={"tag": "clay"}).headers["headwater-receipt"]
        document = client.get(f"/v1/receipts/{receipt_id}").json()
    with shop.client(other) as client:
        assert client.get(f"/v1/receipts/{receipt_id}").status_code == 404
        public = client.get("/v1/receipt-key").json()["public_key"]
    assert document["receipt"]["price"] == "0.120000"
    assert document["receipt"]["query"] == [["tag", "eq", ["clay"]]]
    kept = tmp_path / "receipt.json"
    for facts, code in ((document["receipt"], 0), (document["receipt"] | {"price": "0.020000"}, 65)):
        kept.write_text(json.dumps(document | {"receipt": facts}))
        assert shop.command("verify", str(kept), "--public-key", public).returncode == code


def test_the_catalogue_shows_columns_prices_versions_and_reports_and_no_value(shop: TestShop) -> None:
    with shop.client(shop.buyer()) as client:
        products = client.get(CATALOGUE).json()["products"]
        versions = client.get(f"{CATALOGUE}/problem_trends_monthly/versions").json()["versions"]
        quality = client.get(f"{CATALOGUE}/problem_trends_monthly/versions/1/quality").json()["quality"]
        privacy = client.get(f"{CATALOGUE}/problem_trends_monthly/versions/1/privacy").json()["privacy"]
        unpublished = client.get(f"{CATALOGUE}/problem_solution_links/rows")
        unknown = client.get(f"{CATALOGUE}/nothing")
    by_name = {product["product"]: product for product in products}
    assert by_name["problem_trends_monthly"]["newest"]["rows"] == 30
    assert by_name["problem_solution_links"]["newest"] is None
    assert by_name["problem_trends_monthly"]["price_per_row"] == "0.020000"
    assert [version["version"] for version in versions] == [1]
    assert (quality["passed"], privacy["k"]) == (12, 10)
    assert unpublished.status_code == unknown.status_code == 404


def test_a_caller_who_asks_too_often_waits(shop: TestShop) -> None:
    buyer = shop.buyer()
    shop.stop("shop")
    shop.start("shop", API_REQUESTS_PER_MINUTE="3")
    try:
        with shop.client(buyer) as client:
            answers = [client.get(QUOTE) for _ in range(4)]
    finally:
        shop.stop("shop")
        shop.start("shop")
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[3].headers["retry-after"]) > 0
    assert answers[3].json()["code"] == "rate_limited"


def test_health_answers_without_a_key(shop: TestShop) -> None:
    assert httpx.get(f"{shop.url}/healthz", trust_env=False).json() == {"up": True}


def test_every_line_of_the_shops_document_works(shop: TestShop) -> None:
    buyer = shop.buyer(balance=2_000_000)
    (shop.run / "demo.env").write_text(f"SHOP_URL={shop.url}\nAPI_KEY={buyer.key}\n")
    text = (CHECKOUT / "docs" / "shop.md").read_text()
    script = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    script = script.replace(".run/demo.env", str(shop.run / "demo.env")).replace("curl -s", "curl -sS --fail-with-body")
    script = re.sub(r"\.run/(rows\.parquet|receipt\.json)", rf"{shop.run}/\1", script)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The signature holds." in done.stdout
    assert (shop.run / "rows.parquet").read_bytes()[:4] == b"PAR1"
    assert '"title":' not in done.stdout.split("The signature holds.")[1], "no problem document among the answers"
