"""A small lively site for tests that go through every route: people with each role, and something behind each kind of id.

`lively(door, url)` makes it; `Scenery.path(template)` puts what exists in the place of a route's parameters. A parameter of
a new route needs a value in `Scenery.values`; one that ends in `_id` and has none gets an id that nothing has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import psycopg

from platform_app.web import api, pages
from tests.lib.front_door import PASSWORD, Caller, Door
from tests.lib.routes import ID

PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
PAGE_OF_CODE = """The pump *hums* and stops. I tried **three** things, see the [manual](https://example.org/manual):

1. cleaned the inlet
2. changed the fuse

> It worked last year.

```python
def start(pump: Pump) -> None:  # E42
    pump.prime(seconds=5)
```

| part | age |
|---|---|
| motor | 4 years |
| seal | 9 years |
"""


@dataclass(frozen=True)
class Route:
    """A method and a path's template, and whether a page answers there (else the JSON API)."""

    method: str
    path: str

    @property
    def is_page(self) -> bool:
        return not self.path.startswith("/api/")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def routes() -> list[Route]:
    """Every route of the app but its files, its health and its WebSockets, in a stable order."""
    found = {
        Route(method, route.path)
        for router in (*api.ROUTERS, *pages.ROUTERS)
        for route in router.routes
        for method in getattr(route, "methods", None) or ()
        if method != "HEAD"
    }
    return sorted(found, key=lambda route: (route.path, route.method))


@dataclass
class Scenery:
    """The people as programs (bearer tokens) and, in `browsers`, as browsers (cookies)."""

    door: Door
    people: dict[str, Caller]
    browsers: dict[str, Caller]
    values: dict[str, str] = field(default_factory=dict)

    def path(self, template: str) -> str:
        """The template with what exists in the place of its parameters."""
        return PARAMETER.sub(lambda found: self._value(found.group(1)), template)

    def _value(self, name: str) -> str:
        value = self.values.get(name, ID if name.endswith("_id") else None)
        assert value, f"Say in tests/lib/scenery.py what stands for {{{name}}}."
        return value


def lively(door: Door, database_url: str) -> Scenery:
    """Four people, a tag, a post with two approaches (one accepted) and comments, an approach of its own, followers."""
    people = {name: door.member(name) for name in ("owner", "stranger", "moderator", "admin")}
    with psycopg.connect(database_url) as conn:
        for role in ("moderator", "admin"):
            conn.execute("UPDATE identity.accounts SET role = %s WHERE handle = %s", (role, people[role].handle))
    owner, stranger = people["owner"], people["stranger"]
    people["moderator"].call("POST", "/tags", {"name": "pumps"})
    group = owner.made("/groups", {"slug": "pump-menders", "name": "Pump menders", "about": "We *mend* pumps."})
    text = {"title": "The pump hums and stops", "body": PAGE_OF_CODE, "tags": ["pumps"], "group_id": group}
    post = owner.made("/posts", text)
    other = stranger.made("/posts", {"title": "An older pump", "body": "It hums as well."})
    approach = stranger.made(f"/posts/{post}/approaches", {"body": PAGE_OF_CODE, "kind": "guide"})
    mine = owner.made("/approaches", {"title": "Keep a log", "body": PAGE_OF_CODE, "tags": ["pumps"]})
    people["moderator"].made(f"/posts/{post}/approaches", {"body": "Have you tried the other fuse?"})
    comment = owner.made(f"/posts/{post}/comments", {"body": "Since *June*."})
    stranger.made(f"/approaches/{mine}/comments", {"body": "This helps."})
    stranger.call("PUT", f"/posts/{post}/vote", {"value": 1})
    stranger.call("PUT", f"/people/{owner.handle}/follow")
    owner.call("PUT", f"/people/{stranger.handle}/follow")
    owner.call("PUT", "/tags/pumps/follow")
    owner.call("PUT", f"/posts/{post}/accepted", {"approach_id": approach})
    owner.call("PUT", "/profile", {"headline": "Mends pumps", "bio": "I *mend* pumps.", "location": "Ghent"})
    stranger.made(
        "/reports",
        {
            "target_kind": "post",
            "target_id": post,
            "category": "spam",
            "text": "It sells pumps.",
        },
    )
    stranger.call("PUT", f"/people/{people['admin'].handle}/mute")
    people["moderator"].call("POST", "/moderation/words", {"word": "pillz"})
    people["moderator"].call("PUT", f"/moderation/hidden/comment/{comment}", {"reason": "Off the topic."})
    token = owner.call("POST", "/tokens", {"name": "a script", "scopes": ["read"], "password": PASSWORD})
    values = {
        "post_id": post, "approach_id": mine, "comment_id": comment, "item_id": post, "target_id": post,
        "slug": "pump-menders", "form": "post", "kind": "posts", "handle": owner.handle, "tag": "pumps", "provider": "github", "purpose": "lake",
        "target_kind": "post", "act": "assign", "change": "role", "word": "pillz", "token": "a-token",
        "body.approach_id": approach, "body.of": other, "name": "a-name", "flag": "suggestions", "token_id": token.json().get("id", ID),
    }  # fmt: skip
    return Scenery(door, people, {name: door.browser_of(one) for name, one in people.items()}, values)
