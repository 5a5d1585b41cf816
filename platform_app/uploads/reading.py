"""A process of its own that reads one document: bytes on standard input, JSON with its text on standard output.

It is started by path and in isolation (`python -I reading.py <type> <pages> <characters> <seconds>`), imports nothing of
the app, and limits its own memory, processor time and files before it looks at the first byte.
"""

from __future__ import annotations

import io
import json
import logging
import resource
import sys
import warnings

MEMORY = 768 * 1024 * 1024  # bytes of address space; the parsers take a third of it


class Refusal(Exception):
    """The document is readable but not taken; the text is the refusal's code."""


def main() -> None:
    """Read what comes, say what it is. A fault that nobody foresaw ends the process with an exit code."""
    media_type, pages, characters, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    _limit(seconds)
    logging.disable()
    warnings.simplefilter("ignore")
    data = sys.stdin.buffer.read()
    try:
        read = _pdf if media_type == "application/pdf" else _docx
        answer = {"text": read(data, pages, characters)[:characters]}
    except Refusal as refusal:
        answer = {"refusal": str(refusal)}
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - parsers of foreign files raise what they like
        answer = {"refusal": "damaged"}
    sys.stdout.write(json.dumps(answer))


def _limit(seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _pdf(data: bytes, pages: int, characters: int) -> str:
    from pypdf import PdfReader  # noqa: PLC0415 - after the limits

    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        raise Refusal("locked")
    root = reader.root_object
    names = root.get("/Names") or {}
    if "/OpenAction" in root and "/JS" in str(root["/OpenAction"]):
        raise Refusal("holds_program")
    if "/JavaScript" in names or "/EmbeddedFiles" in names or "/AA" in root:
        raise Refusal("holds_program")
    if len(reader.pages) > pages:
        raise Refusal("pages")
    found: list[str] = []
    for page in reader.pages:
        found.append(page.extract_text())
        if sum(map(len, found)) > characters:
            break
    return "\n".join(found)


def _docx(data: bytes, pages: int, characters: int) -> str:
    from docx import Document  # noqa: PLC0415

    document = Document(io.BytesIO(data))
    found = [paragraph.text for paragraph in document.paragraphs]
    for table in document.tables:
        for row in table.rows:
            found.append("\t".join(dict.fromkeys(cell.text for cell in row.cells)))
    if sum(map(len, found)) > pages * 10_000:
        raise Refusal("pages")
    return "\n".join(found)[:characters]


if __name__ == "__main__":
    main()
