"""Rules of accounts and consent. Every function takes an open transaction (`db.Database.write`) and never commits."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import errors

from lake.contracts.suggestions import PURPOSE as RECOMMENDATIONS
from lake.contracts.suggestions import PURPOSES as PURPOSES_OF_SUGGESTIONS
from lake.kit.ids import new_id
from platform_app.db import Conn
from platform_app.errors import Conflict, Invalid, NotAllowed, NotFound
from platform_app.explore import history
from platform_app.identity import recovery, repository, sessions
from platform_app.identity.schemas import PURPOSES, Account, Consent, ConsentRow, NewPerson
from platform_app.ids import settled_id
from platform_app.moderation import texts
from platform_app.outbox.publish import publish
from platform_app.rules import fit, one_line, required
from platform_app.suggestions import reads as suggestions

HANDLE = re.compile(r"[a-z0-9][a-z0-9_-]{2,29}")
_SIGN = r"[^@\s.()<>\[\]:;,\"\\\x00-\x1f\x7f]"  # no sign that has a meaning of its own in the header of a message
EMAIL = re.compile(rf"(?!.*=\?)(?:{_SIGN}|\.){{1,64}}@{_SIGN}+(?:\.{_SIGN}+)+")
RESET_LIFETIME = timedelta(hours=24)


def create_account(
    conn: Conn, *, email: str, handle: str, display_name: str, consents: Mapping[str, bool], now: datetime
) -> Account:
    """Sign a person up. `consents` maps purposes to decisions; a purpose that is left out is not granted.

    Invalid for a malformed mail, handle or name; Conflict when mail or handle is taken.
    """
    person = NewPerson(
        id=new_id(),
        handle=_checked_handle(handle),
        display_name=_checked_name(display_name),
        origin="signup",
        created_at=now,
        consents={purpose: bool(consents.get(purpose, False)) for purpose in PURPOSES},
        email=checked_email(email),
    )
    texts.refuse_unwanted(conn, person.handle.replace("-", " ").replace("_", " "), field="handle")
    texts.refuse_unwanted(conn, person.display_name, field="display_name")
    _known_purposes(consents)
    _free(conn, person.email, person.handle)
    try:
        add_people(conn, [person])
    except errors.UniqueViolation as error:
        raise Conflict("Somebody has just taken this mail address or handle: choose another.") from error
    publish(conn, "account.registered", person.id, person.id, now)
    return find_account(conn, person.id)


def find_account(conn: Conn, account_id: UUID) -> Account:
    """The account, whatever its status; NotFound when there is none."""
    account = repository.account_by_id(conn, account_id)
    if account is None:
        raise NotFound("There is no such person.")
    return account


def find_by_handle(conn: Conn, handle: str) -> Account:
    """The account with this handle, whatever its case; NotFound when there is none."""
    account = repository.account_by_handle(conn, handle)
    if account is None or account.status == "deleted":
        raise NotFound("There is no such person.")
    return account


def find_by_email(conn: Conn, email: str) -> Account | None:
    """The account with this mail address, or None: whether one exists is nobody else's business."""
    return repository.account_by_email(conn, email.strip())


def active_account(conn: Conn, account_id: UUID) -> Account:
    """The account of somebody who is about to write; NotAllowed unless it is active."""
    account = find_account(conn, account_id)
    if account.status != "active":
        raise NotAllowed("This account is not active: ask a moderator.", code="account_inactive")
    return account


def change_email(conn: Conn, account_id: UUID, email: str) -> None:
    """Invalid when malformed, Conflict when taken by somebody else. Links for a new password that are out die with it."""
    active_account(conn, account_id)
    checked = checked_email(email)
    owner = repository.account_by_email(conn, checked)
    if owner is not None and owner.id != account_id:
        raise Conflict("This mail address is taken.", code="email_taken", field="email")
    repository.set_email(conn, account_id, checked)
    repository.drop_reset_tokens(conn, account_id)


def rename(conn: Conn, account_id: UUID, display_name: str) -> None:
    """Change the name shown on pages; Invalid when it is empty, too long or not wanted."""
    active_account(conn, account_id)
    name = _checked_name(display_name)
    texts.refuse_unwanted(conn, name, field="display_name")
    repository.set_display_name(conn, account_id, name)


def appoint(conn: Conn, handle: str, role: str) -> Account:
    """Give a person a role (member, moderator, admin)."""
    fit("accounts", role=role)
    account = find_by_handle(conn, handle)
    repository.set_role(conn, account.id, role)
    return find_account(conn, account.id)


def consents_of(conn: Conn, account_id: UUID) -> dict[str, bool]:
    """Every purpose with the present decision; a purpose nobody was asked about is not granted."""
    decided = {consent.purpose: consent.granted for consent in repository.consents_of(conn, account_id)}
    return {purpose: decided.get(purpose, False) for purpose in PURPOSES}


