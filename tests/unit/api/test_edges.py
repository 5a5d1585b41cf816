"""The shop's edges: amounts, formats, limits, receipts, rights, problems, and the OpenAPI document."""

from __future__ import annotations

import ast
import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from api.__main__ import openapi_document
from api.access.entitlement import Caller, checked_scopes, entitle
from api.billing.stripe_door import StripeDoor
from api.datasets.formats import choose_format
from api.limits import Limiter
from api.metering.purchases import Purchase
from api.metering.receipts import Signer, signature_holds
from api.money import from_text, to_text
from api.pages.visit import local_path
from api.problems import Problem
from infra.stripe.form import parse_form
from infra.stripe.webhooks import signature
from lake.kit.clock import utc_now
from lake.kit.errors import Stop

ROOT = Path(__file__).parents[3]
SOME = UUID(int=7)
PURCHASE = Purchase(
    SOME, SOME, "problem_trends_monthly", 1, "c", '[["tag","eq",["clay"]]]', b"", 6, 6, 20_000, 120_000, 880_000,
    datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC),
)  # fmt: skip


@given(st.integers(0, 10**15 - 1))
def test_an_amount_comes_back_from_its_text(micro: int) -> None:
    assert from_text(to_text(micro)) == micro


@pytest.mark.parametrize("text", ["", "1.0000001", "-1", "1e3", "1,5", ".5", "NaN", "٣", "1" * 10])
def test_a_text_that_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        from_text(text)


@pytest.mark.parametrize(
    ("accept", "name", "chosen"),
    [
        (None, None, "json"),
        ("*/*", None, "json"),
        ("text/*", None, "csv"),
        ("text/html,application/json;q=0.9", None, "json"),
        ("text/csv;q=0.1, application/vnd.apache.parquet", None, "parquet"),
        ("application/vnd.apache.arrow.stream, text/csv", None, "arrow"),
        ("text/csv", "parquet", "parquet"),
        ("image/png", None, None),
        ("application/json;q=0", None, None),
        (None, "xml", None),
    ],
)
def test_the_format_is_what_the_caller_likes_best(accept: str | None, name: str | None, chosen: str | None) -> None:
    if chosen is None:
        with pytest.raises(Problem):
            choose_format(accept, name)
    else:
        assert choose_format(accept, name).name == chosen


def test_a_bucket_empties_and_fills_again() -> None:
    now = [0.0]
    limiter = Limiter(lambda: now[0])
    assert [limiter.take("key", "a", 60).left for _ in range(60)][-1] == 0
    with pytest.raises(Problem) as refused:
        limiter.take("key", "a", 60)
    assert refused.value.headers["Retry-After"] == "1"
    limiter.take("key", "b", 60)  # somebody else is not concerned
    now[0] = 1.0
    assert limiter.take("key", "a", 60).left == 0


def test_a_receipt_holds_until_a_fact_or_the_key_is_another(tmp_path: Path) -> None:
    signer = Signer.from_file(tmp_path / "secrets" / "receipt.key")
    receipt = json.loads(json.dumps(signer.receipt(PURCHASE)))
    public = signer.published()["public_key"]
    assert signature_holds(receipt, public)
    assert receipt == json.loads(json.dumps(signer.receipt(PURCHASE))), "signing again gives the same receipt"
    assert not signature_holds(receipt | {"receipt": receipt["receipt"] | {"price": "0.000001"}}, public)
    assert not signature_holds(receipt, Signer.from_file(tmp_path / "other.key").published()["public_key"])
    assert not signature_holds({}, "")


def test_the_signing_key_is_made_once_private_and_a_broken_one_stops(tmp_path: Path) -> None:
    path = tmp_path / "receipt.key"
    first = Signer.from_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Signer.from_file(path).public == first.public
    path.write_text("no key")
    with pytest.raises(Stop, match="hexadecimal"):
        Signer.from_file(path)


