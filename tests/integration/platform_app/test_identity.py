"""Rules of accounts, consent and profiles, on a real database."""

from __future__ import annotations

from typing import Any

import pytest

from platform_app.db import Conn
from platform_app.errors import Conflict, Invalid, NotAllowed, NotFound
from platform_app.identity import service as identity
from platform_app.identity.schemas import NewPerson
from platform_app.ids import settled_id
from platform_app.profiles import service as profiles
from tests.lib.people import NOON, hours, sign_up


def test_a_sign_up_decides_every_purpose(conn: Conn) -> None:
    ann = sign_up(conn, "Ann", lake=True)
    assert identity.consents_of(conn, ann.id) == {
        "lake": True, "text_corpus": False, "email": False, "recommendations": False
    }  # fmt: skip
    assert (ann.origin, ann.role, ann.status) == ("signup", "member", "active")


@pytest.mark.parametrize(
    ("change", "field"),
    [({"handle": "x"}, "handle"), ({"handle": "a b c"}, "handle"), ({"email": "nobody"}, "email"),
     ({"display_name": " "}, "display_name"), ({"display_name": "x" * 101}, "display_name"),
     ({"consents": {"spying": True}}, "purpose")],
)  # fmt: skip
def test_a_malformed_sign_up_names_its_field(conn: Conn, change: dict[str, Any], field: str) -> None:
    form: dict[str, Any] = {"email": "a@example.org", "handle": "ann", "display_name": "Ann", "consents": {}}
    with pytest.raises(Invalid) as refusal:
        identity.create_account(conn, **(form | change), now=NOON)
    assert refusal.value.field == field


def test_mail_and_handle_are_taken_whatever_their_case(conn: Conn) -> None:
    ann = sign_up(conn, "Ann")
    form: dict[str, Any] = {"display_name": "B", "consents": {}, "now": NOON}
    with pytest.raises(Conflict, match="handle"):
        identity.create_account(conn, email="b@example.org", handle=ann.handle.upper(), **form)
    with pytest.raises(Conflict, match="mail"):
        identity.create_account(conn, email=(ann.email or "").upper(), handle="bobby", **form)
    assert identity.find_by_handle(conn, ann.handle.upper()) == ann


def test_an_unknown_person_is_not_found(conn: Conn) -> None:
    with pytest.raises(NotFound):
        identity.find_by_handle(conn, "nobody")
    assert identity.find_by_email(conn, "nobody@example.org") is None


def test_each_change_of_mind_is_kept_and_the_same_decision_again_is_not(conn: Conn) -> None:
    ann = sign_up(conn, lake=True)
    for granted, at in ((False, 1), (False, 2), (True, 3)):
        identity.decide_consent(conn, ann.id, "lake", granted, hours(at))
    history = [event for event in identity.consent_history(conn, ann.id) if event.purpose == "lake"]
    assert [(event.granted, event.decided_at) for event in history] == [
        (True, NOON), (False, hours(1)), (True, hours(3))
    ]  # fmt: skip
    assert identity.consents_of(conn, ann.id)["lake"] is True


def test_only_a_late_consent_to_the_lake_asks_for_a_second_stream(conn: Conn) -> None:
    ann = sign_up(conn, lake=False)
    waiting = "SELECT count(*) FROM identity.consent_events WHERE restream_wanted AND account_id = %s"
    identity.decide_consent(conn, ann.id, "email", True, hours(1))
    assert conn.execute(waiting, (ann.id,)).fetchone() == (0,)
    identity.decide_consent(conn, ann.id, "lake", True, hours(2))
    assert conn.execute(waiting, (ann.id,)).fetchone() == (1,)


def test_a_suspended_person_writes_nothing(conn: Conn) -> None:
    ann = sign_up(conn)
    conn.execute("UPDATE identity.accounts SET status = 'suspended' WHERE id = %s", (ann.id,))
    with pytest.raises(NotAllowed, match="not active"):
        identity.rename(conn, ann.id, "Anna")


def test_an_imported_person_claims_the_account_once(conn: Conn) -> None:
    person = NewPerson(settled_id(NOON, "x", 1), "imported-1", "Ida", "import", NOON, {"lake": True})
    assert identity.add_people(conn, [person]) == {"accounts": 1, "consents": 1}
    assert identity.add_people(conn, [person]) == {"accounts": 0, "consents": 0}
    token = identity.issue_reset_token(conn, person.id, NOON)
    claimed = identity.claim_account(conn, token, password_hash="h", email="ida@example.org", now=hours(1))
    assert (claimed.id, claimed.email, claimed.origin) == (person.id, "ida@example.org", "import")
    with pytest.raises(Invalid, match="used or has expired"):
        identity.claim_account(conn, token, password_hash="h", now=hours(2))


def test_a_claim_needs_a_mail_address_and_a_fresh_token(conn: Conn) -> None:
    person = NewPerson(settled_id(NOON, "x", 2), "imported-2", "Ina", "import", NOON)
    identity.add_people(conn, [person])
    token = identity.issue_reset_token(conn, person.id, NOON)
    with pytest.raises(Invalid, match="used or has expired"):
        identity.claim_account(conn, token, password_hash="h", now=hours(25))
    with pytest.raises(Invalid, match="mail address"):
        identity.claim_account(conn, token, password_hash="h", now=hours(1))


def test_a_profile_is_replaced_whole_and_empty_texts_become_null(conn: Conn) -> None:
    ann = sign_up(conn)
    assert profiles.profile_of(conn, ann.id).bio is None
    form: dict[str, Any] = {"headline": " Solver ", "bio": "a\r\nb", "website_url": "https://x.org", "location": ""}
    profiles.edit_profile(conn, ann.id, **form, now=hours(1))
    stored = profiles.profile_of(conn, ann.id)
    assert (stored.headline, stored.bio, stored.location, stored.updated_at) == ("Solver", "a\nb", None, hours(1))
    for wrong in ({"website_url": "javascript:alert(1)"}, {"headline": "x" * 201}, {"bio": "x" * 20_001}):
        with pytest.raises(Invalid):
            profiles.edit_profile(conn, ann.id, **(form | wrong), now=hours(2))


def test_badges_are_listed_newest_first(conn: Conn) -> None:
    ann = sign_up(conn)
    profiles.award_badge(conn, ann.id, "first-post", "bronze", NOON)
    profiles.award_badge(conn, ann.id, "first-post", "silver", hours(1))
    assert [award.tier for award in profiles.badges_of(conn, ann.id)] == ["silver", "bronze"]
    with pytest.raises(Invalid):
        profiles.award_badge(conn, ann.id, "First Post", "bronze", NOON)
