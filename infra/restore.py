"""`restore`: from a backup's folder to a new run folder, and what a person does next.

Nothing is written before every file of the backup has been seen to be as it was made, and nothing over anything.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from infra import keepsake, stack
from infra.backup import DIARY, STRIPE, UPLOADS, client
from infra.keepsake import Contents
from infra.part import Say
from infra.place import Place, write_private
from infra.postgres import POSTGRES
from lake.kit.errors import HouseError, Stop

OCCUPIED = ("postgres/data", "kafka/data", "connect/offsets", "lake", UPLOADS, STRIPE)
"""What only a stack that has been used holds."""
NEXT = """
The databases, the lake and the keys are back. The stream begins anew, in this order:
  python -m infra up --base                 # PostgreSQL, Kafka and Connect, with a new topic and no slot
  python -m platform_app migrate            # and `python -m api migrate`, when this version is newer than the backup
  python -m ingestion resnapshot            # reads every table of the app anew; what landed before is history by that
  python -m anonymizer release              # and then whatever else is due
  python -m anonymizer compare              # silver has what has landed
  python -m lake load                       # and `python -m lake compare`: the warehouse equals the lake
  make up                                   # app, shop and followers
  python -m api reconcile --repair          # takes what Stripe has told nobody since
Reading everything anew is safe: a new topic is a new epoch, each table's barrier puts what is older out of sight, the
same key gives the same pseudonyms, published periods stay as they are, and what was bought stays bought.
Whoever deleted their account after {made_at} is in the app again, and nobody in it knows of the
request: the newest copy of the receipts says who (docs/production.md). Delete those accounts before you open the app.""".strip()


def check(folder: Path, keys: Path | None) -> Contents:
    """Every file as it was written, and the keys with it. Raises Stop when one is not; writes nothing."""
    contents = keepsake.read(folder)
    keepsake.check(folder, contents.files)
    home = keys or folder / "keys"
    if not home.is_dir() and contents.keys:
        raise Stop(f"The keys are not in {home}: say with --keys where they are kept.")
    keepsake.check(home, contents.keys)
    return contents


def restore(place: Place, folder: Path, keys: Path | None, say: Say) -> str:
    """Bring a backup into a run folder that holds no stack; what to do next is returned.

    Raises Stop when the run folder is not empty, or the backup is not whole. PostgreSQL is up afterwards.
    """
    contents = check(folder, keys)
    say(f"The backup of {contents.made_at} is whole: {len(contents.files):,} files.")
    _refuse_occupied(place, contents)
    home = keys or folder / "keys"
    for name in contents.keys:
        place.folder("secrets", 0o700)
        write_private(place.run / "secrets" / name, (home / name).read_text())
    _bring_lake(place, folder, contents)
    _bring_uploads(place, folder, contents)
    for name in (STRIPE, DIARY):
        if name in contents.files:
            shutil.copy2(folder / name, place.run / name)
    stack.up(place, [POSTGRES.name], say)
    for database in contents.databases:
        _bring_database(place, folder, database)
        say(f"Database {database} is back.")
    say(f"The lake's key is back in {place.run / 'secrets' / 'lake.key'} (0600).")
    lost = "Bronze, silver and the warehouse are not in this backup: they are made again, from an empty lake.\n"
    return (lost if contents.shelf_only else "") + NEXT.format(made_at=contents.made_at[:19])


def _refuse_occupied(place: Place, contents: Contents) -> None:
    found = [name for name in OCCUPIED if (place.run / name).exists()]
    for name, held in contents.keys.items():
        path = place.run / "secrets" / name
        if path.exists() and keepsake.weigh(path) != held:
            found.append(f"secrets/{name}")
    if found:
        raise Stop(
            f"{place.run} is not empty: it holds {', '.join(found)}. Nothing is restored over anything. Set HEADWATER_RUN "
            "to a new folder, or delete this one with `make clean` once you are sure."
        )


def _bring_lake(place: Place, folder: Path, contents: Contents) -> None:
    """The lake's files, those that the contents name and no others, with the modes they had."""
    draft = place.folder(f"lake.restored{os.getpid()}")
    for name in contents.files:
        path = Path(name)
        if path.parts[0] != "lake":
            continue
        target = draft.joinpath(*path.parts[1:])
        for parent in [*reversed(target.relative_to(draft).parents)][1:]:
            (draft / parent).mkdir(exist_ok=True)
            (draft / parent).chmod((folder / "lake" / parent).stat().st_mode & 0o777)
        shutil.copy2(folder / path, target)
    draft.rename(place.run / "lake")


def _bring_uploads(place: Place, folder: Path, contents: Contents) -> None:
    """The files of people, for nobody but the app."""
    for name in contents.files:
        path = Path(name)
        if path.parts[0] == UPLOADS:
            place.folder(UPLOADS, 0o700)
            target = place.folder(str(path.parent), 0o700) / path.name
            shutil.copy2(folder / path, target)


def _bring_database(place: Place, folder: Path, database: str) -> None:
    """All of it in one transaction, or nothing."""
    try:
        client(
            place, "pg_restore", "--exit-on-error", "--single-transaction", f"--dbname={database}",
            str(folder / "databases" / f"{database}.dump"),
        )  # fmt: skip
    except HouseError as error:
        raise Stop(
            f"{error} The run folder holds half a restore: delete it with `make clean`, mend the cause, then restore again."
        ) from error
