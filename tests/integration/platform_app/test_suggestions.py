"""What a member is shown: what the vault brought, as far as it still holds, with its reason in words."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest

from lake.contracts.suggestions import KINDS, REASONS, WITH_TAG
from platform_app.community import follows
from platform_app.db import Conn
from platform_app.identity import service as identity
from platform_app.identity.schemas import Account
from platform_app.suggestions.reads import in_words, suggested
from tests.lib.front_door import Door, open_door
from tests.lib.people import NOON, approach_by, post_by, sign_up, vocabulary
from tests.lib.stack import Stack

BOTH = {"lake": True, "recommendations": True}
ROW = (
    "INSERT INTO suggestions.suggestions (account_id, kind, person_id, post_id, tag, score, reason, because) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)


@pytest.fixture
def owner(app_stack: Stack) -> Iterator[Conn]:
    """A transaction that may do everything, rolled back when the test ends."""
    with psycopg.connect(app_stack.url("postgres", "app")) as conn:
        yield conn
        conn.rollback()


def join(conn: Conn, name: str) -> Account:
    person = sign_up(conn, name)
    identity.decide_consent(conn, person.id, "recommendations", True, NOON)
    return person


def bring(conn: Conn, to: Account, *, person: UUID | None = None, post: UUID | None = None, reason: str = "same_problems",
          because: str | None = None) -> None:  # fmt: skip
    conn.execute(ROW, (to.id, "person" if person else "post", person, post, None, 0.5, reason, because))


def test_what_was_brought_is_shown_with_its_reason(owner: Conn) -> None:
    ann, bob = join(owner, "ann"), join(owner, "bob")
    vocabulary(owner, "python")
    post = post_by(owner, bob)
    bring(owner, ann, person=bob.id)
    bring(owner, ann, post=post, reason="answered_tag", because="python")
    found = suggested(owner, ann.id)
    assert [(p.handle, p.words) for p in found.people] == [(bob.handle, "answers the same problems as you")]
    assert [(p.id, p.words) for p in found.problems] == [(post, "because you answered in python")]


def test_what_happened_since_is_left_out(owner: Conn) -> None:
    ann, bob = join(owner, "ann"), join(owner, "bob")
    post, other = post_by(owner, bob), post_by(owner, bob)
    bring(owner, ann, person=bob.id)
    bring(owner, ann, post=post)
    bring(owner, ann, post=other)
    follows.follow(owner, ann.id, bob.id, NOON)
    approach_by(owner, ann, post)
    found = suggested(owner, ann.id)
    assert (found.people, [p.id for p in found.problems]) == ([], [other])


@pytest.mark.parametrize("purpose", BOTH)
def test_whoever_withdraws_loses_what_they_had_and_is_suggested_to_nobody(owner: Conn, purpose: str) -> None:
    ann, bob = join(owner, "ann"), join(owner, "bob")
    bring(owner, ann, person=bob.id)
    bring(owner, bob, person=ann.id)
    bring(owner, ann, post=post_by(owner, bob))
    identity.decide_consent(owner, bob.id, purpose, False, NOON)
    assert owner.execute("SELECT count(*) FROM suggestions.suggestions").fetchone() == (0,)
    assert not suggested(owner, bob.id).agreed
    assert suggested(owner, ann.id).people == []


def test_a_row_of_somebody_who_did_not_agree_is_not_shown_even_if_it_is_there(owner: Conn) -> None:
    """The twin of the deletion: rows brought a moment too late stay hidden."""
    ann, eve = join(owner, "ann"), sign_up(owner, "eve")
    bring(owner, ann, person=eve.id)
    bring(owner, eve, person=ann.id)
    assert suggested(owner, ann.id).people == []
    assert not suggested(owner, eve.id).agreed


def test_a_newcomer_sees_what_is_popular(owner: Conn) -> None:
    post = post_by(owner, join(owner, "bob"))
    found = suggested(owner, join(owner, "ann").id)
    assert found.agreed
    assert [(p.id, p.words) for p in found.problems][:1] == [(post, "popular among the newest")]


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_words(reason: str) -> None:
    words = in_words(reason, "python", "same problems")
    assert words
    assert ("python" in words) == (reason in WITH_TAG)


def test_the_database_knows_the_same_kinds_and_reasons(owner: Conn) -> None:
    rows = owner.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'suggestions.suggestions'::regclass"
    ).fetchall()
    text = " ".join(row[0] for row in rows)
    assert [word for word in (*KINDS, *REASONS) if f"'{word}'" not in text] == []


@pytest.mark.parametrize(
    "query",
    [
        "SELECT display_name FROM identity.accounts", "SELECT email FROM identity.accounts",
        "SELECT title FROM community.posts", "SELECT * FROM identity.credentials", "DELETE FROM identity.consents",
        "UPDATE suggestions.suggestions SET score = 1",
    ],
)  # fmt: skip
def test_the_vaults_role_reads_ids_and_nothing_else(app_stack: Stack, query: str) -> None:
    with psycopg.connect(app_stack.url("app_suggest")) as conn:
        conn.execute("SELECT id, status FROM identity.accounts")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(query.encode())


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


def test_the_page_and_the_api_say_the_same(door: Door) -> None:
    assert door.visitor().call("GET", "/suggestions").status_code == 401
    assert "Suggested for you" not in door.visitor().look("/")
    bob = door.member("bob", **BOTH)
    bob.made("/posts", {"title": "A pump hums", "body": "It hums."})
    ann, eve = door.member("ann", **BOTH), door.member("eve", lake=True)
    found = ann.call("GET", "/suggestions").json()
    assert [p["title"] for p in found["problems"]] == ["A pump hums"]
    page = door.browser_of(ann).look("/")
    assert "Suggested for you" in page
    assert found["problems"][0]["words"] in page
    assert eve.call("GET", "/suggestions").json() == {"agreed": False, "people": [], "problems": [], "tags": []}
    assert "Suggestions are off" in door.browser_of(eve).look("/")
