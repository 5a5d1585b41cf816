"""The second factor: what turns it on and off, what a log-in then asks for, and that nothing counts twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pyotp
import pytest

from platform_app.db import Conn
from platform_app.identity import mfa
from platform_app.sealing import FACTOR, Sealer
from platform_app.web.limits import Limits
from tests.lib.authenticator import Phone, turn_on
from tests.lib.front_door import PASSWORD, Caller, Door, key_beside, open_door
from tests.lib.people import NOON, hours, sign_up
from tests.lib.stack import Stack

SECURITY = "/settings/security"


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


@pytest.fixture
def sealer(door: Door) -> Sealer:
    return Sealer(key_beside(door.outbox))


def log_in(door: Door, member: Caller, **more: str) -> tuple[int, str]:
    """The status and, for a refusal, its code."""
    answer = door.visitor().call("POST", "/session", {"email": member.email, "password": PASSWORD, **more})
    return answer.status_code, answer.json().get("code", "")


def test_a_log_in_asks_for_a_code_once_it_is_on(door: Door, app_stack: Stack) -> None:
    ann = door.member("ann")
    assert ann.call("GET", "/mfa").json() == {"on": False, "since": None, "codes_left": 0}
    phone, codes = turn_on(app_stack, ann)
    status = ann.call("GET", "/mfa").json()
    assert (status["on"], status["codes_left"], len(set(codes))) == (True, 10, 10)
    assert log_in(door, ann) == (401, "second_factor_needed")
    assert log_in(door, ann, code="000000") == (401, "wrong_code")
    assert log_in(door, ann, code=phone.code()) == (201, "")
    assert "asks for a code" in door.mail_to(ann.email, "authenticator app").replace("ask for", "asks for")


def test_a_secret_that_is_not_confirmed_asks_nobody(door: Door) -> None:
    bob = door.member("bob")
    first, second = (bob.call("POST", "/mfa").json()["secret"] for _ in range(2))
    assert first != second
    assert log_in(door, bob) == (201, "")
    wrong = bob.call("PUT", "/mfa", {"password": PASSWORD, "code": pyotp.TOTP(first).now()})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_code")
    stranger = bob.call("PUT", "/mfa", {"password": "not the password", "code": pyotp.TOTP(second).now()})
    assert (stranger.status_code, stranger.json()["code"]) == (422, "wrong_password")
    assert bob.call("GET", "/mfa").json()["on"] is False


def test_a_code_counts_once_within_its_window(door: Door, app_stack: Stack) -> None:
    cora = door.member("cora")
    phone, _ = turn_on(app_stack, cora)
    code = phone.code()
    assert log_in(door, cora, code=code) == (201, "")
    assert log_in(door, cora, code=code) == (401, "wrong_code")


def test_without_the_step_that_is_kept_a_code_counts_again(
    door: Door, app_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    dora = door.member("dora")
    phone, _ = turn_on(app_stack, dora)
    monkeypatch.setattr(mfa, "_use_step", lambda *_: True)
    code = phone.code()
    assert [log_in(door, dora, code=code)[0] for _ in range(2)] == [201, 201]


def test_codes_around_now_count_in_their_order_alone(conn: Conn, sealer: Sealer) -> None:
    ann = sign_up(conn, "solo")
    totp = pyotp.TOTP(mfa.begin(conn, sealer, ann.id, NOON).secret)
    mfa.confirm(conn, sealer, ann.id, totp.at(NOON), NOON)
    tries = [(-2, False), (-1, False), (0, False), (1, True), (0, False), (1, False), (2, False)]
    assert [mfa.prove(conn, sealer, ann.id, totp.at(NOON, counter_offset=by), NOON) for by, _ in tries] == [
        good for _, good in tries
    ]


def test_each_recovery_code_lets_in_once_however_it_is_typed(door: Door, app_stack: Stack) -> None:
    emma = door.member("emma")
    _, codes = turn_on(app_stack, emma)
    assert log_in(door, emma, code=codes[0].upper().replace("-", " ")) == (201, "")
    assert log_in(door, emma, code=codes[0]) == (401, "wrong_code")
    assert emma.call("GET", "/mfa").json()["codes_left"] == 9
    renewed = emma.call("POST", "/mfa/recovery-codes", {"password": PASSWORD, "code": codes[1]}).json()
    assert log_in(door, emma, code=codes[2]) == (401, "wrong_code"), "those before are over"
    assert log_in(door, emma, code=renewed["recovery_codes"][0]) == (201, "")


def test_nobody_elses_recovery_code_lets_in(door: Door, app_stack: Stack) -> None:
    fay, gus = door.member("fay"), door.member("gus")
    _, codes = turn_on(app_stack, fay)
    turn_on(app_stack, gus)
    assert log_in(door, gus, code=codes[0]) == (401, "wrong_code")
    assert log_in(door, fay, code=codes[0]) == (201, "")


def test_it_is_turned_off_with_password_and_code_alone(door: Door, app_stack: Stack) -> None:
    hugo = door.member("hugo")
    phone, _ = turn_on(app_stack, hugo)
    refusals = [
        hugo.call("DELETE", "/mfa", body).json()["code"]
        for body in ({"password": PASSWORD}, {"password": "no", "code": phone.code()})
    ]
    assert refusals == ["wrong_code", "wrong_password"]
    assert hugo.call("DELETE", "/mfa", {"password": PASSWORD, "code": phone.code()}).status_code == 204
    assert log_in(door, hugo) == (201, "")
    assert hugo.call("POST", "/mfa").status_code == 201, "it can be set up again"


def test_guessing_codes_is_slowed_down_wherever_it_comes_from(
    door: Door, app_stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    iris, june = door.member("iris"), door.member("june")
    phone, _ = turn_on(app_stack, iris)
    guesses = [log_in(door, iris, code=f"{number:06}") for number in range(9)]
    assert guesses == [(401, "wrong_code")] * 8 + [(429, "too_many_requests")]
    assert log_in(door, iris, code=phone.code())[0] == 429, "the right code waits as well"
    other, _ = turn_on(app_stack, june)
    assert log_in(door, june, code=other.code()) == (201, ""), "somebody else does not"
    monkeypatch.setattr(Limits, "take", lambda *_: None)
    assert log_in(door, iris, code="000009")[0] == 401


def test_every_wrong_code_is_answered_alike(door: Door, app_stack: Stack) -> None:
    kim = door.member("kim")
    phone, codes = turn_on(app_stack, kim)
    used = phone.code()
    log_in(door, kim, code=used)
    said = set()
    for code in ("000000", used, codes[0][:-1] + "?", "", "a" * 500):
        body = {"email": kim.email, "password": PASSWORD, "code": code or " "}
        problem = door.visitor().call("POST", "/session", body).json()
        said.add(tuple(str(problem[name]) for name in ("status", "code", "detail", "details")))
    assert len(said) == 1


def test_at_a_browser_the_code_is_a_second_step(door: Door, app_stack: Stack) -> None:
    lena = door.member("lena")
    phone, codes = turn_on(app_stack, lena)
    visitor = door.visitor()
    first = visitor.send("/login", email=lena.email, password=PASSWORD, next="/tags")
    assert first.headers["Location"] == "/login/code"
    assert visitor.client.get("/settings/security").headers["Location"].startswith("/login"), "not in yet"
    assert visitor.send("/login/code", code="000000").status_code == 401
    last = visitor.send("/login/code", code=phone.code())
    assert (last.status_code, last.headers["Location"]) == (303, "/tags")
    page = visitor.look(SECURITY)
    assert "and a code" in page
    assert visitor.client.get("/login/code").headers["Location"] == "/login?done=over"
    stranger = door.visitor()
    assert stranger.client.get("/login/code").headers["Location"] == "/login?done=over"
    stranger.look("/login")
    assert stranger.send("/login", "/login/code", code=codes[0]).headers["Location"] == "/login?done=over"


def test_a_challenge_is_over_after_ten_minutes(conn: Conn) -> None:
    ann = sign_up(conn, "solo")
    token = mfa.challenge(conn, ann.id, "password", "/", NOON)
    assert mfa.challenged(conn, token, hours(0.16)) is not None
    assert mfa.challenged(conn, token, hours(0.17)) is None


def test_pages_turn_it_on_and_off_and_their_forms_need_their_token(door: Door, app_stack: Stack) -> None:
    mona = door.browser_of(door.member("mona"))
    assert mona.client.post(f"{SECURITY}/factor").status_code == 403
    assert mona.send(SECURITY, f"{SECURITY}/factor").headers["Location"] == f"{SECURITY}/factor"
    page = mona.look(f"{SECURITY}/factor")
    assert "<svg" in page
    found = re.search(r'class="secret">([A-Z2-7 ]+)<', page)
    assert found
    phone = Phone(app_stack, mona.handle, found.group(1).replace(" ", ""))
    for action in ("confirm", "off", "codes"):
        assert mona.client.post(f"{SECURITY}/factor/{action}", data={"password": PASSWORD}).status_code == 403
    wrong = mona.send(f"{SECURITY}/factor", f"{SECURITY}/factor/confirm", password=PASSWORD, code="000000")
    assert wrong.status_code == 422
    assert "This code is wrong" in wrong.text
    done = mona.send(f"{SECURITY}/factor", f"{SECURITY}/factor/confirm", password=PASSWORD, code=phone.same_code())
    assert len(re.findall(r"<code>[a-z2-9-]{19}</code>", done.text)) == 10
    assert mona.client.get(f"{SECURITY}/factor").headers["Location"] == SECURITY, "the secret is not shown again"
    refused = mona.send(SECURITY, f"{SECURITY}/factor/off", password=PASSWORD, code="000000")
    assert refused.status_code == 401
    renewed = mona.send(SECURITY, f"{SECURITY}/factor/codes", password=PASSWORD, code=phone.code())
    assert len(re.findall(r"<code>[a-z2-9-]{19}</code>", renewed.text)) == 10
    off = mona.send(SECURITY, f"{SECURITY}/factor/off", password=PASSWORD, code=phone.code())
    assert off.headers["Location"] == f"{SECURITY}?done=factor-off"


def test_deleting_the_account_asks_for_the_code_as_well(door: Door, app_stack: Stack) -> None:
    nora = door.member("nora")
    phone, _ = turn_on(app_stack, nora)
    assert nora.call("DELETE", "/account", {"password": PASSWORD}).json()["code"] == "wrong_code"
    assert nora.call("DELETE", "/account", {"password": PASSWORD, "code": phone.code()}).status_code == 202


def test_neither_the_secret_nor_a_recovery_code_is_readable_in_the_database(
    door: Door, app_stack: Stack, sealer: Sealer
) -> None:
    olga, pia = door.member("olga"), door.member("pia")
    secret = olga.call("POST", "/mfa").json()["secret"]
    pia.call("POST", "/mfa")
    with psycopg.connect(app_stack.url("app")) as conn:
        rows = {
            handle: (account, sealed)
            for handle, account, sealed in conn.execute(
                "SELECT a.handle, f.account_id, f.secret FROM identity.factors f "
                "JOIN identity.accounts a ON a.id = f.account_id WHERE a.handle = ANY(%s)",
                ([olga.handle, pia.handle],),
            ).fetchall()
        }
        (mine, sealed), (theirs, _) = rows[olga.handle], rows[pia.handle]
        assert secret.encode() not in sealed
        assert sealer.unseal(conn, FACTOR, mine, sealed).decode() == secret
        with pytest.raises(Exception, match="was not sealed for its row"):
            sealer.unseal(conn, FACTOR, theirs, sealed)
