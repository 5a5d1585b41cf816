"""Registered people are found in any spelling, and ordinary words stay."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymizer.names import NameIndex
from anonymizer.spans import mask
from anonymizer.words import Words

ORDINARY = "will adam lear mark page hope ask work this about how thing rose grace read note one two"
WORDS = Words(frozenset(ORDINARY.split()))


def index(
    *names: str, handles: tuple[str, ...] = (), emails: tuple[str, ...] = (), tags: tuple[str, ...] = ()
) -> NameIndex:
    made = NameIndex(WORDS)
    for kind, texts in (("name", names), ("handle", handles), ("email", emails), ("tag", tags)):
        for text in texts:
            made.add(kind, text)
    return made


def masked(names: NameIndex, text: str) -> str:
    return mask(text, names.find(text)).text


@pytest.mark.parametrize("spelling", ["Adam Lear", "adam lear", "ADAM LEAR", "Adam_Lear", "adam.lear", "AdamLear",
                                      "Lear, Adam", "Adam\nLear", "aDAM  lEAR", "adam-lear"])  # fmt: skip
def test_a_name_of_two_words_is_masked_however_it_is_written(spelling: str) -> None:
    assert masked(index("Adam Lear"), f"ask {spelling} about it") == "ask <PERSON> about it"


@pytest.mark.parametrize("spelling", ["Mukherjee", "mukherjee", "MUKHERJEE"])
def test_a_distinctive_part_is_masked_alone(spelling: str) -> None:
    assert masked(index("Priya Mukherjee"), f"then {spelling} said") == "then <PERSON> said"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("will this work? I will ask.", "will this work? I will ask."),
        ("Will this work?", "Will this work?"),
        ("WILL THIS WORK", "WILL THIS WORK"),
        ("How Will This Work", "How Will This Work"),
        ("I asked Will about it.", "I asked <PERSON> about it."),
        ("Will, could you look?", "<PERSON>, could you look?"),
        ("goodwill and free will", "goodwill and free will"),
    ],
)
def test_an_ordinary_word_is_masked_only_where_prose_would_not_capitalise_it(text: str, left: str) -> None:
    assert masked(index("Will"), text) == left


def test_a_word_of_the_community_is_no_name() -> None:
    names = index("Plutus Fan", "ada", tags=("plutus", "cardano-node"))
    assert masked(names, "Plutus and Cardano, Ada or ADA; ada") == "Plutus and Cardano, Ada or ADA; ada"
    assert masked(names, "says plutus fan") == "says <PERSON>"


def test_a_word_becomes_the_communitys_when_its_tag_arrives() -> None:
    names = index("Zerqon")
    assert masked(names, "in zerqon") == "in <PERSON>"
    names.add("tag", "zerqon")
    assert masked(names, "in zerqon") == "in zerqon"


def test_handles_and_local_parts_are_masked_without_an_at() -> None:
    names = index(handles=("stake_lord99", "read"), emails=("jo.smythe@example.org",))
    assert (
        masked(names, "stake_lord99 and Stake-Lord99, jo.smythe, please read")
        == "<HANDLE> and <HANDLE>, <HANDLE>, please read"
    )


def test_accents_and_case_do_not_hide_a_name() -> None:
    names = index("José Álvarez", "Straße Müller")
    assert masked(names, "JOSE ALVAREZ, jose\u0301 a\u0301lvarez, STRASSE MULLER") == "<PERSON>, <PERSON>, <PERSON>"


def test_names_without_spaces_between_words_are_found_inside_a_run() -> None:
    assert masked(index("李明华"), "我问了李明华这个问题") == "我问了<PERSON>这个问题"


def test_particles_initials_and_numbers_are_no_parts() -> None:
    names = index("Vincent van der Zee 3", "John F. Kennedy")
    assert masked(names, "the van of der 3") == "the van of der 3"
    assert masked(names, "john kennedy and John F Kennedy") == "<PERSON> and <PERSON>"


def test_the_longest_name_wins() -> None:
    assert masked(index("Rose Grace", "Rose Grace Zimmerli"), "so Rose Grace Zimmerli says") == "so <PERSON> says"


def test_a_name_is_learned_once() -> None:
    names = index("Adam Lear")
    assert not names.add("name", "Adam Lear")
    assert names.add("name", "Adam Leer")


NAME = st.lists(st.text("abcdefghijklmnop", min_size=5, max_size=9), min_size=2, max_size=3, unique=True).map(" ".join)


@given(NAME, st.sampled_from([str, str.lower, str.upper, str.title]))
def test_any_name_is_gone_in_any_spelling(name: str, spell: type[str]) -> None:
    text = f"x {spell(name)} y"
    assert masked(index(name), text) == "x <PERSON> y"


def test_tens_of_thousands_of_names_do_not_slow_the_search() -> None:
    few, many = index("Adam Lear"), index("Adam Lear")
    for number in range(30_000):
        many.add("name", f"Qx{number}a Zq{number}b")
    text = "ask Adam Lear about this thing and that one " * 200

    def seconds(names: NameIndex) -> float:
        started = time.process_time()
        names.find(text)
        return time.process_time() - started

    slow = min(seconds(many) for _ in range(3))
    fast = min(seconds(few) for _ in range(3))
    assert slow < 5 * fast + 0.05
