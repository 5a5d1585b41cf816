"""Log-in with an account at another site, against a provider that speaks the protocol over HTTP and checks what is sent."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest
from joserfc.jwk import ECKey

from platform_app.web.pages.entrance_elsewhere import suggested_handle
from tests.lib.authenticator import turn_on
from tests.lib.front_door import PASSWORD, Caller, Door, open_door
from tests.lib.provider import Person, Provider, serve_provider
from tests.lib.stack import Stack

SECURITY = "/settings/security"
_numbers = count(700)


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with serve_provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def door(app_stack: Stack, running: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox"), **running.settings()) as door:
        yield door


@pytest.fixture
def provider(running: Provider) -> Iterator[Provider]:
    """The provider with somebody new at it, and nothing spoiled."""
    number = next(_numbers)
    running.person = Person(number, f"octavia{number}", "Octavia Test", f"octavia{number}@example.org")
    yield running
    running.spoil, running.signs_with = {}, None
    running.refused.clear()


def go_there(visitor: Caller, name: str = "github", *, next_path: str = "/") -> str:
    """Click the provider's button and log in there; the address that the provider sends the browser back to."""
    away = visitor.client.get(f"/login/with/{name}", params={"next": next_path})
    assert away.status_code == 303, away.text
    with httpx.Client(trust_env=False) as outside:
        return outside.get(away.headers["Location"]).headers["Location"]


def come_back(visitor: Caller, address: str) -> httpx.Response:
    """Follow the provider back."""
    parts = urlsplit(address)
    return visitor.client.get(f"{parts.path}?{parts.query}")


def sign_up_there(visitor: Caller, provider: Provider, name: str = "github", **fields: Any) -> str:
    """Log in at the provider as somebody new and make an account; its handle."""
    assert come_back(visitor, go_there(visitor, name)).headers["Location"] == "/signup/with"
    handle = provider.person.username
    sent = visitor.send("/signup/with", display_name="Octavia", handle=handle, **fields)
    assert (sent.status_code, sent.headers.get("Location")) == (303, "/"), sent.text
    return handle


def whoami(visitor: Caller) -> dict[str, Any]:
    answer = visitor.call("GET", "/session")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("name", ["github", "oidc"])
def test_somebody_new_signs_up_and_later_logs_in_without_a_password(door: Door, provider: Provider, name: str) -> None:
    visitor = door.visitor()
    page = visitor.look("/login")
    assert "Continue with GitHub" in page
    assert "Continue with Example Works" in page
    assert "Google" not in page, "a provider without settings shows no button"
    come_back(visitor, go_there(visitor, name))
    form = visitor.look("/signup/with")
    assert provider.person.email is not None
    assert provider.person.email in form
    assert f'value="{provider.person.username}"' in form
    assert "checked" not in form, "nothing is ticked for them"
    handle = sign_up_there(visitor, provider, name, consent=["lake"])
    assert (whoami(visitor)["handle"], whoami(visitor)["is_verified"]) == (handle, True)
    assert visitor.call("GET", "/consents").json()["consents"]["lake"] is True
    later = door.visitor()
    back = come_back(later, go_there(later, name, next_path="/tags"))
    assert (back.headers["Location"], whoami(later)["handle"]) == ("/tags", handle)
    assert {one["method"] for one in later.call("GET", "/sessions").json()} == {name}


def test_an_address_that_the_provider_does_not_vouch_for_is_confirmed_by_mail(door: Door, provider: Provider) -> None:
    provider.person.verified = False
    visitor = door.visitor()
    sign_up_there(visitor, provider, email=f"own-{provider.person.email}")
    assert whoami(visitor)["is_verified"] is False
    assert "/verify/" in door.mail_to(f"own-{provider.person.email}", "/verify/")


def verified_member(door: Door, stack: Stack, name: str) -> Caller:
    member = door.member(name)
    with psycopg.connect(stack.url("app")) as conn:
        conn.execute(
            "INSERT INTO identity.verifications (account_id, email, verified_at) "
            "SELECT id, email, now() FROM identity.accounts WHERE handle = %s",
            (member.handle,),
        )
    return member


def test_an_account_with_the_same_address_is_joined_when_both_sides_know_it(
    door: Door, provider: Provider, app_stack: Stack
) -> None:
    ann = verified_member(door, app_stack, "ann")
    provider.person.email = ann.email.upper()
    visitor = door.visitor()
    assert come_back(visitor, go_there(visitor)).headers["Location"] == "/"
    assert whoami(visitor)["handle"] == ann.handle
    assert [one["provider"] for one in ann.call("GET", "/links").json()] == ["github"]


