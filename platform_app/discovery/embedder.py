"""Texts as vectors of 384 numbers that lie close together when the texts mean the same. Runs on one thread, without torch.

onnxruntime is loaded with the first text, not before: a process that embeds nothing pays nothing.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lake.kit.log import get_log
from platform_app.discovery.convert import ABOUT, BUILT, GRAPH, TOKENIZER, VERSION, sha256

TOKENS = 256  # what the model was trained with; longer texts are cut
KEPT = 1_000  # queries whose vector is remembered

Vector = list[float]


class Embedder:
    """The model of a folder; `there` says whether it can be used. Safe to share between threads."""

    version = VERSION

    def __init__(self, models: Path) -> None:
        self._folder = models / BUILT
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None
        self._missing = False
        self._queries: OrderedDict[str, Vector] = OrderedDict()

    @property
    def there(self) -> bool:
        """Whether the model is installed and is the one that was built; says so in the log when it is not."""
        with self._lock:
            return self._open() is not None

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """A vector for each text, in their order. ValueError without the model: ask `there` first.

        One after another: numbers of eight bits share their range within a run, so that beside others a text would get
        another vector than alone.
        """
        found = []
        for text in texts:
            with self._lock:
                found.append(self._run(text))
        return found

    def embed_query(self, text: str) -> Vector:
        """As `embed` of one text; the vectors of the last thousand are remembered."""
        with self._lock:
            if (known := self._queries.get(text)) is not None:
                self._queries.move_to_end(text)
                return known
            vector = self._queries[text] = self._run(text)
            if len(self._queries) > KEPT:
                self._queries.popitem(last=False)
            return vector

    def _open(self) -> tuple[Any, Any] | None:
        if self._loaded is None and not self._missing:
            try:
                self._loaded = _load(self._folder)
            except (FileNotFoundError, ValueError, KeyError) as error:
                self._missing = True
                get_log().warning("embedding_model_missing", fault=type(error).__name__)
        return self._loaded

    def _run(self, text: str) -> Vector:
        import numpy as np  # noqa: PLC0415 - as onnxruntime

        if (opened := self._open()) is None:
            raise ValueError("There is no embedding model: run `make install`, or set APP_MODELS to its folder.")
        session, tokenizer = opened
        encoded = tokenizer.encode(text)
        given = {
            "input_ids": np.array([encoded.ids], dtype=np.int64),
            "attention_mask": np.array([encoded.attention_mask], dtype=np.int64),
        }
        ((vector,),) = session.run(None, given)
        return [float(value) for value in vector]


def _load(folder: Path) -> tuple[Any, Any]:
    """The session and the tokenizer. FileNotFoundError or ValueError when it is not the model of this code."""
    about = json.loads((folder / ABOUT).read_text())
    if about["version"] != VERSION or sha256(folder / GRAPH) != about["graph"]:
        raise ValueError("another model")
    import onnxruntime  # noqa: PLC0415 - 40 MB that only searching and embedding need
    from tokenizers import Tokenizer  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # the arena keeps the memory of the largest batch for good
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(folder / GRAPH), options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    tokenizer.enable_truncation(TOKENS)
    tokenizer.no_padding()
    return session, tokenizer


def as_sql(vector: Sequence[float]) -> str:
    """A vector as PostgreSQL reads it."""
    return "[" + ",".join(f"{value:.5g}" for value in vector) + "]"
