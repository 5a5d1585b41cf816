"""What each row of a dump becomes. Pure: a row and the memory in, a row of the app out; Unfit or Skipped otherwise."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import TypeVar
from uuid import UUID

from lake.contracts.tables import community as declared
from platform_app.batches import Skipped, Unfit
from platform_app.community.schemas import ApproachRow, CommentRow, LinkRow, PostRow, TagRow, VoteRow
from platform_app.dump import skips
from platform_app.dump.files import Row
from platform_app.dump.markdown import markdown_of
from platform_app.dump.people import Entry, Memory, Person, Voters, draw
from platform_app.errors import Invalid
from platform_app.identity.schemas import NewPerson
from platform_app.ids import settled_id
from platform_app.profiles.schemas import BadgeAward, Profile
from platform_app.rules import clean, fit, one_line

T = TypeVar("T")
LAKE_SHARE = 0.85  # of the people agree to `lake`
CORPUS_SHARE = 0.7  # of those agree to `text_corpus`
SUGGESTED_SHARE = 0.8  # of those agree to `recommendations`
TAG = re.compile(declared.TAG)
WEBSITE = re.compile(r"https?://[^\s<>\"]{1,1990}")
TIERS = {"1": "gold", "2": "silver", "3": "bronze"}
LONGEST = 50_000  # characters of a body; its HTML is held to the same, and Markdown is shorter
GUIDE = 1_200  # characters from which an approach without code counts as a guide
VOTE_VALUES = {"2": 1, "3": -1}
ACCEPTANCE = "1"  # the kind of vote that accepts an answer
LINK_KINDS = {"1": "related", "3": "duplicate"}
QUESTION, ANSWER = "1", "2"
PROCESS_ID = "-1"


def _readable(step: Callable[..., T]) -> Callable[..., T]:
    """Turn what a malformed row raises into a counted reason."""

    @wraps(step)
    def guarded(*arguments: object) -> T:
        try:
            return step(*arguments)
        except (KeyError, ValueError, OverflowError) as error:
            raise Unfit(skips.MALFORMED) from error
        except Invalid as error:
            raise Unfit(skips.TOO_LONG if "at most" in str(error) else skips.MALFORMED) from error

    return guarded


class Converter:
    """The mapping of one dump. `see_*` remembers and checks, `make_*` builds the row of the app."""

    def __init__(self, source: str, seed: int, opened_at: datetime) -> None:
        self.source = source
        self.seed = seed
        self.opened_at = opened_at  # a dump does not say when a tag was made: all when the first post was
        self.memory = Memory()
        self._voters: Voters | None = None

    def id_of(self, kind: str, row: Row) -> UUID:
        return settled_id(_moment(row), self.source, kind, row["Id"])

    @_readable
    def see_tag(self, row: Row) -> TagRow:
        name = row["TagName"].lower()
        fit("tags", name=name)
        if name in self.memory.tags:
            raise Unfit(skips.REPEATED)
        self.memory.tags.add(name)
        return TagRow(name, self.opened_at)

    @_readable
    def see_person(self, row: Row) -> Row:
        if row["Id"] == PROCESS_ID:
            raise Skipped(skips.PROCESS)
        if row["Id"] in self.memory.people:
            raise Unfit(skips.REPEATED)
        votes = int(row.get("UpVotes", "0")) + int(row.get("DownVotes", "0"))
        self.memory.people[row["Id"]] = Person(self.id_of("account", row), _moment(row), votes)
        return row

    @_readable
    def make_person(self, row: Row) -> tuple[NewPerson, Profile]:
        person = self.memory.people[row["Id"]]
        name = one_line(row.get("DisplayName", ""))[:100] or f"user {row['Id']}"
        website = row.get("WebsiteUrl", "")
        account = NewPerson(
            id=person.id,
            handle=self._handle(name, row["Id"]),
            display_name=name,
            origin="import",
            created_at=person.joined,
            consents=drawn_consents(self.source, self.seed, row["Id"]),
        )
        profile = Profile(
            account_id=person.id,
            headline=None,
            bio=clean(markdown_of(row.get("AboutMe", "")))[:20_000] or None,
            website_url=website if WEBSITE.fullmatch(website) else None,
            location=one_line(row.get("Location", ""))[:200] or None,
            updated_at=person.joined,
        )
        return account, profile

    def _handle(self, name: str, number: str) -> str:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:20].strip("-") or "user"
        return f"{slug}-{hashlib.sha256(f'{self.source}/{number}'.encode()).hexdigest()[:8]}"

    @_readable
    def see_question(self, row: Row) -> Row:
        if row["PostTypeId"] != QUESTION:
            raise Skipped(skips.WIKI)
        author = self._author(row, "OwnerUserId")
        title = one_line(row.get("Title", ""))
        if not title:
            raise Unfit(skips.NO_TITLE)
        fit("posts", title=title, body=row.get("Body", ""))
        self._remember(row, Entry(self.id_of("post", row), author.id, True, _moment(row)))
        if accepted := row.get("AcceptedAnswerId"):
            self.memory.accepted[row["Id"]] = accepted
        return row

    @_readable
    def make_post(self, row: Row) -> PostRow:
        entry = self.memory.entries[row["Id"]]
        return PostRow(
            id=entry.id,
            author_id=entry.author_id,
            title=one_line(row["Title"]),
            body=clean(markdown_of(row.get("Body", "")))[:LONGEST],
            created_at=entry.created_at,
            updated_at=_edited(row, entry.created_at),
            tags=_tags(row.get("Tags", "")),
            status="closed" if "ClosedDate" in row else "open",
        )

    @_readable
    def see_answer(self, row: Row) -> Row:
        author = self._author(row, "OwnerUserId")
        question = self.memory.entries.get(row["ParentId"])
        if question is None or not question.is_question:
            raise Unfit(skips.NO_POST)
        fit("approaches", body=row.get("Body", ""))
        entry = Entry(self.id_of("approach", row), author.id, False, _moment(row), row["ParentId"])
        self._remember(row, entry)
        return row

    @_readable
    def make_approach(self, row: Row) -> ApproachRow:
        entry = self.memory.entries[row["Id"]]
        html = row.get("Body", "")
        body = clean(markdown_of(html))[:LONGEST]
        return ApproachRow(
            id=entry.id,
            post_id=self.memory.entries[row["ParentId"]].id,
            author_id=entry.author_id,
            title=None,
            body=body,
            created_at=entry.created_at,
            updated_at=_edited(row, entry.created_at),
            kind="code" if "<pre" in html else "guide" if len(body) > GUIDE else "idea",
        )

    @_readable
    def make_comment(self, row: Row) -> CommentRow:
        author = self._author(row, "UserId")
        post_id, approach_id = self._target_ids(self._entry(row["PostId"]))
        body = clean(row.get("Text", ""))
        fit("comments", body=body)
        return CommentRow(self.id_of("comment", row), post_id, approach_id, author.id, body, _moment(row))

    @_readable
    def see_vote(self, row: Row) -> VoteRow:
        value = VOTE_VALUES.get(row["VoteTypeId"])
        if value is None:
            raise Skipped(skips.OTHER_VOTES)
        target = self._entry(row["PostId"])
        if self._voters is None:
            self._voters = Voters(list(self.memory.people.values()), self.source, self.seed)
        day = _moment(row)  # dumps tell the day of a vote only
        voter = self._voters.voter(row["Id"], target, day)
        if voter is None:
            raise Unfit(skips.NO_VOTER)
        return VoteRow(self.id_of("vote", row), voter, *self._target_ids(target), value, max(day, target.created_at))

    @_readable
    def make_award(self, row: Row) -> BadgeAward:
        person = self._author(row, "UserId")
        badge = re.sub(r"[^a-z0-9.+#]+", "-", row["Name"].lower()).lstrip("-.+#")[:50].rstrip("-")
        award = BadgeAward(
            id=self.id_of("badge_award", row),
            account_id=person.id,
            badge=badge,
            tier=TIERS[row.get("Class", "3")],
            awarded_at=_moment(row),
        )
        fit("badge_awards", badge=badge)
        return award

    @_readable
    def see_link(self, row: Row) -> LinkRow:
        kind = LINK_KINDS.get(row["LinkTypeId"])
        if kind is None:
            raise Skipped(skips.OTHER_LINKS)
        post, other = self._entry(row["PostId"]), self._entry(row["RelatedPostId"])
        if not (post.is_question and other.is_question):
            raise Unfit(skips.NO_POST)
        if post.id == other.id or (post.id, other.id, kind) in self.memory.links:
            raise Unfit(skips.REPEATED)
        self.memory.links.add((post.id, other.id, kind))
        return LinkRow(self.id_of("post_link", row), post.id, other.id, post.author_id, kind, _moment(row))

    def _author(self, row: Row, column: str) -> Person:
        person = self.memory.people.get(row.get(column, ""))
        if person is None:
            raise Unfit(skips.NO_AUTHOR)
        return person

    def _entry(self, number: str) -> Entry:
        entry = self.memory.entries.get(number)
        if entry is None:
            raise Unfit(skips.NO_POST)
        return entry

    def _remember(self, row: Row, entry: Entry) -> None:
        if row["Id"] in self.memory.entries:
            raise Unfit(skips.REPEATED)
        self.memory.entries[row["Id"]] = entry

    @staticmethod
    def _target_ids(entry: Entry) -> tuple[UUID | None, UUID | None]:
        return (entry.id, None) if entry.is_question else (None, entry.id)


def drawn_consents(source: str, seed: int, number: object) -> dict[str, bool]:
    """The decisions of somebody who was never asked, by seed."""
    lake = draw(source, seed, "lake", number) < LAKE_SHARE
    return {
        "lake": lake,
        "text_corpus": lake and draw(source, seed, "text_corpus", number) < CORPUS_SHARE,
        "recommendations": lake and draw(source, seed, "recommendations", number) < SUGGESTED_SHARE,
    }


def moment_of(text: str) -> datetime:
    """A dump's time, which is UTC without saying so."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _moment(row: Row) -> datetime:
    return moment_of(row["CreationDate"] if "CreationDate" in row else row["Date"])


def _edited(row: Row, created_at: datetime) -> datetime:
    return max(created_at, moment_of(row["LastEditDate"])) if "LastEditDate" in row else created_at


def _tags(text: str) -> tuple[str, ...]:
    """`<a><b>` in older dumps, `|a|b|` in newer ones."""
    names = (name.lower() for name in re.split(r"[<>|]+", text) if name)
    return tuple(dict.fromkeys(name for name in names if TAG.fullmatch(name)))
