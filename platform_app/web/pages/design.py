"""The design system on one page: its tokens, what each is for, and every component in its states. For development only."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.community.schemas import PostCard
from platform_app.errors import Invalid, NotFound
from platform_app.web.templates import render
from platform_app.web.visit import Look

router = APIRouter(include_in_schema=False)

TOKENS: dict[str, dict[str, str]] = {
    "Ground": {
        "paper": "the page", "surface": "what lies on it: panels, menus, fields of a list", "sunken": "code, quiet tags, notices",
        "line": "between things", "line-strong": "around what can be filled in or pressed",
    },
    "Ink": {"ink": "text and headings", "soft": "what is said beside: hints, times, labels"},
    "Water": {
        "water": "links, buttons, the focus", "water-deep": "links and buttons under the pointer",
        "water-tint": "what is chosen, and the welcome", "on-water": "text on a button",
    },
    "Meaning": {
        "good": "solved, accepted, agreed", "good-tint": "the ground of those", "bad": "mistakes, and what destroys",
        "bad-tint": "the ground of those",
    },
    "Medals": {"gold": "badges", "silver": "badges", "bronze": "badges"},
    "Shape": {
        "shadow": "under a panel; none in the dark", "radius": "of panels and fields", "serif": "headings and numbers",
        "sans": "everything else", "mono": "code",
    },
}  # fmt: skip
"""Every token of `app.css` by what it is for; a test says that none is missing."""


@router.get("/design")
def design(look: Look) -> Response:
    """The gallery; NotFound unless APP_DESIGN is set."""
    if not look.request.app.state.settings.design:
        raise NotFound("There is nothing here.")
    with look.read():
        pass
    mistake = Invalid("Handle must have 3 to 30 small letters, digits or dashes.", field="handle")
    return render(
        look.request,
        "design.html",
        tokens=TOKENS,
        mistake=mistake,
        now=utc_now(),
        card=card("solved", 12, 3),
        fresh=card("open", 0, 0),
    )


def card(status: str, score: int, approaches: int) -> PostCard:
    """A card that is nobody's."""
    return PostCard(
        id=UUID(int=0),
        kind="problem",
        title="The pump hums and stops",
        body="It worked last year. I cleaned the inlet and changed the fuse; now it hums for a second and stops.",
        status=status,
        created_at=utc_now() - timedelta(hours=5),
        author_id=UUID(int=0),
        author_handle="ada",
        author_name="Ada",
        tags=["pumps", "water"],
        score=score,
        approaches=approaches,
        comments=2,
        views=140,
    )
