"""Each fault of a dbt project is named with what to do; the same project without the fault has none."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from lake.contracts.products import PRODUCTS
from lake.contracts.tables import TABLES
from lake.verify import EXTRA, TYPES, faults

Manifest = dict[str, Any]


def node(name: str, schema: str, code: str = "select 1", reads: list[str] | None = None, **more: Any) -> Manifest:
    return {
        "resource_type": "model", "name": name, "schema": schema, "raw_code": code, "columns": {}, "config": {},
        "depends_on": {"nodes": reads or []},
    } | more  # fmt: skip


def good() -> Manifest:
    nodes = [node(f"stg_{t.name}", "work", "select id", [f"source.headwater.silver.{t.name}"]) for t in TABLES]
    nodes += [node("int_cells", "work", "select author_id")]
    for product in PRODUCTS:
        columns = [(c.name, TYPES[c.type]) for c in product.columns] + [EXTRA]
        described = {name: {"name": name, "data_type": kind} for name, kind in columns}
        contract = {"contract": {"enforced": True}}
        nodes.append(
            node(product.name, "gold", "{{ suppressed(x) }} -- author_id in a comment", ["model.headwater.int_cells"],
                 columns=described, config=contract)
        )  # fmt: skip
        guard = {
            "resource_type": "test",
            "name": f"enough_{product.name}",
            "attached_node": f"model.headwater.{product.name}",
        }
        nodes.append(guard | {"test_metadata": {"name": "enough_contributors"}})
    return {"nodes": {one["name"]: one for one in nodes}}


def test_the_project_without_a_fault_has_none() -> None:
    assert list(faults(good())) == []


def change(name: str, **values: Any) -> Callable[[Manifest], None]:
    return lambda manifest: manifest["nodes"][name].update(values)


def remove(name: str) -> Callable[[Manifest], None]:
    return lambda manifest: manifest["nodes"].pop(name)


TRENDS = PRODUCTS[0].name


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (change("int_cells", raw_code="select body from x"), "Model int_cells reads body: .*FREE_TEXT. Use its length"),
        (change("int_cells", raw_code="select email from x"), "reads email: accounts.email is DIRECT"),
        (change("int_cells", depends_on={"nodes": ["source.a.b"]}), "read its staging model instead"),
        (change("int_cells", schema="public"), "use work before suppression"),
        (change("int_cells", config={"grants": {"select": ["x"]}}), "take the grant away"),
        (change("int_cells", config={"store_failures": True}), "Take store_failures away"),
        (change(TRENDS, raw_code="{{ suppressed(x) }} join author_id"), "names author_id, a pseudonym"),
        (change(TRENDS, columns={}), f"make dbt/models/marts/{TRENDS}.yml say what"),
        (change(TRENDS, config={}), "public without a contract"),
        (change(TRENDS, raw_code="select * from cells"), "nothing else may reach gold"),
        (change(TRENDS, depends_on={"nodes": ["model.headwater.int_rows"]}), "nothing else may reach gold"),
        (remove(TRENDS), f"add dbt/models/marts/{TRENDS}.sql"),
        (remove(f"enough_{TRENDS}"), "not tested for enough_contributors"),
        (change("int_cells", schema="gold", config={"contract": {"enforced": True}}), "no product: declare it"),
    ],
)
def test_a_fault_is_a_sentence_that_says_what_to_do(break_it: Callable[[Manifest], None], sentence: str) -> None:
    manifest = copy.deepcopy(good())
    break_it(manifest)
    found = "\n".join(faults(manifest))
    with pytest.raises(AssertionError, match=sentence):
        raise AssertionError(found)
