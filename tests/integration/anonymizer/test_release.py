"""Bronze in, silver out: consent, order, barriers, deletes, quarantine, and being killed in between."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from anonymizer.again import again, replay
from anonymizer.bronze import Reach, reach
from anonymizer.spans import Masked
from lake import erased
from lake.contracts.names import PEOPLE
from lake.contracts.tables import TABLES
from lake.cut import cut, late_since
from lake.kit.errors import Stop
from lake.store import Position
from lake.upkeep.small_files import FIRST
from lake.upkeep.tidier import Tidier
from tests.lib.changes import Bronze, person, thing
from tests.lib.releasing import Killed, Releasing, pseudonym, stars


@pytest.fixture
def bronze(tmp_path: Path) -> Bronze:
    return Bronze(tmp_path)


@pytest.fixture
def release(bronze: Bronze) -> Releasing:
    return Releasing(bronze)


def post(bronze: Bronze, number: int, author: int, op: str = "c", **more: Any) -> int:
    return bronze.put("posts", op, id=thing(number), author_id=person(author), **more)


def vote(bronze: Bronze, number: int, voter: int, op: str = "c", **more: Any) -> int:
    return bronze.put("votes", op, id=thing(number), account_id=person(voter), **more)


def ids(*numbers: int, domain: str = "vote") -> set[str]:
    return {pseudonym(domain, thing(number)) for number in numbers}


def test_a_row_passes_treated_column_by_column(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1)
    at = post(bronze, 10, 1, title="a secret thing", body="x" * 30, hours_to_first_approach=5, kind="problem")
    release.go()
    (row,) = release.current("posts")
    assert row["id"] == pseudonym("post", thing(10))
    assert row["author_id"] == pseudonym("account", person(1))
    assert (row["title"], row["title_chars"], row["title_masked"]) == ("a <PERSON> thing", 14, 1)
    assert (row["kind"], row["first_approach_hours_upto"]) == ("problem", 8)
    assert (str(row["created_week"]), str(row["created_month"])) == ("2026-03-02", "2026-03-01")
    assert (row["_position"], row["_revision"], row["_op"]) == (at, 0, "upsert")


def test_direct_identifiers_have_no_column(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1, name="Ada Zimmerli", handle="zimm", email="a@b.co")
    release.go()
    (row,) = release.current("accounts")
    assert not {"email", "handle", "display_name"} & row.keys()
    assert "zim" not in str(row).lower()


def test_only_rows_whose_people_all_consent_pass(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1)
    bronze.join(2)
    bronze.join(3, consents=False)
    for number, (a, b) in enumerate([(1, 2), (1, 3), (3, 2), (1, 4)]):
        bronze.put("follows", id=thing(number), follower_id=person(a), followee_id=person(b))
    bronze.put("tags", name="python")
    release.go()
    assert release.ids("follows") == ids(0, domain="follow")
    assert release.ids("accounts") == {pseudonym("account", person(n)) for n in (1, 2)}
    assert [row["name"] for row in release.current("tags")] == ["python"]


def test_consent_for_another_purpose_is_none_for_the_lake(bronze: Bronze, release: Releasing) -> None:
    bronze.put("consents", id=thing(1), account_id=person(1), purpose="email", granted=True)
    vote(bronze, 10, 1)
    release.go()
    assert release.current("votes") == []


def test_consent_in_the_same_batch_counts_wherever_it_stands(bronze: Bronze, release: Releasing) -> None:
    vote(bronze, 10, 1)
    bronze.join(1)
    vote(bronze, 11, 1)
    release.go()
    assert release.ids("votes") == ids(10, 11)


def test_consent_granted_later_waits_for_the_app_to_send_the_rows_again(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1, consents=False)
    vote(bronze, 10, 1)
    release.go()
    bronze.decide(1, True)
    release.go()
    assert release.ids("votes") == set()
    vote(bronze, 10, 1, "u")
    release.go()
    assert release.ids("votes") == ids(10)


def test_withdrawal_ends_every_live_row_in_every_table_and_erases_its_versions(
    bronze: Bronze, release: Releasing
) -> None:
    for number in (1, 2):
        bronze.join(number)
        vote(bronze, 10 + number, number)
        post(bronze, 20 + number, number)
        bronze.put("profiles", account_id=person(number), location="Lyon, France")
    bronze.put("follows", id=thing(30), follower_id=person(2), followee_id=person(1))
    bronze.put("follows", id=thing(31), follower_id=person(1), followee_id=person(2))
    release.go()
    assert len(release.current("follows")) == 2
    at = bronze.decide(1, False)
    counts = release.go()
    assert counts["erased"] >= 6
    gone = pseudonym("account", person(1))
    for table in TABLES:
        assert gone not in str(release.current(table.name))
        assert not [r for r in release.versions(table.name).to_pylist() if r["_op"] == "upsert" and gone in r.values()]
    tombs = [r for r in release.versions("votes").to_pylist() if r["_op"] == "delete"]
    assert [(r["id"], r["_position"], r["account_id"]) for r in tombs] == [(*ids(11), at, None)]
    assert release.ids("votes") == ids(12)
    assert release.ids("posts") == ids(22, domain="post")


def test_erased_bytes_are_gone_from_the_files(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1)
    bronze.join(2)
    post(bronze, 10, 1, title="Wombat")
    post(bronze, 11, 2, title="Quokka")
    release.go()
    files = list((release.store.root / "silver/posts").rglob("*.parquet"))
    assert any(b"Wombat" in file.read_bytes() for file in files)
    release.store.compact("silver/posts", upto=cut(release.store))
    bronze.decide(1, False)
    release.go()
    files = list((release.store.root / "silver/posts").rglob("*.parquet"))
    assert not any(b"Wombat" in file.read_bytes() for file in files)
    assert any(b"Quokka" in file.read_bytes() for file in files)


def test_a_row_that_passed_to_somebody_who_stays_is_not_ended_by_its_first_owner(
    bronze: Bronze, release: Releasing
) -> None:
    bronze.join(1)
    bronze.join(2)
    vote(bronze, 10, 1)
    release.go()
    vote(bronze, 10, 2, "u", before={"id": thing(10), "account_id": person(1)})
    bronze.decide(1, False)
    release.go()
    assert release.ids("votes") == ids(10)


def test_a_row_that_passes_to_somebody_who_does_not_consent_ends(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1)
    bronze.join(2, consents=False)
    vote(bronze, 10, 1)
    release.go()
    vote(bronze, 10, 2, "u", before={"id": thing(10), "account_id": person(1)})
    release.go()
    assert release.current("votes") == []


def test_withdrawn_and_granted_again_starts_from_what_is_sent_after_it(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1)
    vote(bronze, 10, 1)
    vote(bronze, 11, 1)
    release.go()
    bronze.decide(1, False)
    bronze.decide(1, True)
    vote(bronze, 11, 1, "u")
    release.go()
    assert release.ids("votes") == ids(11)


def test_a_deleted_decision_is_a_withdrawal(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1)
    vote(bronze, 10, 1)
    release.go()
    bronze.delete("consents", id=thing(900_001), account_id=person(1))
    release.go()
    assert release.current("votes") == []


def test_an_erased_person_never_enters_again(bronze: Bronze, release: Releasing) -> None:
    erased.enter(release.store, pseudonym("account", person(1)), erased.digest(person(1)))
    bronze.join(1)
    bronze.join(2)
    vote(bronze, 10, 1)
    vote(bronze, 11, 2)
    release.go()
    assert release.ids("votes") == ids(11)


def test_the_newest_version_wins_and_a_delete_is_a_delete(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1)
    vote(bronze, 10, 1, value=1)
    vote(bronze, 11, 1)
    release.go()
    vote(bronze, 10, 1, "u", value=-1)
    bronze.delete("votes", id=thing(11), account_id=person(1))
    release.go()
    assert [(row["id"], row["value"]) for row in release.current("votes")] == [(*ids(10), -1)]
    (tomb,) = [row for row in release.versions("votes").to_pylist() if row["_op"] == "delete"]
    assert {name for name, value in tomb.items() if value is not None} == {
        "id", "_position", "_revision", "_op", "_treatment", "_day",
    }  # fmt: skip


def test_a_changed_key_arrives_as_delete_and_create(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1)
    vote(bronze, 10, 1)
    bronze.delete("votes", id=thing(10), account_id=person(1))
    vote(bronze, 12, 1)
    release.go()
    assert release.ids("votes") == ids(12)


def test_a_truncation_hides_what_is_older(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1)
    vote(bronze, 10, 1)
    bronze.truncate("votes")
    vote(bronze, 11, 1)
    release.go()
    assert release.ids("votes") == ids(11)


def test_nothing_beyond_the_start_of_an_unfinished_snapshot_is_released(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1)
    vote(bronze, 10, 1)
    release.go()
    before = cut(release.store)
    started = bronze.start_snapshot()
    vote(bronze, 11, 1, "r")
    release.go()
    assert cut(release.store) == before == Position(started - 1)
    assert release.ids("votes") == ids(10)
    done = bronze.finish_snapshot(started, "votes")
    release.go()
    assert release.ids("votes") == ids(11)
    assert cut(release.store) == Position(done)


def test_in_a_snapshot_consent_may_come_after_the_rows_it_lets_pass(bronze: Bronze, release: Releasing) -> None:
    release.batch_rows = 2
    started = bronze.start_snapshot()
    for number in range(7):
        vote(bronze, 10 + number, 1, "r")
        post(bronze, 30 + number, 1, "r")
    bronze.join(1)
    bronze.finish_snapshot(started, "votes", "posts", "accounts", "consents")
    release.go()
    assert release.ids("votes") == ids(*range(10, 17))
    assert release.ids("posts") == ids(*range(30, 37), domain="post")


def test_the_cut_does_not_rest_inside_a_snapshot(bronze: Bronze, release: Releasing) -> None:
    release.batch_rows = 2
    bronze.join(1)
    started = bronze.start_snapshot()
    for number in range(6):
        vote(bronze, 10 + number, 1, "r")
    done = bronze.finish_snapshot(started, "votes")
    release.stop_at = "release.before_cut"
    with pytest.raises(Killed):
        release.go()
    assert cut(release.store) < started
    release.go()
    assert cut(release.store) == Position(done)
    assert release.ids("votes") == ids(*range(10, 16))


def test_decisions_that_a_new_snapshot_does_not_repeat_are_withdrawn(bronze: Bronze, release: Releasing) -> None:
    for number in (1, 2):
        bronze.join(number)
        vote(bronze, 10 + number, number)
    release.go()
    started = bronze.start_snapshot()
    bronze.put("consents", "r", id=thing(900_002), account_id=person(2), purpose="lake", granted=True)
    bronze.finish_snapshot(started, "consents")
    release.go()
    assert release.ids("votes") == ids(12)
    assert release.room("plain").registry.people.consents([pseudonym("account", person(2))])


def test_a_snapshot_that_was_abandoned_hides_nothing(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1)
    vote(bronze, 10, 1)
    bronze.start_snapshot()
    vote(bronze, 11, 1, "r")
    bronze.add("m", None, after='{"kind": "snapshot", "state": "abandoned"}')
    vote(bronze, 12, 1)
    release.go()
    assert release.ids("votes") == ids(10, 11, 12)


BAD = [
    ({"value": 7}, "value lies outside -1 to 1"),
    ({"value": "many"}, "value is not of type integer"),
    ({"account_id": None}, "account_id is missing"),
    ({"cast_at": "yesterday"}, "cast_at is not of type timestamp with time zone"),
    ({"surprise": 1}, "the row has a column that the contract does not declare"),
]


@pytest.mark.parametrize(("change", "reason"), BAD)
def test_a_bad_row_is_quarantined_with_a_reason_and_its_batch_goes_on(
    bronze: Bronze, release: Releasing, change: dict[str, Any], reason: str
) -> None:
    bronze.join(1)
    at = vote(bronze, 10, 1, **change) if "account_id" not in change else bronze.put("votes", id=thing(10), **change)
    vote(bronze, 11, 1)
    counts = release.go()
    assert counts["refused"] == 1
    assert release.quarantine() == [(at, reason)]
    assert release.ids("votes") == ids(11)


def test_a_text_that_cannot_be_judged_in_time_is_quarantined_not_leaked(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1)
    at = post(bronze, 10, 1, body="a slow secret")
    post(bronze, 11, 1, body="a quick secret")
    release.go()
    assert release.quarantine() == [(at, "body could not be judged in time")]
    assert [row["body"] for row in release.current("posts")] == ["a quick <PERSON>"]


def test_a_row_that_breaks_its_treatment_is_quarantined_alone(bronze: Bronze, release: Releasing) -> None:
    def breaking(texts: Sequence[str], /) -> list[Masked | None]:
        if "wombat" in texts:
            raise ValueError("wombat")
        return stars(texts)

    release.mask = breaking
    bronze.join(1)
    places = [post(bronze, 10 + n, 1, body="wombat" if n in (3, 4) else "fine") for n in range(9)]
    assert release.go()["refused"] == 2
    assert release.quarantine() == [(places[n], "a treatment failed with ValueError") for n in (3, 4)]
    assert release.ids("posts") == ids(*(10 + n for n in range(9) if n not in (3, 4)), domain="post")


def test_a_fixed_row_leaves_quarantine_at_its_old_position_and_is_announced(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1)
    at = post(bronze, 10, 1, body="a slow secret")
    post(bronze, 11, 1)
    release.go()
    release.mask = lambda texts, /: stars([text.replace("slow", "fast") for text in texts])
    assert replay(release.room("text")) == {"in": 1, "out": 1, "refused": 0}
    assert release.quarantine() == []
    assert {row["_position"]: row["body"] for row in release.current("posts")}[at] == "a fast <PERSON>"
    assert [(late.table, late.first, late.last) for late in late_since(release.store)] == [("posts", at, at)]
    assert replay(release.room("text")) == {"in": 0, "out": 0, "refused": 0}


def test_a_row_deleted_while_in_quarantine_stays_deleted(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1)
    post(bronze, 10, 1, body="a slow secret")
    release.go()
    bronze.delete("posts", id=thing(10), author_id=person(1))
    release.go()
    release.store.compact("silver/posts", upto=cut(release.store))
    release.mask = lambda texts, /: stars([text.replace("slow", "fast") for text in texts])
    assert replay(release.room("text"))["out"] == 1
    assert release.current("posts") == []


def test_a_row_of_somebody_who_withdrew_is_erased_from_quarantine(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1)
    post(bronze, 10, 1, body="a slow secret")
    release.go()
    bronze.decide(1, False)
    release.go()
    assert release.quarantine() == []


def test_what_still_fails_stays_in_quarantine(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1)
    at = vote(bronze, 10, 1, value=9)
    release.go()
    assert replay(release.room("text")) == {"in": 1, "out": 0, "refused": 1}
    assert release.quarantine() == [(at, "value lies outside -1 to 1")]


def test_a_day_treated_again_gets_a_higher_revision_at_the_same_positions(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1)
    at = post(bronze, 10, 1, body="a secret for Wombat", day="2026-03-05")
    other = post(bronze, 11, 1, body="Wombat", day="2026-03-06")
    release.go()
    release.mask = lambda texts, /: stars([text.replace("Wombat", "secret") for text in texts])
    assert again(release.room("text"), "2026-03-05", "posts")["out"] == 1
    found = {row["_position"]: (row["_revision"], row["body"]) for row in release.current("posts")}
    assert found == {at: (1, "a <PERSON> for <PERSON>"), other: (0, "Wombat")}
    with pytest.raises(Stop, match="no published table"):
        again(release.room("text"), "2026-03-05", "nothing")


POINTS = [
    "release.after_quarantine",
    "release.after_votes",
    "release.after_follows",
    "release.after_posts",
    "release.before_cut",
]


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_point_nothing_is_lost_or_doubled(bronze: Bronze, release: Releasing, point: str) -> None:
    for number in (1, 2, 3):
        bronze.join(number)
        vote(bronze, 10 + number, number)
        post(bronze, 20 + number, number)
    release.go()
    bronze.put("follows", id=thing(40), follower_id=person(2), followee_id=person(3))
    vote(bronze, 14, 2)
    vote(bronze, 15, 2, value=9)
    post(bronze, 24, 2)
    bronze.delete("votes", id=thing(13), account_id=person(3))
    bronze.decide(1, False)
    release.stop_at = point
    with pytest.raises(Killed, match=point):
        release.go()
    release.go()
    assert release.passed.count(point) >= 1
    assert release.ids("votes") == ids(12, 14)
    assert release.ids("posts") == ids(22, 23, 24, domain="post")
    assert release.ids("follows") == ids(40, domain="follow")
    assert [reason for _, reason in release.quarantine()] == ["value lies outside -1 to 1"]
    for table in ("votes", "posts", "follows"):
        seen = [(r["id"], r["_position"], r["_revision"]) for r in release.versions(table).to_pylist()]
        assert len(seen) == len(set(seen))
        assert pseudonym("account", person(1)) not in str(release.versions(table).to_pylist())


def test_without_the_position_in_the_commit_a_kill_would_double_rows(bronze: Bronze, release: Releasing) -> None:
    """The twin: take the guard out, and the same kill shows."""
    bronze.join(1)
    vote(bronze, 10, 1)
    release.stop_at = "release.before_cut"
    with pytest.raises(Killed):
        release.go()
    room = release.room("plain")
    room.lane._at.clear()
    room.lane.store.position = lambda path, app: Position(-1)  # type: ignore[method-assign]
    append = room.lane.store.append
    room.lane.store.append = lambda path, rows, **more: append(path, rows, app="other", upto=more["upto"])  # type: ignore[method-assign]
    room.lane.advance(room_reach(release))
    seen = [(r["id"], r["_position"]) for r in release.versions("votes").to_pylist()]
    assert len(seen) == 2 > len(set(seen))


def room_reach(release: Releasing) -> Reach:
    return reach(release.store, Position(-1))


def test_names_and_decisions_are_kept_under_restriction_as_pseudonyms(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1, name="Priya Mukherjee", consents=False)
    release.go()
    assert PEOPLE.startswith("restricted/")
    assert (release.store.root / "restricted").stat().st_mode & 0o777 == 0o700
    rows = release.store.read(PEOPLE).to_pylist()
    assert {(r["kind"], r["text"]) for r in rows} >= {("name", "Priya Mukherjee"), ("consent", None)}
    assert person(1) not in str(rows)


def test_tidying_beside_a_lane_changes_no_row(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1)
    room = release.room("plain")
    tidier = Tidier(release.store.root, ["silver/votes"])
    for number in range(FIRST + 8):
        vote(bronze, number, 1)
        bronze.land()
        room.step()
        tidier.look("silver/votes")
    assert len(release.store.files("silver/votes")) < FIRST
    assert release.ids("votes") == ids(*range(FIRST + 8))
