"""Writing and editing posts and approaches."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.community import drafts, reads, saved, service, versions
from platform_app.community.drafts import Words
from platform_app.community.groups import reads as groups
from platform_app.community.schemas import Target
from platform_app.errors import EditedMeanwhile, NotAllowed, Refused
from platform_app.identity.access import Member
from platform_app.web.pages.drafts import id_of
from platform_app.web.pages.forms import again, go
from platform_app.web.receiving import LARGEST_TEXT, Several, receive_all, show_all
from platform_app.web.templates import render
from platform_app.web.visit import Look, Send, Visit

router = APIRouter(include_in_schema=False)

OFFERED = 24  # tags shown to choose from
LANGUAGES = (
    ("en", "English"), ("de", "Deutsch"), ("es", "Español"), ("fr", "Français"), ("hi", "हिन्दी"), ("id", "Indonesia"),
    ("it", "Italiano"), ("ja", "日本語"), ("ko", "한국어"), ("nl", "Nederlands"), ("pl", "Polski"), ("pt", "Português"),
    ("ru", "Русский"), ("sv", "Svenska"), ("tr", "Türkçe"), ("uk", "Українська"), ("vi", "Tiếng Việt"), ("zh", "中文"),
)  # fmt: skip

Text = Annotated[str, Form()]
Texts = Annotated[list[str], Form()]


def _tags(typed: str, chosen: list[str]) -> list[str]:
    return [*chosen, *typed.replace(",", " ").lower().split()]


def _offered(look: Visit) -> list[Any]:
    with look.read() as (conn, _):
        return look.popular_tags(conn)[:OFFERED]


@router.get("/posts/new")
def new_post(look: Look, draft: UUID | None = None, group: str = "") -> Response:
    """The form for a post, in a group if one is named, with what a draft of it holds."""
    with look.read_as_member() as (conn, me):
        popular = look.popular_tags(conn)[:OFFERED]
        begun = drafts.draft(conn, me.id, draft) if draft else None
    values: dict[str, Any] = {
        "title": "", "body": "", "tags": "", "chosen": [], "kind": "problem", "language": "en", "draft": "",
        "group": group[:40],
    }  # fmt: skip
    if begun:
        chosen, shown = begun.tags.split(), {tag.name for tag in popular}
        values |= {"title": begun.title, "body": begun.body, "kind": begun.kind or "problem", "draft": begun.id}
        values |= {"language": begun.language, "chosen": chosen, "tags": " ".join(t for t in chosen if t not in shown)}
        values |= {"group": begun.group_slug or ""}
    return post_form(look, popular, values, back="/")


@router.post("/posts/new", max_body_size=LARGEST_TEXT)
def write_post(  # noqa: PLR0913, PLR0917 - what the form holds
    send: Send,
    title: Text = "",
    body: Text = "",
    tags: Text = "",
    tag: Texts = [],  # noqa: B006 - FastAPI copies it
    kind: Text = "problem",
    language: Text = "en",
    draft: Text = "",
    keep: Text = "",
    group: Text = "",
    file: Several = [],  # noqa: B006
) -> Response:
    """Publish a post with the files it shows, in a group if one is named, or keep its words as a draft."""
    chosen, now = _tags(tags, tag), utc_now()
    try:
        received = [] if keep else receive_all(send, file)
        with send.write() as (conn, me):
            if keep:
                words = Words(title, body, " ".join(chosen), kind, language, groups.id_named(conn, group))
                drafts.save(conn, me.id, "post", words, draft_id=id_of(draft), now=now)
                return go("/drafts")
            group_id = groups.group_named(conn, group).id if group else None
            post_id = service.write_post(
                conn, me.id, title=title, body=body, tags=chosen, kind=kind, language=language, group_id=group_id,
                now=now,
            )  # fmt: skip
            show_all(conn, send, me.id, Target(post_id=post_id), received, now)
            drafts.published(conn, me.id, id_of(draft))
    except Refused as refused:
        values = {
            "title": title,
            "body": body,
            "tags": tags,
            "chosen": tag,
            "kind": kind,
            "language": language,
            "draft": draft,
            "group": group,
        }
        return post_form(send, _offered(send), values, back="/", refused=refused)
    return go(f"/posts/{post_id}")


@router.get("/posts/{post_id}/edit")
def edit_post_form(look: Look, post_id: UUID) -> Response:
    """The form for a post's new texts."""
    with look.read_as_member() as (conn, me):
        card = reads.read_post(conn, post_id, me.id).card
        _may_edit(me, card.author_id)
        popular = look.popular_tags(conn)[:OFFERED]
    shown = {tag.name for tag in popular}
    others = " ".join(tag for tag in card.tags if tag not in shown)
    seen = versions.version_of(card.title, card.body)
    values = {"title": card.title, "body": card.body, "tags": others, "chosen": card.tags, "version": seen}
    return post_form(look, popular, values, back=f"/posts/{post_id}", editing=True)


