"""What a file is, by its first bytes and what else is in it. Its name and the type that a browser declared say nothing."""

from __future__ import annotations

import io
import re
import zipfile

from platform_app.errors import Invalid
from platform_app.uploads.schemas import DOCX, PDF, TEXT

IMAGES = ("JPEG", "PNG", "WEBP", "GIF")
STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"%PDF-", PDF),
)
ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"\x28\xb5\x2f\xfd")
PROGRAMS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"#!")
MARKUP = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(!doctype\s+)?(svg|html|script|head|body|iframe)\b", re.I | re.S
)
HIDDEN = re.compile(rb"<script[\s>]|<html[\s>]|<!doctype html|<\?php", re.I)
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
MARK = b"\xef\xbb\xbf"
AS_WHAT = "Use a JPEG, PNG, WebP or GIF image."
DOCUMENT_AS_WHAT = "Use a PDF, a Word document (.docx) or plain text."
EITHER_AS_WHAT = "Use a JPEG, PNG, WebP or GIF image, a PDF or plain text."


def image_format(data: bytes, advice: str = AS_WHAT) -> str:
    """Pillow's name of an image's format. Invalid, with what to do, for anything that is none or not only an image."""
    found = _start_of(data)
    if found not in IMAGES:
        raise Invalid(f"{_what_else(data)} {advice}", code="not_an_image", field="file")
    if zipfile.is_zipfile(io.BytesIO(data)) or b"%PDF-" in data[:1024] or HIDDEN.search(data):
        raise Invalid(
            "This file is an image and something else at once. Open it in an image program and save it again.",
            code="polyglot",
            field="file",
        )
    return found


def document_type(data: bytes, advice: str = DOCUMENT_AS_WHAT) -> str:
    """The media type of a document. Invalid, with what to do, for anything else."""
    found = _start_of(data)
    if found == PDF:
        if zipfile.is_zipfile(io.BytesIO(data)):
            raise Invalid(
                "This file is a PDF and an archive at once. Print it to a new PDF.", code="polyglot", field="file"
            )
        return PDF
    if data.startswith(b"PK\x03\x04") and b"word/" in data and b"[Content_Types].xml" in data:
        return DOCX
    if found is None and data.strip() and not _looks_binary(data):
        return TEXT
    raise Invalid(f"{_what_else(data)} {advice}", code="not_a_document", field="file")


def decoded(data: bytes) -> str:
    """The text of a plain text file. Invalid when it is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("This text is not UTF-8: save it as UTF-8 text.", code="not_utf8", field="file") from None


def _start_of(data: bytes) -> str | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return next((name for start, name in STARTS if data.startswith(start)), None)


def _looks_binary(data: bytes) -> bool:
    if data.startswith((*ARCHIVES, *PROGRAMS)) or MARKUP.match(data.removeprefix(MARK)[:4096]):
        return True
    return data[:2] in (b"\xff\xfe", b"\xfe\xff") or bool(CONTROL.search(data[:65_536].decode("latin-1")))


def _what_else(data: bytes) -> str:  # noqa: PLR0911 - one line for each thing that people try
    """What it is instead, in a sentence."""
    if not data.strip():
        return "This file is empty."
    if markup := MARKUP.match(data.removeprefix(MARK)[:4096]):
        return "SVG images can hold scripts." if markup[2].lower() == b"svg" else "This is a web page."
    if data.startswith(ARCHIVES):
        return "This is an archive."
    if data.startswith(PROGRAMS):
        return "This is a program."
    if data.startswith(b"%PDF-"):
        return "This is a PDF."
    if data[4:8] == b"ftyp":
        return "This is a video or a HEIC image."
    if _start_of(data) in IMAGES:
        return "This is an image."
    return "This type of file cannot be taken."
