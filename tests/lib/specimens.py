"""Files as people and attackers send them, made here: pictures, documents, bombs and files that are two things at once."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from docx import Document
from PIL import Image

PLACE = "48.1374"


def picture(kind: str = "PNG", size: tuple[int, int] = (640, 400), *, alpha: bool = False, secret: str = "") -> bytes:
    """An image of some format; `secret` is written wherever the format has room for words."""
    drawn = Image.linear_gradient("L").resize(size)
    image = Image.merge("RGBA" if alpha else "RGB", [drawn] * (4 if alpha else 3))
    out, more = io.BytesIO(), {}
    if secret:
        exif = Image.Exif()
        exif[0x010E], exif[0x9286] = secret, secret  # the description, the comment
        exif[0x0112] = 6  # the camera was held upright
        exif.get_ifd(0x8825)[1] = "N"
        more = {"exif": exif, **({"comment": secret.encode()} if kind == "JPEG" else {})}
    image.save(out, kind, **more)
    return out.getvalue()


def huge_png(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it is this large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def archive(**files: bytes) -> bytes:
    """A zip with these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return out.getvalue()


def word(*paragraphs: str) -> bytes:
    """A Word document."""
    document, out = Document(), io.BytesIO()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    document.save(out)
    return out.getvalue()


def with_parts(docx: bytes, parts: dict[str, bytes]) -> bytes:
    """A Word document with more files inside."""
    out = io.BytesIO(docx)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as made:
        for name, data in parts.items():
            made.writestr(name, data)
    return out.getvalue()


def pdf(*pages: str, catalog: str = "", stream: bytes = b"") -> bytes:
    """A PDF with a page for each text; `catalog` is added to its root, `stream` stands for a page's own instructions."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    parts = [
        f"<</Type/Catalog/Pages 2 0 R {catalog}>>".encode(),
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for number, text in enumerate(pages):
        lines = [line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") for line in text.splitlines()]
        content = (
            stream
            or b"BT /F1 12 Tf 14 TL 72 720 Td "
            + b" ".join(f"({line}) Tj T*".encode("latin-1") for line in lines)
            + b" ET"
        )
        parts.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents {5 + 2 * number} 0 R"
            "/Resources<</Font<</F1 3 0 R>>>>>>".encode()
        )
        parts.append(f"<</Length {len(content)}>>stream\n".encode() + content + b"\nendstream")
    out, offsets = io.BytesIO(b"%PDF-1.4\n"), []
    out.seek(0, 2)
    for number, part in enumerate(parts, 1):
        offsets.append(out.tell())
        out.write(f"{number} 0 obj".encode() + part + b"endobj\n")
    start = out.tell()
    out.write(f"xref\n0 {len(parts) + 1}\n0000000000 65535 f \n".encode())
    out.write(b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets))
    out.write(f"trailer<</Size {len(parts) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF".encode())
    return out.getvalue()


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"\n<!DOCTYPE html><html><script>alert(1)</script></html>"
