"""A second process for the model: forked once it is loaded, so that the two share its memory and halve the wait."""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection

from anonymizer.memory import give_back
from anonymizer.spans import Span
from lake.kit.errors import Retry

Found = list[tuple[Span, ...] | None]
Find = Callable[[Sequence[str]], Found]
WORTH = 2_000  # characters below which handing texts over costs more than it saves


class Partner:
    """Does half of the texts of every batch."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._ours, theirs = multiprocessing.Pipe()
        gc.freeze()  # the collector would touch, and so copy, every shared page
        context = multiprocessing.get_context("fork")
        context.Process(target=_serve, args=(find, theirs, self._ours), daemon=True).start()
        theirs.close()

    def __call__(self, texts: Sequence[str]) -> Found:
        """The spans of each text, as `find` gives them. Raises Retry when the other process is gone."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        if len(texts) < 2 or sum(map(len, texts)) < WORTH:
            return self._find(texts)
        mine, yours = order[0::2], order[1::2]
        answer: Found = [None] * len(texts)
        try:
            self._ours.send([texts[i] for i in yours])
            for i, spans in zip(mine, self._find([texts[i] for i in mine]), strict=True):
                answer[i] = spans
            for i, spans in zip(yours, self._ours.recv(), strict=True):
                answer[i] = spans
        except (EOFError, OSError) as error:
            raise Retry("The second process of the language model ended. Run the command again.") from error
        return answer


def _serve(find: Find, inbox: Connection, parents_end: Connection) -> None:
    """The other half, until the parent closes its end or is gone."""
    parents_end.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        while True:
            inbox.send(find(inbox.recv()))
            give_back()
    except (EOFError, OSError):
        return
