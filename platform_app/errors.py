"""Why the app refuses: each refusal has a stable code for machines and a sentence for people.

The sentence names no value that a person typed. `web` turns each class into its HTTP status.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lake.kit.errors import Stop


class Refused(Stop):
    """A rule of the app says no. `code` is stable; `field` names the input it is about, if there is one."""

    code = "refused"

    def __init__(self, message: str, *, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code or type(self).code
        self.field = field


class Invalid(Refused):
    """An input breaks a rule; HTTP 422."""

    code = "invalid"


class NotFound(Refused):
    """There is no such thing, or it was deleted; HTTP 404."""

    code = "not_found"


class NotAllowed(Refused):
    """The person may not do this; HTTP 403."""

    code = "not_allowed"


class TooSoon(Refused):
    """Somebody does more at once than they may; HTTP 429 with Retry-After. `seconds` is how long to wait."""

    code = "too_many_requests"

    def __init__(self, seconds: int, why: str = "That was a lot at once.") -> None:
        super().__init__(f"{why} Try again {_in_words(seconds)}.")
        self.seconds = seconds


def _in_words(seconds: int) -> str:
    for size, unit in ((3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            count = -(-seconds // size)
            return f"in {count} {unit}{'s' if count > 1 else ''}"
    return "now"


@dataclass(frozen=True, slots=True)
class Saved:
    """What stands in a field of a form now, and what people call the field."""

    name: str
    label: str
    text: str


class EditedMeanwhile(Refused):
    """Somebody else saved the text first; HTTP 412. Holds what they saved, for the page that shows both."""

    code = "edited_meanwhile"

    def __init__(
        self, saved: Sequence[Saved], version: str, what: str = "Somebody saved another text meanwhile."
    ) -> None:
        super().__init__(f"{what} Read it, put yours and theirs together, and save again.")
        self.saved, self.version = tuple(saved), version


class Conflict(Refused):
    """It contradicts what is already there; HTTP 409."""

    code = "conflict"


class Overtaken(Conflict):
    """Somebody did the same, or removed what it is about, at the same moment; HTTP 409. Nothing was written."""

    code = "overtaken"

    def __init__(self) -> None:
        super().__init__("This was done, or undone, a moment ago: look again before you repeat it.")
