"""Check the dbt project against the declarations: what a mart may read, what it must show, and that the rule guards it.

Every fault is a sentence that says what to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lake.contracts.model import Pii, Type
from lake.contracts.names import silver_names
from lake.contracts.products import PRODUCT_BY_NAME, PRODUCTS, Product
from lake.contracts.tables import TABLES
from lake.gen import check
from lake.kit.errors import Stop
from lake.model import manifest

TYPES = {Type.TEXT: "text", Type.DATE: "date", Type.INT: "integer", Type.BIGINT: "bigint", Type.BOOL: "boolean"}
EXTRA = ("may_be_late", "boolean")  # the one column of a mart that is not published
PUBLIC, RESTRICTED = "gold", "work"
_COMMENT = re.compile(r"--[^\n]*|\{#.*?#\}|/\*.*?\*/", re.DOTALL)
_WORD = re.compile(r"[a-z_][a-z0-9_]*")

Node = dict[str, Any]


def verify(run_dir: Path) -> int:
    """Raise Stop with every fault of the generated files and of the dbt project; returns how many models there are."""
    check()
    described = manifest(run_dir)
    if found := list(faults(described)):
        raise Stop("\n".join(found))
    return len(_models(described))


def faults(described: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a dbt manifest, one sentence each."""
    models, tests = _models(described), _guarded(described)
    for name, node in models.items():
        yield from _reading_faults(name, node)
        if node["schema"] == PUBLIC:
            yield from _public_faults(name, node)
    for product in PRODUCTS:
        if product.name not in models:
            yield f"Product {product.name} has no mart: add dbt/models/marts/{product.name}.sql."
        else:
            yield from _product_faults(product, models[product.name], product.name in tests)


def forbidden_names() -> dict[str, str]:
    """Columns that no model may name, with the reason: they are above every mart's ceiling."""
    above = (Pii.DIRECT, Pii.FREE_TEXT, Pii.SENSITIVE)
    return {
        c.name: f"{table.name}.{c.name} is {c.pii.name}" for table in TABLES for c in table.columns if c.pii in above
    }


def pseudonym_names() -> set[str]:
    """The silver columns that hold pseudonyms, and what staging calls them."""
    keys = {name for table in TABLES for c in table.columns if c.pii is Pii.KEY for name in silver_names(c)}
    return (keys - {"id"}) | {f"{table.name.removesuffix('s').removesuffix('e')}_id" for table in TABLES} | {
        "solver_id", "voter_id", "person_id", "row_id", "approach_id",
    }  # fmt: skip


def _reading_faults(name: str, node: Node) -> Iterator[str]:
    words = set(_WORD.findall(_COMMENT.sub("", node["raw_code"])))
    for column, reason in forbidden_names().items():
        if column in words:
            yield f"Model {name} reads {column}: {reason}. Use its length or flags, or leave it out."
    sources = [one for one in node["depends_on"]["nodes"] if one.startswith("source.")]
    if sources and not name.startswith("stg_"):
        yield f"Model {name} reads a source: read its staging model instead."
    if node["schema"] not in (PUBLIC, RESTRICTED):
        yield f"Model {name} goes to schema {node['schema']}: use {RESTRICTED} before suppression and {PUBLIC} after it."
    if node["schema"] == RESTRICTED and node["config"].get("grants"):
        yield f"Model {name} holds unsuppressed numbers and grants them: take the grant away."
    if node["config"].get("store_failures"):
        yield f"Model {name} stores failures: they hold rows. Take store_failures away."


def _public_faults(name: str, node: Node) -> Iterator[str]:
    columns = set(node["columns"]) | set(_WORD.findall(_COMMENT.sub("", node["raw_code"])))
    for column in sorted(columns & pseudonym_names()):
        yield f"Model {name} names {column}, a pseudonym, in schema {PUBLIC}: count people in {RESTRICTED} instead."
    if not node["config"].get("contract", {}).get("enforced"):
        yield f"Model {name} is public without a contract: set contract: {{enforced: true}} and list its columns."
    if name not in PRODUCT_BY_NAME and name != "coverage":
        yield f"Model {name} is public and no product: declare it in lake/contracts/products.py, or move it to {RESTRICTED}."


def _product_faults(product: Product, node: Node, guarded: bool) -> Iterator[str]:
    declared = [(column.name, TYPES[column.type]) for column in product.columns] + [EXTRA]
    written = [(column["name"], column["data_type"]) for column in node["columns"].values()]
    if written != declared:
        wrong = sorted({name for name, _ in set(written) ^ set(declared)}) or ["their order"]
        yield (
            f"Mart {product.name} differs from its declaration in {', '.join(wrong)}: "
            f"make dbt/models/marts/{product.name}.yml say what lake/contracts/products.py says."
        )
    reads = [one.split(".")[-1] for one in node["depends_on"]["nodes"]]
    if any(not one.endswith("_cells") for one in reads) or "suppressed(" not in node["raw_code"]:
        yield f"Mart {product.name} reads more than its cells through suppressed(): nothing else may reach {PUBLIC}."
    if not guarded:
        yield f"Mart {product.name} is not tested for enough_contributors: add the test to its YAML file."


def _models(described: dict[str, Any]) -> dict[str, Node]:
    return {node["name"]: node for node in described["nodes"].values() if node["resource_type"] == "model"}


def _guarded(described: dict[str, Any]) -> set[str]:
    return {
        str(node["attached_node"]).split(".")[-1]
        for node in described["nodes"].values()
        if node["resource_type"] == "test" and (node.get("test_metadata") or {}).get("name") == "enough_contributors"
    }