@pytest.mark.parametrize(("here", "there"), [(False, True), (True, False), (False, False)])
def test_an_account_is_not_joined_when_one_proof_is_missing(
    door: Door, provider: Provider, app_stack: Stack, here: bool, there: bool
) -> None:
    ann = verified_member(door, app_stack, "ann") if here else door.member("ann")
    provider.person.email, provider.person.verified = ann.email, there
    visitor = door.visitor()
    refused = come_back(visitor, go_there(visitor))
    assert refused.status_code == 409
    assert "log in to it with its password" in refused.text
    assert visitor.call("GET", "/session").status_code == 401
    assert ann.call("GET", "/links").json() == []


def link(member: Caller, name: str = "github") -> httpx.Response:
    """Link the provider's person under Settings, Security."""
    page = member.send(SECURITY, f"{SECURITY}/links/{name}", password=PASSWORD)
    address = page.text.split('content="0; url=')[1].split('"')[0].replace("&amp;", "&")
    with httpx.Client(trust_env=False) as outside:
        return come_back(member, outside.get(address).headers["Location"])


def test_a_member_links_uses_and_removes_another_account(door: Door, provider: Provider) -> None:
    ann = door.browser_of(door.member("ann"))
    assert ann.client.post(f"{SECURITY}/links/github").status_code == 403
    assert link(ann).headers["Location"] == f"{SECURITY}?done=linked"
    assert provider.person.username in ann.look(SECURITY)
    assert "linked an account" in door.mail_to(ann.email, "linked an account")
    visitor = door.visitor()
    come_back(visitor, go_there(visitor))
    assert whoami(visitor)["handle"] == ann.handle
    assert ann.client.post(f"{SECURITY}/links/github/remove").status_code == 403
    assert ann.send(SECURITY, f"{SECURITY}/links/github/remove").headers["Location"] == f"{SECURITY}?done=unlinked"
    visitor = door.visitor()
    assert come_back(visitor, go_there(visitor)).headers["Location"] == "/signup/with"


def test_what_is_linked_to_somebody_is_not_linked_to_another(door: Door, provider: Provider) -> None:
    ann, eve = (door.browser_of(door.member(name)) for name in ("ann", "eve"))
    link(ann)
    assert link(eve).headers["Location"] == f"{SECURITY}?done=linked-elsewhere"
    provider.person = Person(next(_numbers), "second")
    assert link(ann).headers["Location"] == f"{SECURITY}?done=provider-linked"


def test_the_only_way_in_is_not_removed(door: Door, provider: Provider) -> None:
    visitor = door.visitor()
    sign_up_there(visitor, provider)
    refused = visitor.send(SECURITY, f"{SECURITY}/links/github/remove")
    assert refused.status_code == 409
    assert "only way in" in refused.text
    gone = visitor.send("/settings/account", "/settings/account/delete", password="x")
    assert "You have no password yet" in gone.text


def test_the_second_factor_is_asked_for_as_well(door: Door, provider: Provider, app_stack: Stack) -> None:
    ann = door.member("ann")
    link(door.browser_of(ann))
    phone, _ = turn_on(app_stack, ann)
    visitor = door.visitor()
    assert come_back(visitor, go_there(visitor, next_path="/tags")).headers["Location"] == "/login/code"
    assert visitor.call("GET", "/session").status_code == 401
    assert visitor.send("/login/code", code=phone.code()).headers["Location"] == "/tags"
    assert whoami(visitor)["handle"] == ann.handle


def refused_at(visitor: Caller, address: str) -> None:
    answer = come_back(visitor, address)
    assert answer.status_code == 400, answer.text
    assert 'role="alert"' in answer.text
    assert visitor.call("GET", "/session").status_code == 401


def test_an_answer_that_another_browser_asked_for_is_refused(door: Door, provider: Provider) -> None:
    sign_up_there(door.visitor(), provider)
    thief, victim = door.visitor(), door.visitor()
    address = go_there(thief)
    refused_at(victim, address)
    go_there(victim)
    refused_at(victim, address)


def test_a_changed_state_and_an_answer_of_another_issuer_are_refused(door: Door, provider: Provider) -> None:
    sign_up_there(door.visitor(), provider, "oidc")
    visitor = door.visitor()
    address = go_there(visitor, "oidc")
    state = parse_qs(urlsplit(address).query)["state"][0]
    refused_at(visitor, address.replace(state, state[:-1] + "?"))
    refused_at(visitor, go_there(visitor, "oidc") + "&iss=https://evil.example")
    refused_at(visitor, go_there(visitor, "oidc").split("?")[0] + "?error=access_denied&state=" + state)


def test_a_code_counts_once_and_only_with_its_verifier(door: Door, provider: Provider) -> None:
    sign_up_there(door.visitor(), provider)
    visitor = door.visitor()
    address = go_there(visitor)
    cookies = dict(visitor.client.cookies)
    assert come_back(visitor, address).status_code == 303
    again = door.visitor()
    again.client.cookies.update({name: value for name, value in cookies.items() if "session" not in name})
    refused_at(again, address)
    assert provider.refused == ["code"]
    mixed = door.visitor()
    code = parse_qs(urlsplit(go_there(door.visitor())).query)["code"][0]
    mine = go_there(mixed)
    refused_at(mixed, mine.replace(parse_qs(urlsplit(mine).query)["code"][0], code))
    assert provider.refused == ["code", "code_verifier"]


