"""Pages of a ranking as they hold at this moment: what was deleted, hidden or blocked since it was settled is left out.

So is what a group by approval writes, for everybody but its members: nobody's feed carries it out of the group.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from platform_app.community import reads
from platform_app.community.groups.reads import kept_to_members
from platform_app.db import Conn
from platform_app.explore.schemas import Cursor, Entry, Page, Ranking, Shown

ROUNDS = 5  # looks at the ranking for one page, when much of it is gone


def page_of(conn: Conn, viewer_id: UUID | None, ranking: Ranking, *, after: int = 0, limit: int = 20) -> Page:
    """The next `limit` entries that the viewer may see, after the first `after` of the ranking."""
    items: list[Shown] = []
    for _ in range(ROUNDS):
        chunk = ranking.entries[after : after + limit - len(items)]
        items += _shown(conn, viewer_id, chunk, after)
        after += len(chunk)
        if len(items) >= limit or after >= len(ranking.entries):
            break
    return Page(ranking, items, Cursor(ranking.id, after) if after < len(ranking.entries) else None)


def _shown(conn: Conn, viewer_id: UUID | None, entries: Sequence[Entry], before: int) -> list[Shown]:
    approaches = reads.approaches_by_id(conn, [one.id for one in entries if one.kind == "approach"], viewer_id)
    answered = {view.post_id for view in approaches.values() if view.post_id is not None}
    posts = reads.posts_by_id(conn, {one.id for one in entries if one.kind == "post"} | answered, viewer_id)
    for post_id in kept_to_members(conn, posts, viewer_id):
        del posts[post_id]
    shown = []
    for rank, one in enumerate(entries, start=before + 1):
        if one.kind == "post" and one.id in posts:
            shown.append(Shown(rank, one.reason, one.because, post=posts[one.id]))
        elif one.id in approaches:
            view = approaches[one.id]
            if view.post_id is None or view.post_id in posts:
                title = posts[view.post_id].title if view.post_id else None
                shown.append(Shown(rank, one.reason, one.because, approach=view, post_title=title))
    return shown
