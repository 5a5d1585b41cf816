"""What each purpose of consent means, in the words people decide on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Purpose:
    """One purpose: its name in the data, its title, what agreeing means, and what withdrawing does."""

    name: str
    title: str
    about: str
    withdrawn: str


PURPOSES = (
    Purpose(
        "lake",
        "Counts about many people",
        "What you write and do here, without your name, address and contact details, may enter counts about many people "
        "at once: how many problems with a tag were solved in a month, and how fast. Organisations pay for these counts. "
        "A number is published only when at least ten people stand behind it and nobody makes up most of it.",
        "from that moment nothing of yours enters the counts, and what had entered is taken out of the data behind them. "
        "Numbers that were published before stay as they are: each is about at least ten people, and none shows you. "
        "Your posts here stay where they are.",
    ),
    Purpose(
        "text_corpus",
        "Your texts for language research",
        "Your texts, with names and contact details masked, may be part of collections from which language tools learn.",
        "your texts are left out of every collection that is made from then on.",
    ),
    Purpose(
        "email",
        "Mail about what happens here",
        "We may write to you about answers to your problems and about news. A message you ask for yourself, "
        "such as a link for a new password, comes in any case.",
        "no such mail is sent any more.",
    ),
    Purpose(
        "recommendations",
        "Suggestions made for you",
        "What you write, vote for and follow may be used to suggest problems, people and tags to you, and you to others who "
        "agreed too. It is worked out where the counts are made, so it needs your agreement to those as well.",
        "nothing is suggested to you or about you any more, and what had been worked out is deleted.",
    ),
)
TITLES = {purpose.name: purpose.title for purpose in PURPOSES}