def test_only_access_makes_entitlements_and_callers() -> None:
    makers = {
        (path.relative_to(ROOT).as_posix(), node.func.id)
        for path in (ROOT / "api").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Entitlement", "Caller")
    }
    assert makers == {
        ("api/access/entitlement.py", "Entitlement"), ("api/access/keys.py", "Caller"),
        ("api/access/procurers.py", "Caller"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("scopes", "scope", "may"),
    [
        ({"rows:*"}, "rows:a", True), ({"rows:a"}, "rows:a", True), ({"rows:a"}, "rows:b", False),
        ({"rows:*"}, "billing", False), ({"catalogue"}, "rows:a", False), ({"billing"}, "billing", True),
    ],
)  # fmt: skip
def test_a_right_is_given_for_the_scope_that_a_caller_has(scopes: set[str], scope: str, may: bool) -> None:
    caller = Caller(SOME, None, frozenset(scopes))
    if may:
        assert entitle(caller, scope).scope == scope
    else:
        with pytest.raises(Problem):
            entitle(caller, scope)


def test_scopes_are_of_a_closed_list() -> None:
    assert checked_scopes(["rows:*", "catalogue", "catalogue"]) == ["catalogue", "rows:*"]
    for wrong in ([], ["rows:nothing"], ["rows:"], ["*"], ["Billing"]):
        with pytest.raises(Problem):
            checked_scopes(wrong)


EVENT = json.dumps({"id": "evt_1", "type": "checkout.session.completed", "data": {"object": {}}}).encode()


def signed(secret: str) -> str:
    return signature(EVENT.decode(), secret, int(utc_now().timestamp()))


def test_a_signature_of_the_secret_is_taken_and_any_other_refused() -> None:
    door = StripeDoor("http://stripe.invalid", "sk", "whsec_1")
    assert door.verified(EVENT, signed("whsec_1")).event_id == "evt_1"
    for other in (signed("whsec_2"), signature(EVENT.decode(), "whsec_1", 1_700_000_000), "t=1", "", None):
        with pytest.raises(Problem, match="signature"):
            door.verified(EVENT, other)


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_secret_refuses_what_is_signed_with_it(empty: str) -> None:
    with pytest.raises(Problem, match="no secret"):
        StripeDoor("http://stripe.invalid", "sk", empty).verified(EVENT, signed(empty))


def test_without_verification_a_forged_event_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe.WebhookSignature, "verify_header", lambda *_: True)
    door = StripeDoor("http://stripe.invalid", "sk", "whsec_1")
    assert door.verified(EVENT, signed("whsec_2")).event_id == "evt_1"


def test_a_body_that_is_no_event_is_refused() -> None:
    door = StripeDoor("http://stripe.invalid", "sk", "whsec_1")
    for body in ("[]", "{}", "nonsense"):
        with pytest.raises(Problem):
            door.verified(body.encode(), signature(body, "whsec_1", int(utc_now().timestamp())))


def test_stripes_nested_forms_are_read() -> None:
    body = "mode=payment&line_items[0][price_data][unit_amount]=500&metadata[topup_id]=x&customer="
    assert parse_form(body) == {
        "mode": "payment", "line_items": {"0": {"price_data": {"unit_amount": "500"}}}, "metadata": {"topup_id": "x"},
        "customer": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "path"),
    [("/products/x", "/products/x"), ("//evil.example", "/dashboard"), ("https://evil.example", "/dashboard"),
     ("/\\evil.example", "/dashboard"), (None, "/dashboard"), ("", "/dashboard")],
)  # fmt: skip
def test_log_in_leads_to_our_own_pages_alone(wanted: str | None, path: str) -> None:
    assert local_path(wanted) == path


def test_the_committed_openapi_document_is_what_the_code_says() -> None:
    committed = (ROOT / "docs" / "openapi-shop.json").read_text(encoding="utf-8")
    assert committed == openapi_document(), "run `python -m api openapi` and commit it"