@router.post("/posts/{post_id}/edit")
def edit_post(
    send: Send,
    post_id: UUID,
    title: Text = "",
    body: Text = "",
    tags: Text = "",
    tag: Texts = [],  # noqa: B006
    version: Text = "",
) -> Response:
    """Replace a post's texts."""
    try:
        with send.write() as (conn, me):
            versions.expect(conn, Target(post_id=post_id), version)
            service.edit_post(conn, me.id, post_id, title=title, body=body, tags=_tags(tags, tag), now=utc_now())
    except Refused as refused:
        values = {"title": title, "body": body, "tags": tags, "chosen": tag, "version": _seen(refused, version)}
        return post_form(send, _offered(send), values, back=f"/posts/{post_id}", editing=True, refused=refused)
    return go(f"/posts/{post_id}")


@router.post("/posts/{post_id}/delete")
def delete_post(send: Send, post_id: UUID) -> Response:
    """Take a post off the pages."""
    with send.write() as (conn, me):
        own = reads.read_post(conn, post_id).card.author_id == me.id
        service.delete_post(conn, me.id, post_id, utc_now())
    return go(f"/undo/posts/{post_id}" if own else "/")


@router.post("/posts/{post_id}/approaches", max_body_size=LARGEST_TEXT)
def answer_post(
    send: Send,
    post_id: UUID,
    body: Text = "",
    kind: Text = "idea",
    keep: Text = "",
    file: Several = [],  # noqa: B006
) -> Response:
    """Answer a post with an approach and the files it shows, or keep its words as a draft."""
    now = utc_now()
    try:
        received = [] if keep else receive_all(send, file)
        with send.write() as (conn, me):
            if keep:
                drafts.save(conn, me.id, "approach", Words(body=body, kind=kind), post_id=post_id, now=now)
                return go("/drafts")
            approach_id = service.write_approach(conn, me.id, post_id=post_id, body=body, kind=kind, now=now)
            show_all(conn, send, me.id, Target(approach_id=approach_id), received, now)
            drafts.published(conn, me.id, None, post_id=post_id)
    except Refused as refused:
        with send.read() as (conn, viewer):
            post = reads.read_post(conn, post_id, viewer.id if viewer else None)
            marks = saved.among(conn, viewer.id if viewer else None, [post_id, *(one.id for one in post.approaches)])
            send.see_faces(conn, post)
        return again(send, "post.html", refused, post=post, saved=marks, start=0, values={"body": body, "kind": kind})
    return go(f"/posts/{post_id}#approach-{approach_id}")


@router.get("/approaches/new")
def new_approach(look: Look, draft: UUID | None = None) -> Response:
    """The form for an approach that stands on its own, with what a draft of it holds."""
    values = {"title": "", "body": "", "kind": "guide", "draft": ""}
    with look.read_as_member() as (conn, me):
        if draft:
            begun = drafts.draft(conn, me.id, draft)
            values |= {"title": begun.title, "body": begun.body, "kind": begun.kind or "guide", "draft": str(begun.id)}
    return _approach_form(look, values, back="/approaches")


