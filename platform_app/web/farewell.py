"""Deleting one's account, the same for pages and the API: the password first, then everything at once, then a mail."""

from __future__ import annotations

from lake.kit.clock import utc_now
from platform_app.identity import service
from platform_app.leaving import leave
from platform_app.web.entry import check_owner
from platform_app.web.visit import ACCOUNT, Visit


def say_farewell(visit: Visit, password: str, code: str) -> tuple[str, str | None]:
    """Delete the member's account in one transaction; returns the receipt's token and the address they had.

    Invalid when the password is wrong, WrongCode when the account asks for a code, TooMany after several wrong ones.
    """
    with visit.write(ACCOUNT) as (conn, me):
        check_owner(visit, conn, me.id, password, code)
        address = service.find_account(conn, me.id).email
        return leave(conn, me.id, utc_now()), address


def tell(visit: Visit, address: str | None, token: str) -> None:
    """Send the link to the receipt; it is the last mail they get. It holds no name."""
    if address is not None:
        state = visit.request.app.state
        link = f"{state.settings.public_url.rstrip('/')}/erasure/{token}"
        state.outbox.send(address, "Your account is deleted", TEXT.format(link=link))


TEXT = (
    "Your account and what you wrote are deleted.\n\nThe receipt, with every place your data was in and the day from "
    "which it is clean, is written when the last of them is done:\n\n{link}\n\nKeep this link: nobody can find the "
    "receipt for you later. If it was not you who deleted the account, answer to whoever runs this site at once.\n"
)
