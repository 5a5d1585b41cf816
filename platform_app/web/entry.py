"""Log-in, the same for pages and the API: limited, and equally slow for every wrong answer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from uuid import UUID

from lake.kit.clock import utc_now
from platform_app.db import Conn
from platform_app.errors import Refused
from platform_app.identity import access, mfa
from platform_app.identity.access import NewSession
from platform_app.identity.schemas import Account
from platform_app.web.limits import CODE, CODE_DAY, LOG_IN_ADDRESS, LOG_IN_HERE, LOG_IN_PLACE
from platform_app.web.refusals import CodeNeeded, WrongCode, WrongPassword
from platform_app.web.visit import Visit

Write = Callable[[], AbstractContextManager[Conn]]


@dataclass(frozen=True, slots=True)
class Entered:
    """How far a log-in got: a session, or else the token of a challenge that a code has still to meet."""

    account: Account
    session: NewSession | None
    challenge: str


def check_password(visit: Visit, conn: Conn, email: str, password: str) -> Account:
    """Whose password this is; WrongPassword, or TooMany after several wrong answers."""
    address = email.strip().lower()
    tries = ((LOG_IN_HERE, f"{address} {visit.place}"), (LOG_IN_ADDRESS, address), (LOG_IN_PLACE, visit.place))
    visit.limits.take(*tries)  # before the answer is known, so that many tries at once count too
    account = access.check_password(conn, email, password)
    if account is None:
        raise WrongPassword
    visit.limits.give_back(*tries)
    return account


def check_code(visit: Visit, conn: Conn, account_id: UUID, code: str) -> None:
    """WrongCode unless this code of the account counts now; TooMany after several wrong ones, wherever they came from."""
    tries = ((CODE, account_id), (CODE_DAY, account_id))
    visit.limits.take(*tries)
    if not mfa.prove(conn, visit.sealer, account_id, code, utc_now()):
        raise WrongCode
    visit.limits.give_back(*tries)


def check_owner(visit: Visit, conn: Conn, account_id: UUID, password: str, code: str = "") -> None:
    """Before something that a thief would do first: Invalid, WrongCode or TooMany unless it is the owner who asks.

    The code is asked for where the account has a second factor.
    """
    guess = (LOG_IN_HERE, f"{account_id} {visit.place}")
    visit.limits.take(guess)
    access.confirm(conn, account_id, password)
    visit.limits.give_back(guess)
    if mfa.status_of(conn, account_id).on:
        check_code(visit, conn, account_id, code)


def identify(visit: Visit, conn: Conn, email: str, password: str, code: str | None) -> tuple[Account, bool]:
    """Who a program logs in for, and whether a code was given; CodeNeeded when one is missing."""
    account = check_password(visit, conn, email, password)
    asked = mfa.status_of(conn, account.id).on
    if asked and not code:
        raise CodeNeeded
    if asked:
        check_code(visit, conn, account.id, code or "")
    return account, asked


def log_in(visit: Visit, write: Write, email: str, password: str, next_path: str) -> Entered:
    """Check a password and open a session, or a challenge where the account has a second factor."""
    with write() as conn:
        return enter(visit, conn, check_password(visit, conn, email, password), "password", next_path)


def enter(visit: Visit, conn: Conn, account: Account, method: str, next_path: str) -> Entered:
    """Let in who has shown who they are: with a session, or a challenge where the account has a second factor."""
    now = utc_now()
    if mfa.status_of(conn, account.id).on:
        return Entered(account, None, mfa.challenge(conn, account.id, method, next_path, now))
    return Entered(account, access.open_session(conn, account.id, now, method=method, agent=visit.agent), "")


def meet_challenge(visit: Visit, conn: Conn, token: str, code: str) -> tuple[NewSession, str]:
    """Open the session that a challenge stands before; returns it and where the visitor wanted to go.

    ChallengeOver when it took too long, WrongCode or TooMany for the code.
    """
    now = utc_now()
    found = mfa.challenged(conn, token, now)
    if found is None:
        raise ChallengeOver
    check_code(visit, conn, found.account_id, code)
    mfa.answered(conn, token)
    session = access.open_session(
        conn, found.account_id, now, method=found.method, agent=visit.agent, second_factor=True
    )
    return session, found.next


class ChallengeOver(Refused):
    """The password was given too long ago; HTTP 400."""

    code = "challenge_over"

    def __init__(self) -> None:
        super().__init__("That took too long: log in again.")
