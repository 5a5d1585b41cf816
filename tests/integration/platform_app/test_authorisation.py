"""docs/authorisation.md is true: every route has a row, answers what its row says, and no row breaks the rules of the house.

The rules are here and not in the table, so that measuring the table again cannot bless a door that was left open.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lib.authorisation import VIEWERS, Cells, Matrix, open_matrix, read_table
from tests.lib.routes import OPEN
from tests.lib.scenery import Route, routes
from tests.lib.stack import Stack

FORMS_FOR_VISITORS = ("/login", "/signup", "/reset", "/claim", "/verify/", "/unsubscribe")
OF_ONES_OWN = (
    "/account", "/settings/account", "/settings/security", "/settings/tokens", "/settings/safety/appeal", "/settings/consent",
    "/settings/notifications", "/consents", "/mfa", "/session", "/sessions", "/tokens", "/programs", "/links",
    "/verification", "/verify", "/notifications", "/logout",
)  # fmt: skip
"""What somebody who is suspended may still change: their account, their consent, what they have read, and one appeal."""
KEEPS_AWAY = ("/people/{handle}/block", "/people/{handle}/mute")  # they protect themselves still
REFUSED = {"401", "403", "404", "login"}
OWN = ("DELETE", "PUT")  # what these change in the JSON API belongs to somebody
NAMES_A_THING = ("{post_id}", "{approach_id}", "{comment_id}")
FOR_EVERYBODY = ("/vote", "/comments", "/approaches", "/follow", "/report", "/reports", "/save", "/saved", "/tags")


@pytest.fixture(scope="module")
def matrix(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    with open_matrix(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as opened:
        yield opened


def cells(route: Route) -> dict[str, str]:
    return dict(zip(VIEWERS, read_table()[str(route)], strict=True))


def test_every_route_has_a_row() -> None:
    missing = [str(route) for route in routes() if str(route) not in read_table()]
    assert missing == [], "run `python -m tests.lib.authorisation`, look at the rows it adds, and commit them"


def test_no_row_is_about_a_route_that_is_gone() -> None:
    assert sorted(set(read_table()) - {str(route) for route in routes()}) == []


def test_everybody_is_answered_what_the_table_says(matrix: Matrix) -> None:
    table = read_table()
    wrong: dict[str, tuple[Cells, Cells]] = {}
    for route in routes():
        if (answered := matrix.cells(route)) != table.get(str(route), answered):
            wrong[str(route)] = (table[str(route)], answered)
    assert wrong == {}, (
        "each: (the table, now). Mend the route, or measure with `python -m tests.lib.authorisation --all`"
    )


def test_nobody_changes_anything_without_logging_in() -> None:
    open_doors = [
        str(route)
        for route in routes()
        if route.method != "GET"
        and not route.path.startswith(FORMS_FOR_VISITORS)
        and (route.method, route.path.removeprefix("/api/v1")) not in OPEN
        and cells(route)["anonymous"] not in REFUSED
    ]
    assert open_doors == []


def test_somebody_who_is_suspended_changes_what_is_their_own_alone() -> None:
    open_doors = [
        str(route)
        for route in routes()
        if route.method != "GET"
        and not route.path.startswith(FORMS_FOR_VISITORS)
        and (route.method, route.path.removeprefix("/api/v1")) not in OPEN
        and not route.path.removeprefix("/api/v1").startswith((*OF_ONES_OWN, *KEEPS_AWAY))
        and cells(route)["suspended"] not in REFUSED
    ]
    assert open_doors == []


def test_only_administrators_and_moderators_enter_their_rooms() -> None:
    for route in routes():
        inside = route.path.removeprefix("/api/v1")
        row = cells(route)
        if inside.startswith("/admin"):
            assert {row[who] for who in VIEWERS if who != "admin"} <= REFUSED, route
        if inside.startswith(("/moderate", "/moderation")):
            assert {row[who] for who in VIEWERS if who not in ("moderator", "admin")} <= REFUSED, route


def test_a_stranger_changes_nothing_of_the_owners() -> None:
    for route in routes():
        change = route.method in OWN or route.path.endswith(("/edit", "/delete"))
        if change and any(name in route.path for name in NAMES_A_THING) and not route.path.endswith(FOR_EVERYBODY):
            row = cells(route)
            assert row["stranger"] in REFUSED, route
            assert row["owner"] not in REFUSED, route
