"""Who may create, join, leave and keep order in groups. Every function takes an open transaction and never commits."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from lake.kit.ids import new_id
from platform_app.community import repository
from platform_app.community.groups.schemas import GroupFollowRow, GroupRow, MembershipRow
from platform_app.db import Conn
from platform_app.errors import Conflict, Invalid, NotAllowed, NotFound
from platform_app.explore import rankings
from platform_app.identity import service as identity
from platform_app.moderation import guard
from platform_app.outbox.publish import publish
from platform_app.rules import clean, fit, one_line, required

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{2,39}")
KEPT_FOR_PAGES = {"new", "mine", "followed"}
LONGEST_NAME = 80
MOST_OWNED = 20  # groups of one person


def create(
    conn: Conn, account_id: UUID, *, slug: str, name: str, about: str = "", joining: str = "open", now: datetime
) -> UUID:
    """Begin a group, whose owner one is. Invalid for a malformed name in links, Conflict when it is taken."""
    guard.may_do(conn, account_id, "group", now)
    slug = slug.strip().lower()
    if not SLUG.fullmatch(slug) or slug in KEPT_FOR_PAGES:
        raise Invalid("A name in links has 3 to 40 of a–z, 0–9 and -, and begins with a letter or digit.", field="slug")
    name, about = _checked(name, about, joining)
    guard.may_edit(conn, account_id, f"{name}\n{about}", now)
    owned = conn.execute("SELECT count(*) FROM community.groups WHERE owner_id = %s", (account_id,)).fetchone()
    if owned and owned[0] >= MOST_OWNED:
        raise Conflict(f"You own {MOST_OWNED} groups: hand one over first.", code="too_many_groups")
    row = GroupRow(new_id(), slug, name, about, joining, account_id, now, now)
    if conn.execute("SELECT 1 FROM community.groups WHERE slug = %s", (slug,)).fetchone():
        raise Conflict("This name in links is taken: choose another.", code="slug_taken", field="slug")
    repository.insert(conn, "groups", [row])
    repository.insert(conn, "memberships", [MembershipRow(new_id(), row.id, account_id, "owner", "joined", True, now)])
    publish(conn, "group.created", row.id, account_id, now, joining=joining)
    return row.id


def edit(conn: Conn, actor_id: UUID, group_id: UUID, *, name: str, about: str, joining: str, now: datetime) -> None:
    """Change what a group tells about itself and how one joins it; by its moderators."""
    _order_keeper(conn, actor_id, group_id)
    name, about = _checked(name, about, joining)
    guard.may_edit(conn, actor_id, f"{name}\n{about}", now)
    conn.execute(
        "UPDATE community.groups SET title = %s, about = %s, joining = %s, updated_at = %s WHERE id = %s",
        (name, about, joining, now, group_id),
    )
    publish(conn, "group.edited", group_id, actor_id, now)


def join(conn: Conn, account_id: UUID, group_id: UUID, now: datetime) -> str:
    """Join a group, or ask to where its moderators decide. Returns the state: `joined` or `asked`.

    NotAllowed for somebody whom its moderators took out.
    """
    guard.may_do(conn, account_id, "membership", now)
    group = _group(conn, group_id)
    mine = _membership(conn, group_id, account_id)
    if mine is not None:
        return str(mine["state"])
    if is_barred(conn, group_id, account_id):
        raise NotAllowed("Its moderators took you out: one of them has to let you join again.", code="barred")
    state = "joined" if group["joining"] == "open" else "asked"
    repository.insert(conn, "memberships", [MembershipRow(new_id(), group_id, account_id, "member", state, True, now)])
    if state == "joined":
        unfollow(conn, account_id, group_id)
        publish(conn, "group.joined", group_id, account_id, now)
    else:
        publish(conn, "group.asked", group_id, account_id, now)
    return state


def leave(conn: Conn, account_id: UUID, group_id: UUID, now: datetime) -> None:
    """Leave a group, or ask no longer; Conflict for its owner, who hands it over first."""
    guard.may_do(conn, account_id, "membership", now)
    mine = _membership(conn, group_id, account_id)
    if mine is None:
        raise NotFound("You are not in this group.")
    if mine["role"] == "owner":
        raise Conflict("You own this group: make somebody else its owner first.", code="group_owner")
    conn.execute("DELETE FROM community.memberships WHERE id = %s", (mine["id"],))
    rankings.outdate(conn, account_id)
    publish(conn, "group.left", group_id, account_id, now)


def admit(conn: Conn, actor_id: UUID, group_id: UUID, account_id: UUID, now: datetime) -> None:
    """Let somebody in who asked, or let somebody join again who was taken out; by the group's moderators.

    Admitting a member changes nothing.
    """
    guard.may_do(conn, actor_id, "membership", now)
    _order_keeper(conn, actor_id, group_id)
    statement = "DELETE FROM community.barred WHERE group_id = %s AND account_id = %s"
    if conn.execute(statement, (group_id, account_id)).rowcount:
        return
    theirs = _membership_of_somebody(conn, group_id, account_id)
    if theirs["state"] == "asked":
        conn.execute("UPDATE community.memberships SET state = 'joined' WHERE id = %s", (theirs["id"],))
        unfollow(conn, account_id, group_id)
        publish(conn, "group.admitted", group_id, actor_id, now, account_id=account_id)


def remove(conn: Conn, actor_id: UUID, group_id: UUID, account_id: UUID, now: datetime) -> None:
    """Take somebody out of a group, or decline who asked; by its moderators, and a moderator by the owner.

    Who is taken out does not join again until a moderator lets them; who is declined may ask again.
    """
    guard.may_do(conn, actor_id, "membership", now)
    role = _order_keeper(conn, actor_id, group_id)
    theirs = _membership_of_somebody(conn, group_id, account_id)
    if theirs["role"] == "owner" or (theirs["role"] == "moderator" and role == "moderator"):
        raise NotAllowed("Only the owner takes a moderator out, and nobody the owner.", code="not_the_owner")
    conn.execute("DELETE FROM community.memberships WHERE id = %s", (theirs["id"],))
    if theirs["state"] == "joined":
        conn.execute(
            "INSERT INTO community.barred (group_id, account_id, since) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            (group_id, account_id, now),
        )
    rankings.outdate(conn, account_id)
    publish(conn, "group.removed", group_id, actor_id, now, account_id=account_id)


def appoint(conn: Conn, actor_id: UUID, group_id: UUID, account_id: UUID, role: str, now: datetime) -> None:
    """Give a member a role; by the owner. Who makes somebody else the owner is a moderator from then on."""
    guard.may_do(conn, actor_id, "membership", now)
    if _order_keeper(conn, actor_id, group_id) == "moderator":
        raise NotAllowed("Only the group's owner may do this.", code="not_the_owner")
    fit("memberships", role=role)
    theirs = _membership_of_somebody(conn, group_id, account_id)
    if theirs["state"] != "joined":
        raise Conflict("They are not a member yet: let them in first.", code="not_a_member")
    if theirs["role"] == "owner":
        raise Conflict("The owner makes somebody else the owner first.", code="group_owner")
    if role == "owner":
        hand_over(conn, group_id, account_id, now)
    else:
        conn.execute("UPDATE community.memberships SET role = %s WHERE id = %s", (role, theirs["id"]))
    publish(conn, "group.appointed", group_id, actor_id, now, account_id=account_id, role=role)


def hand_over(conn: Conn, group_id: UUID, account_id: UUID, now: datetime) -> None:
    """Make a member the owner, and the owner there was a moderator."""
    conn.execute(
        "UPDATE community.memberships SET role = 'moderator' WHERE group_id = %s AND role = 'owner'", (group_id,)
    )
    conn.execute(
        "UPDATE community.memberships SET role = 'owner' WHERE group_id = %s AND account_id = %s",
        (group_id, account_id),
    )
    conn.execute(
        "UPDATE community.groups SET owner_id = %s, updated_at = %s WHERE id = %s", (account_id, now, group_id)
    )


def follow(conn: Conn, account_id: UUID, group_id: UUID, now: datetime) -> None:
    """See what an open group writes in one's feed without joining it; for a member, and a second time, nothing changes.

    NotAllowed where moderators let people in: what is written there is for members.
    """
    guard.may_do(conn, account_id, "membership", now)
    group = _group(conn, group_id)
    mine = _membership(conn, group_id, account_id)
    if (mine is not None and mine["state"] == "joined") or _follows(conn, account_id, group_id):
        return
    if group["joining"] != "open":
        raise NotAllowed(
            "This group is by approval: ask to join it, then its problems are in your feed.", code="by_approval"
        )
    repository.insert(conn, "group_follows", [GroupFollowRow(new_id(), account_id, group_id, now)])
    rankings.outdate(conn, account_id)


def unfollow(conn: Conn, account_id: UUID, group_id: UUID) -> None:
    """Stop following a group; changes nothing if it was not followed."""
    conn.execute("DELETE FROM community.group_follows WHERE account_id = %s AND group_id = %s", (account_id, group_id))
    rankings.outdate(conn, account_id)


def tell(conn: Conn, account_id: UUID, group_id: UUID, told: bool) -> None:
    """Whether a member is told of what others write in the group."""
    mine = _membership(conn, group_id, account_id)
    if mine is None:
        raise NotFound("You are not in this group.")
    conn.execute("UPDATE community.memberships SET told = %s WHERE id = %s", (told, mine["id"]))


def take_out(conn: Conn, actor_id: UUID, post_id: UUID, now: datetime) -> None:
    """Take a post out of its group, not off the site; by the group's moderators or the post's author."""
    post = repository.post(conn, post_id)
    if post is None or post["group_id"] is None:
        raise NotFound("There is no such post in a group.")
    if post["author_id"] != actor_id:
        _order_keeper(conn, actor_id, post["group_id"])
    conn.execute("UPDATE community.posts SET group_id = NULL, updated_at = %s WHERE id = %s", (now, post_id))
    publish(conn, "post.ungrouped", post_id, actor_id, now, group_id=post["group_id"])


def check_member(conn: Conn, account_id: UUID, group_id: UUID) -> None:
    """NotAllowed unless the person is a member of the group, which is to be written in."""
    _group(conn, group_id)
    mine = _membership(conn, group_id, account_id)
    if mine is None or mine["state"] != "joined":
        raise NotAllowed("Only members write in a group: join it first.", code="not_a_member")


def moderates(conn: Conn, account_id: UUID, group_id: UUID | None) -> bool:
    """Whether a person keeps order in a group."""
    mine = _membership(conn, group_id, account_id) if group_id else None
    return mine is not None and mine["state"] == "joined" and mine["role"] in ("moderator", "owner")


def _checked(name: str, about: str, joining: str) -> tuple[str, str]:
    name, about = one_line(name), clean(about)
    required(name=name)
    if len(name) > LONGEST_NAME:
        raise Invalid(f"Name must be at most {LONGEST_NAME} characters long.", field="name")
    fit("groups", about=about, joining=joining)
    return name, about


def _order_keeper(conn: Conn, actor_id: UUID, group_id: UUID) -> str:
    """The actor's role: `owner` or `moderator` of the group, `site` for a moderator of the site; NotAllowed otherwise."""
    actor = identity.active_account(conn, actor_id)
    _group(conn, group_id)
    mine = _membership(conn, group_id, actor_id)
    if mine is not None and mine["state"] == "joined" and mine["role"] in ("moderator", "owner"):
        return "site" if actor.is_moderator and mine["role"] == "moderator" else str(mine["role"])
    if actor.is_moderator:
        return "site"
    raise NotAllowed("Only the group's moderators may do this.", code="not_a_group_moderator")


