"""An invented community in silver: people who post, answer and vote, a call for each thing a test wants to say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from tests.lib.silver import Silver, pseudonym


def moments(stem: str, day: date) -> dict[str, date]:
    """`created` and a day → created_week and created_month."""
    return {f"{stem}_week": day - timedelta(days=day.weekday()), f"{stem}_month": day.replace(day=1)}


class Community:
    """Writes rows of silver; ids count up, so that two communities that do the same hold the same rows."""

    def __init__(self, silver: Silver) -> None:
        self.silver = silver
        self.count = 0

    def _id(self, domain: str) -> str:
        self.count += 1
        return pseudonym(domain, self.count)

    def tags(self, *names: str) -> None:
        for name in names:
            self.silver.hold("tags", {"name": name, "synonym_of": None} | moments("created", date(2025, 1, 1)))

    def join(self, *people: object, agrees: bool = True) -> None:
        """Active accounts, with a decision about suggestions."""
        for who in people:
            account, day = pseudonym("person", who), moments("created", date(2025, 1, 1))
            self.silver.hold(
                "accounts", {"id": account, "role": "member", "status": "active", "origin": "signup"} | day
            )
            decision = {
                "id": self._id("consent"),
                "account_id": account,
                "purpose": "recommendations",
                "granted": agrees,
            }
            self.silver.hold("consents", decision | moments("decided", date(2025, 1, 1)))

    def follow(self, follower: object, followee: object, day: date) -> None:
        row = {"follower_id": pseudonym("person", follower), "followee_id": pseudonym("person", followee)}
        self.silver.hold("follows", row | {"id": self._id("follow")} | moments("created", day))

    def problem(self, author: object, day: date, *tags: str, hours: int | None = None, accepted: bool = False) -> str:
        """A problem with its tags; `hours` to the first approach (None: unanswered). Returns its id."""
        post = self._id("post")
        row: dict[str, Any] = {
            "id": post, "author_id": pseudonym("person", author), "kind": "problem", "status": "open", "language": "en",
            "title": "t", "title_chars": 1, "title_masked": 0, "body": "b", "body_chars": 1, "body_masked": 0,
            "first_approach_hours_upto": hours, "accepted_approach_id": pseudonym("accepted", post) if accepted else None,
        }  # fmt: skip
        self.silver.hold("posts", row | moments("created", day))
        self._tag(author, day, tags, post_id=post)
        return post

    def approach(self, author: object, day: date, post: str, *tags: str, accepted: bool = False) -> str:
        approach = self._id("approach")
        row: dict[str, Any] = {
            "id": approach, "post_id": post, "author_id": pseudonym("person", author), "kind": "guide",
            "status": "published", "body": "b", "body_chars": 1, "body_masked": 0,
        }  # fmt: skip
        self.silver.hold("approaches", row | moments("created", day) | (moments("accepted", day) if accepted else {}))
        self._tag(author, day, tags, approach_id=approach)
        return approach

    def vote(self, voter: object, day: date, post: str) -> None:
        row = {"id": self._id("vote"), "account_id": pseudonym("person", voter), "post_id": post, "value": 1}
        self.silver.hold("votes", row | moments("cast", day))

    def comment(self, author: object, day: date, post: str) -> None:
        row = {
            "id": self._id("comment"),
            "author_id": pseudonym("person", author),
            "post_id": post,
            "status": "published",
        }
        self.silver.hold("comments", row | moments("created", day))

    def _tag(self, author: object, day: date, tags: Sequence[str], **target: str) -> None:
        for tag in tags:
            row = {"id": self._id("tagging"), "author_id": pseudonym("person", author), "tag": tag, "source": "author"}
            self.silver.hold("taggings", row | target | moments("created", day))


def busy_months(community: Community, months: Sequence[date], people: int = 30) -> None:
    """Months in which `large` has many authors, `middle` just enough, and `small`, `tiny` too few; most get approaches."""
    for month in months:
        for n in range(people):
            day = month + timedelta(days=n % 27)
            tags = [
                "large",
                *(["middle"] if n < 12 else []),
                *(["small"] if n < 9 else []),
                *(["tiny"] if n > 25 else []),
            ]
            post = community.problem(f"author {n}", day, *tags, hours=6 if n % 3 else None, accepted=n % 2 == 0)
            if n % 3:
                community.approach(f"solver {n}", day, post, "large", "remedy", accepted=n % 2 == 0)
            community.vote(f"voter {n}", day, post)
            community.comment(f"voter {n + 1}", day, post)
