"""The real language model, opened once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from anonymizer.detect import Detector, open_detector
from anonymizer.names import NameIndex
from anonymizer.settings import DATA, AnonymizerSettings


@pytest.fixture(scope="session")
def opened() -> Detector:
    return open_detector(AnonymizerSettings().models, regex_timeout=5.0)


@pytest.fixture
def detector(opened: Detector) -> Iterator[Detector]:
    """The model, with nobody registered yet."""
    before, opened.names = opened.names, NameIndex(opened.names.words)
    yield opened
    opened.names = before


@pytest.fixture(scope="session")
def data() -> Path:
    if not (DATA / "ner").is_dir():
        pytest.skip("HEADWATER_DATA does not name a folder with labelled texts (`ner`) and names (`names`)")
    return DATA
