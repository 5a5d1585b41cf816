"""Reads a dump's files row by row, whichever form they have; nothing is held in memory."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from lake.kit.errors import Stop

Row = dict[str, str]
NEEDED = ("Users", "Posts")
OPTIONAL = ("Tags", "Comments", "Votes", "Badges", "PostLinks")
ENDINGS = (".xml", ".csv.gz", ".csv")
LONGEST_FIELD = 10_000_000  # characters of one CSV field


class Dump:
    """A folder with a dump. Stop when the folder or a file that is needed is not there."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise Stop(f"{folder} is no folder: give the one that holds the dump's Users.xml and Posts.xml.")
        found = {path.name.lower(): path for path in folder.iterdir() if path.is_file()}
        self.folder = folder
        self._paths: dict[str, Path] = {}
        for name in (*NEEDED, *OPTIONAL):
            endings = (found.get(f"{name.lower()}{ending}") for ending in ENDINGS)
            if path := next(filter(None, endings), None):
                self._paths[name] = path
        if missing := [name for name in NEEDED if name not in self._paths]:
            raise Stop(
                f"{folder} holds no {' and no '.join(missing)} file ({', '.join(ENDINGS)}): unpack the dump there, "
                "or give the folder that holds it."
            )

    @property
    def missing(self) -> tuple[str, ...]:
        """Files that are not there and can be done without."""
        return tuple(name for name in OPTIONAL if name not in self._paths)

    def rows(self, name: str) -> Iterator[Row]:
        """The rows of a file as texts by attribute; empty attributes are left out. Stop where the file breaks off."""
        path = self._paths.get(name)
        if path is None:
            return
        count = 0
        try:
            for row in _xml_rows(path) if path.suffix == ".xml" else _csv_rows(path):
                yield row
                count += 1
        except (ParseError, csv.Error, EOFError, zlib.error, gzip.BadGzipFile, UnicodeDecodeError) as error:
            raise Stop(
                f"{path.name} breaks off or is damaged after {count:,} rows. Whole batches before that are kept: "
                "get the file again, then run the same command, which goes on from there."
            ) from error
        except DefusedXmlException as error:
            raise Stop(f"{path.name} declares XML entities, which a dump never does: get the file again.") from error


def _xml_rows(path: Path) -> Iterator[Row]:
    events = iterparse(path, events=("start", "end"))
    _, root = next(events)
    for event, element in events:
        if event == "end" and element.tag == "row":
            yield {name: value for name, value in element.attrib.items() if value}
            root.clear()


def _csv_rows(path: Path) -> Iterator[Row]:
    csv.field_size_limit(LONGEST_FIELD)
    with _opened(path) as lines:
        for record in csv.DictReader(lines):
            yield {name: value for name, value in record.items() if name and isinstance(value, str) and value}


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")
