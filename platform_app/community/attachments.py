"""Pictures and files that a post or an approach shows. Every function takes an open transaction and never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from lake.kit.ids import new_id
from platform_app.community import states
from platform_app.community.schemas import Target
from platform_app.db import Conn
from platform_app.errors import Conflict, NotAllowed, NotFound
from platform_app.moderation import guard
from platform_app.outbox.publish import publish
from platform_app.uploads import service as uploads
from platform_app.uploads.schemas import File

MOST = 6  # of one text
SMALL_SIDE = 480  # pixels
BANDS = ((100_000, "under_100_kb"), (1_000_000, "under_1_mb"))


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a text shows."""

    id: UUID
    post_id: UUID | None
    approach_id: UUID | None
    author_id: UUID
    file_id: UUID
    media_type: str
    name: str
    bytes: int
    width: int | None
    height: int | None

    @property
    def is_image(self) -> bool:
        return self.media_type.startswith("image/")

    @property
    def small(self) -> tuple[int, int]:
        """Width and height of its small size, so that a page does not move while it loads."""
        width, height = self.width or 1, self.height or 1
        shrink = min(1.0, SMALL_SIDE / max(width, height))
        return max(1, round(width * shrink)), max(1, round(height * shrink))


_HIDDEN = "EXISTS (SELECT 1 FROM moderation.hidden h WHERE h.target_id = coalesce(a.post_id, a.approach_id))"
_SELECT = (
    "SELECT a.id, a.post_id, a.approach_id, a.author_id, a.file_id, a.media_type, f.name, f.bytes, f.width, f.height "
    "FROM community.attachments a JOIN uploads.files f ON f.id = a.file_id "
)


def attachments_of(conn: Conn, post_ids: Sequence[UUID] = (), approach_ids: Sequence[UUID] = ()) -> list[Attachment]:
    """What these posts and approaches show, in the order it was attached; nothing of those that are hidden."""
    with conn.cursor(row_factory=class_row(Attachment)) as cursor:
        return cursor.execute(
            _SELECT
            + f"WHERE (a.post_id = ANY(%s) OR a.approach_id = ANY(%s)) AND NOT {_HIDDEN} ORDER BY a.created_at, a.id",
            (list(post_ids), list(approach_ids)),
        ).fetchall()


def attach(conn: Conn, account_id: UUID, target: Target, file_id: UUID, now: datetime) -> UUID:
    """Show a file that its author brought under their post or approach; returns the attachment's id.

    NotFound when there is no such text or file, NotAllowed when either is somebody else's, Conflict when the text shows
    as many as it may, is locked, or the file is shown already.
    """
    if author_of(conn, target) != account_id:
        raise NotAllowed("Only its author may attach files.", code="not_the_author")
    states.refuse_if_locked(conn, target)
    (file,) = uploads.own(conn, account_id, [file_id], "attachment")
    if file.used_at is not None:
        raise Conflict("This file is shown already: bring it again to show it twice.", code="in_use")
    shown = [
        row[0]
        for row in conn.execute(
            "SELECT media_type LIKE 'image/%%' FROM community.attachments WHERE post_id = %s OR approach_id = %s",
            (target.post_id, target.approach_id),
        )
    ]
    guard.may_show(conn, account_id, sum(shown) + file.media_type.startswith("image/"), now)
    if len(shown) >= MOST:
        raise Conflict(f"A text shows at most {MOST} files: take one away first.", code="too_many_attachments")
    uploads.use(conn, [file.id], now)
    return _insert(conn, account_id, target, file, now)


def _insert(conn: Conn, account_id: UUID, target: Target, file: File, now: datetime) -> UUID:
    attachment_id, band = new_id(), next((name for most, name in BANDS if file.bytes < most), "over_1_mb")
    conn.execute(
        "INSERT INTO community.attachments (id, post_id, approach_id, author_id, file_id, media_type, size_band, "
        "created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            attachment_id, target.post_id, target.approach_id, account_id, file.id, file.media_type, band, now,
        ),
    )  # fmt: skip
    publish(
        conn, "media.attached", attachment_id, account_id, now,
        post_id=target.post_id, approach_id=target.approach_id, media_type=file.media_type, size_band=band,
    )  # fmt: skip
    return attachment_id


def detach(conn: Conn, account_id: UUID, attachment_id: UUID, *, is_moderator: bool = False) -> Target:
    """Show a file no more and forget it; returns what showed it. NotFound, or NotAllowed for anybody but its author."""
    with conn.cursor(row_factory=class_row(Attachment)) as cursor:
        found = cursor.execute(_SELECT + "WHERE a.id = %s FOR UPDATE OF a", (attachment_id,)).fetchone()
    if found is None:
        raise NotFound("There is no such attachment.")
    if found.author_id != account_id and not is_moderator:
        raise NotAllowed("Only its author or a moderator may do this.", code="not_the_author")
    target = Target(post_id=found.post_id, approach_id=found.approach_id)
    if not is_moderator:
        states.refuse_if_locked(conn, target)
    conn.execute("DELETE FROM community.attachments WHERE id = %s", (attachment_id,))
    uploads.drop(conn, [found.file_id])
    return target


def is_shown(conn: Conn, file_id: UUID) -> bool:
    """Whether a text that everybody may read shows this file."""
    row = conn.execute(
        "SELECT EXISTS (SELECT 1 FROM community.attachments a LEFT JOIN community.posts p ON p.id = a.post_id "
        "LEFT JOIN community.approaches w ON w.id = a.approach_id WHERE a.file_id = %s "
        f"AND coalesce(p.status, w.status) <> 'deleted' AND NOT {_HIDDEN})",
        (file_id,),
    ).fetchone()
    return bool(row and row[0])


def author_of(conn: Conn, target: Target) -> UUID:
    """Who wrote a post or an approach; NotFound when there is none, or none any more."""
    row = conn.execute(
        "SELECT author_id FROM community.posts WHERE id = %(post)s AND status <> 'deleted' UNION ALL "
        "SELECT author_id FROM community.approaches WHERE id = %(approach)s AND status <> 'deleted'",
        {"post": target.post_id, "approach": target.approach_id},
    ).fetchone()
    if row is None:
        raise NotFound("There is no such post or approach.")
    author: UUID = row[0]
    return author
