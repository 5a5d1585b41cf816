"""An event carries ids and words of closed lists, each type is published somewhere, and nothing else is."""

from __future__ import annotations

import ast
from pathlib import Path
from uuid import UUID

import pytest

from infra.settings import CHECKOUT
from lake.contracts.business_events import BY_NAME, EventType
from lake.contracts.model import Column, ContractError, Pii, Type
from lake.contracts.rules import NotNull
from platform_app.discovery.embedder import Embedder
from platform_app.outbox.publish import check
from platform_app.outbox.reactions import reactions
from platform_app.outbox.subscribers import RELAY, SUBSCRIBERS

SOMEBODY = UUID(int=7)
TEXT = Column("body", Type.TEXT, pii=Pii.FREE_TEXT, about="What they wrote.")
NAME = Column("handle", Type.TEXT, pii=Pii.DIRECT, about="Who it is.")
ID = Column("post_id", Type.UUID, pii=Pii.KEY, domain="post", about="The post.", rules=(NotNull(),))


@pytest.mark.parametrize(
    ("name", "about", "data", "said"),
    [
        ("post_published", "It is out.", (), "needs a name such as"),
        ("post.published", " ", (), "needs a sentence"),
        ("post.published", "It is out.", (ID, ID), "declares a field twice"),
        ("post.published", "It is out.", (TEXT,), "carries 'body', which is FREE_TEXT"),
        ("post.published", "It is out.", (NAME,), "carries 'handle', which is DIRECT"),
    ],
    ids=["name", "about", "twice", "text", "name of a person"],
)
def test_a_type_that_must_not_exist_does_not_import(name: str, about: str, data: tuple[Column, ...], said: str) -> None:
    with pytest.raises(ContractError, match=said):
        EventType(name, subject="post", about=about, data=data)


def published() -> set[str]:
    """The types that the services name in a call of `publish`."""
    found = set()
    for path in Path(CHECKOUT / "platform_app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "publish":
                kind = node.args[1]
                assert isinstance(kind, ast.Constant), f"{path}: the type is written out where it is published"
                found.add(str(kind.value))
    return found


def test_every_declared_type_is_published_and_no_other() -> None:
    assert published() == BY_NAME.keys()


def test_every_subscriber_but_the_relay_has_a_reaction_and_hears_declared_types() -> None:
    assert reactions(Embedder(Path("nowhere"))).keys() | {RELAY} == SUBSCRIBERS.keys()
    assert frozenset[str]().union(*SUBSCRIBERS.values()) <= BY_NAME.keys()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"kind": "problem"}, None),
        ({}, "carries"),
        ({"kind": "problem", "title": "How?"}, "carries"),
        ({"kind": "How do I reach Zelda?"}, "must be one of"),
        ({"kind": None}, "is required"),
        ({"kind": SOMEBODY}, "must be text"),
    ],
    ids=["as declared", "too little", "too much", "open text", "nothing", "another type"],
)
def test_an_event_is_as_its_type_declares_it(data: dict[str, object], said: str | None) -> None:
    kind = BY_NAME["post.published"]
    if said is None:
        check(kind, data)
        return
    with pytest.raises(ValueError, match=said):
        check(kind, data)
