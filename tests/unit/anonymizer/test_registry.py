"""What the registry forgets: the names of people who were erased leave the index of a release that is running."""

from __future__ import annotations

from pathlib import Path

import pytest

from anonymizer.names import NameIndex
from anonymizer.registry import Registry
from anonymizer.spans import mask
from anonymizer.vault import Vault
from anonymizer.words import Words
from lake.erased import ErasedList, digest, enter
from lake.store import START
from tests.lib.changes import Bronze, person

VAULT = Vault(b"k" * 32)
TEXT = "ask Zebulon Quarrendon about it, then call Mireille Quarrendon or handle0001x"


@pytest.fixture
def running(tmp_path: Path) -> Registry:
    """A registry that knows two people with the same last name, as a lane of free text keeps it."""
    bronze = Bronze(tmp_path)
    bronze.join(1, name="Zebulon Quarrendon")
    bronze.join(2, name="Mireille Quarrendon")
    upto = bronze.land()
    written = Registry(bronze.store, VAULT)
    written.prepare()
    written.write(upto, START)
    made = Registry(bronze.store, VAULT, NameIndex(Words(frozenset())))
    made.prepare()
    return made


def masked(registry: Registry) -> str:
    assert registry.names is not None
    return mask(TEXT, registry.names.find(TEXT)).text


def erase(registry: Registry, number: int) -> None:
    enter(registry.store, VAULT.pseudonym("account", person(number)), digest(person(number)))


def test_the_names_of_an_erased_person_are_forgotten_and_those_of_others_stay(running: Registry) -> None:
    assert masked(running) == "ask <PERSON> about it, then call <PERSON> or <HANDLE>"
    erase(running, 1)
    running.read()
    assert masked(running) == "ask Zebulon <PERSON> about it, then call <PERSON> or handle0001x"


def test_without_a_look_at_the_erased_list_they_would_be_kept(
    running: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ErasedList, "refresh", lambda _: False)
    erase(running, 1)
    running.read()
    assert masked(running) == "ask <PERSON> about it, then call <PERSON> or <HANDLE>"


def test_a_lane_that_starts_later_does_not_learn_them(running: Registry) -> None:
    erase(running, 1)
    fresh = Registry(running.store, VAULT, NameIndex(Words(frozenset())))
    fresh.prepare()
    assert masked(fresh) == "ask Zebulon <PERSON> about it, then call <PERSON> or handle0001x"
    late = NameIndex(Words(frozenset()))
    fresh.learn_names(late)
    assert "Zebulon" in masked(fresh)
