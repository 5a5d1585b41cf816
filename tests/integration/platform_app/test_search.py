"""Searching by words, meaning and operators, through HTTP: what fits is found, what nobody may see is not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from infra.settings import CHECKOUT
from platform_app.community import service as community
from platform_app.db import Database
from platform_app.discovery import embedding, spelling, upkeep
from platform_app.discovery.embedder import Embedder
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.people import NOON, hours, sign_up, vocabulary
from tests.lib.stack import Stack

TEXTS = {
    "pump": ("The water pump hums loudly", "Since **Monday** the pump makes a humming noise. It is <b>loud</b>.", ("hydraulics",)),
    "motor": ("Motor overheats under load", "The electric motor gets hot when the belt is tight.", ("electrics",)),
    "invoice": ("Customers pay late", "Half of our invoices are settled after sixty days.", ("finance",)),
    "leak": ("Pump leaks oil", "There is oil under the pump every morning.", ("hydraulics", "electrics")),
    "german": ("Die Pumpen brummen laut", "Alle Pumpen brummen seit Montag.", ()),
}  # fmt: skip


@pytest.fixture(scope="module")
def made(app_stack: Stack, database: Database) -> dict[str, Any]:
    """Five problems, an accepted approach, and people; all embedded."""
    ids: dict[str, Any] = {}
    with database.write("t") as conn:
        ann, bob = sign_up(conn, "Annabel"), sign_up(conn, "Bob")
        vocabulary(conn, "hydraulics", "electrics", "finance")
        for at, (name, (title, body, tags)) in enumerate(TEXTS.items()):
            language = "de" if name == "german" else "en"
            ids[name] = str(
                community.write_post(conn, ann.id, title=title, body=body, tags=tags, language=language, now=hours(at))
            )
        answer = community.write_approach(
            conn, bob.id, post_id=UUID(ids["pump"]), body="Bleed the air out of the pump housing.", now=hours(5)
        )  # fmt: skip
        community.accept(conn, ann.id, answer, hours(6))
    ids |= {"answer": str(answer), "ann": ann, "bob": bob}
    embedding.work_off(database, Embedder(CHECKOUT / ".run" / "models"), lambda *_: None)
    with psycopg.connect(app_stack.url("postgres", "app"), autocommit=True) as conn:
        conn.execute("ANALYZE discovery.documents")
    return ids


@pytest.fixture(scope="module")
def door(app_stack: Stack, made: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(
        app_stack.url("app"), tmp_path_factory.mktemp("outbox"), models=CHECKOUT / ".run" / "models"
    ) as door:
        yield door


@pytest.fixture(scope="module")
def without_model(app_stack: Stack, made: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox"), models=Path("no-models")) as door:
        yield door


def find(door: Door | Caller, q: str, **more: Any) -> dict[str, Any]:
    caller = door.visitor() if isinstance(door, Door) else door
    answer = caller.client.get("/api/v1/search", params={"q": q, **more}, headers=_bearer(caller))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _bearer(caller: Caller) -> dict[str, str]:
    return {"Authorization": f"Bearer {caller.token}"} if caller.token else {}


def named(made: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """The results by the names that this module gives them."""
    names = {str(getattr(value, "id", value)): name for name, value in made.items()}
    return [names[hit["id"]] for hit in found["hits"] if hit["id"] in names]


QUERIES = [
    ("pump [hydraulics]", {"pump", "leak"}),
    ("[hydraulics] [electrics]", {"leak"}),
    ("[no-such-tag]", set()),
    ('"humming noise"', {"pump"}),
    ("pump -oil is:problem", {"pump", "german"}),
    ("is:solved", {"pump"}),
    ("is:accepted", {"answer"}),
    ("answers:0 [electrics]", {"motor", "leak"}),
    ("is:approach pump", {"answer"}),
    ("language:de Pumpe", {"german"}),
    ("is:unsolved before:2026-03", set()),
    ("zebra crossing -zebra -pump -motor is:update", set()),
]


@pytest.mark.parametrize(("typed", "expected"), QUERIES)
def test_operators_narrow_down(without_model: Door, made: dict[str, Any], typed: str, expected: set[str]) -> None:
    assert set(named(made, find(without_model, typed))) == expected


def test_words_alone_are_used_without_a_model_and_the_answer_says_so(without_model: Door, made: dict[str, Any]) -> None:
    found = find(without_model, "loud pump")
    assert found["method"] == "words"
    assert named(made, found)[0] == "pump"
    assert "invoice" not in named(made, found)
    assert find(without_model, "[finance]")["method"] == "filters"


def test_what_means_the_same_is_found_without_a_common_word(door: Door, made: dict[str, Any]) -> None:
    found = find(door, "clients do not settle their bills in time")
    assert found["method"] == "hybrid"
    assert named(made, found)[0] == "invoice"


def test_what_has_nothing_to_do_with_anything_is_an_empty_page(door: Door) -> None:
    assert find(door, "qwzxv")["hits"] == []
    assert "Nothing fits" in door.visitor().look("/search?q=qwzxv")


def test_found_words_are_marked_and_markup_is_not_let_through(door: Door, made: dict[str, Any]) -> None:
    (hit,) = find(door, '"humming noise"')["hits"][:1]
    assert [piece["text"] for piece in hit["text"] if piece["found"]] == ["humming", "noise"]
    assert "<b>" not in "".join(piece["text"] for piece in hit["text"])
    page = door.visitor().look("/search?q=%22humming+noise%22")
    assert "<mark>humming</mark>" in page
    assert "<script" not in door.visitor().look("/search?q=<script>alert(1)</script>").partition("<main")[2]


def test_a_typing_error_is_understood_and_said(door: Door, database: Database, made: dict[str, Any]) -> None:
    with database.write("t") as conn:
        for _ in range(3):
            community.write_post(conn, sign_up(conn).id, title="Turbine trouble", body="x", now=NOON)
    assert spelling.learn(database) > 0
    found = find(door, "turbnie")
    assert found["corrected"] == {"turbnie": "turbine"}
    assert "looked for <strong>turbine</strong>" in door.visitor().look("/search?q=turbnie")
    assert find(door, "turbine")["corrected"] == {}


def test_a_word_that_few_people_use_is_not_learned(database: Database) -> None:
    with database.write("t") as conn:
        community.write_post(conn, sign_up(conn).id, title="Zanzibarquux", body="x", now=NOON)
    spelling.learn(database)
    with database.read() as conn:
        assert conn.execute("SELECT 1 FROM discovery.words WHERE word = 'zanzibarquux'").fetchone() is None


def test_people_are_found_by_name(door: Door, made: dict[str, Any]) -> None:
    found = find(door, "annabel", kind="person")
    assert [(hit["kind"], hit["author_handle"]) for hit in found["hits"]] == [("person", made["ann"].handle)]
    assert f"/people/{made['ann'].handle}" in door.visitor().look("/search?q=annabel&kind=person")


def test_ones_own_are_found_by_user_me(door: Door, made: dict[str, Any]) -> None:
    me = door.member("cy")
    mine = me.made("/posts", {"title": "Mine alone", "body": "x"})
    assert [hit["id"] for hit in find(me, "user:me is:problem")["hits"]] == [mine]
    theirs = find(door, f"user:{made['bob'].handle} is:approach")
    assert named(made, theirs) == ["answer"]


def test_pages_follow_each_other_without_a_gap_or_a_repeat(door: Door, database: Database) -> None:
    with database.write("t") as conn:
        dan = sign_up(conn, "dan")
        for number in range(45):
            community.write_post(conn, dan.id, title=f"Gearbox {number}", body="gearbox", now=hours(number))
    pages = [find(door, f"gearbox user:{dan.handle} is:problem", page=page) for page in (1, 2, 3)]
    ids = [hit["id"] for page in pages for hit in page["hits"]]
    assert [len(page["hits"]) for page in pages] == [20, 20, 5]
    assert len(set(ids)) == 45
    assert [page["has_next"] for page in pages] == [True, True, False]
    newest = find(door, f"gearbox user:{dan.handle} is:problem", sort="newest")["hits"]
    moments = [hit["created_at"] for hit in newest]
    assert moments == sorted(moments, reverse=True)


def test_what_is_blocked_hidden_or_deleted_is_not_found(door: Door, database: Database) -> None:
    eve, fay = door.member("eve"), door.member("fay")
    post = eve.made("/posts", {"title": "Kaleidoscope jammed", "body": "It jams."})
    assert [hit["id"] for hit in find(fay, "kaleidoscope")["hits"]] == [post]
    with database.write("t") as conn:
        rows = conn.execute(
            "SELECT id FROM identity.accounts WHERE handle = ANY(%s) ORDER BY handle", ([eve.handle, fay.handle],)
        )
        (eve_id,), (fay_id,) = rows.fetchall()
        conn.execute("INSERT INTO moderation.blocks VALUES (%s, %s, now())", (eve_id, fay_id))
    assert find(fay, "kaleidoscope")["hits"] == []
    assert len(find(eve, "kaleidoscope")["hits"]) == 1
    with database.write("t") as conn:
        conn.execute("DELETE FROM moderation.blocks")
        conn.execute("INSERT INTO moderation.hidden VALUES (%s, 'post', %s, 'moderator', now())", (post, eve_id))
    assert find(fay, "kaleidoscope")["hits"] == []
    assert len(find(eve, "kaleidoscope")["hits"]) == 1
    eve.call("DELETE", f"/posts/{post}")
    assert find(eve, "kaleidoscope")["hits"] == []


def test_fields_become_operators(door: Door) -> None:
    form = {"q": "pump", "tag": "Hydraulics, electrics", "author": "@ann", "state": "solved", "after": "2026-01-01"}
    answer = door.visitor().client.get("/search/narrow", params=form)
    assert answer.headers["location"] == (
        "/search?q=pump+%5Bhydraulics%5D+%5Belectrics%5D+user%3Aann+is%3Asolved+after%3A2026-01-01"
    )


def test_a_note_says_what_was_not_understood(door: Door) -> None:
    assert find(door, "pump is:blue")["notes"]
    assert "is:” takes" in door.visitor().look("/search?q=pump+is:blue")


@pytest.mark.parametrize("typed", ["", "'", "\\", "((", ":*", "a' | 'b", "\x00", "𝕏 !!", "is:", '"', "-", "[", "%"])
def test_nothing_that_is_typed_breaks_it(door: Door, typed: str) -> None:
    find(door, typed)
    assert door.visitor().client.get("/search", params={"q": typed}).status_code == 200


def test_similar_problems_stand_on_the_page_and_in_the_api(
    door: Door, database: Database, made: dict[str, Any]
) -> None:
    with database.write("t") as conn:
        texts: dict[str, Any] = {"title": "Why does my water pump hum?", "body": "The pump makes a humming noise."}
        like = community.write_post(conn, sign_up(conn).id, **texts, now=NOON)
    embedding.work_off(database, Embedder(CHECKOUT / ".run" / "models"), lambda *_: None)
    visitor = door.visitor()
    found = visitor.call("GET", f"/posts/{made['pump']}/similar").json()
    assert found[0]["id"] == str(like)
    assert made["pump"] not in [one["id"] for one in found]
    assert all(one["likeness"] >= 0.5 for one in found)
    assert "Similar problems" in visitor.look(f"/posts/{made['pump']}")
    assert visitor.call("GET", f"/posts/{made['ann'].id}/similar").status_code == 404


def test_without_vectors_similar_problems_share_words(without_model: Door, made: dict[str, Any]) -> None:
    member = without_model.member("gil")
    params = {"title": "Pump leaks oil again"}
    found = member.client.get("/api/v1/hints", params=params, headers=_bearer(member)).json()
    assert found["similar"][0] == found["similar"][0] | {"id": made["leak"], "likeness": None}


def test_who_writes_is_shown_what_was_asked_and_which_tags_fit(door: Door, made: dict[str, Any]) -> None:
    assert door.visitor().client.get("/api/v1/hints", params={"title": "A humming pump"}).status_code == 401
    member = door.member("hal")
    params = {"title": "A noisy water pump hums", "body": "hydraulics?"}
    found = member.client.get("/api/v1/hints", params=params, headers=_bearer(member)).json()
    assert made["pump"] in [one["id"] for one in found["similar"]]
    assert found["tags"][0]["name"] == "hydraulics"
    assert found["tags"][0]["reason"] == "both"
    assert 10 <= found["tags"][0]["confidence"] <= 100
    browser = door.browser_of(member)
    typed: dict[str, Any] = {"title": "A noisy water pump hums", "body": "It is loud.", "tag": "finance"}
    whole = browser.send("/posts/new", "/posts/new/hints", **typed)
    assert 'method="post" action="/posts/new"' in whole.text, "the form still posts what was typed"
    assert "Has somebody asked this before?" in whole.text
    assert 'value="A noisy water pump hums"' in whole.text
    part = browser.send("/posts/new", "/posts/new/hints", fragment=True, **typed)
    assert "<html" not in part.text
    assert made["pump"] in part.text
    assert browser.send("/posts/new", "/posts/new/hints", fragment=True, title="x").text.strip() != ""


def test_searches_are_limited(app_stack: Stack, tmp_path: Path) -> None:
    with open_door(app_stack.url("app"), tmp_path / "outbox", models=Path("no-models")) as door:
        visitor = door.visitor()
        codes = {visitor.client.get("/api/v1/search", params={"q": "x"}).status_code for _ in range(241)}
    assert codes == {200, 429}


def test_the_worker_learns_the_words_again_until_it_is_stopped(database: Database) -> None:
    stop = threading.Event()
    with database.write("t") as conn:
        conn.execute("DELETE FROM discovery.words")
    learning = threading.Thread(target=upkeep.follow, args=(database, 0.05, stop))
    learning.start()
    try:
        deadline = time.monotonic() + 20
        found = None
        while found is None and time.monotonic() < deadline:
            with database.read() as conn:
                found = conn.execute("SELECT 1 FROM discovery.words LIMIT 1").fetchone()
    finally:
        stop.set()
        learning.join(20)
    assert found is not None
    assert not learning.is_alive()