@router.post("/approaches/new", max_body_size=LARGEST_TEXT)
def write_approach(
    send: Send,
    title: Text = "",
    body: Text = "",
    kind: Text = "guide",
    draft: Text = "",
    keep: Text = "",
    file: Several = [],  # noqa: B006
) -> Response:
    """Publish an approach that stands on its own with the files it shows, or keep its words as a draft."""
    now = utc_now()
    try:
        received = [] if keep else receive_all(send, file)
        with send.write() as (conn, me):
            if keep:
                words = Words(title=title, body=body, kind=kind)
                drafts.save(conn, me.id, "approach", words, draft_id=id_of(draft), now=now)
                return go("/drafts")
            approach_id = service.write_approach(conn, me.id, title=title, body=body, kind=kind, now=now)
            show_all(conn, send, me.id, Target(approach_id=approach_id), received, now)
            drafts.published(conn, me.id, id_of(draft))
    except Refused as refused:
        values = {"title": title, "body": body, "kind": kind, "draft": draft}
        return _approach_form(send, values, back="/approaches", refused=refused)
    return go(f"/approaches/{approach_id}")


@router.get("/approaches/{approach_id}/edit")
def edit_approach_form(look: Look, approach_id: UUID) -> Response:
    """The form for an approach's new texts."""
    with look.read_as_member() as (conn, me):
        approach = reads.read_approach(conn, approach_id, me.id)
        _may_edit(me, approach.author_id)
    seen = versions.version_of(approach.title, approach.body)
    values = {"title": approach.title or "", "body": approach.body, "version": seen}
    return _approach_form(look, values, back=f"/approaches/{approach_id}", editing=True, alone=approach.post_id is None)


@router.post("/approaches/{approach_id}/edit")
def edit_approach(send: Send, approach_id: UUID, title: Text = "", body: Text = "", version: Text = "") -> Response:
    """Replace an approach's texts."""
    back = f"/approaches/{approach_id}"
    try:
        with send.write() as (conn, me):
            versions.expect(conn, Target(approach_id=approach_id), version)
            service.edit_approach(conn, me.id, approach_id, title=title, body=body, now=utc_now())
    except Refused as refused:
        values = {"title": title, "body": body, "version": _seen(refused, version)}
        return _approach_form(send, values, back=back, editing=True, refused=refused)
    return go(back)


@router.post("/approaches/{approach_id}/delete")
def delete_approach(send: Send, approach_id: UUID) -> Response:
    """Take an approach off the pages."""
    with send.write() as (conn, me):
        found = reads.read_approach(conn, approach_id)
        service.delete_approach(conn, me.id, approach_id, utc_now())
    if found.author_id == me.id:
        return go(f"/undo/approaches/{approach_id}")
    return go(f"/posts/{found.post_id}" if found.post_id else "/approaches")


def _seen(refused: Refused, version: str) -> str:
    """Which text the form is about to replace: the newest one, once its sender has been shown it."""
    return refused.version if isinstance(refused, EditedMeanwhile) else version


def _may_edit(me: Member, author_id: UUID) -> None:
    if me.id != author_id and not me.is_moderator:
        raise NotAllowed("Only its author or a moderator may do this.", code="not_the_author")


def post_form(
    visit: Visit,
    popular: list[Any],
    values: dict[str, Any],
    *,
    back: str,
    editing: bool = False,
    refused: Refused | None = None,
    hints: Any = None,
) -> Response:
    """The form with what was typed, why it was refused if it was, and what is like it if somebody asked."""
    context: dict[str, Any] = {
        "hints": hints,
        "popular": popular,
        "values": values,
        "back": back,
        "editing": editing,
        "languages": LANGUAGES,
    }
    if refused:
        return again(visit, "write_post.html", refused, **context)
    return render(visit.request, "write_post.html", error=None, **context)


def _approach_form(
    visit: Visit,
    values: dict[str, str],
    *,
    back: str,
    editing: bool = False,
    alone: bool = True,
    refused: Refused | None = None,
) -> Response:
    context: dict[str, Any] = {"values": values, "back": back, "editing": editing, "alone": alone}
    if refused:
        return again(visit, "write_approach.html", refused, **context)
    return render(visit.request, "write_approach.html", error=None, **context)
