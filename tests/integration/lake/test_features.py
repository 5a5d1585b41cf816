"""Features of a small community: who is like whom, what is suggested, and what never is; on a real Spark."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lake.contracts.names import INTERNAL
from lake.contracts.suggestions import KINDS, REASONS, WITH_TAG
from lake.features import features, made_at
from lake.features.tables import ANSWER_PAIRS, FEATURES, SIMILAR_PEOPLE, SUGGESTIONS, Feature
from lake.kit.errors import Stop
from lake.settings import LakeSettings
from lake.sql import ask, open_door
from lake.store import LocalStore
from tests.lib.community import Community
from tests.lib.silver import Silver, pseudonym
from tests.lib.spark import spark_settings, stop_spark

# Spark's Python side leaves the closing of its sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
)

DAY = date(2026, 1, 5)
OUTSIDE = "eve"  # did not agree to suggestions
Rows = list[dict[str, Any]]


def write_community(root: Path) -> None:
    """Ann and bob answer the same five problems; cyd answers others; eve does what ann does and agreed to nothing.

    What cyd answered dan was truncated away before.
    """
    community = Community(Silver(root))
    community.tags("python", "pumps", "paint")
    community.join("ann", "bob", "cyd", "dan", "fay")
    community.join(OUTSIDE, agrees=False)
    community.approach("cyd", DAY, community.problem("dan", DAY))
    community.silver.barrier("approaches")
    for _n in range(5):
        post = community.problem("dan", DAY, "python", "pumps")
        for name in ("ann", "bob", OUTSIDE):
            community.approach(name, DAY, post)
    for _ in range(5):
        community.approach("cyd", DAY, community.problem("fay", DAY, "paint"))
    only_bob = community.problem("fay", DAY, "python")
    community.approach("bob", DAY, only_bob)
    community.problem(OUTSIDE, DAY, "python")
    community.follow("dan", "ann", DAY)
    community.silver.release()


def rows(root: Path, feature: Feature) -> Rows:
    found: Rows = LocalStore(root).read(feature.path).to_pylist()
    return found


def settings(root: Path) -> LakeSettings:
    """A lake of the embedded engine's, whose features Spark computes all the same."""
    return spark_settings(root, engine="auto")


def who(name: str) -> str:
    return pseudonym("person", name)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A lake whose features have been made once."""
    root = tmp_path_factory.mktemp("features") / "lake"
    write_community(root)
    features(settings(root))
    yield root
    stop_spark()


def test_two_who_answer_the_same_problems_are_similar_and_two_others_are_not(root: Path) -> None:
    pairs = {(row["account"], row["other"]): row["in_common"] for row in rows(root, SIMILAR_PEOPLE)}
    assert pairs == {(who("ann"), who("bob")): 5, (who("bob"), who("ann")): 5}


def test_who_answers_whom_is_counted_and_what_a_barrier_hides_is_not(root: Path) -> None:
    pairs = {(row["asker"], row["answerer"]): row["problems"] for row in rows(root, ANSWER_PAIRS)}
    assert pairs == {
        (who("dan"), who("ann")): 5, (who("dan"), who("bob")): 5, (who("fay"), who("cyd")): 5, (who("fay"), who("bob")): 1,
    }  # fmt: skip


def test_somebody_who_did_not_agree_is_in_no_table(root: Path) -> None:
    held = [value for feature in FEATURES for row in rows(root, feature) for value in row.values()]
    assert who("ann") in held
    assert who(OUTSIDE) not in held


def test_nobody_is_suggested_what_they_know(root: Path) -> None:
    found = {(row["account"], row["kind"], row["item"]) for row in rows(root, SUGGESTIONS)}
    answered = LocalStore(root).read("silver/approaches").to_pylist()
    asked = LocalStore(root).read("silver/posts").to_pylist()
    assert found
    assert not found & {(row["author_id"], "post", row["post_id"]) for row in answered}
    assert not found & {(row["author_id"], "post", row["id"]) for row in asked}
    assert (who("dan"), "person", who("ann")) not in found
    assert [one for one in found if one[0] == one[2]] == []


def test_reasons_are_of_the_closed_list(root: Path) -> None:
    found = rows(root, SUGGESTIONS)
    assert {row["kind"] for row in found} <= set(KINDS)
    assert {row["reason"] for row in found} <= REASONS.keys()
    assert all((row["because"] is not None) == (row["reason"] in WITH_TAG) for row in found)
    assert all(0 < row["score"] <= 1 for row in found)
    why = {(row["account"], row["item"]): row["reason"] for row in found}
    assert why[who("ann"), who("bob")] == "same_problems"


def test_the_folder_is_ours_alone_and_the_analysts_door_does_not_show_it(root: Path) -> None:
    assert (root / INTERNAL).stat().st_mode & 0o777 == 0o700
    door = open_door(root)
    with pytest.raises(Stop):
        ask(door, "select * from gold_internal.suggestions")
    shown = door.execute("select distinct table_name from information_schema.tables").fetchall()
    assert not {name for (name,) in shown} & {feature.name for feature in FEATURES}


def test_a_run_at_the_same_cut_does_nothing_and_the_same_input_gives_the_same_output(
    root: Path, tmp_path: Path
) -> None:
    assert features(settings(root)).done
    assert made_at(LocalStore(root)) >= 0
    write_community(tmp_path / "lake")
    assert not features(settings(tmp_path / "lake")).done
    for feature in FEATURES:
        assert rows(root, feature) == rows(tmp_path / "lake", feature), feature.name


def test_without_spark_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_community(tmp_path / "lake")
    for module in ("py4j.protocol", "pyspark.errors", "pyspark.sql"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(Stop, match="run `make spark`"):
        features(settings(tmp_path / "lake"))


def test_without_silver_it_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="anonymizer release"):
        features(settings(tmp_path / "lake"))