def consent_history(conn: Conn, account_id: UUID) -> list[Consent]:
    """Every decision the person made, oldest first."""
    return repository.consent_history(conn, account_id)


def decide_consent(conn: Conn, account_id: UUID, purpose: str, granted: bool, now: datetime) -> None:
    """Record a decision and its history event; the same decision again changes nothing.

    Granting `lake` after it was not granted asks for the person's rows to be streamed again (`restream.py`). Withdrawing
    it, or the suggestions, deletes what was suggested to the person and about them, in the same transaction; withdrawing
    the suggestions also what they were shown and opened.
    """
    _known_purposes({purpose: granted})
    active_account(conn, account_id)
    before = repository.granted_now(conn, account_id, purpose)
    if before is granted:
        return
    decision = Consent(purpose, granted, now)
    repository.set_consent(conn, account_id, decision)
    repository.add_consent_event(conn, account_id, decision, restream=purpose == "lake" and granted)
    publish(conn, "consent.decided", account_id, account_id, now, purpose=purpose, granted=granted)
    if purpose in PURPOSES_OF_SUGGESTIONS and not granted:
        suggestions.forget(conn, account_id)
    if purpose == RECOMMENDATIONS and not granted:
        history.forget(conn, account_id)


def issue_reset_token(conn: Conn, account_id: UUID, now: datetime) -> str:
    """A token, shown once and valid for a day, that lets its holder set a password (and claim an imported account)."""
    active_account(conn, account_id)
    token = secrets.token_urlsafe(32)
    repository.insert_reset_token(conn, sessions.token_hash(token), account_id, now, now + RESET_LIFETIME)
    return token


def claim_account(conn: Conn, token: str, *, password_hash: str, email: str | None = None, now: datetime) -> Account:
    """Set the password of the token's account, and its mail if one is given; ends all its sessions.

    What was asked for with the old password counts no more, and whoever held an account with an address that was never
    verified loses every way in.

    Invalid when the token is unknown, used or expired, or the account would stay without mail.
    """
    account_id = repository.use_reset_token(conn, sessions.token_hash(token), now)
    if account_id is None:
        raise Invalid("This link was used or has expired: ask for a new one.", code="bad_reset_token", field="token")
    account = active_account(conn, account_id)
    if email:
        change_email(conn, account_id, email)
    elif account.email is None:
        raise Invalid("Give a mail address: this account has none yet.", field="email")
    repository.set_password_hash(conn, account_id, password_hash, now)
    sessions.revoke_others(conn, account_id, None, now, "password_changed")
    recovery.drop_pending(conn, account_id)
    recovery.take_back(conn, account_id, now)
    publish(conn, "password.changed", account_id, account_id, now)
    return find_account(conn, account_id)


def add_people(conn: Conn, people: Sequence[NewPerson]) -> dict[str, int]:
    """Batch form: insert people with their first decisions; returns the new rows by table.

    A person whose id is already there is left as they are, with the decisions they have made since.
    """
    _known_purposes({purpose: True for person in people for purpose in person.consents})
    new = set(repository.insert_people(conn, people))
    consents = [
        ConsentRow(
            settled_id(person.created_at, "consent", person.id, purpose), person.id, purpose, granted, person.created_at
        )
        for person in people
        if person.id in new
        for purpose, granted in person.consents.items()
    ]
    return {"accounts": len(new), "consents": repository.insert_consents(conn, consents)}


def _known_purposes(consents: Mapping[str, bool]) -> None:
    for purpose in consents:
        fit("consents", purpose=purpose)


def _checked_handle(handle: str) -> str:
    checked = handle.strip().lower()
    if not HANDLE.fullmatch(checked):
        raise Invalid(
            "Handle must have 3 to 30 of: a-z, 0-9, _ and -, and start with a letter or digit.", field="handle"
        )
    return checked


def checked_email(email: str) -> str:
    """The address without spaces around it; Invalid when mail cannot be sent there."""
    checked = email.strip()
    if len(checked) > 254 or not EMAIL.fullmatch(checked):
        raise Invalid("Email must be a mail address.", field="email")
    return checked


def _checked_name(display_name: str) -> str:
    checked = one_line(display_name)
    required(display_name=checked)
    if len(checked) > 100:
        raise Invalid("Display name must be at most 100 characters long.", field="display_name")
    return checked


def _free(conn: Conn, email: str | None, handle: str) -> None:
    if repository.account_by_handle(conn, handle) is not None:
        raise Conflict("This handle is taken.", code="handle_taken", field="handle")
    if email and repository.account_by_email(conn, email) is not None:
        raise Conflict("This mail address is taken.", code="email_taken", field="email")
