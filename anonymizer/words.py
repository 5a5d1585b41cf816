"""Which words are ordinary English, so that a person called Will does not blank every "will"."""

from __future__ import annotations

from pathlib import Path

# Words of a community's own field and of the calendar: capitalised in prose without being anybody's name.
_NEUTRAL = """
ada admin android api apple april august bitcoin blockchain bot btc cardano chinese christmas code community
crypto december defi dev developer discord docker dutch easter english eth ethereum facebook february french
friday german github google guest haskell help hindi internet ios italian january japanese java javascript july
june korean linux localhost march may microsoft moderator monday nft node november null october online owner pool portuguese
python reddit relay root russian saturday september spanish stack staff stake stakepool sunday support team telegram test thursday
token tuesday twitter ubuntu undefined unknown user wallet web wednesday windows youtube
"""
NEUTRAL = frozenset(_NEUTRAL.split())
ENDINGS = (
    ("ies", "y"),
    ("es", ""),
    ("s", ""),
    ("ing", ""),
    ("ing", "e"),
    ("ed", ""),
    ("ed", "e"),
    ("er", ""),
    ("ly", ""),
)


class Words:
    """A dictionary of lemmas; inflected forms count as known."""

    def __init__(self, lemmas: frozenset[str]) -> None:
        self._lemmas = lemmas

    def common(self, word: str) -> bool:
        """Whether a case-folded word is ordinary English."""
        if word in self._lemmas or word in NEUTRAL:
            return True
        return any(word.endswith(end) and word.removesuffix(end) + to in self._lemmas for end, to in ENDINGS)


def load_words(model: Path) -> Words:
    """The WordNet lemmas that travel with the language model, and the words that are too common to be there."""
    from spacy.lang.en.stop_words import STOP_WORDS  # noqa: PLC0415 - the plain lane does without spaCy
    from spacy.lookups import Lookups  # noqa: PLC0415

    tables = Lookups().from_disk(model / "lemmatizer" / "lookups")
    index = tables.get_table("lemma_index")
    return Words(frozenset(word for lemmas in index.values() for word in lemmas) | STOP_WORDS)
