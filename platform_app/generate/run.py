"""Writes a planned community through the batch forms of the services, in resumable batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

from lake.kit.clock import parse_moment
from lake.kit.errors import Stop
from lake.kit.log import get_log
from platform_app.batches import Run, Stage, remember
from platform_app.community import batch as community
from platform_app.db import Conn, Database
from platform_app.explore import history
from platform_app.generate.plan import Community, plan
from platform_app.identity import service as identity
from platform_app.profiles import service as profiles
from platform_app.profiles import showing, work


def generate(
    database: Database,
    *,
    people: int,
    seed: int,
    until: datetime | None,
    now: datetime,
    on_batch: Callable[[str, int], None],
) -> dict[str, Any]:
    """Invent a community and write it; returns the summary. The same people and seed again write nothing twice.

    The first run settles where the history ends (`until`, or the hour of `now`). Stop when a later run wants another end.
    """
    if people < 2:
        raise Stop("A community needs at least 2 people: give --people a larger number.")
    started = time.monotonic()
    source, correlation_id = f"generated-{people}-{seed}", f"generate-{uuid4()}"
    wanted = until or now.replace(minute=0, second=0, microsecond=0)
    settled = parse_moment(remember(database, source, "until", wanted.isoformat(), correlation_id))
    if until is not None and settled != until:
        raise Stop("This community was written with another --until: leave it out, or take another --seed.")
    run = Run(database, source, correlation_id, on_batch)
    for stage in _stages(plan(people, seed, settled, source)):
        run.stage(stage)
    summary = run.tally.summary(time.monotonic() - started) | {"source": source, "until": settled.isoformat()}
    get_log().info("community_generated", **{name: summary[name] for name in ("in", "out", "refused", "already")})
    return summary


def _stages(planned: Community) -> Iterator[Stage[Any, Any]]:
    yield _stage("tags", planned.tags, community.add_vocabulary, lambda row: row.name)
    yield _stage("people", planned.people, identity.add_people)
    yield _stage("profiles", planned.profiles, _profiles, lambda row: str(row.account_id))
    yield _stage("working_lives", planned.working_lives, _working_lives, lambda row: str(row.account_id))
    yield _stage("skills", planned.skills, _skills)
    yield _stage("portfolio_items", planned.portfolio_items, _portfolio_items)
    yield _stage("portfolio_skills", planned.portfolio_skills, _portfolio_skills)
    yield _stage("groups", planned.groups, community.add_groups)
    yield _stage("memberships", planned.memberships, community.add_memberships)
    yield _stage("posts", planned.posts, community.add_posts)
    yield _stage("approaches", planned.approaches, community.add_approaches)
    yield _stage("accepted", planned.accepted, _accept, lambda row: str(row.approach_id))
    yield _stage("closed", planned.closed, _close)
    yield _stage("comments", planned.comments, community.add_comments)
    yield _stage("votes", planned.votes, community.cast_votes)
    yield _stage("links", planned.links, community.add_links)
    yield _stage("badges", planned.badges, _award)
    yield _stage("follows", planned.follows, community.add_follows)
    yield _stage("tag_follows", planned.tag_follows, community.add_tag_follows)
    yield _stage("impressions", planned.impressions, _impressions)
    yield _stage("saved_items", planned.saved_items, community.add_saved_items)
    yield _stage("group_follows", planned.group_follows, community.add_group_follows)


def _stage(
    name: str,
    rows: list[Any],
    write: Callable[[Conn, list[Any]], dict[str, int]],
    id_of: Callable[[Any], str] = lambda row: str(row.id),
) -> Stage[Any, Any]:
    return Stage(name, lambda: rows, id_of, _as_it_is, _as_it_is, write)


def _as_it_is(item: Any) -> Any:
    return item


def _profiles(conn: Conn, rows: list[Any]) -> dict[str, int]:
    return {"profiles": profiles.add_profiles(conn, rows)}


def _impressions(conn: Conn, rows: list[Any]) -> dict[str, int]:
    return {"impressions": history.add_rows(conn, rows)}


def _working_lives(conn: Conn, rows: list[Any]) -> dict[str, int]:
    return {"working_lives": work.add_working_lives(conn, rows)}


def _skills(conn: Conn, rows: list[Any]) -> dict[str, int]:
    return {"account_skills": work.add_skills(conn, rows)}


def _portfolio_items(conn: Conn, rows: list[Any]) -> dict[str, int]:
    return {"portfolio_items": showing.add_items(conn, rows)}


def _portfolio_skills(conn: Conn, rows: list[Any]) -> dict[str, int]:
    return {"portfolio_skills": showing.add_item_skills(conn, rows)}


def _close(conn: Conn, rows: list[Any]) -> dict[str, int]:
    return {"closed": community.close_many(conn, rows)}


def _accept(conn: Conn, rows: list[Any]) -> dict[str, int]:
    return {"accepted": community.accept_many(conn, rows)}


def _award(conn: Conn, rows: list[Any]) -> dict[str, int]:
    return {"badge_awards": profiles.award_badges(conn, rows)}
