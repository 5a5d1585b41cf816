"""Access for programs: personal tokens with a scope, signed access tokens, refresh tokens that count once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey

from lake.kit.clock import utc_now
from platform_app.db import Conn, Database
from platform_app.identity import grants, signing, tokens
from platform_app.sealing import Sealer
from tests.lib.authenticator import turn_on
from tests.lib.events import newest, told
from tests.lib.front_door import PASSWORD, Caller, Door, key_beside, open_door
from tests.lib.people import NOON, hours, sign_up
from tests.lib.routes import CHANGES, MINE, filled
from tests.lib.stack import Stack

PAGE = "/settings/tokens"
GUARDED = ("/session", "/account", "/consents", "/verification", "/mfa", "/tokens", "/programs", "/links", "/admin")
"""Where these paths begin is the account itself, which no token touches; only who one is may be asked with a token."""
LOOK = {("GET", "/session"), ("GET", "/consents")}


def guarded(method: str, path: str) -> bool:
    return path.startswith(GUARDED) and (method, path) not in LOOK


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


def with_token(door: Door, text: str) -> Caller:
    """A program that calls with a token."""
    program = door.visitor()
    program.token = text
    return program


def token_of(door: Door, member: Caller, *scopes: str, name: str = "backup") -> Caller:
    answer = member.call("POST", "/tokens", {"name": name, "scopes": list(scopes), "days": 30, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    return with_token(door, answer.json()["token"])


def enter(door: Door, member: Caller, *scopes: str) -> dict[str, Any]:
    body = {"email": member.email, "password": PASSWORD, "scopes": list(scopes)}
    answer = door.visitor().call("POST", "/auth/token", body)
    assert answer.status_code == 201, answer.text
    pair: dict[str, Any] = answer.json()
    return pair


def refresh(door: Door, token: str) -> tuple[int, dict[str, str]]:
    answer = door.visitor().call("POST", "/auth/refresh", {"refresh_token": token})
    return answer.status_code, answer.json()


def test_a_token_is_shown_once_and_works_until_it_is_revoked(door: Door, app_stack: Stack) -> None:
    ann = door.member("ann")
    program = token_of(door, ann, "read", "write")
    assert program.token is not None
    assert program.token.startswith(tokens.PREFIX)
    assert program.call("GET", "/session").json()["handle"] == ann.handle
    assert program.made("/posts", {"title": "t", "body": "b"})
    listed = ann.call("GET", "/tokens").json()
    assert [(one["name"], one["scopes"]) for one in listed] == [("backup", ["read", "write"])]
    assert "token" not in listed[0]
    door.app.state.sightings.write()
    assert ann.call("GET", "/tokens").json()[0]["seen_at"] is not None
    with psycopg.connect(app_stack.url("app")) as conn:
        assert program.token not in str(conn.execute("SELECT to_jsonb(t) FROM identity.tokens t").fetchall())
    assert door.member("eve").call("DELETE", f"/tokens/{listed[0]['id']}").status_code == 404
    assert ann.call("DELETE", f"/tokens/{listed[0]['id']}").status_code == 204
    assert program.call("GET", "/session").status_code == 401


@pytest.mark.parametrize(
    ("change", "field"),
    [({"name": " "}, "name"), ({"name": "x" * 61}, "name"), ({"scopes": []}, "scopes"), ({"scopes": ["admin"]}, "scopes.0"),
     ({"days": 5}, "days")],
)  # fmt: skip
def test_a_token_that_makes_no_sense_names_its_field(door: Door, change: dict[str, object], field: str) -> None:
    answer = door.member("ann").call(
        "POST", "/tokens", {"name": "t", "scopes": ["read"], "days": 7, "password": PASSWORD} | change
    )
    assert (answer.status_code, answer.json()["details"][0]["field"]) == (422, field)


def test_a_token_ends_by_itself(conn: Conn) -> None:
    ann = sign_up(conn, "solo")
    _, text = tokens.create(conn, ann.id, name="t", scopes=["read"], days=7, now=NOON)
    assert tokens.member_of(conn, text, NOON + timedelta(days=6.9)) is not None
    assert tokens.member_of(conn, text, NOON + timedelta(days=7)) is None
    conn.execute("UPDATE identity.accounts SET status = 'suspended' WHERE id = %s", (ann.id,))
    assert tokens.member_of(conn, text, NOON) is None


@pytest.fixture(scope="module")
def reader(door: Door) -> Caller:
    return token_of(door, door.member("reader"), "read")


@pytest.fixture(scope="module")
def writer(door: Door) -> Caller:
    return token_of(door, door.member("writer"), "write")


@pytest.mark.parametrize(("method", "path"), sorted(CHANGES))
def test_who_may_only_read_changes_nothing(reader: Caller, method: str, path: str) -> None:
    answer = reader.call(method, filled(path), CHANGES[method, path])
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize(("method", "path"), [key for key in sorted(CHANGES) if guarded(*key)])
def test_no_token_touches_the_account_itself(writer: Caller, method: str, path: str) -> None:
    answer = writer.call(method, filled(path), CHANGES[method, path])
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize("path", MINE)
def test_a_token_reads_only_what_its_scope_says(reader: Caller, writer: Caller, path: str) -> None:
    refused = guarded("GET", path) or path.startswith("/moderation/")  # which are for moderators
    assert reader.call("GET", path).status_code == (403 if refused else 200)
    assert writer.call("GET", path).json()["code"] == "insufficient_scope"


def test_pages_are_under_the_same_rule(reader: Caller, writer: Caller) -> None:
    bearer = {"Authorization": f"Bearer {reader.token}"}
    assert reader.client.get("/settings/consent", headers=bearer).status_code == 200
    for page in ("security", "tokens", "account", "safety"):
        assert reader.client.get(f"/settings/{page}", headers=bearer).status_code == 403, page
    change = {"Authorization": f"Bearer {writer.token}"}
    for purpose in ("lake", "text_corpus"):
        path = f"/settings/consent/{purpose}"
        assert writer.client.post(path, data={"granted": "yes"}, headers=change).status_code == 403
    assert writer.client.get("/", headers={"Authorization": f"Bearer {writer.token}"}).status_code == 403


def test_a_token_in_a_cookie_is_nothing(door: Door, reader: Caller) -> None:
    visitor = door.visitor()
    visitor.client.cookies.set("headwater_session", reader.token or "")
    assert visitor.call("GET", "/session").status_code == 401


def test_a_program_logs_in_with_a_signed_token_whose_key_is_public(door: Door) -> None:
    ann = door.member("ann")
    pair = enter(door, ann, "read")
    assert (pair["token_type"], pair["expires_in"], pair["scope"]) == ("Bearer", 900, "read")
    keys = KeySet.import_key_set(door.visitor().call("GET", "/keys").json())
    assert all("d" not in one for one in door.visitor().call("GET", "/keys").json()["keys"]), "no private part"
    found = jwt.decode(pair["access_token"], keys, ["ES256"])
    assert (found.header["alg"], found.claims["iss"], found.claims["scope"]) == ("ES256", door.url, "read")
    program = with_token(door, pair["access_token"])
    assert program.call("GET", "/session").json()["handle"] == ann.handle
    assert program.call("POST", "/posts", {"title": "t", "body": "b"}).json()["code"] == "insufficient_scope"
    assert with_token(door, enter(door, ann, "read", "write")["access_token"]).made(
        "/posts", {"title": "t", "body": "b"}
    )


def test_a_program_needs_the_code_too(door: Door, app_stack: Stack) -> None:
    bob = door.member("bob")
    phone, _ = turn_on(app_stack, bob)
    body = {"email": bob.email, "password": PASSWORD}
    assert door.visitor().call("POST", "/auth/token", body).json()["code"] == "second_factor_needed"
    assert door.visitor().call("POST", "/auth/token", body | {"code": phone.code()}).status_code == 201


def test_a_refresh_token_counts_once_and_a_second_time_ends_the_log_in(door: Door, database: Database) -> None:
    ann = door.member("ann")
    first = enter(door, ann, "read")
    status, second = refresh(door, first["refresh_token"])
    assert status == 201
    assert with_token(door, second["access_token"]).call("GET", "/session").status_code == 200
    with database.read() as conn:
        before = newest(conn)
    status, problem = refresh(door, first["refresh_token"])
    assert (status, problem["code"]) == (401, "bad_token")
    assert refresh(door, second["refresh_token"])[0] == 401, "the thief's, or the owner's: nobody can tell"
    assert with_token(door, second["access_token"]).call("GET", "/session").status_code == 401
    with database.read() as conn:
        assert [kind for kind, *_ in told(conn, before)] == ["token.reused"]
    assert alive_grants(ann) == 0
    other = enter(door, ann, "read")
    assert refresh(door, other["refresh_token"])[0] == 201, "a new log-in is not touched"


def alive_grants(member: Caller) -> int:
    return len(member.call("GET", "/programs").json())


def test_a_program_is_logged_out_by_itself_by_its_owner_or_by_a_new_password(door: Door) -> None:
    ann = door.member("ann")
    mine, theirs, last = (enter(door, ann, "read") for _ in range(3))
    door.visitor().call("POST", "/auth/logout", {"refresh_token": mine["refresh_token"]})
    assert with_token(door, mine["access_token"]).call("GET", "/session").status_code == 401
    number = ann.call("GET", "/programs").json()[0]["id"]
    assert door.member("eve").call("DELETE", f"/programs/{number}").status_code == 404
    assert ann.call("DELETE", f"/programs/{number}").status_code == 204
    assert alive_grants(ann) == 1
    ann.call("PUT", "/account/password", {"password": PASSWORD, "new_password": "twelve tame geese"})
    assert [refresh(door, pair["refresh_token"])[0] for pair in (mine, theirs, last)] == [401, 401, 401]


def test_a_token_is_over_after_a_quarter_of_an_hour_and_a_log_in_that_is_not_carried_on_after_a_month(
    conn: Conn, door: Door
) -> None:
    ann = sign_up(conn, "solo")
    signer = signing.Signer(Sealer(key_beside(door.outbox)))
    pair = grants.start(conn, signer, "us", ann.id, ["read"], agent="", now=NOON)
    at = {minutes: grants.member_of(conn, signer, "us", pair.access_token, hours(minutes / 60)) for minutes in (14, 16)}
    assert (at[14] is not None, at[16]) == (True, None)
    assert grants.member_of(conn, signer, "them", pair.access_token, NOON) is None, "another issuer's"
    assert grants.carry_on(conn, signer, "us", pair.refresh_token, NOON + timedelta(days=30)) is None
    assert grants.carry_on(conn, signer, "us", pair.refresh_token, NOON + timedelta(days=29)) is not None


def test_forged_tokens_are_nobodys(door: Door) -> None:
    ann = door.member("ann")
    good = enter(door, ann, "read")["access_token"]
    claims = jwt.decode(good, KeySet.import_key_set(door.visitor().call("GET", "/keys").json()), ["ES256"])
    header, kid = claims.header, claims.header["kid"]
    public = door.visitor().call("GET", "/keys").json()["keys"][0]
    thief = ECKey.generate_key("P-256")
    forged = [
        jwt.encode({"alg": "ES256", "kid": kid}, claims.claims, thief, ["ES256"]),
        jwt.encode({"alg": "ES256", "kid": "unknown"}, claims.claims, thief, ["ES256"]),
        jwt.encode({"alg": "ES256"}, claims.claims, thief, ["ES256"]),
        jwt.encode({"alg": "HS256", "kid": kid}, claims.claims, OctKey.import_key(public["x"].encode()), ["HS256"]),
        good[:-4] + "AAAA",
        "a.b.c",
        ".." + good.split(".")[2],
    ]
    assert header["alg"] == "ES256"
    assert [with_token(door, text).call("GET", "/session").status_code for text in forged] == [401] * len(forged)
    assert with_token(door, good).call("GET", "/session").status_code == 200


def test_a_new_key_signs_and_what_the_old_one_signed_goes_on(door: Door, database: Database) -> None:
    ann = door.member("ann")
    old = enter(door, ann, "read")["access_token"]
    with database.write("t") as conn:
        kid = signing.make_key(conn, Sealer(key_beside(door.outbox)), utc_now())
    new = enter(door, ann, "read")["access_token"]
    keys = KeySet.import_key_set(door.visitor().call("GET", "/keys").json())
    assert jwt.decode(new, keys, ["ES256"]).header["kid"] == kid
    assert [with_token(door, text).call("GET", "/session").status_code for text in (old, new)] == [200, 200]
    with database.write("t") as conn:
        signing.make_key(conn, Sealer(key_beside(door.outbox)), utc_now() + timedelta(hours=2))
        assert len(signing.public_keys(conn)) == 2, "keys go when the last token that they signed is over"


def test_what_a_removed_key_has_signed_is_refused_at_once(door: Door, database: Database) -> None:
    """After a leak nobody waits for a restart: the process that verified with the key a moment ago asks for it again."""
    ann = door.member("ann")
    leaked = with_token(door, enter(door, ann, "read")["access_token"])
    assert leaked.call("GET", "/session").status_code == 200
    with database.write("t") as conn:
        kid = signing.make_key(conn, Sealer(key_beside(door.outbox)), utc_now())
        conn.execute("DELETE FROM identity.signing_keys WHERE kid <> %s", (kid,))
    assert leaked.call("GET", "/session").status_code == 401
    again = with_token(door, enter(door, ann, "read")["access_token"])
    assert again.call("GET", "/session").status_code == 200
    with database.write("t") as conn:
        signing.make_key(conn, Sealer(key_beside(door.outbox)), utc_now() - timedelta(hours=2))
    assert again.call("GET", "/session").status_code == 401, "no token of a key that long retired is still good"


def test_the_page_makes_shows_and_revokes_tokens_and_its_forms_need_their_token(door: Door) -> None:
    ann = door.browser_of(door.member("ann"))
    assert ann.client.post(PAGE, data={"name": "x"}).status_code == 403
    wrong = ann.send(PAGE, name="script", days="30", password=PASSWORD)
    assert wrong.status_code == 422
    assert "Choose what it may do" in wrong.text
    thief = ann.send(PAGE, name="script", scopes=["read"], days="30", password="no")
    assert (thief.status_code, "This is not your password." in thief.text) == (422, True)
    made = ann.send(PAGE, name="<b>script", scopes=["read"], days="30", password=PASSWORD)
    text = made.text.split('class="secret">')[1].split("<")[0]
    assert "&lt;b&gt;script" in made.text
    assert with_token(door, text).call("GET", "/session").status_code == 200
    page = ann.look(PAGE)
    assert text not in page
    action = page.split('action="/settings/tokens/')[1].split('"')[0]
    assert ann.client.post(f"{PAGE}/{action}").status_code == 403
    assert ann.send(PAGE, f"{PAGE}/{action}").headers["Location"] == f"{PAGE}?done=revoked"
    assert with_token(door, text).call("GET", "/session").status_code == 401


def test_a_token_is_made_by_who_knows_the_password_and_has_the_phone(door: Door, app_stack: Stack) -> None:
    ann = door.member("ann")
    body = {"name": "t", "scopes": ["read"], "password": "no"}
    assert ann.call("POST", "/tokens", body).json()["code"] == "wrong_password"
    phone, _ = turn_on(app_stack, ann)
    assert ann.call("POST", "/tokens", body | {"password": PASSWORD}).status_code in (401, 422)
    assert ann.call("POST", "/tokens", body | {"password": PASSWORD, "code": phone.code()}).status_code == 201
