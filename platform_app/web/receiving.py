"""Taking a file out of a form, the same for pages and the API: who sends it is known before a byte of it is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import File, UploadFile

from platform_app.community import attachments
from platform_app.community.schemas import Target
from platform_app.db import Conn
from platform_app.errors import Invalid, Refused
from platform_app.uploads import service, turns
from platform_app.uploads.schemas import Prepared, Purpose
from platform_app.web.limits import UPLOAD_ACCOUNT
from platform_app.web.visit import Visit

LARGEST_UPLOAD = 8_200_000  # bytes of a request with a file: the largest image and the form around it
LARGEST_TEXT = 25_200_000  # of a text and the files it is to show
Given = Annotated[UploadFile | None, File(description="The file itself.")]
Several = Annotated[list[UploadFile], File()]


@dataclass(frozen=True, slots=True)
class Received:
    """A file that was checked, and what its sender calls it."""

    prepared: Prepared
    name: str


def chosen(given: UploadFile | None) -> bool:
    """Whether a form came with a file at all."""
    return given is not None and bool(given.filename)


def receive(visit: Visit, given: UploadFile | None, purpose: Purpose) -> Received:
    """Check who sends a file and then the file; no transaction is open meanwhile, for that takes processor time.

    LogInFirst, BadForm, TooMany beyond sixty within an hour, TooSoon while another file of theirs is looked at, or Invalid with what is wrong with the file.
    """
    with visit.write() as (_, me):
        visit.limits.take((UPLOAD_ACCOUNT, me.id))
    with turns.alone(me.id):
        return _received(given, purpose)


def _received(given: UploadFile | None, purpose: Purpose) -> Received:
    if given is None or not given.filename:
        raise Invalid("Choose a file first.", field="file")
    data = given.file.read(service.LARGEST[purpose] + 1)
    return Received(service.prepare(data, purpose), given.filename)


def receive_all(visit: Visit, given: Sequence[UploadFile]) -> list[Received]:
    """Check every file that a text is to show, before the text exists; none is fine. Refused as by `receive`."""
    found = [one for one in given if chosen(one)]
    if len(found) > attachments.MOST:
        raise Invalid(f"A text shows at most {attachments.MOST} files: choose fewer.", field="file")
    return [receive(visit, one, "attachment") for one in found]


def show_all(
    conn: Conn, visit: Visit, account_id: UUID, target: Target, received: Sequence[Received], now: datetime
) -> None:
    """Keep files and show them under a text of the same person, in the order they were chosen."""
    try:
        for one in received:
            kept = service.keep(
                conn, visit.store, account_id, one.prepared, purpose="attachment", name=one.name, now=now
            )
            attachments.attach(conn, account_id, target, kept.id, now)
    except Refused as refused:
        refused.field = "file"
        raise
