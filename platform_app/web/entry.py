"""Log-in, the same for pages and the API: limited, and equally slow for every wrong answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager

from lake.kit.clock import utc_now
from platform_app.db import Conn
from platform_app.identity import access
from platform_app.identity.schemas import Account
from platform_app.web.refusals import WrongPassword
from platform_app.web.visit import Visit


def log_in(
    visit: Visit, write: Callable[[], AbstractContextManager[Conn]], email: str, password: str
) -> tuple[Account, access.NewSession]:
    """Open a session in a transaction of `write`; WrongPassword, or TooMany after several wrong answers."""
    limits, address = visit.limits, hashlib.sha256(email.strip().lower().encode()).hexdigest()
    here = f"{address} {visit.place}"
    tries = ((limits.log_in_here, here), (limits.log_in_address, address), (limits.log_in_place, visit.place))
    for window, key in tries:
        window.check(key)
        window.mark(key)  # before the answer is known, so that many tries at once count too
    with write() as conn:
        account = access.check_password(conn, email, password)
        if account is not None:
            for window, key in tries:
                window.unmark(key)
            return account, access.open_session(conn, account.id, utc_now())
    raise WrongPassword
