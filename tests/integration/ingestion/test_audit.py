"""Rows that the stream loses: END counts notice, the audit finds them in PostgreSQL and repairs bronze from there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ingestion import land, messages
from ingestion.audit import audit
from ingestion.messages import NOTHING, Row
from ingestion.suspects import unresolved
from ingestion.transactions import Transactions
from lake.contracts.names import digest_path
from lake.contracts.tables import BY_NAME
from lake.kit.ids import new_id
from lake.landed import CHANGES
from lake.store import Position
from lake.upkeep.budget import Budget
from lake.upkeep.raw import let_go, past
from tests.lib.stream import Stream, wait_until
from tests.lib.writers import INSERT, Writers

Lose = Callable[[str], None]


@pytest.fixture
def lose(monkeypatch: pytest.MonkeyPatch) -> Lose:
    """Make the stream lose streamed rows whose display_name is the one given, as if Debezium had never sent them."""
    lost: set[str] = set()
    read = messages.read

    def lossy(value: bytes | None, **more: Any) -> messages.Message:
        each = read(value, **more)
        gone = isinstance(each, Row) and each.op != "r" and any(f'"{name}"' in (each.after or "") for name in lost)
        return NOTHING if gone else each

    monkeypatch.setattr(messages, "read", lossy)
    return lost.add


def write(stream: Stream, *names: str) -> list[str]:
    """One transaction that inserts accounts; returns their ids."""
    keys = [str(new_id()) for _ in names]
    values = [value for key, name in zip(keys, names, strict=True) for value in (key, f"h-{key}", name)]
    one = INSERT[INSERT.index("(%s") :]
    stream.sql(INSERT[: INSERT.index("(%s")] + ", ".join([one] * len(names)), *values)
    return keys


def test_a_lost_row_is_noticed_by_the_end_count_and_repaired_from_postgresql(running: Stream, lose: Lose) -> None:
    lose("lost one")
    keys = write(running, "kept one", "lost one", "kept two")
    running.land_all()
    assert keys[1] not in running.current("accounts")
    assert set(unresolved(running.store)) == {"accounts"}
    said = land.once(running.settings, running.store)
    assert (said["audited"], said["repaired"]) == (1, True)
    assert running.current("accounts")[keys[1]]["display_name"] == "lost one"
    assert unresolved(running.store) == {}


def test_without_the_count_nobody_would_notice(running: Stream, lose: Lose, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Transactions, "end", lambda *_: [])
    lose("lost two")
    (key,) = write(running, "lost two")
    running.land_all()
    assert "repaired" not in land.once(running.settings, running.store)
    assert key not in running.current("accounts")


def test_the_follower_starts_the_audit_by_itself(running: Stream, lose: Lose) -> None:
    lose("lost three")
    _, key = write(running, "kept three", "lost three")
    running.land_all()
    assert unresolved(running.store)
    with running.follower():
        wait_until(lambda: not unresolved(running.store), 90)
    assert key in running.current("accounts")


def test_an_audit_while_people_write_finds_nothing_wrong(running: Stream) -> None:
    running.land_all()
    audit(running.settings, running.store, [])
    writers = Writers(running.stack.url("postgres", "app"), seed=3, kinds=("short", "long"))
    with running.follower(), writers.writing():
        said = audit(running.settings, running.store, [], repair=False)
    assert said["differing"] == []
    assert said["in"] > 0


def test_a_row_that_only_bronze_has_is_a_ghost(running: Stream, lose: Lose) -> None:
    (key,) = write(running, "a ghost")
    running.land_all()
    running.sql("ALTER PUBLICATION headwater DROP TABLE identity.accounts")
    running.sql("DELETE FROM identity.accounts WHERE id = %s", key)
    running.sql("ALTER PUBLICATION headwater ADD TABLE identity.accounts")
    running.land_all()
    assert key in running.current("accounts")
    said = audit(running.settings, running.store, ["accounts"])
    assert (said["ghosts"], said["missing"], said["changed"]) == (1, 0, 0)
    assert key not in running.current("accounts")


def let_all_go(stream: Stream) -> int:
    """What upkeep does with days of bronze that are past: fold them into the digests, then remove them."""
    landed = Position(max(row["_position"] for row in stream.rows()))
    days = past(stream.store, before="9999")
    return sum(let_go(stream.store, day, landed, Budget(60, 1 << 30)) or 0 for day in days)


def test_a_trimmed_bronze_is_still_compared_row_by_row(running: Stream) -> None:
    kept, changed, gone = write(running, "kept for years", "to be changed", "to be deleted")
    running.land_all()
    assert let_all_go(running) > 0
    assert running.rows(*CHANGES) == []
    said = audit(running.settings, running.store, [], repair=False)
    assert (said["differing"], said["in"] >= 3) == ([], True)
    running.sql("UPDATE identity.accounts SET display_name = 'anew' WHERE id = %s", changed)
    running.sql("DELETE FROM identity.accounts WHERE id = %s", gone)
    running.land_all()
    assert audit(running.settings, running.store, [], repair=False)["differing"] == []
    behind_the_stream(running, "UPDATE identity.accounts SET display_name = 'in secret' WHERE id = %s", kept)
    said = audit(running.settings, running.store, ["accounts"], repair=False)
    assert (said["changed"], said["missing"], said["ghosts"]) == (1, 0, 0)


def test_without_the_digest_every_old_row_would_look_missing(running: Stream) -> None:
    write(running, "somebody")
    running.land_all()
    let_all_go(running)
    running.store.erase(digest_path(BY_NAME["accounts"]), "true")
    assert audit(running.settings, running.store, ["accounts"], repair=False)["missing"] > 0


def behind_the_stream(stream: Stream, query: str, *values: object) -> None:
    """Change the database so that the stream never hears of it."""
    stream.sql("ALTER PUBLICATION headwater DROP TABLE identity.accounts")
    stream.sql(query, *values)
    stream.sql("ALTER PUBLICATION headwater ADD TABLE identity.accounts")
    stream.land_all()
