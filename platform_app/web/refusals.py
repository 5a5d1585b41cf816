"""Why the front door refuses, and the HTTP status of every refusal."""

from __future__ import annotations

from datetime import datetime

from lake.kit.errors import HouseError, Retry, Stop
from platform_app.errors import Conflict, EditedMeanwhile, Invalid, NotAllowed, NotFound, Refused, TooSoon


class LogInFirst(Stop):
    """The visitor is not logged in; HTTP 401, and pages lead to the log-in form."""

    code = "not_logged_in"

    def __init__(self) -> None:
        super().__init__("Log in first.")


class WrongPassword(Refused):
    """Mail address and password do not belong together; HTTP 401. It says not which of them is wrong."""

    code = "wrong_password"

    def __init__(self) -> None:
        super().__init__("This mail address and this password do not belong together.")


class CodeNeeded(Refused):
    """The password is right, and the log-in asks for a code as well; HTTP 401."""

    code = "second_factor_needed"

    def __init__(self) -> None:
        super().__init__("This account asks for a code of its authenticator app: send it as `code`.", field="code")


class WrongCode(Refused):
    """The code is wrong, was used before, or is over; HTTP 401. It says not which."""

    code = "wrong_code"

    def __init__(self) -> None:
        super().__init__("This code is wrong, or was used before: wait for the next one.", field="code")


class BadToken(Refused):
    """A refresh token is unknown, over, or was used before; HTTP 401."""

    code = "bad_token"

    def __init__(self) -> None:
        super().__init__("This token is not good any more: log in again.")


class NotInScope(NotAllowed):
    """What somebody came with may not do this, whoever they are; HTTP 403."""

    code = "insufficient_scope"

    def __init__(self, scope: str) -> None:
        needs = "a session: log in with your password" if scope == "account" else f"the scope `{scope}`"
        super().__init__(f"This token may not do that. It needs {needs}.")


class Suspended(NotAllowed):
    """Moderators have suspended the person: they read, but write nothing until then; HTTP 403."""

    code = "suspended"

    def __init__(self, until: datetime) -> None:
        super().__init__(
            f"You cannot write until {until:%d %B %Y, %H:%M} UTC. Why, and how to appeal, stands under Settings, Safety."
        )


class BadForm(Refused):
    """The form's or request's CSRF token is missing or wrong; HTTP 403."""

    code = "csrf"

    def __init__(self) -> None:
        super().__init__(
            "This form was open for too long or came from another site: reload the page and send it again."
        )


class TooMany(Refused):
    """Too many tries; HTTP 429 with Retry-After."""

    code = "too_many_requests"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many tries: wait {seconds} seconds, then try again.")
        self.seconds = seconds


STATUS: tuple[tuple[type[HouseError], int], ...] = (
    (Invalid, 422),
    (NotFound, 404),
    (LogInFirst, 401),
    (WrongPassword, 401),
    (CodeNeeded, 401),
    (WrongCode, 401),
    (BadToken, 401),
    (NotAllowed, 403),
    (BadForm, 403),
    (EditedMeanwhile, 412),
    (Conflict, 409),
    (TooMany, 429),
    (TooSoon, 429),
    (Refused, 400),
    (Retry, 503),
    (HouseError, 500),
)


def status_of(error: HouseError) -> int:
    """The HTTP status of a refusal: that of the first class it belongs to."""
    return next(status for kind, status in STATUS if isinstance(error, kind))