@pytest.mark.parametrize(
    "spoiled",
    [{"nonce": "another"}, {"nonce": None}, {"aud": "another client"}, {"iss": "https://evil.example"}, {"exp": 1_000_000}],
    ids=["nonce", "no nonce", "audience", "issuer", "over"],
)  # fmt: skip
def test_an_id_token_that_is_not_for_this_log_in_is_refused(
    door: Door, provider: Provider, spoiled: dict[str, Any]
) -> None:
    sign_up_there(door.visitor(), provider, "oidc")
    provider.spoil = spoiled
    visitor = door.visitor()
    refused_at(visitor, go_there(visitor, "oidc"))


def test_an_id_token_of_another_key_is_refused_and_a_new_key_of_the_provider_is_fetched(
    door: Door, provider: Provider
) -> None:
    handle = sign_up_there(door.visitor(), provider, "oidc")
    provider.signs_with = ECKey.generate_key("P-256")
    visitor = door.visitor()
    refused_at(visitor, go_there(visitor, "oidc"))
    provider.signs_with = None
    provider.key = ECKey.generate_key("P-256", auto_kid=True)
    come_back(visitor, go_there(visitor, "oidc"))
    assert whoami(visitor)["handle"] == handle


def test_a_suspended_account_does_not_come_in(door: Door, provider: Provider, app_stack: Stack) -> None:
    handle = sign_up_there(door.visitor(), provider)
    with psycopg.connect(app_stack.url("app")) as conn:
        conn.execute("UPDATE identity.accounts SET status = 'suspended' WHERE handle = %s", (handle,))
    visitor = door.visitor()
    assert come_back(visitor, go_there(visitor)).status_code == 403
    assert visitor.call("GET", "/session").status_code == 401


def test_nobody_is_led_away_after_the_log_in(door: Door, provider: Provider) -> None:
    sign_up_there(door.visitor(), provider)
    visitor = door.visitor()
    assert come_back(visitor, go_there(visitor, next_path="//evil.example/")).headers["Location"] == "/"


def test_a_provider_that_is_away_or_unknown_is_told_kindly(
    app_stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> None:
    away = {"oidc_client_id": "x", "oidc_issuer": "http://127.0.0.1:9", "oidc_name": "Away"}
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox"), **away) as door:
        visitor = door.visitor()
        assert "Continue with Away" in visitor.look("/signup")
        assert "The log-in with Away did not work" in visitor.look("/login/with/oidc", 400)
        visitor.look("/login/with/github", 404)
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        assert "Continue with" not in door.visitor().look("/login")


@pytest.mark.parametrize(
    ("name", "handle"),
    [
        ("octavia", "octavia"),
        ("Octavia Test", "octavia-test"),
        ("o.test@example.org", "o-test"),
        ("Ö", ""),
        ("x" * 50, "x" * 30),
    ],
)
def test_a_handle_is_suggested_that_would_be_taken(name: str, handle: str) -> None:
    assert suggested_handle(name) == handle


def test_passwords_still_work_beside_it(door: Door) -> None:
    ann = door.member("ann")
    assert door.visitor().send("/login", email=ann.email, password=PASSWORD).status_code == 303


def test_another_account_is_linked_by_the_owner_alone(door: Door) -> None:
    ann = door.browser_of(door.member("ann"))
    refused = ann.send(SECURITY, f"{SECURITY}/links/github", password="no")
    assert (refused.status_code, "This is not your password." in refused.text) == (422, True)


def new_password(door: Door, member: Caller) -> None:
    """The owner of the address chooses a password with a link by mail."""
    assert door.visitor().send("/reset", email=member.email).status_code == 200
    path = door.mail_to(member.email, "/reset/").split(door.url)[1].split()[0]
    assert door.visitor().send(path, password="twelve tame geese").status_code == 303


@pytest.mark.parametrize("verified", [False, True])
def test_who_signed_up_with_anothers_address_is_out_when_its_owner_comes(
    door: Door, provider: Provider, app_stack: Stack, verified: bool
) -> None:
    eve = verified_member(door, app_stack, "eve") if verified else door.member("eve")
    made = eve.call("POST", "/tokens", {"name": "kept", "scopes": ["read"], "days": 365, "password": PASSWORD})
    program = door.visitor()
    program.token = made.json()["token"]
    link(door.browser_of(eve))
    turn_on(app_stack, eve)
    new_password(door, eve)
    assert program.call("GET", "/session").status_code == (200 if verified else 401)
    visitor = door.visitor()
    arrived = come_back(visitor, go_there(visitor)).headers["Location"]
    assert arrived == ("/login/code" if verified else "/signup/with")
    body = {"email": eve.email, "password": "twelve tame geese"}
    assert door.visitor().call("POST", "/session", body).status_code == (401 if verified else 201)
