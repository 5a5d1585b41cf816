"""How many unknown people's names the detector finds: real sentences, in which other names take the place of the real.

The sentences are people's own (tweets, comments under videos, questions and answers on the web), their names labelled
by hand. Names drawn by seed from a census replace them, so that no run judges a name that an earlier one has seen.
What counts is masking, not the label: a name is found when every word of it is behind a placeholder.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anonymizer.model import NAME, model_hash
from anonymizer.names import tokens
from anonymizer.spans import Span
from lake.kit.clock import utc_now
from lake.kit.errors import Stop

MEASURED = Path(__file__).with_name("measured.json")
MARGIN = 0.05  # what a new draw may fall below what was measured
SETS = {
    "tweets (Broad Twitter Corpus, dev)": ("btc.dev", 0, 1),
    "comments under videos (WNUT 2017, dev)": ("emerging.dev.conll", 0, 1),
    "questions, answers, reviews, mails (English Web Treebank, dev)": ("en_ewt-ud-dev.iob2", 1, 2),
}
TIGHT_BEFORE = set(".,:;!?)]}'’%")  # written without a space before
COMMONEST_FIRST, COMMONEST_LAST = 1_500, 20_000

Find = Callable[[Sequence[str]], list[tuple[Span, ...] | None]]


@dataclass(frozen=True)
class Sentence:
    """A text, and the places of the names in it."""

    text: str
    names: tuple[tuple[int, int], ...]


def measure(find: Find, data: Path, seed: int) -> dict[str, Any]:
    """Recall for each set and over all: whole names, and single words of names."""
    draw = random.Random(seed)  # noqa: S311 - a repeatable sample, no secret
    people = census(data)
    per_set: dict[str, Any] = {}
    totals = [0, 0, 0, 0]
    for title, (file, word, label) in SETS.items():
        sentences = [renamed(words, people, draw) for words in labelled(data / "ner" / file, word, label)]
        sentences = [sentence for sentence in sentences if sentence.names]
        counts = _count(sentences, find([sentence.text for sentence in sentences]))
        per_set[title] = _shares(counts)
        totals = [a + b for a, b in zip(totals, counts, strict=True)]
    return {
        "what": "share of names of unknown people that were masked in full, and of the single words of such names",
        **_shares(totals),
        "sets": per_set,
        "seed": seed,
        "model": NAME,
        "model_hash": model_hash(),
        "measured_on": utc_now().date().isoformat(),
        "names_from": "US Census 1990",
    }


def _shares(counts: Sequence[int]) -> dict[str, Any]:
    names, whole, words, masked = counts
    return {"names": names, "recall_names": round(whole / names, 3), "recall_words": round(masked / words, 3)}


def _count(sentences: Sequence[Sentence], found: Sequence[tuple[Span, ...] | None]) -> list[int]:
    names = whole = words = masked = 0
    for sentence, spans in zip(sentences, found, strict=True):
        hidden = {i for span in spans or () for i in range(span.start, span.end)}
        for start, end in sentence.names:
            gone = [
                all(start + i in hidden for i in range(token.start, token.end))
                for token in tokens(sentence.text[start:end])
            ]
            names, whole = names + 1, whole + all(gone)
            words, masked = words + len(gone), masked + sum(gone)
    return [names, whole, words, masked]


def labelled(file: Path, word: int, label: int) -> Iterator[list[tuple[str, str]]]:
    """The file's sentences as (word, label); a mention is one word without a label, because a pattern takes it."""
    if not file.is_file():
        raise Stop(f"{file.name} is missing: set HEADWATER_DATA to the folder that holds `ner` and `names`.")
    sentence: list[tuple[str, str]] = []
    for line in [*file.read_text(encoding="utf-8", errors="replace").splitlines(), ""]:
        columns = line.split("\t")
        if line.startswith("# ") or len(columns) <= max(word, label):
            if not line.strip() and sentence:
                yield sentence
                sentence = []
        elif sentence and sentence[-1][0] == "@":
            sentence[-1] = (f"@{columns[word]}", "O")
        else:
            sentence.append((columns[word], columns[label].upper().replace("PERSON", "PER")))


def renamed(words: Sequence[tuple[str, str]], people: tuple[list[str], list[str]], draw: random.Random) -> Sentence:
    """The sentence as one writes it, with a drawn name for each labelled one: as long, and in its case."""
    text, names, at = "", [], 0
    while at < len(words):
        word, label = words[at]
        stop = at + 1
        if label == "B-PER" and word[:1].isalpha():
            while stop < len(words) and words[stop][1] == "I-PER":
                stop += 1
            given = " ".join(w for w, _ in words[at:stop])
            word = _like(
                given,
                draw.choice(people[0]) if stop - at == 1 else f"{draw.choice(people[0])} {draw.choice(people[1])}",
            )
        gap = "" if not text or word[:1] in TIGHT_BEFORE or text[-1] in "([{#$‘“" else " "
        text += gap
        if label == "B-PER" and word[:1].isalpha():
            names.append((len(text), len(text) + len(word)))
        text, at = text + word, stop
    return Sentence(text, tuple(names))


def _like(given: str, name: str) -> str:
    if given.islower():
        return name.lower()
    return name.upper() if given.isupper() and len(given) > 2 else name.title()


def census(data: Path) -> tuple[list[str], list[str]]:
    """First and last names, the commonest; each as likely as any other, so that rare ones are not rare."""
    folder = data / "names"
    try:
        first = [_first_words(folder / f"dist.{kind}.first", COMMONEST_FIRST) for kind in ("female", "male")]
        return [*first[0], *first[1]], _first_words(folder / "dist.all.last", COMMONEST_LAST)
    except FileNotFoundError as error:
        raise Stop(
            "The census names are missing: set HEADWATER_DATA to the folder that holds `ner` and `names`."
        ) from error


def _first_words(file: Path, limit: int) -> list[str]:
    return [line.split()[0] for line in file.read_text().splitlines()[:limit] if line.strip()]
