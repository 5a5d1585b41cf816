"""The most used tags, counted a few times a minute at most: counting reads every tagging."""

from __future__ import annotations

from platform_app.community import reads
from platform_app.community.schemas import TagCount
from platform_app.db import Conn
from platform_app.outbox.topics import TAGS
from platform_app.web.hot import Hot

MOST = 200


class PopularTags:
    """A list that is fresh enough for a page's margin."""

    def __init__(self, hot: Hot) -> None:
        self._hot = hot

    def read(self, conn: Conn, moment: int, prefix: str = "") -> list[TagCount]:
        """At most 200 tags that begin so, the most used first."""
        return self._hot.read(
            f"popular-tags:{prefix}", (TAGS,), moment, lambda: reads.popular_tags(conn, prefix=prefix, limit=MOST)
        )

    def forget(self) -> None:
        """Count again at the next look: a moderator has just changed the list."""
        self._hot.drop(TAGS)
