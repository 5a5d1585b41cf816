"""The embedding model: made of checked weights alone, near to what the weights say, and loaded by nobody who embeds nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from infra.settings import CHECKOUT
from lake.kit.errors import Stop
from platform_app.discovery import convert
from platform_app.discovery.embedder import Embedder, as_sql

MODELS = CHECKOUT / ".run" / "models"
EXAMPLE = [0.0677, 0.0635, 0.0487]  # what the weights' makers print for this sentence, the first three numbers


def likeness(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(MODELS)


def test_the_installed_model_is_the_one_of_this_code(embedder: Embedder) -> None:
    assert embedder.there
    about = json.loads((MODELS / convert.BUILT / convert.ABOUT).read_text())
    assert about["version"] == Embedder.version
    assert about["weights"] == convert.PINS["model.safetensors"]


def test_vectors_are_those_of_the_weights_and_of_length_one(embedder: Embedder) -> None:
    (vector,) = embedder.embed(["This is an example sentence"])
    assert len(vector) == 384
    assert vector[:3] == pytest.approx(EXAMPLE, abs=0.02)
    assert likeness(vector, vector) == pytest.approx(1, abs=1e-4)


def test_texts_that_mean_the_same_lie_close_together_whatever_is_beside_them(embedder: Embedder) -> None:
    texts = ["A pump hums", "The water pump makes a noise", "How do I stake ADA?", "word " * 400]
    pump, noise, stake, _ = embedder.embed(texts)
    assert likeness(pump, noise) > 0.6
    assert likeness(pump, stake) < 0.2
    assert embedder.embed(["A pump hums"])[0] == pump
    assert embedder.embed_query("A pump hums") is embedder.embed_query("A pump hums")
    assert embedder.embed([]) == []


@pytest.mark.parametrize("about", [None, "{}", '{"version": "another", "graph": "x"}', "no json"])
def test_without_the_right_model_it_says_so_and_embeds_nothing(tmp_path: Path, about: str | None) -> None:
    if about is not None:
        (tmp_path / convert.BUILT).mkdir()
        (tmp_path / convert.BUILT / convert.ABOUT).write_text(about)
    missing = Embedder(tmp_path)
    assert not missing.there
    with pytest.raises(ValueError, match="make install"):
        missing.embed(["x"])


def test_a_graph_that_was_changed_after_it_was_built_is_not_run(tmp_path: Path) -> None:
    folder = tmp_path / convert.BUILT
    folder.mkdir()
    for name in (convert.ABOUT, convert.TOKENIZER):
        (folder / name).write_bytes((MODELS / convert.BUILT / name).read_bytes())
    (folder / convert.GRAPH).write_bytes(b"another")
    assert not Embedder(tmp_path).there


def test_other_weights_are_refused(tmp_path: Path) -> None:
    source = tmp_path / convert.SOURCE
    source.mkdir(parents=True)
    (source / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(Stop, match="another one"):
        convert.build(tmp_path)
    assert not (tmp_path / convert.BUILT).exists()


def test_a_model_that_is_there_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convert, "_write", lambda *_: pytest.fail("it was made again"))
    assert convert.build(MODELS) == MODELS / convert.BUILT


def test_a_vector_as_postgresql_reads_it() -> None:
    assert as_sql([0.5, -0.123456789]) == "[0.5,-0.12346]"


SAID = "import sys; print(sorted({'onnxruntime', 'onnx', 'numpy', 'tokenizers', 'torch'} & set(sys.modules)))"


@pytest.mark.parametrize("loaded", ["platform_app.__main__", "platform_app.app", "platform_app.outbox.process"])
def test_no_command_loads_the_model_or_its_runtime_before_it_embeds(loaded: str) -> None:
    command = [sys.executable, "-c", f"import {loaded}; {SAID}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, cwd=CHECKOUT)
    assert done.stdout.strip() == "[]"
