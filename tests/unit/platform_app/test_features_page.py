"""docs/features.md is true: its numbers are numbers, its files exist, its tests are tests."""

from __future__ import annotations

import re

from infra.settings import CHECKOUT

ROW = re.compile(r"^\| (?P<number>F\d+|§[\d.]+) \| (?P<what>[^|]+) \| (?P<place>[^|]+) \| (?P<test>[^|]+) \|$")


def rows() -> list[re.Match[str]]:
    lines = (CHECKOUT / "docs" / "features.md").read_text(encoding="utf-8").splitlines()
    table = [line for line in lines if line.startswith("| ") and not line.startswith("| number ")]
    found = [ROW.match(line) for line in table]
    assert None not in found, [line for line, match in zip(table, found, strict=True) if match is None]
    return [match for match in found if match]


def test_every_feature_lives_somewhere_and_is_tested() -> None:
    for row in rows():
        for place in row["place"].split(", "):
            assert (CHECKOUT / place.strip()).exists(), f"{row['number']} lives in {place}, which is not there"
        for test in row["test"].split(", "):
            text = (CHECKOUT / test.strip()).read_text(encoding="utf-8")
            assert re.search(r"^def test_", text, re.MULTILINE), f"{test} has no tests"


def test_the_page_says_what_people_can_do() -> None:
    assert len(rows()) >= 4
    assert all(len(row["what"].strip()) > 10 for row in rows())


SCOPE = {*range(1, 34), *range(82, 87), 88, 91, *range(100, 112), 113, 114}
WITHOUT_A_ROW = {28, 86}  # about gigs, which the app has not got yet


def test_every_feature_of_the_app_has_a_row() -> None:
    numbers = {int(row["number"][1:]) for row in rows() if row["number"].startswith("F")}
    assert SCOPE - WITHOUT_A_ROW - numbers == set()
