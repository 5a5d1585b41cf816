"""The stages of an import, in the order in which rows refer to each other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from lake.kit.log import get_log
from platform_app.batches import Run, Skipped, Stage
from platform_app.community import batch as community
from platform_app.community.schemas import Accepted, PostRow, TagRow
from platform_app.db import Conn, Database
from platform_app.dump import skips
from platform_app.dump.convert import ACCEPTANCE, ANSWER, Converter, moment_of
from platform_app.dump.files import Dump, Row
from platform_app.identity import service as identity
from platform_app.identity.schemas import NewPerson
from platform_app.profiles import service as profiles
from platform_app.profiles.schemas import Profile

VOTES_SIZE = 5_000  # votes are short


def import_dump(
    database: Database, folder: Path, *, source: str, seed: int, on_batch: Callable[[str, int], None]
) -> dict[str, Any]:
    """Bring a dump in; returns the summary. Stop when the folder or a file is wrong: whole batches are kept."""
    started = time.monotonic()
    dump = Dump(folder)
    run = Run(database, source, f"import-{uuid4()}", on_batch)
    for stage in _stages(dump, Converter(source, seed, _opened_at(dump))):
        run.stage(stage)
    summary = run.tally.summary(time.monotonic() - started) | {"source": source, "missing": list(dump.missing)}
    get_log().info("dump_imported", **{name: summary[name] for name in ("in", "out", "refused", "skipped", "already")})
    return summary


def _stages(dump: Dump, converter: Converter) -> Iterator[Stage[Any, Any]]:
    """One after another: each is made when the one before has filled the converter's memory."""
    one_go = _as_it_is
    yield Stage("tags", lambda: dump.rows("Tags"), _id, converter.see_tag, one_go, community.add_vocabulary)
    yield Stage("people", lambda: dump.rows("Users"), _id, converter.see_person, converter.make_person, _add_people)
    questions = (row for row in dump.rows("Posts") if row.get("PostTypeId") != ANSWER)
    yield Stage("posts", lambda: questions, _id, converter.see_question, _with_views(converter), _add_posts(converter))
    answers = (row for row in dump.rows("Posts") if row.get("PostTypeId") == ANSWER)
    yield Stage(
        "approaches", lambda: answers, _id, converter.see_answer, converter.make_approach, community.add_approaches
    )
    yield Stage(
        "accepted", lambda: _acceptances(dump, converter), _id, _see_accepted(converter), one_go, _accept, VOTES_SIZE
    )
    yield Stage("comments", lambda: dump.rows("Comments"), _id, one_go, converter.make_comment, community.add_comments)
    votes = (row for row in dump.rows("Votes") if row.get("VoteTypeId") != ACCEPTANCE)
    yield Stage("votes", lambda: votes, _id, converter.see_vote, one_go, community.cast_votes, VOTES_SIZE)
    yield Stage("badges", lambda: dump.rows("Badges"), _id, one_go, converter.make_award, _award, VOTES_SIZE)
    yield Stage("links", lambda: dump.rows("PostLinks"), _id, converter.see_link, one_go, community.add_links)


def _opened_at(dump: Dump) -> datetime:
    """When the first post was written."""
    first = next(dump.rows("Posts"), {})
    try:
        return moment_of(first["CreationDate"])
    except (KeyError, ValueError):
        return datetime.fromtimestamp(0, UTC)


def _id(row: Row) -> str:
    return row.get("Id", "")


def _as_it_is(item: Any) -> Any:
    return item


def _add_people(conn: Conn, people: list[tuple[NewPerson, Profile]]) -> dict[str, int]:
    counts = identity.add_people(conn, [account for account, _ in people])
    return counts | {"profiles": profiles.add_profiles(conn, [profile for _, profile in people])}


def _with_views(converter: Converter) -> Callable[[Row], tuple[PostRow, int]]:
    def make(row: Row) -> tuple[PostRow, int]:
        views = row.get("ViewCount", "0")
        return converter.make_post(row), int(views) if views.isdecimal() else 0

    return make


def _add_posts(converter: Converter) -> Callable[[Conn, list[tuple[PostRow, int]]], dict[str, int]]:
    def write(conn: Conn, posts: list[tuple[PostRow, int]]) -> dict[str, int]:
        rows = [post for post, _ in posts]
        first_seen = {tag: row.created_at for row in reversed(rows) for tag in row.tags}
        new_tags = [TagRow(tag, at) for tag, at in first_seen.items() if tag not in converter.memory.tags]
        counts = community.add_vocabulary(conn, new_tags)
        converter.memory.tags.update(first_seen)
        counts |= community.add_posts(conn, rows, {post.id: views for post, views in posts})
        return counts

    return write


def _acceptances(dump: Dump, converter: Converter) -> Iterator[Row]:
    """Votes that accept an answer; then, for accepted answers without one, a row that takes the answer's time."""
    told = set()
    for row in dump.rows("Votes"):
        if row.get("VoteTypeId") == ACCEPTANCE:
            told.add(row.get("PostId"))
            yield row
    for answer in converter.memory.accepted.values():
        entry = converter.memory.entries.get(answer)
        if entry is not None and answer not in told:
            yield {"Id": f"answer-{answer}", "PostId": answer, "CreationDate": entry.created_at.isoformat()}


def _see_accepted(converter: Converter) -> Callable[[Row], Accepted]:
    def see(row: Row) -> Accepted:
        entry = converter.memory.entries.get(row.get("PostId", ""))
        if entry is None or converter.memory.accepted.get(entry.parent or "") != row["PostId"]:
            raise Skipped(skips.TAKEN_BACK)
        day = moment_of(row["CreationDate"]) if "CreationDate" in row else datetime.fromtimestamp(0, UTC)
        return Accepted(entry.id, max(day, entry.created_at))

    return see


def _accept(conn: Conn, rows: list[Accepted]) -> dict[str, int]:
    return {"accepted": community.accept_many(conn, rows)}


def _award(conn: Conn, rows: list[Any]) -> dict[str, int]:
    return {"badge_awards": profiles.award_badges(conn, rows)}
