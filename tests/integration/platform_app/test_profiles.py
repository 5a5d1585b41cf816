"""What people tell about their work: skills from one list, availability, faces, portfolios and résumés."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from platform_app.db import Database
from platform_app.moderation import hidden
from platform_app.uploads import cleaning
from tests.integration.platform_app.test_uploads import bring, brought
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.people import NOON
from tests.lib.specimens import pdf, picture, word
from tests.lib.stack import Stack

RESUME = "Ann Onymous, ann@example.org\nSkills: Python, golang, C\n2014 - 2020 Acme: PostgreSQL and Kubernetes"


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


def put(who: Caller, path: str, data: bytes, name: str = "a") -> httpx.Response:
    headers = {"Authorization": f"Bearer {who.token}"}
    return who.client.put(f"/api/v1{path}", files={"file": (name, data, "image/png")}, headers=headers)


def events(database: Database, kind: str, handle: str) -> list[dict[str, Any]]:
    with database.read() as conn:
        rows = conn.execute(
            "SELECT data FROM kernel.outbox WHERE type = %s AND actor_id = (SELECT id FROM identity.accounts "
            "WHERE handle = %s) ORDER BY id",
            (kind, handle),
        ).fetchall()
    return [row[0] for row in rows]


def seen(door: Door, who: Caller) -> Any:
    return door.visitor().call("GET", f"/people/{who.handle}").json()


def test_skills_come_from_one_list_by_any_of_their_names(door: Door, database: Database) -> None:
    ann = door.member("ann")
    body = {"skills": [{"skill": "JS", "level": "expert"}, {"skill": "Postgres"}]}
    answer = ann.call("PUT", "/profile/skills", body)
    assert [(one["skill"], one["label"], one["level"], one["source"]) for one in answer.json()] == [
        ("javascript", "JavaScript", "expert", "self"), ("postgresql", "PostgreSQL", "intermediate", "self"),
    ]  # fmt: skip
    again = ann.call("PUT", "/profile/skills", {"skills": [{"skill": "javascript", "level": "advanced"}]})
    assert [(one["skill"], one["level"]) for one in again.json()] == [("javascript", "advanced")]
    assert seen(door, ann)["skills"] == again.json()
    refused = ann.call("PUT", "/profile/skills", {"skills": [{"skill": "pythn"}]})
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_skill")
    assert "Is it Python" in refused.json()["detail"]
    ann.call("PUT", "/profile/skills", {"skills": [{"skill": "javascript", "level": "advanced"}]})
    told = events(database, "profile.updated", ann.handle)
    assert [(one["skills"], one["texts"]) for one in told] == [(True, False)] * 2, "the same again is no change"


def test_the_list_of_skills_is_open(door: Door) -> None:
    found = door.visitor().call("GET", "/skills?q=kub").json()
    assert (found[0]["skill"], found[0]["kind"], found[0]["broader"]) == ("kubeflow", "framework", "data-science")
    assert {one["skill"] for one in found} == {"kubeflow", "kubernetes"}
    assert len(door.visitor().call("GET", "/skills").json()) > 400


WORK = {
    "availability": "limited", "experience_level": "senior", "years_experience": 9, "hourly_rate": 80, "currency": "EUR",
    "weekly_hours": 20, "industry": "energy", "time_zone": "Europe/Berlin",
}  # fmt: skip


def test_people_say_how_they_work_and_whether_they_are_free(door: Door, database: Database) -> None:
    ann = door.member("ann")
    assert seen(door, ann)["work"] is None
    assert ann.call("PUT", "/profile/work", WORK).json() == WORK
    assert seen(door, ann)["work"] == WORK
    assert ann.call("PUT", "/profile/work", WORK | {"availability": "busy"}).status_code == 200
    assert events(database, "availability.changed", ann.handle) == [{"before": "limited", "after": "busy"}]
    assert ann.call("PUT", "/profile/work", {"currency": "EUR"}).json()["currency"] is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"hourly_rate": 80, "currency": None}, "currency"),
        ({"currency": "XXX"}, "currency"),
        ({"industry": "magic"}, "industry"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"hourly_rate": 0}, "hourly_rate"),
        ({"weekly_hours": 200}, "weekly_hours"),
        ({"availability": "perhaps"}, "availability"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_its_field(door: Door, change: dict[str, Any], field: str) -> None:
    answer = door.member("eve").call("PUT", "/profile/work", WORK | change)
    assert answer.status_code == 422
    assert answer.json()["details"][0]["field"] == field


def test_a_face_replaces_the_one_before(door: Door, database: Database) -> None:
    ann = door.member("ann")
    first = put(ann, "/profile/face", picture(size=(90, 60))).json()["url"]
    assert seen(door, ann)["face_url"] == first
    second = put(ann, "/profile/face", picture("JPEG")).json()["url"]
    assert seen(door, ann)["face_url"] == second
    assert door.visitor().client.get(second).headers["Content-Type"] == "image/webp"
    assert door.visitor().client.get(first).status_code == 404
    assert put(ann, "/profile/face", pdf("a")).json()["code"] == "not_an_image"
    assert ann.call("DELETE", "/profile/face").status_code == 204
    assert seen(door, ann)["face_url"] is None
    assert cleaning.clean(database, door.app.state.store, NOON).removed >= 4


def test_a_portfolio_shows_work_with_a_picture_and_a_link(door: Door, database: Database) -> None:
    ann, eve = door.member("ann"), door.member("eve")
    file = brought(ann, picture(), purpose="portfolio")
    body = {
        "title": "A pump",
        "kind": "product",
        "summary": "It hums.",
        "url": "https://pump.example",
        "file_id": file["id"],
        "skills": ["Golang", "go", "postgres"],
    }
    made = ann.call("POST", "/profile/portfolio", body).json()
    assert made["skills"] == ["go", "postgresql"]
    assert seen(door, ann)["portfolio"] == [made]
    assert door.visitor().client.get(made["picture_url"]).status_code == 200
    assert events(database, "portfolio_item.published", ann.handle) == [{"kind": "product", "picture": True}]
    assert (
        eve.call("POST", "/profile/portfolio", {"title": "Mine", "file_id": file["id"]}).json()["code"] == "not_yours"
    )
    assert eve.call("POST", "/profile/portfolio", {"title": "x", "url": "javascript:alert(1)"}).status_code == 422
    unknown = eve.call("POST", "/profile/portfolio", {"title": "x", "skills": ["golangg"]}).json()
    assert (unknown["code"], unknown["details"][0]["field"]) == ("unknown_skill", "skills")
    many = ["go", "rust", "python", "sql", "java", "kotlin", "swift", "docker", "kubernetes"]
    assert eve.call("POST", "/profile/portfolio", {"title": "x", "skills": many}).status_code == 422
    assert eve.call("DELETE", f"/profile/portfolio/{made['id']}").status_code == 403
    assert ann.call("DELETE", f"/profile/portfolio/{made['id']}").status_code == 204
    assert seen(door, ann)["portfolio"] == []
    assert door.visitor().client.get(made["picture_url"]).status_code == 404


@pytest.mark.parametrize(
    "data", [RESUME.encode(), word(*RESUME.splitlines()), pdf(RESUME)], ids=["text", "word", "pdf"]
)
def test_a_resume_offers_skills_and_years_which_its_owner_confirms(door: Door, database: Database, data: bytes) -> None:
    ann, eve = door.member("ann"), door.member("eve")
    found = put(ann, "/profile/resume", data, "cv").json()
    assert found["skills"] == ["python", "go", "c", "postgresql", "kubernetes"]
    assert (found["years"], found["taken_at"]) == (6, None)
    assert seen(door, ann)["skills"] == [], "nothing is taken over by itself"
    assert door.browser_of(ann).client.get(found["file_url"]).status_code == 200
    assert door.browser_of(eve).client.get(found["file_url"]).status_code == 404
    assert eve.call("GET", "/profile/resume").json() is None
    taken = ann.call("POST", "/profile/resume/taken", {"skills": ["python", "rust"], "years": True}).json()
    assert [(one["skill"], one["source"]) for one in taken] == [("python", "resume")], "rust is not in it"
    assert seen(door, ann)["work"]["years_experience"] == 6
    assert "example.org" not in str(events(database, "resume.uploaded", ann.handle))
    assert events(database, "resume.uploaded", ann.handle) == [{"skills": 5, "years": "several"}]
    assert ann.call("DELETE", "/profile/resume").status_code == 204
    assert door.browser_of(ann).client.get(found["file_url"]).status_code == 404
    assert len(seen(door, ann)["skills"]) == 1


def test_taking_over_needs_a_resume(door: Door) -> None:
    assert door.member("ann").call("POST", "/profile/resume/taken", {"skills": []}).status_code == 404


def test_a_post_shows_files_of_its_author(door: Door, database: Database) -> None:
    ann, eve = door.member("ann"), door.member("eve")
    post = ann.made("/posts", {"title": "My pump", "body": "It hums."})
    file = brought(ann, picture())
    eve_file = brought(eve, picture())
    path = f"/posts/{post}/attachments"
    assert eve.call("POST", path, {"file_id": eve_file["id"]}).json()["code"] == "not_the_author"
    assert ann.call("POST", path, {"file_id": eve_file["id"]}).json()["code"] == "not_yours"
    attached = ann.made(path, {"file_id": file["id"]})
    assert ann.call("POST", path, {"file_id": file["id"]}).json()["code"] == "in_use"
    (shown,) = door.visitor().call("GET", path).json()
    assert (shown["id"], shown["media_type"], shown["width"]) == (attached, "image/webp", 640)
    assert door.visitor().client.get(shown["url"]).status_code == 200
    told = events(database, "media.attached", ann.handle)
    assert [(one["media_type"], one["size_band"], one["post_id"]) for one in told] == [
        ("image/webp", "under_100_kb", post)
    ]
    with database.write("t") as conn:
        row = conn.execute("SELECT id FROM identity.accounts WHERE handle = %s", (ann.handle,)).fetchone()
        assert row is not None
        hidden.put(conn, "post", UUID(post), row[0], "moderator", NOON)
    assert door.visitor().client.get(shown["url"]).status_code == 404, "what is hidden shows no files"
    assert door.visitor().call("GET", path).json() == []
    with database.write("t") as conn:
        hidden.take(conn, UUID(post))
    for _ in range(5):
        ann.made(path, {"file_id": brought(ann, b"a log")["id"]})
    assert ann.call("POST", path, {"file_id": brought(ann, b"one more")["id"]}).json()["code"] == "too_many_attachments"
    assert eve.call("DELETE", f"/attachments/{attached}").status_code == 403
    assert ann.call("DELETE", f"/posts/{post}").status_code == 204
    assert door.visitor().client.get(shown["url"]).status_code == 404, "nobody reads the post any more"
    assert door.visitor().call("GET", path).status_code == 404
    assert ann.call("DELETE", f"/attachments/{attached}").status_code == 204


def test_an_approach_shows_files_too(door: Door) -> None:
    ann = door.member("ann")
    approach = ann.made("/approaches", {"title": "How", "body": "So."})
    assert bring(ann, word("x")).json()["code"] == "not_an_image"
    ann.made(f"/approaches/{approach}/attachments", {"file_id": brought(ann, pdf("a"))["id"]})
    assert len(ann.call("GET", f"/approaches/{approach}/attachments").json()) == 1