def _group(conn: Conn, group_id: UUID) -> dict[str, Any]:
    """The group's row, which nobody removes until the transaction ends."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute("SELECT * FROM community.groups WHERE id = %s FOR KEY SHARE", (group_id,)).fetchone()
    if row is None:
        raise NotFound("There is no such group.")
    return row


def _follows(conn: Conn, account_id: UUID, group_id: UUID) -> bool:
    query = "SELECT 1 FROM community.group_follows WHERE account_id = %s AND group_id = %s"
    return conn.execute(query, (account_id, group_id)).fetchone() is not None


def _membership(conn: Conn, group_id: UUID, account_id: UUID) -> dict[str, Any] | None:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT id, role, state FROM community.memberships WHERE group_id = %s AND account_id = %s FOR UPDATE",
            (group_id, account_id),
        ).fetchone()


def _membership_of_somebody(conn: Conn, group_id: UUID, account_id: UUID) -> dict[str, Any]:
    found = _membership(conn, group_id, account_id)
    if found is None:
        raise NotFound("They are not in this group.")
    return found


def asks(conn: Conn, group_id: UUID, account_id: UUID) -> bool:
    """Whether somebody asks to join and nobody has decided yet."""
    theirs = _membership(conn, group_id, account_id)
    return theirs is not None and theirs["state"] == "asked"


def is_barred(conn: Conn, group_id: UUID, account_id: UUID) -> bool:
    """Whether the group's moderators took somebody out and have not let them join again."""
    query = "SELECT 1 FROM community.barred WHERE group_id = %s AND account_id = %s"
    return conn.execute(query, (group_id, account_id)).fetchone() is not None
