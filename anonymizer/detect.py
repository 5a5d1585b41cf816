"""Texts → spans → texts without them: Presidio, the names the platform knows, and the patterns, behind one object."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import regex
import tldextract
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.context_aware_enhancers import LemmaContextAwareEnhancer
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    CryptoRecognizer,
    IbanRecognizer,
    IpRecognizer,
    MacAddressRecognizer,
    SpacyRecognizer,
    UsSsnRecognizer,
)

from anonymizer.engine import KINDS, NamesEngine
from anonymizer.model import load_model, model_folder
from anonymizer.names import NameIndex
from anonymizer.partner import Find, Found, Partner
from anonymizer.patterns import QuickPhoneRecognizer, recognisers
from anonymizer.spans import Masked, Span, mask
from anonymizer.text import plain
from anonymizer.words import load_words

THRESHOLD = 0.35
REMEMBERED = 5_000  # texts whose spans are kept: a row that changes elsewhere brings its text again
KIND = {
    "PHONE_NUMBER": "PHONE", "CREDIT_CARD": "CARD", "IBAN_CODE": "IBAN", "IP_ADDRESS": "IP", "MAC_ADDRESS": "ID",
    "US_SSN": "ID", "CRYPTO": "WALLET", "NRP": "GROUP",
}  # fmt: skip


class PatternTooSlow(Exception):
    """A pattern ran out of its time on a text. Presidio would skip the pattern; here the text is not released."""


class Timed:
    """A compiled pattern whose matches raise PatternTooSlow instead of a time-out that Presidio swallows."""

    def __init__(self, pattern: Any, seconds: float) -> None:
        self._pattern = pattern
        self._seconds = seconds

    def finditer(self, text: str, timeout: float | None = None) -> Iterator[Any]:
        """Presidio's own time-out, a minute, is ignored."""
        del timeout
        try:
            yield from self._pattern.finditer(text, timeout=self._seconds)
        except TimeoutError as error:
            raise PatternTooSlow from error


class Finder:
    """What Presidio finds in plain texts, in batches. Pure: the same text, the same spans."""

    def __init__(self, analyzer: AnalyzerEngine) -> None:
        self._analyzer = analyzer
        self._entities = analyzer.get_supported_entities("en")

    def __call__(self, texts: Sequence[str]) -> Found:
        """The spans of each text; None for one that a pattern could not judge in time."""
        return [self._analyse(*pair) for pair in self._analyzer.nlp_engine.process_batch(list(texts), "en")]

    def _analyse(self, text: str, artifacts: Any) -> tuple[Span, ...] | None:
        try:
            results = self._analyzer.analyze(text, "en", entities=self._entities, nlp_artifacts=artifacts)
        except PatternTooSlow:
            return None
        return tuple(Span(r.start, r.end, KIND.get(r.entity_type, r.entity_type)) for r in results)


class Detector:
    """Masks what the finder finds and what registered people are called; remembers the texts it has seen."""

    def __init__(self, find: Find, names: NameIndex) -> None:
        self._find = find
        self.names = names
        self._remembered: OrderedDict[bytes, tuple[Span, ...]] = OrderedDict()

    def __call__(self, texts: Sequence[str], /) -> list[Masked | None]:
        """Each text with typed placeholders; None for one that could not be judged in time."""
        plains = [plain(text) for text in texts]
        return [
            None if spans is None else mask(text, (*spans, *self.names.find(text)))
            for text, spans in zip(plains, self.find(plains), strict=True)
        ]

    def find(self, texts: Sequence[str]) -> Found:
        """What the finder finds, asked once for each different text."""
        digests = [hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts]
        fresh = {d: t for d, t in zip(digests, texts, strict=True) if d not in self._remembered}
        answers: dict[bytes, tuple[Span, ...] | None] = {d: self._remembered[d] for d in digests if d not in fresh}
        for digest, spans in zip(fresh, self._find(list(fresh.values())) if fresh else (), strict=True):
            answers[digest] = spans
            if spans is not None:
                self._remembered[digest] = spans
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return [answers[digest] for digest in digests]


def open_detector(models: Path, regex_timeout: float, names: NameIndex | None = None, processes: int = 1) -> Detector:
    """The detector with the pinned model, on one process or two. Raises ModelMissing rather than doing with less."""
    stay_offline()
    words = load_words(model_folder(models))
    finder = Finder(analyzer_for(NamesEngine(load_model(models), words), regex_timeout))
    return Detector(Partner(finder) if processes > 1 else finder, names or NameIndex(words))


def analyzer_for(engine: NamesEngine, regex_timeout: float) -> AnalyzerEngine:
    """Presidio with the model, its own sound recognisers and ours; whole context words only."""
    theirs = [
        CreditCardRecognizer(), CryptoRecognizer(), IbanRecognizer(), IpRecognizer(), MacAddressRecognizer(),
        QuickPhoneRecognizer(), UsSsnRecognizer(),
    ]  # fmt: skip
    everybody = [SpacyRecognizer(supported_entities=list(KINDS)), *theirs, *recognisers()]
    for recogniser in everybody:
        for pattern in getattr(recogniser, "patterns", ()):
            flags = recogniser.global_regex_flags
            pattern.compiled_with_flags = flags
            pattern.compiled_regex = Timed(regex.compile(pattern.regex, flags=flags), regex_timeout)
    return AnalyzerEngine(
        registry=RecognizerRegistry(recognizers=everybody, supported_languages=["en"]),
        nlp_engine=engine,
        supported_languages=["en"],
        default_score_threshold=THRESHOLD,
        context_aware_enhancer=LemmaContextAwareEnhancer(context_matching_mode="whole_word"),
    )


def stay_offline() -> None:
    """Give tldextract its bundled list of suffixes: by default it fetches one over the network."""
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
