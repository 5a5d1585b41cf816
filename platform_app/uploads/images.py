"""Images: judged by their header before a pixel is decoded, then drawn anew, so that nothing but the picture is kept.

Drawing anew drops whatever else was in the file: EXIF with its place and its time, comments, colour profiles, previews,
appended bytes. What is served was always written by this module.
"""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from platform_app.errors import Invalid
from platform_app.uploads import turns
from platform_app.uploads.schemas import FULL, SMALL, WEBP, Prepared, Rendering, Size
from platform_app.uploads.sniff import AS_WHAT, image_format

MOST_BYTES = 8_000_000
MOST_PIXELS = 40_000_000  # of a phone's camera; decoded that is 160 MB
LONGEST_SIDE = 16_000
LOSSLESS_UNTIL = 1_000_000  # bytes; drawings and screenshots stay sharp, photographs saved as PNG do not fill the disk
AT_ONCE = threading.BoundedSemaphore(2)  # images decoded at the same time in this process, which bounds its memory


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a size is at most, and whether it is cut to exactly that."""

    size: Size
    width: int
    height: int
    cut: bool = False


FACE = (Shape(FULL, 460, 460, cut=True), Shape(SMALL, 96, 96, cut=True))
PICTURE = (Shape(FULL, 1_600, 1_600), Shape(SMALL, 480, 480))


def prepare(data: bytes, shapes: tuple[Shape, ...] = PICTURE, *, advice: str = AS_WHAT) -> Prepared:
    """The image in each shape, drawn anew. Invalid, with what to do, for anything that is no fair image.

    TooSoon while others' images are drawn.
    """
    if len(data) > MOST_BYTES:
        raise Invalid("The image is larger than 8 MB: save it smaller.", code="too_large", field="file")
    kind = image_format(data, advice)
    with turns.place(AT_ONCE):
        picture = _decoded(data, kind, shapes)
        sharp = kind in ("PNG", "GIF")
        return Prepared("image", WEBP, tuple(_drawn(picture, shape, sharp=sharp) for shape in shapes))


def _decoded(data: bytes, kind: str, shapes: tuple[Shape, ...]) -> Image.Image:
    """The first frame's pixels, the right way up."""
    try:
        with Image.open(io.BytesIO(data), formats=(kind,)) as opened:
            _judge(*opened.size)
            side = 2 * max(max(shape.width, shape.height) for shape in shapes)
            opened.draft("RGB", (side, side))  # a JPEG is decoded no larger than is needed
            opened.load()
            upright = ImageOps.exif_transpose(opened)
            return upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError):
        raise Invalid(f"This image is damaged. {AS_WHAT}", code="damaged", field="file") from None


def _judge(width: int, height: int) -> None:
    if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
        raise _too_many_pixels()


def _too_many_pixels() -> Invalid:
    return Invalid("The image has more than 40 million pixels: make it smaller.", code="too_many_pixels", field="file")


def _drawn(picture: Image.Image, shape: Shape, *, sharp: bool) -> Rendering:
    box = (shape.width, shape.height)
    if shape.cut:
        drawn = ImageOps.fit(picture, box, Image.Resampling.LANCZOS)
    else:
        drawn = picture.copy()
        drawn.thumbnail(box, Image.Resampling.LANCZOS, reducing_gap=3.0)
    clean = Image.new(drawn.mode, drawn.size)  # has no `info`, so there is nothing to write along
    clean.paste(drawn)
    return Rendering(shape.size, _written(clean, sharp=sharp), *clean.size)


def _written(image: Image.Image, *, sharp: bool) -> bytes:
    if sharp:
        lossless = io.BytesIO()
        image.save(lossless, "WEBP", lossless=True, quality=20, method=1)
        if lossless.tell() <= LOSSLESS_UNTIL:
            return lossless.getvalue()
    lossy = io.BytesIO()
    image.save(lossy, "WEBP", quality=84, method=3)
    return lossy.getvalue()
