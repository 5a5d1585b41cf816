"""Small Stack Exchange dumps for tests, in either form."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from xml.sax.saxutils import quoteattr

Rows = dict[str, list[dict[str, str]]]


def small_dump() -> Rows:
    """Three people and the site's process; a question with two answers, and one that repeats it."""
    day = "2021-05-0{}T10:00:00.123".format
    return {
        "Users": [
            {"Id": "-1", "CreationDate": day(1), "DisplayName": "Community"},
            {"Id": "1", "CreationDate": day(1), "DisplayName": "Ann Müller", "Location": "Berlin", "UpVotes": "4",
             "AboutMe": "<p>I like <b>code</b>.</p><script>alert(1)</script>", "WebsiteUrl": "https://ann.example.org"},
            {"Id": "2", "CreationDate": day(1), "DisplayName": "Bob", "UpVotes": "1", "DownVotes": "1"},
            {"Id": "3", "CreationDate": day(2), "DisplayName": "Cem", "UpVotes": "9"},
        ],
        "Posts": [
            {"Id": "10", "PostTypeId": "1", "CreationDate": day(2), "OwnerUserId": "1", "Title": "How to stake?",
             "Body": "<p>I run a <code>node</code>.</p>", "Tags": "<wallet><staking>", "AcceptedAnswerId": "12",
             "ViewCount": "77"},
            {"Id": "11", "PostTypeId": "2", "ParentId": "10", "CreationDate": day(3), "OwnerUserId": "1", "Body": "<p>Me</p>"},
            {"Id": "12", "PostTypeId": "2", "ParentId": "10", "CreationDate": day(4), "OwnerUserId": "2",
             "Body": "<p>Use the wallet:</p><pre><code>stake --all\n</code></pre>", "LastEditDate": day(5)},
            {"Id": "13", "PostTypeId": "1", "CreationDate": day(5), "OwnerUserId": "3", "Title": "Stake how?",
             "Body": "<p>Same</p>", "Tags": "|unlisted|", "ClosedDate": day(6)},
            {"Id": "14", "PostTypeId": "5", "CreationDate": day(5), "OwnerUserId": "-1", "Body": "wiki"},
            {"Id": "15", "PostTypeId": "1", "CreationDate": day(5), "Title": "Whose?", "Body": "gone", "Tags": ""},
            {"Id": "16", "PostTypeId": "2", "ParentId": "15", "CreationDate": day(6), "OwnerUserId": "2", "Body": "lost"},
        ],
        "Tags": [{"Id": "1", "TagName": "wallet"}, {"Id": "2", "TagName": "staking"}],
        "Comments": [
            {"Id": "1", "PostId": "10", "Text": "Which node?", "CreationDate": day(2), "UserId": "2"},
            {"Id": "2", "PostId": "12", "Text": "Thanks", "CreationDate": day(4), "UserId": "1"},
            {"Id": "3", "PostId": "12", "Text": "Anonymous", "CreationDate": day(4)},
        ],
        "Votes": [
            {"Id": "1", "PostId": "12", "VoteTypeId": "1", "CreationDate": "2021-05-06T00:00:00.000"},
            {"Id": "2", "PostId": "10", "VoteTypeId": "2", "CreationDate": "2021-05-06T00:00:00.000"},
            {"Id": "3", "PostId": "10", "VoteTypeId": "3", "CreationDate": "2021-05-06T00:00:00.000"},
            {"Id": "4", "PostId": "10", "VoteTypeId": "2", "CreationDate": "2021-05-06T00:00:00.000"},
            {"Id": "5", "PostId": "10", "VoteTypeId": "5", "CreationDate": "2021-05-06T00:00:00.000"},
        ],
        "Badges": [{"Id": "1", "UserId": "1", "Name": "Nice Answer", "Date": day(6), "Class": "2"}],
        "PostLinks": [
            {"Id": "1", "CreationDate": day(6), "PostId": "13", "RelatedPostId": "10", "LinkTypeId": "3"},
            {"Id": "2", "CreationDate": day(6), "PostId": "13", "RelatedPostId": "10", "LinkTypeId": "1"},
        ],
    }  # fmt: skip


def write_xml(folder: Path, rows: Rows) -> Path:
    """The official form."""
    folder.mkdir(exist_ok=True)
    for name, records in rows.items():
        lines = [f"  <row {' '.join(f'{key}={quoteattr(value)}' for key, value in row.items())} />" for row in records]
        body = "\n".join(['<?xml version="1.0" encoding="utf-8"?>', f"<{name.lower()}>", *lines, f"</{name.lower()}>"])
        (folder / f"{name}.xml").write_text("\ufeff" + body, encoding="utf-8")
    return folder


def write_csv(folder: Path, rows: Rows) -> Path:
    """The same as csv.gz."""
    folder.mkdir(exist_ok=True)
    for name, records in rows.items():
        columns = sorted({key for row in records for key in row})
        with gzip.open(folder / f"{name}.csv.gz", "wt", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(records)
    return folder
