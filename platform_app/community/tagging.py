"""Which tags of the vocabulary a text names: whole words only, multi-word tags also when written with spaces,
a synonym as the tag it stands for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

WORD = re.compile(r"[a-z0-9][a-z0-9.+#-]*")
MOST = 5  # tags a machine gives one approach
LONGEST = 4  # words in one tag


def tags_in(text: str, vocabulary: Mapping[str, str]) -> tuple[str, ...]:
    """At most five tags, the most frequent first, then by name. `vocabulary` maps a word to the tag that is used for it."""
    words = [word.rstrip(".-") for word in WORD.findall(text.lower())]
    found = Counter(vocabulary[word] for word in words if word in vocabulary)
    for length in range(2, LONGEST + 1):
        joined = ("-".join(words[start : start + length]) for start in range(len(words) - length + 1))
        found.update(vocabulary[phrase] for phrase in joined if phrase in vocabulary)
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return tuple(tag for tag, _ in ranked[:MOST])
