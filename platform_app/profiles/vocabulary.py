"""The one list of skills (`skills.csv`): a preferred label, other labels that people use, a kind, and what it belongs to.

The terms are those of ESCO. Whatever people type, and what a résumé or GitHub says, is looked up here; what is not in the
list is no skill.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from platform_app.errors import Invalid

FILE = Path(__file__).with_name("skills.csv")
LONGEST = 4  # words of a label
WORD = re.compile(r"[^\W_](?:[\w.+#'/-]*[\w+#])?", re.UNICODE)
LISTED = re.compile(r"(?:^|[,;:|/•·(\n\t])[ \t*-]*$")
LIST_GOES_ON = re.compile(r"^[ \t]*(?:$|[,;|/•·)\n\t])")
EVERYDAY = frozenset(
    [
        "ada",
        "apex",
        "assembly",
        "bash",
        "basic",
        "bun",
        "cloud",
        "communication",
        "creativity",
        "crystal",
        "dash",
        "delphi",
        "express",
        "finance",
        "gin",
        "go",
        "helm",
        "hive",
        "lambda",
        "leadership",
        "lisp",
        "looker",
        "make",
        "mocha",
        "move",
        "negotiation",
        "networking",
        "next",
        "notion",
        "phoenix",
        "play",
        "presentations",
        "presto",
        "prolog",
        "prefect",
        "ray",
        "remix",
        "research",
        "rocket",
        "sas",
        "scheme",
        "sentry",
        "shiny",
        "sketch",
        "slack",
        "spring",
        "stan",
        "staking",
        "strategy",
        "swift",
        "teaching",
        "teamwork",
        "torch",
        "transformers",
        "trino",
        "unity",
        "vault",
        "writing",
        "zig",
        "containers",
        "optimization",
        "documentation",
        "translation",
    ]
)
"""Names that are words as well: in running text they count only where they stand in a list of skills."""


@dataclass(frozen=True, slots=True)
class Skill:
    """One skill of the list."""

    skill: str
    label: str
    kind: str  # language, framework, tool, domain, soft
    broader: str | None
    alternatives: tuple[str, ...]


@cache
def skills() -> dict[str, Skill]:
    """Every skill by its name."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = [
            Skill(row["skill"], row["label"], row["kind"], row["broader"] or None,
                  tuple(filter(None, row["alternatives"].split("|"))))
            for row in csv.DictReader(file)
        ]  # fmt: skip
    return {row.skill: row for row in rows}


@cache
def names() -> dict[str, str]:
    """Every way to write a skill, in small letters → the skill."""
    found = {skill.skill: skill.skill for skill in skills().values()}
    for skill in skills().values():
        for name in (skill.label, *skill.alternatives):
            found[name.lower()] = skill.skill
    return found


def label_of(skill: str) -> str:
    """How a skill is written; itself when it has left the list."""
    return skills()[skill].label if skill in skills() else skill


def skill_of(typed: str) -> str:
    """The skill that somebody means. Invalid, with the nearest ones, when the list has none of this name."""
    key = " ".join(typed.lower().split())
    if key in names():
        return names()[key]
    near = [skill.label for skill in starting_with(key[:4], 3)]
    advice = f" Is it {' or '.join(near)}?" if near else ""
    raise Invalid(f"A skill of this name is not in the list.{advice}", code="unknown_skill", field="skills")


def starting_with(typed: str, limit: int) -> list[Skill]:
    """Skills with a name that starts with what was typed, the shortest name first."""
    key = typed.lower().strip()
    if not key:
        return []
    fitting = sorted((len(name), name, skill) for name, skill in names().items() if name.startswith(key))
    return [skills()[skill] for skill in list(dict.fromkeys(skill for _, _, skill in fitting))[:limit]]


def found_in(text: str) -> list[str]:
    """The skills that a text names, in the order of their first mention."""
    return list(dict.fromkeys(_mentions(text)))


def _mentions(text: str) -> Iterator[str]:
    words = list(WORD.finditer(text))
    place = 0
    while place < len(words):
        for count in range(min(LONGEST, len(words) - place), 0, -1):
            first, last = words[place], words[place + count - 1]
            name = names().get(" ".join(text[first.start() : last.end()].lower().split()))
            if name and _is_meant(text, first.start(), last.end()):
                yield name
                place += count - 1
                break
        place += 1


def _is_meant(text: str, start: int, end: int) -> bool:
    word = text[start:end]
    if len(word) > 2 and word.lower() not in EVERYDAY:
        return True
    return word != word.lower() and bool(
        LISTED.search(text[max(0, start - 30) : start]) and LIST_GOES_ON.match(text[end:])
    )


def labels(chosen: Iterable[str]) -> list[str]:
    """How these skills are written."""
    return [label_of(skill) for skill in chosen]
