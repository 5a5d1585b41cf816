"""Who may do what, measured: every route × every kind of visitor. `python -m tests.lib.authorisation` writes the table.

Each request is made for real, on a lively site, and its transaction is rolled back, so that whoever deletes the owner's post
leaves it there for the next. What a cell says:

    200, 204, …  the status; a form that would be refused for its content shows it (422), so its sender was let in
    login        a page that leads to the log-in

A new route needs nothing but this command, a look at the row it writes, and the body of a JSON change in tests/lib/routes.py.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import psycopg

from infra.settings import CHECKOUT
from platform_app.db import Conn, Database, correlate
from platform_app.migrations.runner import migrate
from platform_app.web.limits import Limits
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.routes import CHANGES, ID
from tests.lib.scenery import Route, Scenery, lively, routes

TABLE = CHECKOUT / "docs" / "authorisation.md"
VIEWERS = ("anonymous", "stranger", "owner", "moderator", "admin", "suspended")
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
HEAD = f"""# Who may do what

Every route of the app and what it answers to whom. *Owner* is whoever wrote or has the thing that the route names, *stranger*
another member. `login` leads to the log-in; a 422 or 400 means that the sender was let in and sent nothing sensible. Measured
by `python -m tests.lib.authorisation`, which adds rows for new routes (`--all` measures every row again); a test compares.

| route | {" | ".join(VIEWERS)} |
|---|{"---|" * len(VIEWERS)}
"""

Cells = tuple[str, ...]


@contextmanager
def nothing_stays(database: Database) -> Iterator[None]:
    """Whatever is written through this database is rolled back when its transaction ends, and no limit counts."""

    @contextmanager
    def write(correlation_id: str) -> Iterator[Conn]:
        with database._pool.connection() as conn, conn.transaction(force_rollback=True):
            correlate(conn, correlation_id)
            yield conn

    with patch.object(database, "write", write), patch.object(Limits, "take", lambda *_: None):
        yield


class Matrix:
    """Asks as each kind of visitor."""

    def __init__(self, scenery: Scenery, suspended: Caller, browser: Caller) -> None:
        self._scenery = scenery
        self._programs = scenery.people | {"anonymous": scenery.door.visitor(), "suspended": suspended}
        self._browsers = scenery.browsers | {"anonymous": scenery.door.visitor(), "suspended": browser}
        self._tokens: dict[str, str] = {}

    def cells(self, route: Route) -> Cells:
        """What each of VIEWERS is answered."""
        ask = self._ask_page if route.is_page else self._ask_program
        return tuple(ask(route, who) for who in VIEWERS)

    def _ask_program(self, route: Route, who: str) -> str:
        template = route.path.removeprefix("/api/v1")
        body = self._body(CHANGES.get((route.method, template), None if route.method == "GET" else {}))
        return str(self._programs[who].call(route.method, self._scenery.path(template), body).status_code)

    def _ask_page(self, route: Route, who: str) -> str:
        path = self._scenery.path(route.path)
        client = self._browsers[who].client
        form: dict[str, Any] = {} if route.method == "GET" else {"data": {"csrf_token": self._token(who), "value": "1"}}
        kept = dict(client.cookies)
        answer = client.request(route.method, path, **form)
        client.cookies = httpx.Cookies(kept)  # whoever logged out is still here
        if answer.headers.get("Location", "").startswith("/login?next="):
            return "login"
        return str(answer.status_code)

    def _body(self, body: object) -> object:
        """The body with what exists in the place of its ids."""
        if not isinstance(body, dict):
            return body
        values = self._scenery.values
        return {key: values.get(f"body.{key}", value) if value == ID else value for key, value in body.items()}

    def _token(self, who: str) -> str:
        if who not in self._tokens:
            page = "/login" if who == "anonymous" else "/settings/profile"
            found = TOKEN.search(self._browsers[who].look(page))
            assert found
            self._tokens[who] = found.group(1)
        return self._tokens[who]


@contextmanager
def open_matrix(database_url: str, outbox: Path) -> Iterator[Matrix]:
    """A lively site whose visitors ask, on a migrated database."""
    with open_door(database_url, outbox) as door:
        scenery = lively(door, database_url)
        suspended, browser = _suspended(door, database_url)
        with nothing_stays(door.app.state.database):
            yield Matrix(scenery, suspended, browser)


def _suspended(door: Door, database_url: str) -> tuple[Caller, Caller]:
    """Somebody whom moderators have suspended: they log in and read."""
    member = door.member("suspended")
    browser = door.browser_of(member)
    with psycopg.connect(database_url) as conn:
        conn.execute(
            "INSERT INTO moderation.suspensions (id, account_id, since, until) "
            "SELECT gen_random_uuid(), id, now(), now() + interval '1 day' FROM identity.accounts WHERE handle = %s",
            (member.handle,),
        )
    return member, browser


def read_table() -> dict[str, Cells]:
    """Route → its cells, as committed."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if re.match(r"\| [A-Z]+ /", line)]
    return {row[0]: tuple(cell.strip() for cell in row[1:]) for row in rows if len(row) == len(VIEWERS) + 1}


def write_table(table: dict[str, Cells]) -> None:
    """Write the page: a row for each route, in the order of the paths."""
    named = {str(route): route for route in routes()}
    lines = [f"| {name} | {' | '.join(table[name])} |" for name in named if name in table]
    TABLE.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Measure what has no row yet (or everything) on a PostgreSQL of its own, and write the table."""
    from tests.lib.stack import make_stack, remove_stack

    table = {} if "--all" in sys.argv or not TABLE.exists() else read_table()
    stack = make_stack()
    try:
        stack.up("postgres")
        migrate(stack.url("app_owner"))
        with tempfile.TemporaryDirectory() as folder, open_matrix(stack.url("app"), Path(folder) / "outbox") as matrix:
            new = [route for route in routes() if str(route) not in table]
            table |= {str(route): matrix.cells(route) for route in new}
    finally:
        remove_stack(stack)
    write_table(table)
    for route in new:
        print(f"{route}: {' '.join(table[str(route)])}")


if __name__ == "__main__":
    main()
