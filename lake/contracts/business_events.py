"""What happens in the app, as it is told to whoever reacts to it: every type of business event with what it carries.

An event holds ids and words of closed lists, never a text, a name or an address: whoever needs those reads them where
they live, with the rights to. The lake does not land events, its truth is the tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from lake.contracts.model import Column, ContractError, Pii, Type
from lake.contracts.rules import Between, Matches, NotNull, OneOf
from lake.contracts.tables.community import TAG
from lake.contracts.tables.profiles import AVAILABILITY, WORKS

NAME = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*")


@dataclass(frozen=True)
class EventType:
    """One type of event: what happened to which kind of thing, and the ids and words that say more."""

    name: str  # thing.past_participle, such as post.published
    subject: str = field(kw_only=True)  # the domain of the thing it happened to, as in a KEY column
    about: str = field(kw_only=True)
    data: tuple[Column, ...] = field(default=(), kw_only=True)
    private: bool = field(default=False, kw_only=True)  # nobody's business outside the app: it is not offered to others

    def __post_init__(self) -> None:
        for wrong, advice in _faults(self):
            if wrong:
                raise ContractError(f"Event {self.name!r} {advice}")

    @property
    def people(self) -> tuple[str, ...]:
        """The fields of `data` that name a person."""
        return tuple(column.name for column in self.data if column.domain == "account")


def _faults(event: EventType) -> Iterable[tuple[bool, str]]:
    yield not NAME.fullmatch(event.name), "needs a name such as 'post.published': the thing, and what happened to it."
    yield not event.about.strip(), "needs a sentence in `about`: say what happened."
    names = [column.name for column in event.data]
    yield len(set(names)) != len(names), "declares a field twice."
    for column in event.data:
        yield (
            column.pii not in (Pii.NONE, Pii.KEY),
            f"carries {column.name!r}, which is {column.pii.name}: an event holds ids and words of closed lists only.",
        )


def _id(name: str, domain: str, about: str, *, required: bool = True) -> Column:
    rules = (NotNull(),) if required else ()
    return Column(name, Type.UUID, pii=Pii.KEY, domain=domain, about=about, rules=rules)


def _word(name: str, about: str, *words: str) -> Column:
    return Column(name, Type.TEXT, pii=Pii.NONE, about=about, rules=(NotNull(), OneOf(*words)))


def _yes_no(name: str, about: str) -> Column:
    return Column(name, Type.BOOL, pii=Pii.NONE, about=about, rules=(NotNull(),))


def _number(name: str, about: str, most: int) -> Column:
    return Column(name, Type.INT, pii=Pii.NONE, about=about, rules=(NotNull(), Between(0, most)))


def _target() -> tuple[Column, ...]:
    return (
        _id("post_id", "post", "The post it is about, or null.", required=False),
        _id("approach_id", "approach", "The approach it is about, or null.", required=False),
        _id("author_id", "account", "Who wrote what it is about."),
    )


EVENTS = (
    EventType("account.registered", subject="account", about="Somebody signed up."),
    EventType("account.left", subject="account", about="Somebody deleted their account: forget what you keep of them."),
    EventType(
        "account.verified",
        subject="account",
        about="Somebody showed that their mail address is theirs.",
        data=(
            Column(
                "days",
                Type.INT,
                pii=Pii.NONE,
                about="Days since they signed up.",
                rules=(NotNull(), Between(0, 36_500)),
            ),
        ),
    ),
    EventType(
        "account.linked",
        subject="account",
        about="Somebody can log in with their account at another site.",
        data=(_word("provider", "Where.", "github", "google", "oidc"),),
        private=True,
    ),
    EventType(
        "account.unlinked",
        subject="account",
        about="Somebody can no longer log in with their account at another site.",
        data=(_word("provider", "Where.", "github", "google", "oidc"),),
        private=True,
    ),
    EventType("password.changed", subject="account", about="Somebody has a new password.", private=True),
    EventType(
        "session.started",
        subject="account",
        about="Somebody logged in.",
        data=(
            _word("method", "How they showed who they are.", "password", "signup", "github", "google", "oidc"),
            _yes_no("second_factor", "Whether they gave a code as well."),
        ),
        private=True,
    ),
    EventType(
        "session.ended",
        subject="account",
        about="A log-in was ended before it ran out.",
        data=(
            _word("reason", "Why.", "log_out", "revoked", "password_changed"),
            _word("lasted", "How long it had been open.", "minutes", "hours", "days", "weeks"),
        ),
        private=True,
    ),
    EventType(
        "mfa.enabled",
        subject="account",
        about="Log-ins of a person ask for a second factor.",
        data=(_word("kind", "Which.", "totp"),),
        private=True,
    ),
    EventType(
        "mfa.disabled",
        subject="account",
        about="Log-ins of a person no longer ask for a second factor.",
        data=(_word("kind", "Which.", "totp"),),
        private=True,
    ),
    EventType(
        "token.created",
        subject="account",
        about="Somebody let a program act for them.",
        data=(_yes_no("may_write", "Whether it may change things."),),
        private=True,
    ),
    EventType(
        "token.reused",
        subject="account",
        about="A program's refresh token came a second time: its log-in was ended, for somebody may have copied it.",
        private=True,
    ),
    EventType(
        "consent.decided",
        subject="account",
        about="Somebody agreed to a purpose, or no longer does.",
        data=(
            _word("purpose", "What for.", "lake", "text_corpus", "email", "recommendations"),
            _yes_no("granted", "Whether they agree."),
        ),
    ),
    EventType(
        "profile.updated",
        subject="account",
        about="Somebody changed what they tell about themselves.",
        data=(
            _yes_no("texts", "Whether what they wrote changed."),
            _yes_no("face", "Whether their picture changed."),
            _yes_no("skills", "Whether their skills changed."),
            _yes_no("work", "Whether how they work changed."),
            _yes_no("portfolio", "Whether what they show of their work changed."),
            _number("complete", "How complete the profile is, in percent.", 100),
        ),
    ),
    EventType(
        "availability.changed",
        subject="account",
        about="Somebody takes more or less work on than before.",
        data=(_word("before", "Before.", *AVAILABILITY), _word("after", "Now.", *AVAILABILITY)),
    ),
    EventType(
        "resume.uploaded",
        subject="account",
        about="Somebody brought a résumé.",
        data=(
            _number("skills", "How many skills were found in it.", 1_000),
            _word("years", "How many years of experience it tells of.", "unknown", "first", "few", "several", "many"),
        ),
        private=True,
    ),
    EventType(
        "github.analyzed",
        subject="account",
        about="GitHub was asked about somebody's account there.",
        data=(
            _word("active", "When they pushed something last.", "month", "year", "earlier", "never"),
            _number("languages", "In how many languages they write.", 20),
        ),
    ),
    EventType(
        "item.featured",
        subject="account",
        about="An administrator shows a person first.",
        data=(_word("kind", "What is shown.", "person"), _number("days", "For how many days.", 90)),
    ),
    EventType(
        "portfolio_item.published",
        subject="portfolio_item",
        about="Somebody shows a piece of their work.",
        data=(_word("kind", "What kind of work.", *WORKS), _yes_no("picture", "Whether there is a picture of it.")),
    ),
    EventType(
        "badge.awarded",
        subject="account",
        about="Somebody earned a badge.",
        data=(_word("tier", "How rare it is.", "gold", "silver", "bronze"),),
    ),
    EventType(
        "post.published",
        subject="post",
        about="Somebody published a problem or an update.",
        data=(_word("kind", "Which of the two.", "problem", "update"),),
    ),
    EventType("post.edited", subject="post", about="A post's title, text or tags changed."),
    EventType(
        "tag.applied",
        subject="tagging",
        about="A post that had few tags got one by the machine.",
        data=(
            _id("post_id", "post", "The post."),
            Column("tag", Type.TEXT, pii=Pii.NONE, about="The tag.", rules=(NotNull(), Matches(TAG))),
            _word("source", "Who chose it.", "machine"),
            Column(
                "confidence", Type.INT, pii=Pii.NONE, about="How sure, per cent.", rules=(NotNull(), Between(0, 100))
            ),
        ),
    ),
    EventType("post.deleted", subject="post", about="A post was taken off the pages."),
    EventType(
        "post.duplicated",
        subject="post",
        about="A post was closed because an older one asks the same.",
        data=(_id("of_id", "post", "The older post."), _id("author_id", "account", "Who wrote the newer post.")),
    ),
    EventType("post.restored", subject="post", about="A post came back to the pages."),
    EventType(
        "post.closed",
        subject="post",
        about="A post takes no more approaches.",
        data=(
            _word("reason", "Why.", "settled", "outdated", "unclear", "too_broad", "off_topic"),
            _id("author_id", "account", "Who wrote it."),
        ),
    ),
    EventType(
        "post.reopened",
        subject="post",
        about="A post takes approaches again.",
        data=(_id("author_id", "account", "Who wrote it."),),
    ),
    EventType(
        "post.locked",
        subject="post",
        about="Nobody may add anything to a post.",
        data=(
            _word("reason", "Why.", "heated", "finished", "review"),
            _id("author_id", "account", "Who wrote the post."),
        ),
    ),
    EventType(
        "post.unlocked",
        subject="post",
        about="People may add to a post again.",
        data=(_id("author_id", "account", "Who wrote it."),),
    ),
    EventType("approach.restored", subject="approach", about="An approach came back to the pages."),
    EventType(
        "approach.published",
        subject="approach",
        about="Somebody answered a post, or published an approach that stands on its own.",
        data=(
            _word("kind", "What it offers.", "idea", "guide", "code", "service"),
            _id("post_id", "post", "The post it answers; null when it stands on its own.", required=False),
            _id("author_id", "account", "Who wrote the post; null when it stands on its own.", required=False),
        ),
    ),
    EventType("approach.edited", subject="approach", about="An approach's text changed."),
    EventType("approach.deleted", subject="approach", about="An approach was taken off the pages."),
    EventType(
        "approach.accepted",
        subject="approach",
        about="The author of a post accepted an approach: the post is solved.",
        data=(_id("post_id", "post", "The post."), _id("author_id", "account", "Who wrote the approach.")),
    ),
    EventType(
        "approach.unaccepted",
        subject="approach",
        about="The author of a post took the acceptance back: the post is open again.",
        data=(_id("post_id", "post", "The post."), _id("author_id", "account", "Who wrote the approach.")),
    ),
    EventType(
        "media.attached",
        subject="attachment",
        about="Somebody's post or approach shows a picture or a file.",
        data=(
            _id("post_id", "post", "The post that shows it, or null.", required=False),
            _id("approach_id", "approach", "The approach that shows it, or null.", required=False),
            _word("media_type", "What it is.", "image/webp", "application/pdf", "text/plain"),
            _word("size_band", "How large it is.", "under_100_kb", "under_1_mb", "over_1_mb"),
        ),
    ),
    EventType("comment.added", subject="comment", about="Somebody remarked on a post or an approach.", data=_target()),
    EventType("comment.edited", subject="comment", about="A comment's words changed."),
    EventType("comment.restored", subject="comment", about="A comment came back to the pages."),
    EventType("comment.deleted", subject="comment", about="A comment was taken off the pages."),
    EventType(
        "vote.cast",
        subject="vote",
        about="Somebody voted, changed a vote, or withdrew it (0).",
        data=(
            *_target(),
            Column("value", Type.INT, pii=Pii.NONE, about="The vote now.", rules=(NotNull(), Between(-1, 1))),
            Column("before", Type.INT, pii=Pii.NONE, about="The vote before.", rules=(NotNull(), Between(-1, 1))),
        ),
    ),
    EventType(
        "item.saved",
        subject="saved_item",
        about="Somebody saved a post or an approach to find it again.",
        data=_target()[:2],
        private=True,
    ),
    EventType(
        "item.unsaved",
        subject="saved_item",
        about="Somebody no longer wants to find a post or an approach again.",
        data=_target()[:2],
        private=True,
    ),
    EventType(
        "group.created",
        subject="group",
        about="Somebody began a group.",
        data=(_word("joining", "How one joins it.", "open", "approval"),),
    ),
    EventType("group.edited", subject="group", about="What a group tells about itself changed."),
    EventType("group.joined", subject="group", about="Somebody joined a group."),
    EventType("group.asked", subject="group", about="Somebody asks to join a group."),
    EventType("group.left", subject="group", about="Somebody left a group, or asks no longer."),
    EventType(
        "group.admitted",
        subject="group",
        about="A moderator of a group let somebody in.",
        data=(_id("account_id", "account", "Whom."),),
    ),
    EventType(
        "group.removed",
        subject="group",
        about="A moderator of a group took somebody out, or declined who asked.",
        data=(_id("account_id", "account", "Whom."),),
    ),
    EventType(
        "group.appointed",
        subject="group",
        about="The owner of a group gave a member a role.",
        data=(
            _id("account_id", "account", "Whom."),
            _word("role", "Which.", "member", "moderator", "owner"),
        ),
    ),
    EventType(
        "post.ungrouped",
        subject="post",
        about="A post was taken out of its group.",
        data=(_id("group_id", "group", "The group."),),
    ),
    EventType("account.followed", subject="account", about="Somebody began to follow a person, the subject."),
    EventType(
        "account.moderated",
        subject="account",
        about="Moderators, or a rule, did something about a person, the subject, or what they wrote.",
        data=(
            _word("action", "What.", "hide", "restore", "suspend", "lift"),
            _id("post_id", "post", "The post it is about, or null.", required=False),
            _id("approach_id", "approach", "The approach it is about, or null.", required=False),
        ),
        private=True,
    ),
    EventType(
        "report.filed",
        subject="report",
        about="Somebody reported something to the moderators.",
        data=(
            _word(
                "category",
                "What is wrong.",
                "spam",
                "harassment",
                "hate",
                "illegal",
                "private_data",
                "off_topic",
                "other",
            ),
            _word("target_kind", "What was reported.", "post", "approach", "comment", "person"),
        ),
        private=True,
    ),
    EventType(
        "report.decided",
        subject="report",
        about="Moderators agreed with a report, or dismissed it.",
        data=(
            _id("reporter_id", "account", "Who had reported."),
            _word("outcome", "What they found.", "upheld", "dismissed"),
        ),
        private=True,
    ),
    EventType(
        "account.follow_asked",
        subject="account",
        about="Somebody asks to follow a private account, the subject.",
        private=True,
    ),
    EventType(
        "account.follow_withdrawn", subject="account", about="Somebody asks the subject no longer.", private=True
    ),
    EventType(
        "account.follow_accepted",
        subject="account",
        about="A private account lets the subject follow it.",
        private=True,
    ),
    EventType(
        "account.follow_declined",
        subject="account",
        about="A private account does not let the subject follow it.",
        private=True,
    ),
    EventType("account.unfollowed", subject="account", about="Somebody no longer follows a person, the subject."),
)
BY_NAME: dict[str, EventType] = {event.name: event for event in EVENTS}

if len(BY_NAME) != len(EVENTS):
    raise ContractError("Two types of event share a name.")
