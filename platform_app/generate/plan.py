"""Plans a whole community in memory: the same rows for the same people, seed and end. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from uuid import UUID

from lake.contracts.tables.explore import SURFACES
from platform_app.community.groups.schemas import GroupFollowRow, GroupRow, MembershipRow
from platform_app.community.schemas import (
    Accepted,
    ApproachRow,
    Closed,
    CommentRow,
    FollowRow,
    LinkRow,
    PostRow,
    SavedItemRow,
    TagFollowRow,
    TagRow,
    VoteRow,
)
from platform_app.dump.convert import drawn_consents
from platform_app.explore.schemas import ImpressionRow
from platform_app.explore.scoring import ALGORITHM
from platform_app.generate import afterwards, shape, words, work
from platform_app.generate.shape import Crowd, Rhythm, pick, to_millisecond
from platform_app.generate.texts import Writer
from platform_app.identity.schemas import NewPerson
from platform_app.ids import settled_id
from platform_app.profiles.schemas import BadgeAward, OwnSkill, PortfolioItem, PortfolioSkill, Profile, WorkingLife


@dataclass
class Community:
    """Everything that was planned, each list in the order it is written."""

    tags: list[TagRow] = field(default_factory=list)
    people: list[NewPerson] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)
    working_lives: list[WorkingLife] = field(default_factory=list)
    skills: list[OwnSkill] = field(default_factory=list)
    portfolio_items: list[PortfolioItem] = field(default_factory=list)
    portfolio_skills: list[PortfolioSkill] = field(default_factory=list)
    posts: list[PostRow] = field(default_factory=list)
    approaches: list[ApproachRow] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)
    comments: list[CommentRow] = field(default_factory=list)
    votes: list[VoteRow] = field(default_factory=list)
    links: list[LinkRow] = field(default_factory=list)
    badges: list[BadgeAward] = field(default_factory=list)
    follows: list[FollowRow] = field(default_factory=list)
    tag_follows: list[TagFollowRow] = field(default_factory=list)
    impressions: list[ImpressionRow] = field(default_factory=list)
    saved_items: list[SavedItemRow] = field(default_factory=list)
    groups: list[GroupRow] = field(default_factory=list)
    memberships: list[MembershipRow] = field(default_factory=list)
    group_follows: list[GroupFollowRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Text:
    """A post or an approach that others react to; `author` is a place in the list of people."""

    post_id: UUID | None
    approach_id: UUID | None
    author: int
    at: datetime
    tags: tuple[str, ...]


def plan(people: int, seed: int, until: datetime, source: str) -> Community:
    """Invent `people` people and what they did up to `until`."""
    return _Planner(people, seed, until, source).plan()


class _Planner:
    def __init__(self, people: int, seed: int, until: datetime, source: str) -> None:
        self._count = people
        self._seed = seed
        self._source = source
        self._mark = f"{seed}/{people}"
        self._random = Random(self._mark)  # noqa: S311 - an invented community has to be repeatable
        self._rhythm = Rhythm(until)
        self._out = Community()
        self._tag_weights = list(accumulate(1 / (rank + 1) ** shape.TAG_EXPONENT for rank in range(len(words.TAGS))))
        self._texts: list[_Text] = []

    def plan(self) -> Community:
        start = self._rhythm.start
        self._out.tags = [TagRow(tag, start) for tag in words.TAGS]
        self._invent_people()
        joined = [person.created_at for person in self._out.people]
        self._writers = Crowd(self._random, joined, shape.WRITING_TAIL)
        self._voters = Crowd(self._random, joined, shape.VOTING_TAIL)
        self._writer = Writer(self._random, [(person.display_name, person.handle) for person in self._out.people])
        self._write_profiles()
        workers = [work.Person(person.id, person.created_at) for person in self._out.people]
        self._out.working_lives, self._out.skills = work.lives(workers, self._mark, self._source)
        self._out.portfolio_items = work.pieces(self._out.skills, self._mark, self._source, self._rhythm)
        self._out.portfolio_skills = work.skills_shown(self._out.portfolio_items, self._source)
        for at in self._rhythm.moments(self._random, round(self._count * shape.POSTS)):
            self._write_post(at)
        for at in self._rhythm.moments(self._random, round(self._count * shape.STANDALONE)):
            author = self._writers.somebody(self._random, at)
            self._write_approach(None, author, at, self._tags(), title=True)
        self._link_posts()
        self._react()
        self._award()
        self._follow()
        self._glance()
        self._save()
        self._gather()
        self._watch()
        self._go_on()
        return self._out

    def _id(self, at: datetime, kind: str, number: object) -> UUID:
        return settled_id(at, self._source, kind, number)

    def _tags(self) -> tuple[str, ...]:
        count = pick(self._random, shape.TAGS_A_POST)
        drawn = self._random.choices(words.TAGS, cum_weights=self._tag_weights, k=count + 2)
        return tuple(dict.fromkeys(drawn))[:count]

    def _invent_people(self) -> None:
        early = round(self._count * shape.JOINED_BEFORE)
        first = self._rhythm.start
        joined = [first - timedelta(minutes=7 * (early - place)) for place in range(early)]
        late = self._rhythm.moments(self._random, self._count * 2)
        joined += sorted(self._random.sample(late, min(self._count - early, len(late))))
        for number, at in enumerate(joined):
            name = f"{self._random.choice(words.FIRST_NAMES)} {self._random.choice(words.LAST_NAMES)}"
            mark = hashlib.sha256(f"{self._source}/{number}".encode()).hexdigest()[:6]
            first_name, last_name = name.lower().split(" ")
            handle = f"{first_name}-{last_name[:4]}-{mark}"
            person = NewPerson(
                id=self._id(at, "account", number),
                handle=handle,
                display_name=name if self._random.random() < 0.9 else first_name + mark[:2],
                origin="generated",
                created_at=at,
                consents=drawn_consents(self._source, self._seed, number),
                email=f"{handle}@example.org",
            )
            self._out.people.append(person)

    def _write_profiles(self) -> None:
        for person in self._out.people:
            tags = self._tags()
            profile = Profile(
                account_id=person.id,
                headline=self._writer.headline(tags) if self._random.random() < 0.4 else None,
                bio=self._writer.bio(tags) if self._random.random() < 0.35 else None,
                website_url=f"https://{person.handle}.example.org" if self._random.random() < 0.1 else None,
                location=self._random.choice(words.PLACES) if self._random.random() < 0.6 else None,
                updated_at=person.created_at,
            )
            self._out.profiles.append(profile)

    def _write_post(self, at: datetime) -> None:
        author, tags = self._writers.somebody(self._random, at), self._tags()
        kind = "update" if self._random.random() < shape.UPDATES else "problem"
        post = PostRow(
            id=self._id(at, "post", len(self._out.posts)),
            author_id=self._out.people[author].id,
            title=self._writer.title(tags),
            body=self._writer.problem(tags),
            created_at=at,
            updated_at=at,
            tags=tags,
            kind=kind,
        )
        self._out.posts.append(post)
        self._texts.append(_Text(post.id, None, author, at, tags))
        if kind == "problem":
            self._answer(post, author, tags)

    def _answer(self, post: PostRow, author: int, tags: tuple[str, ...]) -> None:
        written = []
        at: datetime | None = post.created_at
        for _ in range(pick(self._random, shape.APPROACHES)):
            at = at and self._rhythm.later(self._random, at, shape.FIRST_REPLY_HOURS, shape.FIRST_REPLY_SPREAD)
            if at is None:
                break
            own = self._random.random() < shape.SELF_ANSWERED
            others = self._writers.others(self._random, at, 1, author)
            solver = author if own or not others else others[0]
            written.append(self._write_approach(post.id, solver, at, tags))
        if written and self._random.random() < shape.ACCEPTED:
            best = self._random.choice(written)
            accepted_at = self._rhythm.later(self._random, best.created_at, shape.ACCEPT_HOURS, shape.ACCEPT_SPREAD)
            if accepted_at is not None:
                self._out.accepted.append(Accepted(best.id, accepted_at))

    def _write_approach(
        self, post_id: UUID | None, author: int, at: datetime, tags: tuple[str, ...], *, title: bool = False
    ) -> ApproachRow:
        said = tuple(dict.fromkeys((*tags, *self._tags()[:1])))
        kind, body = self._writer.approach(said)
        approach = ApproachRow(
            id=self._id(at, "approach", len(self._out.approaches)),
            post_id=post_id,
            author_id=self._out.people[author].id,
            title=self._writer.title(said) if title else None,
            body=body,
            created_at=at,
            updated_at=at,
            kind=kind,
        )
        self._out.approaches.append(approach)
        self._texts.append(_Text(None, approach.id, author, at, said))
        return approach

    def _link_posts(self) -> None:
        for place, post in enumerate(self._out.posts):
            chance = self._random.random()
            if place == 0 or chance >= shape.DUPLICATES + shape.RELATED:
                continue
            kind = "duplicate" if chance < shape.DUPLICATES else "related"
            at = self._rhythm.later(self._random, post.created_at, shape.ACCEPT_HOURS, shape.ACCEPT_SPREAD)
            other = self._out.posts[self._random.randrange(place)]
            if at is not None:
                link_id = self._id(at, "post_link", place)
                self._out.links.append(LinkRow(link_id, post.id, other.id, post.author_id, kind, at))

    def _react(self) -> None:
        """Comments and votes on every text."""
        for text in self._texts:
            while self._random.random() < shape.COMMENTS / (1 + shape.COMMENTS):
                self._remark(text)
            wanted = round(shape.VOTES_MEDIAN * self._random.lognormvariate(0, shape.VOTES_SPREAD))
            for voter in self._voters.others(self._random, text.at, wanted, text.author):
                self._vote(text, voter)

    def _remark(self, text: _Text) -> None:
        at = self._rhythm.later(self._random, text.at, shape.FIRST_REPLY_HOURS, shape.FIRST_REPLY_SPREAD)
        if at is None:
            return
        author = self._out.people[self._writers.somebody(self._random, at)].id
        comment_id = self._id(at, "comment", len(self._out.comments))
        body = self._writer.remark(text.tags)
        self._out.comments.append(CommentRow(comment_id, text.post_id, text.approach_id, author, body, at))

    def _vote(self, text: _Text, voter: int) -> None:
        at = self._rhythm.later(self._random, text.at, shape.VOTE_HOURS, shape.VOTE_SPREAD)
        if at is None:
            return
        value = 1 if self._random.random() < shape.UPVOTES else -1
        vote_id = self._id(at, "vote", len(self._out.votes))
        self._out.votes.append(VoteRow(vote_id, self._out.people[voter].id, text.post_id, text.approach_id, value, at))

    def _award(self) -> None:
        """A badge for a person's first, tenth and fiftieth post and approach."""
        tiers = {1: "bronze", 10: "silver", 50: "gold"}
        posts = [(row.created_at, row.author_id) for row in self._out.posts]
        approaches = [(row.created_at, row.author_id) for row in self._out.approaches]
        for what, written in (("post", posts), ("approach", approaches)):
            counts: dict[UUID, int] = {}
            for at, author in sorted(written):
                counts[author] = counts.get(author, 0) + 1
                if tier := tiers.get(counts[author]):
                    self._badge(author, f"{what}-{counts[author]}", tier, at)

    def _badge(self, account_id: UUID, badge: str, tier: str, at: datetime) -> None:
        badge_id = self._id(at, "badge_award", len(self._out.badges))
        self._out.badges.append(BadgeAward(badge_id, account_id, badge, tier, at))

    def _follow(self) -> None:
        """Whom and which tags people follow, from the day the younger of the two joined."""
        people, seen = self._out.people, set()
        for _ in range(round(self._count * shape.FOLLOWS)):
            follower = self._random.randrange(len(people))
            followee = self._writers.somebody(self._random, self._rhythm.until)
            at = self._since(max(people[follower].created_at, people[followee].created_at))
            if follower == followee or (follower, followee) in seen or at is None:
                continue
            seen.add((follower, followee))
            follow_id = self._id(at, "follow", len(self._out.follows))
            self._out.follows.append(FollowRow(follow_id, people[follower].id, people[followee].id, at))
        tagged = set()
        for _ in range(round(self._count * shape.TAG_FOLLOWS)):
            person, tag = self._random.choice(people), self._tags()[0]
            at = self._since(person.created_at)
            if (person.id, tag) not in tagged and at is not None:
                tagged.add((person.id, tag))
                follow_id = self._id(at, "tag_follow", len(self._out.tag_follows))
                self._out.tag_follows.append(TagFollowRow(follow_id, person.id, tag, at))

    def _glance(self) -> None:
        """What those who agreed to it were shown in the last weeks, and what of it they opened."""
        agreed = [person for person in self._out.people if person.consents["recommendations"]]
        posts, seen = self._out.posts[-shape.SHOWN_AMONG :], set()
        for _ in range(round(len(agreed) * shape.SHOWN) if posts else 0):
            person, post = self._random.choice(agreed), self._random.choice(posts)
            at = self._rhythm.later(self._random, max(post.created_at, person.created_at), shape.VOTE_HOURS, 1.0)
            if at is None or post.author_id == person.id or (person.id, post.id, at.date()) in seen:
                continue
            seen.add((person.id, post.id, at.date()))
            row = ImpressionRow(
                id=self._id(at, "impression", len(self._out.impressions)),
                account_id=person.id,
                post_id=post.id,
                surface=self._random.choice(SURFACES),
                rank=self._random.randint(1, 20),
                algorithm=ALGORITHM,
                reason=self._random.choice(("popular", "new", "popular_tag")),
                shown_at=at,
                clicked_at=at + timedelta(seconds=9) if self._random.random() < shape.OPENED else None,
            )
            self._out.impressions.append(row)

    def _save(self) -> None:
        """What people save to find it again, mostly soon after it was written."""
        seen = set()
        for _ in range(round(self._count * shape.SAVED)):
            text = self._random.choice(self._texts)
            at = self._rhythm.later(self._random, text.at, shape.VOTE_HOURS, shape.VOTE_SPREAD)
            if at is None:
                continue
            person = self._out.people[self._voters.somebody(self._random, at)].id
            if (person, text.post_id or text.approach_id) not in seen:
                seen.add((person, text.post_id or text.approach_id))
                saved_id = self._id(at, "saved_item", len(self._out.saved_items))
                self._out.saved_items.append(SavedItemRow(saved_id, person, text.post_id, text.approach_id, at))

    def _gather(self) -> None:
        """Groups about a tag, and who joins them after their owner."""
        for number in range(max(1, round(self._count * shape.GROUPS))):
            tag = self._tags()[0]
            owner = self._writers.somebody(self._random, self._rhythm.until)
            at = self._since(self._out.people[owner].created_at)
            if at is None:
                continue
            joining = "approval" if self._random.random() < shape.BY_APPROVAL else "open"
            mark = hashlib.sha256(f"{self._source}/group/{number}".encode()).hexdigest()[:6]
            name, slug = f"People who use {tag}", f"group-{mark}"
            group_id, owner_id = self._id(at, "group", number), self._out.people[owner].id
            self._out.groups.append(GroupRow(group_id, slug, name, "", joining, owner_id, at, at))
            self._join(group_id, owner, "owner", at)
            wanted = round(shape.MEMBERS * self._random.lognormvariate(0, 0.7))
            for person in self._voters.others(self._random, self._rhythm.until, wanted, owner):
                since = self._since(max(at, self._out.people[person].created_at))
                if since is not None:
                    self._join(group_id, person, "member", since)

    def _join(self, group_id: UUID, person: int, role: str, at: datetime) -> None:
        membership_id = self._id(at, "membership", len(self._out.memberships))
        row = MembershipRow(membership_id, group_id, self._out.people[person].id, role, "joined", True, at)
        self._out.memberships.append(row)

    def _watch(self) -> None:
        """Who follows an open group without being in it."""
        inside = {(row.group_id, row.account_id) for row in self._out.memberships}
        for group in self._out.groups:
            if group.joining != "open":
                continue
            for person in self._random.sample(self._out.people, min(shape.FOLLOWED_FROM_OUTSIDE, self._count)):
                at = self._since(max(group.created_at, person.created_at))
                if (group.id, person.id) not in inside and at is not None:
                    follow_id = self._id(at, "group_follow", len(self._out.group_follows))
                    self._out.group_follows.append(GroupFollowRow(follow_id, person.id, group.id, at))

    def _go_on(self) -> None:
        """What is drawn apart, once everything else is there: see `afterwards.py`."""
        random, out = Random(f"afterwards/{self._mark}"), self._out  # noqa: S311 - it has to be repeatable
        writer = Writer(random, [(person.display_name, person.handle) for person in out.people])
        ground = afterwards.Ground(random, self._rhythm, writer, self._id)
        authors = {post.id: post.author_id for post in out.posts}
        authors |= {approach.id: approach.author_id for approach in out.approaches}
        out.comments += afterwards.replies(ground, out.comments, authors)
        out.closed = afterwards.closed(ground, out.posts, out.approaches, out.accepted, out.links)
        out.posts = afterwards.in_groups(random, out.posts, out.memberships)

    def _since(self, joined: datetime) -> datetime | None:
        moment = joined + (self._rhythm.until - joined) * (self._random.random() ** 2)
        return to_millisecond(moment) if moment < self._rhythm.until else None
