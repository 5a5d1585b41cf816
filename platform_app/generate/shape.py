"""The shapes of real communities, as numbers: how often, how late, how unevenly.

Taken from two Stack Exchange dumps (Cardano, Travel): 1.4 to 1.7 answers a question, four in ten accepted, a median
of a few hours to the first answer with a tail of months, under one comment and two to four votes a text, and few
people who write most of it. Per person of the community unless it says otherwise.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random

DAYS = 395  # of history, so that a rolling year of closed periods is there
POSTS = 1.7
UPDATES = 0.06  # of posts are updates, the rest problems
APPROACHES = ((0, 0.20), (1, 0.42), (2, 0.20), (3, 0.10), (4, 0.05), (6, 0.03))  # (approaches, share of problems)
STANDALONE = 0.12
SELF_ANSWERED = 0.04  # of approaches are by the post's author
ACCEPTED = 0.52  # of problems with an approach
DUPLICATES = 0.02  # of posts
RELATED = 0.05  # of posts
COMMENTS = 0.5  # a text, on average
REPLIES = 0.25  # of comments, and of replies to them, are answered
CLOSED, CLOSE_HOURS = 0.06, 200.0  # of problems without a solution; median delay after the last approach
IN_GROUPS = 0.5  # of posts by members of a group
SHOWING, PIECES = 0.3, ((1, 0.5), (2, 0.3), (4, 0.2))  # of those who say how they work; pieces of work they show
VOTES_MEDIAN, VOTES_SPREAD = 1.6, 0.9  # of the log-normal number of votes on a text
UPVOTES = 0.9  # of votes
FOLLOWS = 1.5
TAG_FOLLOWS = 1.5
SHOWN, SHOWN_AMONG, OPENED = 2.0, 60, 0.2  # impressions of one who agreed; of so many newest posts; opened
SAVED = 0.6
GROUPS = 0.02
MEMBERS = 8  # of a group, on average
FOLLOWED_FROM_OUTSIDE = 3  # people who follow an open group without joining it
BY_APPROVAL = 0.3  # of groups
TAGS_A_POST = ((1, 0.24), (2, 0.36), (3, 0.26), (4, 0.14))
FIRST_REPLY_HOURS, FIRST_REPLY_SPREAD = 5.0, 1.9  # median and sigma of the log-normal delay
ACCEPT_HOURS, ACCEPT_SPREAD = 14.0, 1.4
VOTE_HOURS, VOTE_SPREAD = 30.0, 1.8
WRITING_TAIL, VOTING_TAIL = 1.5, 1.3  # exponents of the Pareto law of activity; smaller is less even
MOST_ACTIVE = 40.0  # times the least active: a cap, so that nobody dominates a period
TAG_EXPONENT = 0.85  # of Zipf's law
JOINED_BEFORE = 0.45  # of the people were there on the first day

_HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 10, 12, 12, 11, 10, 12, 13, 13, 12, 11, 10, 9, 9, 8, 6, 4)  # UTC
_WEEKDAYS = (10, 11, 11, 11, 9, 5, 5)


class Rhythm:
    """Moments between two others that keep to days, weeks and a slow growth; past `until` there is nothing."""

    def __init__(self, until: datetime) -> None:
        self.until = until
        self.start = (until - timedelta(days=DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
        self._days = [self.start + timedelta(days=day) for day in range(DAYS + 1)]
        growth = (0.8 + 0.4 * place / DAYS for place in range(DAYS + 1))
        self._weights = [_WEEKDAYS[day.weekday()] * grown for day, grown in zip(self._days, growth, strict=True)]

    def moments(self, random: Random, count: int) -> list[datetime]:
        """So many moments, oldest first; a few less when the last day is not over."""
        days = random.choices(self._days, self._weights, k=count)
        hours = random.choices(range(24), _HOURS, k=count)
        drawn = [
            day + timedelta(hours=hour, milliseconds=random.randrange(3_600_000))
            for day, hour in zip(days, hours, strict=True)
        ]
        return sorted(moment for moment in drawn if moment < self.until)

    def later(self, random: Random, than: datetime, median_hours: float, spread: float) -> datetime | None:
        """A moment after another by a log-normal delay, moved out of the night; None when it lies past the end."""
        moment = than + timedelta(hours=median_hours * random.lognormvariate(0.0, spread), minutes=2)
        if moment.hour < 6 and random.random() < 0.7:
            moment += timedelta(hours=6)
        return to_millisecond(moment) if moment < self.until else None


class Crowd:
    """People in the order they joined, who act by a heavy-tailed law."""

    def __init__(self, random: Random, joined: list[datetime], tail: float) -> None:
        self._joined = joined
        self._weights = list(accumulate(min(random.paretovariate(tail), MOST_ACTIVE) for _ in joined))

    def somebody(self, random: Random, at: datetime) -> int:
        """The place of a person who had joined by then."""
        among = max(bisect_left(self._joined, at), 1)
        return bisect_left(self._weights, random.random() * self._weights[among - 1], hi=among - 1)

    def others(self, random: Random, at: datetime, count: int, besides: int) -> list[int]:
        """At most so many different people who had joined by then, without one."""
        found: dict[int, None] = {}
        for _ in range(count * 6):
            if len(found) == count:
                break
            person = self.somebody(random, at)
            if person != besides:
                found[person] = None
        return list(found)


def pick(random: Random, table: tuple[tuple[int, float], ...]) -> int:
    """One of the numbers of a (number, share) table."""
    return random.choices([number for number, _ in table], [share for _, share in table])[0]


def to_millisecond(moment: datetime) -> datetime:
    """The moment as precisely as an id holds it."""
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)
