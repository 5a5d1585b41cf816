"""The demo's member of the app: signed up over HTTP at the first run, found again at the next."""

from __future__ import annotations

import httpx

from lake.kit.errors import Retry, Stop

HANDLE = "demo"


def sign_up(app: str, email: str, password: str, client: httpx.Client) -> bool:
    """Make the account unless an earlier run has made it; true when it was made now."""
    person = {
        "email": email, "handle": HANDLE, "display_name": "Demo Member", "password": password, "consents": {"lake": True},
    }  # fmt: skip
    try:
        entered = client.post(f"{app}/api/v1/session", json={"email": email, "password": password})
        if entered.is_success:
            return False
        made = client.post(f"{app}/api/v1/accounts", json=person)
    except httpx.TransportError as error:
        raise Retry(f"The app does not answer ({type(error).__name__}): run `make up`, then try again.") from None
    if made.is_error:
        raise Stop(f"The app answered {made.status_code} when the demo's member signed up: see the log of app.")
    return True
