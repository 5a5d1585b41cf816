"""What can be found is what everybody may see, at once by words; vectors follow, and never outlive their text."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from infra.settings import CHECKOUT
from lake.kit.errors import Stop
from platform_app import leaving
from platform_app.community import service as community
from platform_app.db import Conn, Database
from platform_app.discovery import embedding, upkeep
from platform_app.discovery.embedder import Embedder
from platform_app.identity import service as identity
from platform_app.migrations.runner import migrate
from platform_app.outbox import worker
from platform_app.outbox.meters import OutboxMeters
from platform_app.outbox.subscribers import EMBEDDINGS
from platform_app.profiles import service as profiles
from platform_app.profiles import showing, work
from tests.lib.people import NOON, approach_by, hours, post_by, sign_up
from tests.lib.stack import Stack
from tests.lib.stream import wait_until


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(CHECKOUT / ".run" / "models")


@pytest.fixture
def empty(app_stack: Stack, database: Database) -> None:
    """Nothing waits when the test begins."""
    with psycopg.connect(app_stack.url("postgres", "app"), autocommit=True) as conn:
        conn.execute("DELETE FROM kernel.outbox")
        conn.execute("DELETE FROM discovery.documents")


def documents(conn: Conn, *authors: UUID) -> dict[UUID, tuple[str, str]]:
    """Kind and state of what can be found of some people."""
    query = "SELECT subject_id, kind, state FROM discovery.documents WHERE author_id = ANY(%s)"
    return {row[0]: (row[1], row[2]) for row in conn.execute(query, (list(authors),)).fetchall()}


def has_vector(conn: Conn, subject: UUID) -> bool:
    return conn.execute("SELECT 1 FROM discovery.embeddings WHERE subject_id = %s", (subject,)).fetchone() is not None


def test_what_everybody_may_see_can_be_found_at_once_and_what_is_gone_cannot(conn: Conn) -> None:
    ann, bob = sign_up(conn, "Ann"), sign_up(conn, "Bob")
    post = post_by(conn, ann)
    answer = approach_by(conn, bob, post)
    people = {ann.id: ("person", "published"), bob.id: ("person", "published")}
    assert documents(conn, ann.id, bob.id) == people | {
        post: ("problem", "open"), answer: ("approach", "published"),
    }  # fmt: skip
    community.accept(conn, ann.id, answer, hours(1))
    assert documents(conn, ann.id, bob.id) == people | {post: ("problem", "solved"), answer: ("approach", "accepted")}
    community.delete_approach(conn, bob.id, answer, hours(2))
    community.delete_post(conn, ann.id, post, hours(2))
    assert documents(conn, ann.id, bob.id) == people


def test_whoever_leaves_cannot_be_found_nor_the_places_that_stay(conn: Conn, embedder: Embedder) -> None:
    ann, bob = sign_up(conn, "Ann"), sign_up(conn, "Bob")
    post = post_by(conn, ann)
    answer = approach_by(conn, bob, post)
    leaving.leave(conn, ann.id, hours(1))
    assert documents(conn, ann.id, bob.id, identity_heir(conn)).keys() == {bob.id, answer}


def identity_heir(conn: Conn) -> UUID:
    row = conn.execute("SELECT id FROM identity.accounts WHERE status = 'deleted'").fetchone()
    assert row
    return UUID(str(row[0]))


def test_the_command_embeds_what_waits_and_a_second_run_finds_nothing(
    database: Database, embedder: Embedder, empty: None
) -> None:
    with database.write("t") as conn:
        ann = sign_up(conn, "Ann")
        post = post_by(conn, ann)
    steps: list[int] = []
    assert embedding.work_off(database, embedder, lambda _, rows: steps.append(rows)) == 1  # ann tells nothing
    assert steps == [1]
    with database.read() as conn:
        assert has_vector(conn, post)
        assert embedding.waiting(conn) == 0
    assert embedding.work_off(database, embedder, lambda *_: None) == 0


def test_what_no_event_told_of_is_embedded_beside_the_worker(
    database: Database, embedder: Embedder, empty: None
) -> None:
    with database.write("t") as conn:
        post = post_by(conn, sign_up(conn, "Ann"))
        conn.execute("DELETE FROM kernel.outbox")
    stop = threading.Event()
    beside = threading.Thread(target=upkeep.catch_up, args=(database, embedder, 0.05, stop))
    beside.start()
    try:
        wait_until(lambda: embedded_by(database, post))
    finally:
        stop.set()
        beside.join(20)
    assert not beside.is_alive()


def embedded_by(database: Database, subject: UUID) -> bool:
    with database.read() as conn:
        return has_vector(conn, subject)


def test_another_model_means_that_everything_waits_again(
    database: Database, embedder: Embedder, empty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write("t") as conn:
        post_by(conn, sign_up(conn, "Ann"))
    embedding.work_off(database, embedder, lambda *_: None)
    monkeypatch.setattr(Embedder, "version", "another")
    with database.read() as conn:
        assert embedding.waiting(conn) == 1
    assert embedding.work_off(database, embedder, lambda *_: None) == 1
    with database.read() as conn:
        assert conn.execute("SELECT model, count(*) FROM discovery.embeddings GROUP BY 1").fetchall() == [
            ("another", 1)
        ]


def test_events_keep_vectors_current(database: Database, embedder: Embedder, empty: None) -> None:
    hand_out = worker.Worker(database, {EMBEDDINGS: embedding.follow_event(embedder)}, OutboxMeters())
    with database.write("t") as conn:
        ann, bob = sign_up(conn, "Ann"), sign_up(conn, "Bob")
        post = post_by(conn, ann)
        answer = approach_by(conn, bob, post)
        profiles.edit_profile(
            conn, bob.id, headline="Pumps", bio=None, website_url=None, location=None, now=hours(1)
        )  # fmt: skip
    assert hand_out.work_off() == 3
    with database.read() as conn:
        assert all(has_vector(conn, one) for one in (post, answer, bob.id))
    with database.write("t") as conn:
        community.edit_post(conn, ann.id, post, title="Another", body="text", tags=[], now=hours(2))
        assert not has_vector(conn, post)
        profiles.edit_profile(conn, bob.id, headline=None, bio=None, website_url=None, location=None, now=hours(2))
        assert not has_vector(conn, bob.id)
    hand_out.work_off()
    with database.read() as conn:
        assert has_vector(conn, post)
        assert not has_vector(conn, bob.id)
    with database.write("t") as conn:
        community.delete_post(conn, ann.id, post, hours(3))
        assert not has_vector(conn, post)


def test_kill_9_after_embedding_loses_nothing(
    database: Database, app_stack: Stack, embedder: Embedder, empty: None
) -> None:
    with database.write("t") as conn:
        post = post_by(conn, sign_up(conn, "Ann"))
        conn.execute("DELETE FROM kernel.deliveries WHERE subscriber <> %s", (EMBEDDINGS,))
    program = (
        "import sys; from pathlib import Path; from platform_app.db import Database\n"
        "from platform_app.discovery import embedding; from platform_app.discovery.embedder import Embedder\n"
        "from platform_app.outbox import worker; from platform_app.outbox.meters import OutboxMeters\n"
        "react = {'embeddings': embedding.follow_event(Embedder(Path(sys.argv[2])))}\n"
        "with Database(sys.argv[1], size=2) as database:\n"
        "    worker.Worker(database, react, OutboxMeters(), failpoint=sys.argv[3]).work_off()\n"
    )
    models = CHECKOUT / ".run" / "models"
    for failpoint, ended in ((worker.REACTED, -signal.SIGKILL), ("", 0)):
        command = [sys.executable, "-c", program, app_stack.url("app"), str(models), failpoint]
        assert subprocess.run(command, cwd=CHECKOUT, check=False, timeout=120).returncode == ended
        with database.read() as conn:
            assert has_vector(conn, post) == (ended == 0)


def test_a_text_that_changes_while_it_is_embedded_keeps_no_vector_of_its_old_words(
    database: Database, embedder: Embedder, empty: None
) -> None:
    with database.write("t") as conn:
        ann = sign_up(conn, "Ann")
        post = post_by(conn, ann)

    class Slow(Embedder):
        def embed(self, texts: object) -> list[list[float]]:
            with database.write("t") as other:
                community.edit_post(other, ann.id, post, title="Another", body="text", tags=[], now=hours(2))
            return embedder.embed(texts)  # type: ignore[arg-type]  # handed through

    assert embedding.work_off(database, Slow(Path()), lambda *_: None) == 0
    with database.read() as conn:
        assert not has_vector(conn, post)
    assert embedding.work_off(database, embedder, lambda *_: None) == 1


def test_without_a_model_events_are_handled_and_the_documents_wait(
    database: Database, tmp_path: Path, empty: None
) -> None:
    with database.write("t") as conn:
        post_by(conn, sign_up(conn, "Ann"))
    worker.Worker(database, {EMBEDDINGS: embedding.follow_event(Embedder(tmp_path))}, OutboxMeters()).work_off()
    with database.read() as conn:
        assert embedding.waiting(conn) == 1
        row = conn.execute("SELECT count(*) FROM kernel.deliveries WHERE subscriber = %s", (EMBEDDINGS,)).fetchone()
    assert row == (0,)


def test_what_was_written_before_there_was_a_search_is_brought_in(app_stack: Stack, database: Database) -> None:
    with database.write("t") as conn:
        ann = sign_up(conn, "Ann")
        post = post_by(conn, ann)
        answer = approach_by(conn, sign_up(conn, "Bob"), post)
        before = documents(conn, ann.id)
    migration = (CHECKOUT / "platform_app" / "migrations" / "0051_discovery_rows.sql").read_text()
    with psycopg.connect(app_stack.url("postgres", "app")) as conn:
        conn.execute("DELETE FROM discovery.documents")
        conn.execute(migration.encode())
        assert documents(conn, ann.id) == before
        assert conn.execute("SELECT 1 FROM discovery.documents WHERE subject_id = %s", (answer,)).fetchone()
        conn.rollback()


def test_a_database_without_pgvector_is_told_what_it_lacks(app_stack: Stack) -> None:
    name = "without_vector"
    with psycopg.connect(app_stack.url("postgres"), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} OWNER app_owner".encode())
    try:
        with pytest.raises(Stop, match="extension vector is missing"):
            migrate(app_stack.url("app_owner", name))
    finally:
        with psycopg.connect(app_stack.url("postgres"), autocommit=True) as conn:
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_a_suspended_person_is_not_found(conn: Conn) -> None:
    ann = sign_up(conn, "Ann")
    conn.execute("UPDATE identity.accounts SET status = 'suspended' WHERE id = %s", (ann.id,))
    assert documents(conn, ann.id) == {}
    assert identity.find_account(conn, ann.id).status == "suspended"
    assert NOON


def test_what_a_person_knows_is_part_of_their_vector(database: Database, embedder: Embedder, empty: None) -> None:
    with database.write("t") as conn:
        ann, bob = sign_up(conn, "Ann"), sign_up(conn, "Bob")
        conn.execute("DELETE FROM kernel.deliveries")
        work.set_skills(conn, ann.id, {"postgres": "expert"}, NOON)
        item = showing.add_item(conn, bob.id, NOON, title="A pump", skills=["rust"])
    assert embedding.work_off(database, embedder, lambda *_: None) == 2
    with database.read() as conn:
        told = {who: embedding.text_of(conn, who) for who in (ann.id, bob.id)}
        assert {who: text and text.words for who, text in told.items()} == {ann.id: "postgresql", bob.id: "rust"}
        assert has_vector(conn, ann.id)
    with database.write("t") as conn:
        work.set_skills(conn, ann.id, {"postgres": "beginner"}, NOON)
        assert has_vector(conn, ann.id), "how well is no part of it"
        work.set_skills(conn, ann.id, {"postgres": "beginner", "sql": "expert"}, NOON)
        assert not has_vector(conn, ann.id)
        showing.remove_item(conn, bob.id, item.id, NOON)
        assert not has_vector(conn, bob.id)
    assert embedding.work_off(database, embedder, lambda *_: None) == 1, "Bob tells nothing any more"
