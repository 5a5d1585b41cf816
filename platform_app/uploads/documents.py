"""Documents: PDF, Word and plain text, under limits on bytes, pages, unpacked size and time.

PDF and Word are read by well-kept parsers in a process of their own (`reading.py`), which gets seconds and memory enough
for an honest document, and no more. What it cannot read is not kept.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

from lake.kit.log import get_log
from platform_app.errors import Invalid
from platform_app.uploads import turns
from platform_app.uploads.schemas import DOCX, FULL, PDF, TEXT, Prepared, Rendering
from platform_app.uploads.sniff import DOCUMENT_AS_WHAT, decoded, document_type

MOST_BYTES = 5_000_000
MOST_TEXT = 1_000_000  # bytes of a plain text
MOST_CHARACTERS = 200_000  # of text that is taken out of a document
MOST_PAGES = 60
MOST_PARTS = 500  # files inside a Word document
MOST_UNPACKED = 40_000_000  # bytes
MOST_RATIO = 150  # unpacked to packed; prose gets to 15, empty tables to 60
SECONDS = 12
READER = Path(__file__).with_name("reading.py")
AT_ONCE = threading.BoundedSemaphore(2)  # documents read at the same time by this process


def prepare(data: bytes, *, types: tuple[str, ...] = (PDF, DOCX, TEXT), advice: str = DOCUMENT_AS_WHAT) -> Prepared:
    """The document as it is kept, with its text. Invalid, with what to do, for anything that is no fair document."""
    if len(data) > MOST_BYTES:
        raise Invalid("The document is larger than 5 MB: save it smaller.", code="too_large", field="file")
    media_type = document_type(data, advice)
    if media_type not in types:
        raise Invalid("A Word document cannot be taken here: save it as PDF.", code="not_a_document", field="file")
    if media_type == TEXT:
        if len(data) > MOST_TEXT:
            raise Invalid("The text is larger than 1 MB: shorten it.", code="too_large", field="file")
        text = decoded(data)
    else:
        if media_type == DOCX:
            check_archive(data)
        text = read(data, media_type)
    return Prepared("document", media_type, (Rendering(FULL, data),), text[:MOST_CHARACTERS])


def check_archive(data: bytes) -> None:
    """Refuse a Word document whose parts would unpack to too much, before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, RuntimeError, ValueError):
        raise _damaged() from None
    unpacked, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    if len(parts) > MOST_PARTS or unpacked > MOST_UNPACKED or unpacked > MOST_RATIO * max(packed, 1):
        raise Invalid("The document unpacks to too much: save it as PDF.", code="bomb", field="file")
    if any(part.flag_bits & 1 for part in parts):
        raise Invalid("The document is locked with a password: save it without.", code="locked", field="file")
    if any(part.filename.lower().endswith(("vbaproject.bin", ".exe", ".js", ".vbs")) for part in parts):
        raise Invalid("The document holds a program (a macro): save it without.", code="holds_program", field="file")


def read(data: bytes, media_type: str, seconds: float = SECONDS) -> str:
    """The text of a PDF or Word document. Invalid when it is locked, damaged, too long or takes too much time.

    TooSoon while others' documents are read.
    """
    words = [sys.executable, "-I", str(READER), media_type, str(MOST_PAGES), str(MOST_CHARACTERS), str(int(seconds))]
    with turns.place(AT_ONCE):
        try:
            done = subprocess.run(
                words, input=data, capture_output=True, check=False, timeout=seconds, env={"PATH": os.defpath}
            )
        except subprocess.TimeoutExpired:
            raise Invalid(
                "The document takes too long to read: save it as plain text.", code="slow", field="file"
            ) from None
    if done.returncode:
        get_log().warning("document_not_read", media_type=media_type, exit_code=done.returncode)
        raise _damaged()
    answer = json.loads(done.stdout)
    if refusal := answer.get("refusal"):
        raise Invalid(REFUSALS[refusal], code=refusal, field="file")
    return str(answer["text"])


REFUSALS = {
    "locked": "The document is locked with a password: save it without.",
    "pages": f"The document has more than {MOST_PAGES} pages: shorten it.",
    "holds_program": "The document holds a program or other files: print it to a new PDF.",
    "damaged": "The document is damaged: save it again, or save it as PDF.",
}


def _damaged() -> Invalid:
    return Invalid(REFUSALS["damaged"], code="damaged", field="file")
