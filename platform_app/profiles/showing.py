"""What people show: their face, and pieces of their work. Every function takes an open transaction and never commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from lake.contracts.tables import BY_NAME
from lake.kit.ids import new_id
from platform_app.db import Conn, insert_rows
from platform_app.errors import Conflict, Invalid, NotAllowed, NotFound
from platform_app.identity import service as identity
from platform_app.moderation import guard
from platform_app.outbox.publish import publish
from platform_app.profiles import changes
from platform_app.profiles.schemas import PortfolioItem, PortfolioSkill
from platform_app.profiles.vocabulary import skill_of
from platform_app.rules import clean, fit, one_line, required
from platform_app.uploads import service as uploads
from platform_app.uploads.schemas import Prepared
from platform_app.uploads.store import Store

MOST_ITEMS = 24
MOST_SKILLS = 8  # of one piece of work


def face_of(conn: Conn, account_id: UUID) -> UUID | None:
    """The file that shows a person's face."""
    row = conn.execute("SELECT file_id FROM profiles.faces WHERE account_id = %s", (account_id,)).fetchone()
    return row[0] if row else None


def faces_of(conn: Conn, handles: Sequence[str]) -> dict[str, UUID]:
    """The files that show the faces of these people, by handle; those who have none are left out."""
    if not handles:
        return {}
    rows = conn.execute(
        "SELECT a.handle, f.file_id FROM identity.accounts a JOIN profiles.faces f ON f.account_id = a.id "
        "WHERE a.handle = ANY(%s)",
        (list(handles),),
    )
    return dict(rows.fetchall())


def set_face(conn: Conn, store: Store, account_id: UUID, prepared: Prepared, now: datetime) -> UUID:
    """Show a person by this picture instead of the one before."""
    identity.active_account(conn, account_id)
    before = face_of(conn, account_id)
    file = uploads.keep(conn, store, account_id, prepared, purpose="avatar", name="face", now=now)
    uploads.use(conn, [file.id], now)
    conn.execute(
        "INSERT INTO profiles.faces (account_id, file_id) VALUES (%s, %s) "
        "ON CONFLICT (account_id) DO UPDATE SET file_id = excluded.file_id",
        (account_id, file.id),
    )
    if before is not None:
        uploads.drop(conn, [before])
    changes.tell(conn, account_id, now, face=True)
    return file.id


def remove_face(conn: Conn, account_id: UUID, now: datetime) -> None:
    """Show a person by the first letter of their name again."""
    before = face_of(conn, account_id)
    if before is None:
        return
    conn.execute("DELETE FROM profiles.faces WHERE account_id = %s", (account_id,))
    uploads.drop(conn, [before])
    changes.tell(conn, account_id, now, face=True)


def portfolio_of(conn: Conn, account_id: UUID) -> list[PortfolioItem]:
    """What a person shows of their work, newest first."""
    with conn.cursor(row_factory=class_row(PortfolioItem)) as cursor:
        return cursor.execute(
            "SELECT id, account_id, kind, title, summary, url, file_id, published_at, array(SELECT s.skill FROM "
            "profiles.portfolio_skills s WHERE s.item_id = i.id ORDER BY s.id) AS skills FROM profiles.portfolio_items i "
            "WHERE account_id = %s ORDER BY published_at DESC, id DESC",
            (account_id,),
        ).fetchall()


def add_item(  # noqa: PLR0913 - what a piece of work has
    conn: Conn,
    account_id: UUID,
    now: datetime,
    *,
    title: str,
    kind: str = "other",
    summary: str | None = None,
    url: str | None = None,
    file_id: UUID | None = None,
    skills: Sequence[str] = (),
) -> PortfolioItem:
    """Show a piece of work with the skills it took and a picture brought for it. Invalid or Conflict when a rule is broken."""
    identity.active_account(conn, account_id)
    required(title=title)
    shown = tuple(dict.fromkeys(map(skill_of, skills)))
    if len(shown) > MOST_SKILLS:
        raise Invalid(f"A piece of work shows at most {MOST_SKILLS} skills: keep those that matter.", field="skills")
    item = PortfolioItem(
        new_id(), account_id, kind, one_line(title), clean(summary or "") or None, web_address(url), file_id, now, shown
    )
    fit("portfolio_items", kind=item.kind, title=item.title, summary=item.summary)
    guard.may_edit(conn, account_id, f"{item.title}\n{item.summary or ''}\n{item.url or ''}", now)
    if len(portfolio_of(conn, account_id)) >= MOST_ITEMS:
        raise Conflict(f"At most {MOST_ITEMS} pieces of work: remove one first.", code="too_many")
    if file_id is not None:
        (file,) = uploads.own(conn, account_id, [file_id], "portfolio")
        if file.used_at is not None:
            raise Conflict("This picture is shown already: bring it again to show it twice.", code="in_use")
        uploads.use(conn, [file_id], now)
    add_items(conn, [item])
    add_item_skills(conn, [PortfolioSkill(new_id(), item.id, account_id, skill, now) for skill in shown])
    publish(conn, "portfolio_item.published", item.id, account_id, now, kind=item.kind, picture=file_id is not None)
    changes.tell(conn, account_id, now, portfolio=True)
    return item


def remove_item(conn: Conn, account_id: UUID, item_id: UUID, now: datetime) -> None:
    """Show a piece of work no more. NotFound when there is none, NotAllowed when it is somebody else's."""
    row = conn.execute(
        "SELECT account_id, file_id FROM profiles.portfolio_items WHERE id = %s FOR UPDATE", (item_id,)
    ).fetchone()
    if row is None:
        raise NotFound("There is no such piece of work.")
    if row[0] != account_id:
        raise NotAllowed("Only whose work it is may do this.", code="not_yours")
    conn.execute("DELETE FROM profiles.portfolio_items WHERE id = %s", (item_id,))
    if row[1] is not None:
        uploads.drop(conn, [row[1]])
    changes.tell(conn, account_id, now, portfolio=True)


def add_items(conn: Conn, rows: Sequence[PortfolioItem]) -> int:
    """Batch form: insert pieces of work; one that exists is left as it is. Returns how many were new."""
    return insert_rows(conn, BY_NAME["portfolio_items"], rows)


def add_item_skills(conn: Conn, rows: Sequence[PortfolioSkill]) -> int:
    """Batch form: insert skills of pieces of work; one that exists is left as it is. Returns how many were new."""
    return insert_rows(conn, BY_NAME["portfolio_skills"], rows)


def web_address(typed: str | None) -> str | None:
    """The address of a page, or None. Invalid when it is none."""
    address = (typed or "").strip()
    if not address:
        return None
    if not address.startswith(("http://", "https://")) or len(address) > 2_000 or any(c in address for c in ' <>"\n'):
        raise Invalid("The address must start with http:// or https:// and hold no spaces.", field="url")
    return address
