"""What is kept of a file, and why one is refused: files go in, a picture or a reason comes out."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from platform_app.errors import Invalid, TooSoon
from platform_app.uploads import documents, images, service, turns
from platform_app.uploads.schemas import DOCX, PDF, TEXT, Purpose
from platform_app.uploads.store import Store
from tests.lib.specimens import HTML, PLACE, SVG, archive, huge_png, pdf, picture, with_parts, word

PNG = picture()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("alpha", [False, True])
def test_an_image_is_drawn_anew_in_two_sizes(kind: str, alpha: bool) -> None:
    made = images.prepare(picture(kind, (2_000, 1_000), alpha=alpha and kind != "JPEG"))
    assert (made.kind, made.media_type) == ("image", "image/webp")
    assert [(one.width, one.height) for one in made.renderings] == [(1600, 800), (480, 240)]
    for one in made.renderings:
        with Image.open(io.BytesIO(one.data)) as image:
            assert (image.format, image.size) == ("WEBP", (one.width, one.height))


def test_a_face_is_cut_to_a_square_even_when_it_is_small() -> None:
    made = images.prepare(picture(size=(50, 90)), images.FACE)
    assert [(one.width, one.height) for one in made.renderings] == [(460, 460), (96, 96)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_but_the_picture_is_kept_and_it_stands_upright(kind: str) -> None:
    sent = picture(kind, (600, 300), secret=PLACE)
    assert PLACE.encode() in sent
    made = images.prepare(sent)
    assert (made.renderings[0].width, made.renderings[0].height) == (300, 600)
    for one in made.renderings:
        assert PLACE.encode() not in one.data
        with Image.open(io.BytesIO(one.data)) as image:
            assert not image.getexif()
            assert not {"exif", "xmp", "icc_profile", "comment"} & image.info.keys()


def test_sharp_drawings_stay_exact() -> None:
    made = images.prepare(picture("PNG", (200, 100)))
    with (
        Image.open(io.BytesIO(made.renderings[0].data)) as image,
        Image.open(io.BytesIO(picture("PNG", (200, 100)))) as sent,
    ):
        assert image.convert("RGB").tobytes() == sent.tobytes()


@pytest.mark.parametrize(
    ("sent", "code", "says"),
    [
        (b"", "not_an_image", "This file is empty. Use a JPEG"),
        (SVG, "not_an_image", "SVG images can hold scripts. Use"),
        (b"<svg onload=alert(1)>", "not_an_image", "SVG images"),
        (HTML, "not_an_image", "This is a web page."),
        (archive(a=b"x"), "not_an_image", "This is an archive."),
        (b"\x1f\x8b\x08aaaa", "not_an_image", "This is an archive."),
        (b"MZ\x90\x00", "not_an_image", "This is a program."),
        (pdf("a"), "not_an_image", "This is a PDF."),
        (b"\x00\x00\x00\x18ftypheic\x00", "not_an_image", "HEIC"),
        (b"BM\x36\x00\x00\x00", "not_an_image", "cannot be taken"),
        (b"just words", "not_an_image", "cannot be taken"),
        (PNG + archive(a=b"x"), "polyglot", "something else at once"),
        (picture("GIF")[:6] + b"<script>alert(1)</script>" + picture("GIF")[6:], "polyglot", "at once"),
        (picture("JPEG", secret="<?php system(1) ?>"), "polyglot", "at once"),
        (PNG[:33] + b"%PDF-1.4" + PNG[33:], "polyglot", "at once"),
        (PNG[:60], "damaged", "damaged"),
        (PNG[:16] + bytes(4) + PNG[20:], "damaged", "damaged"),
        (huge_png(30_000, 30_000), "too_many_pixels", "40 million pixels"),
        (huge_png(7_000, 6_000), "too_many_pixels", "40 million pixels"),
        (huge_png(20_000, 10), "too_many_pixels", "40 million pixels"),
        (picture("PNG") + bytes(8_000_000), "too_large", "larger than 8 MB"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value,
)  # fmt: skip
def test_what_is_no_fair_image_is_refused_with_a_reason(sent: bytes, code: str, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        images.prepare(sent)
    assert (refused.value.code, refused.value.field) == (code, "file")
    assert says in str(refused.value)


def test_a_bomb_is_refused_before_a_pixel_is_decoded() -> None:
    began = time.process_time()
    with pytest.raises(Invalid):
        images.prepare(huge_png(16_000, 16_000))  # 768 MB of pixels
    assert time.process_time() - began < 0.5


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.integers(0, len(PNG)), st.sampled_from(["image", "cut", "start"]))
def test_whatever_is_sent_comes_out_as_a_picture_or_as_a_refusal(junk: bytes, at: int, how: str) -> None:
    sent = {"image": PNG[:at] + junk + PNG[at + len(junk) :], "cut": PNG[:at], "start": PNG[:40] + junk}[how]
    try:
        made = images.prepare(sent)
    except Invalid:
        return
    assert made.renderings[0].data.startswith(b"RIFF")


@pytest.mark.parametrize(
    ("sent", "media_type"),
    [
        (pdf("I know Rust (really)", "and SQL"), PDF),
        (word("I know Rust (really)", "and SQL"), DOCX),
        (b"\xef\xbb\xbfI know Rust (really)\nand SQL", TEXT),
    ],
)
def test_a_document_says_what_is_in_it(sent: bytes, media_type: str) -> None:
    made = documents.prepare(sent)
    assert (made.kind, made.media_type, made.renderings[0].data) == ("document", media_type, sent)
    assert "I know Rust (really)\nand SQL" in made.text.replace("\n\n", "\n")


def test_words_in_tables_of_a_word_document_are_read_too() -> None:
    from docx import Document

    document, out = Document(), io.BytesIO()
    document.add_table(1, 2).cell(0, 1).text = "Kubernetes"
    document.save(out)
    assert "Kubernetes" in documents.prepare(out.getvalue()).text


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"", "not_a_document"),
        (PNG, "not_a_document"),
        (HTML, "not_a_document"),
        (SVG, "not_a_document"),
        (archive(a=b"x"), "not_a_document"),
        (b"MZ\x90\x00\x03", "not_a_document"),
        (b"a\x00b", "not_a_document"),
        ("umlaut ä".encode("latin-1"), "not_utf8"),
        (b"x" * 1_000_001, "too_large"),
        (pdf("a") + bytes(5_000_000), "too_large"),
        (pdf("a") + archive(a=b"x"), "polyglot"),
        (pdf(*["page"] * 61), "pages"),
        (pdf("a", catalog="/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>"), "holds_program"),
        (pdf("a", catalog="/Names<</EmbeddedFiles<</Names[]>>>>"), "holds_program"),
        (b"%PDF-1.4\nnothing follows", "damaged"),
        (word("x")[:3_000], "damaged"),
        (with_parts(word("x"), {"word/bomb.xml": bytes(41_000_000)}), "bomb"),
        (with_parts(word("x"), {"word/bomb.xml": bytes(30_000_000)}), "bomb"),
        (with_parts(word("x"), {"word/vbaProject.bin": b"x"}), "holds_program"),
        (archive(**{"[Content_Types].xml": b"<a/>", "word/document.xml": b"<a/>"}), "damaged"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value,
)  # fmt: skip
def test_what_is_no_fair_document_is_refused_with_a_reason(sent: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        documents.prepare(sent)
    assert (refused.value.code, refused.value.field) == (code, "file")


def test_many_parts_are_refused() -> None:
    sent = with_parts(word("x"), {f"word/{number}.xml": b"x" for number in range(500)})
    with pytest.raises(Invalid, match="unpacks to too much"):
        documents.prepare(sent)


def test_a_document_that_takes_too_long_is_given_up() -> None:
    endless = pdf("a", stream=b"BT /F1 12 Tf " + b"(a) Tj 1 0 0 1 1 1 cm " * 150_000 + b"ET")
    assert len(endless) < documents.MOST_BYTES
    with pytest.raises(Invalid) as refused:
        documents.read(endless, PDF, seconds=1)
    assert refused.value.code in ("slow", "damaged")


@pytest.mark.parametrize(
    "work", [lambda: images.prepare(PNG), lambda: documents.prepare(pdf("a"))], ids=["image", "document"]
)
def test_nobody_waits_long_for_a_place(work: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "WAIT", 0.05)
    places = threading.BoundedSemaphore(1)
    for module in (images, documents):
        monkeypatch.setattr(module, "AT_ONCE", places)
    with places, pytest.raises(TooSoon) as refused:
        work()
    assert refused.value.seconds == turns.AGAIN
    work()
    assert places.acquire(blocking=False), "it was given back"


def test_the_process_that_reads_may_not_write(tmp_path: Path) -> None:
    text = documents.READER.read_text()
    for limit in ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE"):
        assert limit in text


@pytest.mark.parametrize(
    ("purpose", "sent", "media_type"),
    [
        ("avatar", PNG, "image/webp"),
        ("portfolio", PNG, "image/webp"),
        ("attachment", PNG, "image/webp"),
        ("attachment", pdf("a"), PDF),
        ("attachment", b"level=info msg=started", TEXT),
        ("resume", word("a"), DOCX),
    ],
)
def test_each_purpose_takes_what_it_is_for(purpose: Purpose, sent: bytes, media_type: str) -> None:
    assert service.prepare(sent, purpose).media_type == media_type


@pytest.mark.parametrize(
    ("purpose", "sent"),
    [("avatar", pdf("a")), ("portfolio", b"text"), ("attachment", word("a")), ("attachment", HTML), ("resume", PNG)],
)
def test_and_nothing_else(purpose: Purpose, sent: bytes) -> None:
    with pytest.raises(Invalid):
        service.prepare(sent, purpose)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("holiday.JPG", "holiday.webp"),
        ("../../etc/passwd", "passwd.webp"),
        ("C:\\temp\\a b.png", "a b.webp"),
        ('"><script>.png', "script.webp"),
        ("évil\r\nSet-Cookie: a.png", "évil Set-Cookie a.webp"),
        ("....", "image.webp"),
        ("a" * 300 + ".png", "a" * 80 + ".webp"),
    ],
)
def test_a_name_is_made_safe(name: str, kept: str) -> None:
    assert service.safe_name(name, "image/webp") == kept


def test_the_same_content_is_one_file_that_only_the_app_reads(tmp_path: Path) -> None:
    store = Store(tmp_path / "uploads")
    first = store.put(b"abc")
    path = store.path(first)
    os.utime(path, (1, 1))
    assert store.put(b"abc") == first
    assert path.stat().st_mtime > 1
    assert store.read(first) == b"abc"
    assert [one.stat().st_mode & 0o777 for one in (tmp_path / "uploads", path.parent, path)] == [0o700, 0o700, 0o600]
    assert store.remove(first)
    assert not store.remove(first)


def test_old_content_is_listed_folder_by_folder(tmp_path: Path) -> None:
    store = Store(tmp_path)
    names = [store.put(bytes([number])) for number in range(20)]
    for name in names[:10]:
        os.utime(store.path(name), (1, 1))
    assert sorted(name for folder in store.older_than(100) for name in folder) == sorted(names[:10])
