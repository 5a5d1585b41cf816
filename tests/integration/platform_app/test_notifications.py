"""Who is told of what, once; where it reaches them; and the mail, through kills and a mail server that refuses."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from infra.process import wait_until
from lake.kit.clock import utc_now
from platform_app import leaving
from platform_app.community import follows
from platform_app.community import service as community
from platform_app.community.groups import rules as groups
from platform_app.community.schemas import Target
from platform_app.db import Conn, Database
from platform_app.errors import TooSoon
from platform_app.identity import service as identity
from platform_app.identity.schemas import Account
from platform_app.mail import Outbox
from platform_app.messaging import post, reads, service
from platform_app.messaging import quiet as quiet_hours
from platform_app.messaging.mentions import handles_in
from platform_app.messaging.notify import notify
from platform_app.outbox import deliveries, reactions
from platform_app.outbox.subscribers import NOTIFICATIONS
from platform_app.outbox.worker import REACTED
from platform_app.profiles import service as profiles
from tests.lib.mailbox import Mailbox, open_mailbox, subject_of, text_of
from tests.lib.people import NOON, approach_by, hours, post_by, sign_up
from tests.lib.stack import Stack


def react(conn: Conn) -> None:
    """Let the subscriber hear everything that waits for it, in this very transaction."""
    events = deliveries.take(conn, NOTIFICATIONS, [one for one, _ in deliveries.due(conn, NOTIFICATIONS, 1000)])
    for event in events:
        notify(conn, event)
    deliveries.done(conn, NOTIFICATIONS, events)


def told(conn: Conn, who: Account) -> list[tuple[str, int, str]]:
    """(kind, times, who did it last), newest first."""
    react(conn)
    return [(one.kind, one.times, one.actor_handle) for one in reads.newest(conn, who.id)]


def answer(conn: Conn, ann: Account, bob: Account) -> None:
    approach_by(conn, bob, post_by(conn, ann))


def remark(conn: Conn, ann: Account, bob: Account) -> None:
    community.comment(conn, bob.id, Target(post_id=post_by(conn, ann)), body="Hm", now=NOON)


def mention(conn: Conn, ann: Account, bob: Account) -> None:
    community.write_post(conn, bob.id, title="How?", body=f"Ask @{ann.handle.upper()}!", now=NOON)


def like(conn: Conn, ann: Account, bob: Account) -> None:
    community.vote(conn, bob.id, Target(post_id=post_by(conn, ann)), 1, NOON)


def dislike(conn: Conn, ann: Account, bob: Account) -> None:
    community.vote(conn, bob.id, Target(post_id=post_by(conn, ann)), -1, NOON)


def accept(conn: Conn, ann: Account, bob: Account) -> None:
    problem = post_by(conn, bob)
    found = approach_by(conn, ann, problem)
    community.accept(conn, bob.id, found, hours(1))


def follow(conn: Conn, ann: Account, bob: Account) -> None:
    follows.follow(conn, bob.id, ann.id, NOON)


def write(conn: Conn, ann: Account, bob: Account) -> None:
    follows.follow(conn, ann.id, bob.id, NOON)
    post_by(conn, bob)


def answer_and_mention(conn: Conn, ann: Account, bob: Account) -> None:
    approach_by(conn, bob, post_by(conn, ann), body=f"@{ann.handle} try again")


def own(conn: Conn, ann: Account, _: Account) -> None:
    community.comment(conn, ann.id, Target(post_id=post_by(conn, ann)), body=f"@{ann.handle}", now=NOON)


def badge(conn: Conn, ann: Account, _: Account) -> None:
    profiles.award_badge(conn, ann.id, "helper", "gold", NOON)


@pytest.mark.parametrize(
    ("what", "kinds"),
    [
        (answer, ["answered"]), (remark, ["commented"]), (mention, ["mentioned"]), (like, ["voted"]), (dislike, []),
        (accept, ["accepted"]), (follow, ["followed"]), (write, ["posted"]), (answer_and_mention, ["answered"]),
        (own, []), (badge, ["badge"]),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)  # fmt: skip
def test_who_is_told_of_what(conn: Conn, what: Callable[[Conn, Account, Account], None], kinds: list[str]) -> None:
    ann, bob = sign_up(conn, "Ann"), sign_up(conn, "Bob")
    what(conn, ann, bob)
    found = told(conn, ann)
    assert [kind for kind, _, _ in found] == kinds
    assert {who for _, _, who in found} <= {bob.handle} or kinds == ["badge"]
    besides = {"accept": ["answered"], "write": ["followed"]}
    assert [kind for kind, _, _ in told(conn, bob)] == besides.get(what.__name__, [])


def test_what_happens_again_before_one_looks_is_one_notification(conn: Conn) -> None:
    ann, people = sign_up(conn), [sign_up(conn) for _ in range(3)]
    problem, other = post_by(conn, ann), post_by(conn, ann)
    for one in people:
        approach_by(conn, one, problem)
        community.vote(conn, one.id, Target(post_id=problem), 1, NOON)
        follows.follow(conn, one.id, ann.id, NOON)
    approach_by(conn, people[0], other)
    last = people[-1].handle
    assert sorted(told(conn, ann)) == sorted(
        [("answered", 3, last), ("answered", 1, people[0].handle), ("voted", 3, last), ("followed", 3, last)]
    )
    assert reads.unread_count(conn, ann.id) == 4
    assert service.mark_all_read(conn, ann.id, hours(5)) == 4
    approach_by(conn, people[1], problem)
    assert told(conn, ann)[0] == ("answered", 1, people[1].handle)
    assert reads.unread_count(conn, ann.id) == 1


def test_accepting_again_and_again_is_one_notification_and_not_without_end(conn: Conn) -> None:
    ann, bob = sign_up(conn), sign_up(conn)
    problem = post_by(conn, bob)
    found = approach_by(conn, ann, problem)
    for _ in range(30):
        community.accept(conn, bob.id, found, NOON)
        community.unaccept(conn, bob.id, problem, NOON)
    with pytest.raises(TooSoon):
        community.accept(conn, bob.id, found, NOON)
    assert told(conn, ann) == [("accepted", 30, bob.handle)]


def test_asking_a_group_again_and_again_is_one_notification_and_not_without_end(conn: Conn) -> None:
    ann, bob = sign_up(conn), sign_up(conn)
    group = groups.create(conn, ann.id, slug="pumps", name="Pumps", about="", joining="approval", now=NOON)
    for _ in range(60):
        groups.join(conn, bob.id, group, NOON)
        groups.leave(conn, bob.id, group, NOON)
    with pytest.raises(TooSoon):
        groups.join(conn, bob.id, group, NOON)
    assert told(conn, ann) == [("asked", 60, bob.handle)]


def test_a_number_is_of_people_and_falls_when_they_take_it_back(conn: Conn) -> None:
    ann, bob, cy = sign_up(conn), sign_up(conn), sign_up(conn)
    problem = Target(post_id=post_by(conn, ann))
    for value in (1, 0, 1, -1, 1):
        community.vote(conn, bob.id, problem, value, NOON)
    assert told(conn, ann) == [("voted", 1, bob.handle)]
    community.vote(conn, cy.id, problem, 1, hours(1))
    assert told(conn, ann) == [("voted", 2, cy.handle)]
    (one,) = reads.newest(conn, ann.id)
    assert one.words == "and 1 other found this helpful:"
    community.vote(conn, cy.id, problem, 0, hours(2))
    assert told(conn, ann) == [("voted", 1, bob.handle)]
    community.vote(conn, bob.id, problem, 0, hours(3))
    assert told(conn, ann) == []
    for _ in range(2):
        follows.follow(conn, bob.id, ann.id, NOON)
        follows.unfollow(conn, bob.id, ann.id, NOON)
    follows.follow(conn, cy.id, ann.id, NOON)
    assert told(conn, ann) == [("followed", 1, cy.handle)]
    follows.unfollow(conn, cy.id, ann.id, NOON)
    assert told(conn, ann) == []


def test_what_was_looked_at_keeps_its_number(conn: Conn) -> None:
    ann, bob, cy = sign_up(conn), sign_up(conn), sign_up(conn)
    problem = Target(post_id=post_by(conn, ann))
    community.vote(conn, bob.id, problem, 1, NOON)
    assert told(conn, ann) == [("voted", 1, bob.handle)]
    service.mark_all_read(conn, ann.id, hours(1))
    community.vote(conn, cy.id, problem, 1, hours(2))
    community.vote(conn, bob.id, problem, 0, hours(3))
    assert sorted(told(conn, ann)) == sorted([("voted", 1, cy.handle), ("voted", 1, bob.handle)])


def test_the_worker_removes_what_is_old_and_what_is_too_much(conn: Conn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reactions, "MOST", 3)
    ann, bob = sign_up(conn), sign_up(conn)
    for _ in range(5):
        approach_by(conn, bob, post_by(conn, ann))
    assert len(told(conn, ann)) == 5
    newest = told(conn, ann)[:3]
    assert reactions.TIDY["notifications"](conn, 1) == 1
    assert reactions.TIDY["notifications"](conn, 1_000) == 1
    assert told(conn, ann) == newest
    service.mark_all_read(conn, ann.id, NOON)
    conn.execute("UPDATE messaging.notifications SET read_at = now() - interval '91 days'")
    assert reactions.TIDY["notifications"](conn, 1_000) == 3


def test_mail_waits_until_quiet_hours_are_over(conn: Conn) -> None:
    ann, bob = agreeing(conn), sign_up(conn)
    due = utc_now() + post.PAUSE
    quiet_hours.choose(conn, ann.id, due.hour, (due.hour + 3) % 24, "UTC")
    approach_by(conn, bob, post_by(conn, ann))
    react(conn)
    row = conn.execute("SELECT due_at FROM messaging.mails WHERE recipient_id = %s", (ann.id,)).fetchone()
    assert row
    assert row[0].hour == (due.hour + 3) % 24


def test_nobody_is_told_what_they_do_not_want_or_of_what_is_no_longer_there(conn: Conn) -> None:
    ann, bob = sign_up(conn), sign_up(conn)
    service.prefer(conn, ann.id, "answered", "none")
    problem = post_by(conn, ann)
    approach_by(conn, bob, problem)
    remark_id = community.comment(conn, bob.id, Target(post_id=problem), body="Hm", now=NOON)
    assert [kind for kind, _, _ in told(conn, ann)] == ["commented"]
    assert remark_id
    community.delete_post(conn, ann.id, problem, hours(1))
    assert told(conn, ann) == []
    assert reads.unread_count(conn, ann.id) == 0


def test_whoever_leaves_takes_along_what_they_were_told_and_what_others_were_told_of_them(conn: Conn) -> None:
    ann, bob, cy = sign_up(conn), sign_up(conn), sign_up(conn)
    problem = post_by(conn, ann)
    approach_by(conn, bob, problem)
    community.comment(conn, cy.id, Target(post_id=problem), body=f"@{bob.handle}", now=NOON)
    follows.follow(conn, ann.id, cy.id, NOON)
    service.prefer(conn, ann.id, "voted", "none")
    assert len(told(conn, ann)) == 2
    assert len(told(conn, bob)) == 1
    assert len(told(conn, cy)) == 1
    leaving.leave(conn, ann.id, hours(2))
    assert told(conn, cy) == []
    row = conn.execute("SELECT count(*) FROM messaging.preferences WHERE account_id = %s", (ann.id,)).fetchone()
    assert row == (0,)


@pytest.mark.parametrize(
    ("text", "handles"),
    [
        ("@Ann and @bob-2, again @ann", ["ann", "bob-2"]),
        ("write to me@example.org or see /people/@ann", []),
        ("`@code` and\n```\n@more\n```\nbut @this", ["this"]),
        ("@ab is too short", []),
        (" ".join(f"@somebody{n}" for n in range(30)), [f"somebody{n}" for n in range(10)]),
    ],
    ids=["twice", "addresses", "code", "short", "many"],
)
def test_a_text_calls_people_by_their_handle(text: str, handles: list[str]) -> None:
    assert handles_in(text) == handles


@pytest.fixture
def quiet(app_stack: Stack) -> Iterator[str]:
    """The URL of role app on a database in which nothing waits."""
    clean = "DELETE FROM messaging.mails; DELETE FROM messaging.notifications; DELETE FROM kernel.outbox"
    with psycopg.connect(app_stack.url("app_owner"), autocommit=True) as conn:
        conn.execute(clean)
    yield app_stack.url("app")
    with psycopg.connect(app_stack.url("app_owner"), autocommit=True) as conn:
        conn.execute(clean)


def work(stack: Stack, until: str, **environment: str) -> int:
    """`python -m platform_app work` until a query finds nothing, or until it ends by itself."""

    settings = {"APP_KAFKA": "", "APP_WORKER_METRICS_PORT": "0", "APP_MAIL_SECONDS": "0.2", **environment}
    process = subprocess.Popen([sys.executable, "-m", "platform_app", "work"], env={**stack.environment, **settings})

    def over() -> bool:
        with psycopg.connect(stack.url("app")) as conn:
            return process.poll() is not None or conn.execute(until.encode()).fetchone() is None

    assert wait_until(over, 60)
    if process.poll() is None:
        process.terminate()
    return process.wait(30)


def test_kill_9_in_a_reaction_neither_loses_nor_doubles_what_is_counted(
    database: Database, app_stack: Stack, quiet: str
) -> None:
    with database.write("setup") as conn:
        ann = sign_up(conn)
        problem = post_by(conn, ann)
    for number in range(5):
        with database.write(f"vote-{number}") as conn:
            community.vote(conn, sign_up(conn).id, Target(post_id=problem), 1, NOON)
    waiting = "SELECT 1 FROM kernel.deliveries WHERE subscriber = 'notifications' LIMIT 1"
    for _ in range(3):
        assert work(app_stack, waiting, APP_FAILPOINT=REACTED) == -signal.SIGKILL
    assert work(app_stack, waiting) == 0
    with database.read() as conn:
        assert [(one.kind, one.times) for one in reads.newest(conn, ann.id)] == [("voted", 5)]


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with open_mailbox() as opened:
        yield opened


def agreeing(conn: Conn, name: str = "ann") -> Account:
    """Somebody who has agreed to mail."""
    account = sign_up(conn, name)
    identity.decide_consent(conn, account.id, "email", True, NOON)
    return account


def make_due(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("UPDATE messaging.mails SET due_at = now() WHERE due_at < 'infinity'")


def one_answer(database: Database, *, agrees: bool = True) -> tuple[Account, UUID]:
    with database.write(f"answer-{uuid4()}") as conn:
        ann = agreeing(conn) if agrees else sign_up(conn)
        problem = post_by(conn, ann)
        approach_by(conn, sign_up(conn, "bob"), problem)
        react(conn)
    return ann, problem


def mailer(database: Database, mailbox: Mailbox, folder: Path) -> post.Mailer:
    return post.Mailer(database, Outbox(folder, smtp_url=mailbox.url), "https://app.example/")


def test_mail_comes_to_who_agreed_and_has_not_looked(
    database: Database, quiet: str, mailbox: Mailbox, tmp_path: Path
) -> None:
    ann, problem = one_answer(database)
    one_answer(database, agrees=False)
    looked, _ = one_answer(database)
    with database.write("looked") as conn:
        service.mark_all_read(conn, looked.id, NOON)
    sending = mailer(database, mailbox, tmp_path)
    assert not sending.step(), "it waits a little, for what may come and for who looks by themselves"
    make_due(quiet)
    while sending.step():
        pass
    (message,) = mailbox.messages
    assert message["To"] == ann.email
    assert subject_of(message) == "bob answered your problem “How?”"
    assert f"https://app.example/posts/{problem}" in text_of(message)
    assert message["List-Unsubscribe"] == "<https://app.example/settings/notifications>"


def test_what_goes_into_a_digest_comes_once_a_day_in_one_mail(
    database: Database, quiet: str, mailbox: Mailbox, tmp_path: Path
) -> None:
    with database.write("digest") as conn:
        ann, bob = agreeing(conn), sign_up(conn, "bob")
        for _ in range(2):
            community.comment(conn, bob.id, Target(post_id=post_by(conn, ann)), body="Hm", now=NOON)
        react(conn)
        (row,) = conn.execute("SELECT due_at FROM messaging.mails").fetchall()
    assert (row[0].hour, row[0].minute) == (post.DIGEST_HOUR, 0)
    make_due(quiet)
    sending = mailer(database, mailbox, tmp_path)
    while sending.step():
        pass
    (message,) = mailbox.messages
    assert message["Subject"] == "2 things you have not seen"
    assert text_of(message).count("bob commented on “How?”") == 2


def test_a_mail_server_that_refuses_gets_it_later_and_holds_nobody_up(
    database: Database, quiet: str, mailbox: Mailbox, tmp_path: Path
) -> None:
    ann, _ = one_answer(database)
    make_due(quiet)
    sending = mailer(database, mailbox, tmp_path)
    mailbox.refusing = True
    assert sending.step()
    assert not sending.step(), "it is put off"
    mailbox.refusing = False
    bob, _ = one_answer(database)
    make_due(quiet)
    while sending.step():
        pass
    assert [message["To"] for message in mailbox.messages] == [ann.email, bob.email]


def test_kill_9_after_the_mail_servers_yes_sends_the_same_message_again(
    database: Database, app_stack: Stack, quiet: str, mailbox: Mailbox
) -> None:
    one_answer(database)
    make_due(quiet)
    waiting = "SELECT 1 FROM messaging.mails LIMIT 1"
    assert work(app_stack, waiting, APP_SMTP_URL=mailbox.url, APP_FAILPOINT=post.SENT) == -signal.SIGKILL
    assert work(app_stack, waiting, APP_SMTP_URL=mailbox.url) == 0
    first, second = (message["Message-ID"] for message in mailbox.messages)
    assert first == second


def test_one_address_that_no_message_can_be_written_to_holds_up_nobodys_mail(
    database: Database, app_stack: Stack, quiet: str, mailbox: Mailbox
) -> None:
    ann, _ = one_answer(database)
    bob, _ = one_answer(database)
    with psycopg.connect(app_stack.url("app_owner"), autocommit=True) as conn:
        conn.execute("UPDATE identity.accounts SET email = 'x@[y.z' WHERE id = %s", (ann.id,))
        conn.execute("UPDATE messaging.mails SET due_at = now() - interval '1 hour' WHERE recipient_id = %s", (ann.id,))
        conn.execute("UPDATE messaging.mails SET due_at = now() WHERE recipient_id = %s", (bob.id,))
    due = "SELECT 1 FROM messaging.mails WHERE due_at <= now() LIMIT 1"
    assert work(app_stack, due, APP_SMTP_URL=mailbox.url) == 0
    assert [message["To"] for message in mailbox.messages] == [bob.email]
    with database.read() as conn:
        assert conn.execute("SELECT recipient_id, attempts FROM messaging.mails").fetchall() == [(ann.id, 1)]
