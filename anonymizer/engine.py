"""The language model behind Presidio's interface: lines that can hold a name, in one batch across all texts.

Lines are judged one by one, because a name never runs over the end of a line and half of the false ones do. Fenced
code is left to the patterns. Words are kept in lower case as lemmas: without lemmas Presidio ignores context words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
from spacy.language import Language

from anonymizer.words import Words

LABELS = {"PERSON": "PERSON", "GPE": "LOCATION", "LOC": "LOCATION", "NORP": "NRP"}
KINDS = tuple(sorted(set(LABELS.values())))
AT_ONCE = 4_000  # characters the model takes at a time: its memory grows with them, its speed hardly does
LONGEST = 2_000  # characters of a line the model takes at once; longer ones are cut at spaces
FENCE = re.compile(r"^\s{0,3}(```|~~~)")
WORD = re.compile(r"[^\W\d_]+")
URL = re.compile(r"\S+://\S+|www\.\S+")
# A name does not hold these; code, hashtags, file names and camelCase do.
NOT_A_NAME = re.compile(r"[0-9#@/\\_`<>{}\[\]()=+*|$%^~;\"]|[a-z][A-Z]")
EDGES = frozenset(" \t.,:;!?'\"’‘“”()[]*_#-–—0123456789")


@dataclass(frozen=True)
class Found:
    """What Presidio's recogniser reads of a span."""

    label_: str
    start_char: int
    end_char: int


class NamesEngine(NlpEngine):  # type: ignore[misc]
    """Finds people, places and groups in batches of texts."""

    def __init__(self, nlp: Language, words: Words) -> None:
        self._nlp = nlp
        self._words = words

    def load(self) -> None:
        """Loaded when made."""

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        return next(self.process_batch([text], language))[1]

    def process_batch(
        self, texts: Iterable[str], language: str, batch_size: int = 1, n_process: int = 1, **_: object
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """The texts with what was found in them; the model's batches are counted in characters, not in texts."""
        texts = list(texts)
        with self._nlp.memory_zone():  # words of this batch do not stay in the vocabulary
            found = self._names(texts)
            for text, spans in zip(texts, found, strict=True):
                doc = self._nlp.make_doc(text)
                lemmas = [token.lower_ for token in doc]
                yield text, NlpArtifacts(spans, doc, [token.idx for token in doc], lemmas, self, language)

    def _names(self, texts: list[str]) -> list[list[Found]]:
        lines = [
            (i, start, line) for i, text in enumerate(texts) for start, line in _lines(text) if self.may_name(line)
        ]
        lines.sort(key=lambda one: len(one[2]))  # lines of one length make a batch without padding
        found: list[list[Found]] = [[] for _ in texts]
        for batch in _batches(lines):
            docs = self._nlp.pipe([line for _, _, line in batch], batch_size=len(batch))
            for (i, start, line), doc in zip(batch, docs, strict=True):
                for ent in doc.ents:
                    label = LABELS.get(ent.label_)
                    if label and (span := self._trimmed(line, ent.start_char, ent.end_char, label)):
                        found[i].append(Found(label, start + span[0], start + span[1]))
        return found

    def may_name(self, line: str) -> bool:
        """Whether a line has a word that could be a name: capitalised beyond stop words, foreign letters, or unknown."""
        for word in WORD.findall(URL.sub(" ", line)):
            if not word.isascii():
                return True
            lower = word.lower()
            if (word[0].isupper() and lower not in self._nlp.Defaults.stop_words) or not self._known(lower):
                return True
        return False

    def _known(self, word: str) -> bool:
        return len(word) < 3 or word in self._nlp.Defaults.stop_words or self._words.common(word)

    def _trimmed(self, line: str, start: int, end: int, label: str) -> tuple[int, int] | None:
        while start < end and line[start] in EDGES:
            start += 1
        while end > start and line[end - 1] in EDGES:
            end -= 1
        text = line[start:end]
        if not text or (label == "PERSON" and NOT_A_NAME.search(text)):
            return None
        if text.islower() and " " not in text and self._words.common(text):
            return None
        return start, end

    def is_stopword(self, word: str, language: str) -> bool:
        return word in self._nlp.Defaults.stop_words

    def is_punct(self, word: str, language: str) -> bool:
        return not any(c.isalnum() for c in word)

    def get_supported_entities(self) -> list[str]:
        return list(KINDS)

    def get_supported_languages(self) -> list[str]:
        return ["en"]


def _batches(lines: list[tuple[int, int, str]]) -> Iterator[list[tuple[int, int, str]]]:
    """The lines in runs of about AT_ONCE characters."""
    batch: list[tuple[int, int, str]] = []
    held = 0
    for line in lines:
        if batch and held + len(line[2]) > AT_ONCE:
            yield batch
            batch, held = [], 0
        batch.append(line)
        held += len(line[2])
    if batch:
        yield batch


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line outside fenced code, with the place where it starts; very long ones in pieces."""
    start, fenced = 0, False
    for line in text.split("\n"):
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced and line.strip():
            yield from _pieces(start, line)
        start += len(line) + 1


def _pieces(start: int, line: str) -> Iterator[tuple[int, str]]:
    while len(line) > LONGEST:
        at = line.rfind(" ", 0, LONGEST) + 1 or LONGEST
        yield start, line[:at]
        start, line = start + at, line[at:]
    yield start, line
