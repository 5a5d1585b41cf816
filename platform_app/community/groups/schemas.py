"""What groups take and give."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A row of `community.groups`."""

    id: UUID
    slug: str
    title: str
    about: str
    joining: str
    owner_id: UUID
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class MembershipRow:
    """A row of `community.memberships`."""

    id: UUID
    group_id: UUID
    account_id: UUID
    role: str
    state: str
    told: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class GroupFollowRow:
    """A row of `community.group_follows`."""

    id: UUID
    account_id: UUID
    group_id: UUID
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Group:
    """A group on a page. `my_role` and `my_state` are the viewer's, None for somebody who is not in it."""

    id: UUID
    slug: str
    name: str
    about: str
    joining: str
    created_at: datetime
    members: int
    posts: int
    my_role: str | None
    my_state: str | None
    my_told: bool | None
    followed: bool = False  # by the viewer, without being a member

    @property
    def joined(self) -> bool:
        """Whether the viewer is a member."""
        return self.my_state == "joined"

    @property
    def keeps_order(self) -> bool:
        """Whether the viewer is one of its moderators."""
        return self.joined and self.my_role in ("moderator", "owner")


@dataclass(frozen=True, slots=True)
class GroupMember:
    """Somebody who is in a group, or asks to be."""

    id: UUID
    account_id: UUID
    handle: str
    display_name: str
    role: str
    state: str
    created_at: datetime
