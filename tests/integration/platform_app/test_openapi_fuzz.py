"""Schemathesis goes through the app's OpenAPI with what fits and what does not: no answer is a fault of ours.

Each operation is asked a fixed number of times with the same seed, by an administrator (who gets furthest), half of the time
about things that exist. What is written is rolled back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
import schemathesis.openapi
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from tests.lib.authorisation import nothing_stays
from tests.lib.front_door import Door, open_door
from tests.lib.scenery import Scenery, lively
from tests.lib.stack import Stack

EXAMPLES = {True: 6, False: 3}  # for each operation: of what fits, and of what does not
STEADY = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


@pytest.fixture(scope="module")
def scenery(door: Door, app_stack: Stack) -> Iterator[Scenery]:
    made = lively(door, app_stack.url("app"))
    with nothing_stays(door.app.state.database):
        yield made


def operations(door: Door) -> dict[str, Any]:
    schema = schemathesis.openapi.from_dict(door.app.openapi())
    found: list[Any] = [one.ok() for one in schema.get_all_operations()]  # type: ignore[union-attr]  # an Err has no ok
    return {operation.label: operation for operation in found}


def send(scenery: Scenery, case: Any, existing: bool) -> httpx.Response:
    """The case as a request of the administrator's program."""
    for name in case.path_parameters if existing else ():
        case.path_parameters[name] = scenery.values.get(name, case.path_parameters[name])
    asked = case.as_transport_kwargs(base_url=scenery.door.url)
    known = {
        key: value for key, value in asked.items() if key in ("method", "url", "params", "json", "data", "headers")
    }
    if isinstance(known.get("data"), bytes):
        known["content"] = known.pop("data")
    admin = scenery.people["admin"]
    headers = {"Authorization": f"Bearer {admin.token}"}
    return admin.client.request(**known | {"headers": {**dict(known.get("headers") or {}), **headers}})


@pytest.mark.parametrize("fits", [True, False], ids=["fits", "does not fit"])
def test_no_request_is_a_fault_of_ours(door: Door, scenery: Scenery, fits: bool) -> None:
    faults: dict[str, str] = {}
    answered: set[int] = set()
    mode = schemathesis.GenerationMode.POSITIVE if fits else schemathesis.GenerationMode.NEGATIVE

    def ask(label: str, operation: Any) -> None:
        @settings(STEADY, max_examples=EXAMPLES[fits])
        @given(operation.as_strategy(generation_mode=mode), st.booleans())
        def go(case: Any, existing: bool) -> None:
            answer = send(scenery, case, existing)
            answered.add(answer.status_code)
            if answer.status_code >= 500:
                faults[label] = f"{answer.status_code} {case.as_curl_command()} {answer.text[:300]}"

        with suppress(Unsatisfiable):  # an operation that takes nothing has nothing that does not fit
            go()

    for label, operation in sorted(operations(door).items()):
        ask(label, operation)
    assert faults == {}
    assert answered >= ({200, 201, 204} if fits else {422})
