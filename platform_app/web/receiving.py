"""Taking a file out of a form, the same for pages and the API: who sends it is known before a byte of it is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import File, UploadFile

from platform_app.errors import Invalid
from platform_app.uploads import service
from platform_app.uploads.schemas import Prepared, Purpose
from platform_app.web.visit import Visit

LARGEST_UPLOAD = 8_200_000  # bytes of a request with a file: the largest image and the form around it
Given = Annotated[UploadFile | None, File(description="The file itself.")]


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

    LogInFirst, BadForm, TooMany beyond sixty within an hour, or Invalid with what is wrong with the file.
    """
    with visit.write() as (_, me):
        visit.limits.upload_account.check(str(me.id))
        visit.limits.upload_account.mark(str(me.id))
    if given is None or not given.filename:
        raise Invalid("Choose a file first.", field="file")
    data = given.file.read(service.LARGEST[purpose] + 1)
    return Received(service.prepare(data, purpose), given.filename)
