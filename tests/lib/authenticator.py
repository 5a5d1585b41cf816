"""An authenticator app for tests: codes of a secret, each later than the one before, as a person's phone shows them."""

from __future__ import annotations

import psycopg
import pyotp

from lake.kit.clock import utc_now
from tests.lib.front_door import PASSWORD, Caller
from tests.lib.stack import Stack


class Phone:
    """Holds the secret of one account."""

    def __init__(self, stack: Stack, handle: str, secret: str) -> None:
        self._stack, self._handle, self._totp = stack, handle, pyotp.TOTP(secret)

    def code(self) -> str:
        """The code that is shown now, when the one used before was shown some minutes ago."""
        with psycopg.connect(self._stack.url("app")) as conn:
            conn.execute(
                "UPDATE identity.factors f SET last_step = last_step - 10 FROM identity.accounts a "
                "WHERE a.id = f.account_id AND a.handle = %s",
                (self._handle,),
            )
        return self.same_code()

    def same_code(self) -> str:
        """The code that is shown now, whether or not it was used."""
        return self._totp.at(utc_now())


def turn_on(stack: Stack, member: Caller) -> tuple[Phone, list[str]]:
    """Turn the second factor of a member on; their phone, and the recovery codes."""
    setup = member.call("POST", "/mfa")
    assert setup.status_code == 201, setup.text
    phone = Phone(stack, member.handle, setup.json()["secret"])
    done = member.call("PUT", "/mfa", {"password": PASSWORD, "code": phone.same_code()})
    assert done.status_code == 200, done.text
    return phone, done.json()["recovery_codes"]
