"""What the app writes to one person about their own account; sent after the answer, so that its time tells nothing."""

from __future__ import annotations

from platform_app.identity.verification import Link, Verified
from platform_app.web.visit import Visit

VERIFY = (
    "Hello {name},\n\nwith this link you confirm that this mail address is yours. It works once, for two days:\n\n"
    "{link}\n\nIf you did not give this address to Headwater, ignore this message: nothing happens.\n"
)
CHANGED = {
    "password": "the password of your account was changed, and every other log-in was ended.",
    "factor_on": "log-ins to your account now ask for a code of your authenticator app.",
    "factor_off": "log-ins to your account no longer ask for a code of your authenticator app.",
    "email": "your account has another mail address from now on; this one is no longer part of it.",
    "linked": "somebody who was logged in to your account linked an account at another site to it.",
}
NOTICE = "Hello {name},\n\n{what}\n\nIf it was not you, choose a new password at once, then look at your log-ins:\n\n{link}\n"


def send_link(visit: Visit, link: Link) -> None:
    """Send a link that confirms an address to that address."""
    text = VERIFY.format(name=link.display_name, link=f"{visit.site}/verify/{link.token}")
    visit.request.app.state.outbox.send(link.email, "Confirm your mail address", text)


def tell_owner(visit: Visit, address: str | None, name: str, what: str) -> None:
    """Say what was changed, a key of `CHANGED`, so that an owner notices what somebody else does in their name."""
    if address is not None:
        text = NOTICE.format(name=name, what=CHANGED[what], link=f"{visit.site}/reset")
        visit.request.app.state.outbox.send(address, "Your account was changed", text)


def tell_old_address(visit: Visit, verified: Verified) -> None:
    """Tell the address that was replaced, if one was."""
    tell_owner(visit, verified.before, verified.account.display_name, "email")
