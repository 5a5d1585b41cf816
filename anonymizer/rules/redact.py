"""Free text keeps its sense and loses its people: every found span becomes a typed placeholder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

from anonymizer.spans import Masked


class Redactor(Protocol):
    """Whatever masks texts in a batch: an answer for each text, None when the text could not be judged."""

    def __call__(self, texts: Sequence[str], /) -> Sequence[Masked | None]: ...


def redact(values: pa.Array, mask: Redactor) -> tuple[tuple[pa.Array, ...], list[int]]:
    """The masked text, its source's length in characters and the number of spans masked; and which rows failed."""
    given = values.to_pylist()
    present = [index for index, text in enumerate(given) if text is not None]
    masked = dict(zip(present, mask([given[index] for index in present]), strict=True))
    texts = [m.text if (m := masked.get(i)) else None for i in range(len(given))]
    spans = [m.spans if (m := masked.get(i)) else None for i in range(len(given))]
    chars = [None if text is None else len(text) for text in given]
    columns = (pa.array(texts, pa.string()), pa.array(chars, pa.int32()), pa.array(spans, pa.int32()))
    return columns, [index for index in present if masked[index] is None]
