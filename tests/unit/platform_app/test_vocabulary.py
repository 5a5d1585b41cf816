"""The one list of skills: what people type and write finds its skill, and words that only look like one do not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.contracts.tables.profiles import SKILL
from platform_app.errors import Invalid
from platform_app.profiles.resumes import years_in
from platform_app.profiles.vocabulary import found_in, names, skill_of, skills, starting_with

KINDS = {"language", "framework", "tool", "domain", "soft"}


def test_the_list_is_whole() -> None:
    assert len(skills()) > 400
    assert {skill.kind for skill in skills().values()} == KINDS
    for skill in skills().values():
        assert re.fullmatch(SKILL, skill.skill)
        assert skill.broader is None or skill.broader in skills()
        assert skill.broader != skill.skill


def test_no_name_means_two_skills() -> None:
    said = [name.lower() for one in skills().values() for name in (one.label, *one.alternatives)]
    assert len(said) == len(set(said))


@pytest.mark.parametrize(
    ("typed", "skill"),
    [("JS", "javascript"), ("golang", "go"), ("  Postgres ", "postgresql"), ("k8s", "kubernetes"), ("C++", "c++"), ("C", "c"),
     ("Node.js", "node.js"), ("amazon  web services", "aws"), ("React.js", "react"), ("UX", "ux"), ("sql", "sql")],
)  # fmt: skip
def test_a_synonym_finds_its_skill(typed: str, skill: str) -> None:
    assert skill_of(typed) == skill


def test_an_unknown_skill_is_refused_with_the_nearest() -> None:
    with pytest.raises(Invalid, match="Is it Python"):
        skill_of("pythn")
    assert [one.skill for one in starting_with("postg", 5)] == ["postgis", "postgresql"]
    assert starting_with("", 5) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Python, JavaScript and PostgreSQL.", ["python", "javascript", "postgresql"]),
        ("Skills: C, C++, C#, R, Go", ["c", "c++", "c#", "r", "go"]),
        ("I go to work. Plan C is to move on and make a dash for it.", []),
        ("We use Amazon Web Services (AWS) and machine learning", ["aws", "machine-learning"]),
        ("• Node.js / React.js\n• k8s", ["node.js", "react", "kubernetes"]),
        ("Swift answers, in a play", []),
        ("Languages: Swift, Kotlin", ["swift", "kotlin"]),
        ("PYTHON | DOCKER", ["python", "docker"]),
        ("pythonic javas", []),
    ],
)
def test_a_text_names_skills(text: str, found: list[str]) -> None:
    assert found_in(text) == found


@given(st.sampled_from(sorted(names())), st.text(max_size=30))
def test_a_name_in_a_list_is_found_whatever_stands_around(name: str, around: str) -> None:
    assert all(skill in skills() for skill in found_in(f"{around}, {name}, {around}"))


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("12 years of experience in data", 12),
        ("over 7+ years' professional experience; 3 years experience with Go", 7),
        ("2015 – 2019 Acme\n2018 - present Beta", 11),
        ("2020 to 2021, 2019-2020", 2),
        ("Jan 2022 - Mar 2024", 2),
        ("Born 1990. Phone 2015-2019123", None),
        ("I was 99 years of experience", None),
        ("nothing", None),
    ],
)
def test_years_are_read_as_said_or_as_covered(text: str, years: int | None) -> None:
    assert years_in(text, 2026) == years
