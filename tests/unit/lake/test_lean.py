"""What a command loads: not pandas, until somebody asks for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

SAID = "import sys, pyarrow as pa; pa.array([1]); print('pandas' in sys.modules)"


@pytest.mark.parametrize(("before", "loaded"), [("import lake.store", "False"), ("import pyarrow.dataset", "True")])
def test_the_lake_loads_no_pandas_which_pyarrow_alone_does(before: str, loaded: str) -> None:
    assert said(f"{before}; {SAID}") == [loaded]


def test_whoever_wants_pandas_gets_it() -> None:
    assert said(f"import lake.store; {SAID}; print(pa.table({{'a': [1]}}).to_pandas().shape)") == ["False", "(1, 1)"]


def said(program: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.splitlines()
