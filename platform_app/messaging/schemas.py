"""What notifications are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from lake.contracts.tables.messaging import KINDS

Channel = Literal["none", "app", "mail", "digest"]
CHANNELS: tuple[Channel, ...] = ("none", "app", "digest", "mail")
DEFAULTS: dict[str, Channel] = {
    "answered": "mail", "mentioned": "mail", "accepted": "mail", "duplicate": "mail", "commented": "digest",
    "voted": "app", "followed": "app", "posted": "app", "badge": "app",
    "moderated": "mail", "reported": "app",
    "replied": "mail", "closed": "mail", "in_group": "app", "asked": "mail", "admitted": "mail", "asked_to_follow": "app",
    "let_follow": "app",
}  # fmt: skip
"""Where a kind goes until a person says otherwise. Mail also needs their consent, and all but `none` show on the site."""

FOLDED = ("answered", "commented", "voted", "followed", "posted", "in_group", "accepted", "asked")
"""Kinds of which several are one row until the recipient looks."""

if DEFAULTS.keys() != set(KINDS):
    raise ValueError("Every kind of notification needs a default channel.")


@dataclass(frozen=True, slots=True)
class Told:
    """One thing to tell some people: its kind and what it is about. `actor_id` None: nobody did it."""

    kind: str
    recipients: tuple[UUID, ...]
    actor_id: UUID | None
    post_id: UUID | None = None
    approach_id: UUID | None = None
    group_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification as its recipient sees it. `title` is of what it is about, None where there is none."""

    id: UUID
    kind: str
    times: int
    actor_id: UUID
    actor_handle: str
    actor_name: str
    post_id: UUID | None
    approach_id: UUID | None
    group_slug: str | None
    title: str | None
    changed_at: datetime
    read_at: datetime | None

    @property
    def who(self) -> str:
        """Who did it, as the beginning of the sentence. Which moderator it was is not said."""
        return {"badge": "You", "moderated": "A moderator", "reported": "A moderator"}.get(self.kind, self.actor_name)

    @property
    def link(self) -> str:
        """The page it leads to."""
        if self.kind in ("moderated", "reported"):
            return "/settings/safety"
        if self.kind == "asked_to_follow":
            return "/settings/privacy"
        if self.approach_id is not None:
            return f"/approaches/{self.approach_id}"
        if self.post_id is not None:
            return f"/posts/{self.post_id}"
        if self.group_slug is not None:
            return f"/groups/{self.group_slug}/members" if self.kind == "asked" else f"/groups/{self.group_slug}"
        return f"/people/{self.actor_handle}"

    @property
    def words(self) -> str:
        """What happened, as the end of a sentence that begins with `who`."""
        return WORDS[self.kind](self.times)


def _often(once: str, often: str) -> Callable[[int], str]:
    def words(times: int) -> str:
        others = "1 other" if times == 2 else f"{times - 1} others"
        return once if times == 1 else often.format(times=times, others=others)

    return words


WORDS: dict[str, Callable[[int], str]] = {
    "answered": _often("answered your problem", "and others wrote {times} approaches to your problem"),
    "commented": _often("commented on", "and others wrote {times} comments on"),
    "mentioned": _often("mentioned you in", "mentioned you {times} times in"),
    "accepted": _often("accepted your approach to", "accepted your approach to"),
    "voted": _often("found this helpful:", "and {others} found this helpful:"),
    "followed": _often("follows you", "and {others} follow you now"),
    "posted": _often("wrote", "wrote {times} times, last"),
    "badge": _often("earned a badge", "earned {times} badges"),
    "moderated": _often("acted on something of yours", "acted on something of yours"),
    "reported": _often("decided about what you reported", "decided about what you reported"),
    "replied": _often("answered your comment on", "answered your comment on"),
    "closed": _often("closed your problem", "closed your problem"),
    "in_group": _often("wrote in your group:", "and others wrote {times} problems in your group, last"),
    "asked": _often("asks to join", "and others asked {times} times to join"),
    "admitted": _often("let you into", "let you into"),
    "asked_to_follow": _often("asks to follow you", "asks to follow you"),
    "let_follow": _often("lets you follow them", "lets you follow them"),
    "duplicate": _often("says that this was asked before:", "says that this was asked before:"),
}
