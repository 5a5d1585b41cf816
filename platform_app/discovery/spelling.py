"""What a mistyped word may have meant: the nearest of the words that at least three people use in titles, or a tag.

The words are learned anew from time to time, all at once, so that a word which only somebody who left has used is not
kept. A word is corrected only when nothing holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from platform_app.db import Conn, Database

SHORTEST = 4  # letters of a word that may be mistyped
FEWEST_PEOPLE = 3
LOOKED_AT = 200  # words that share most with the mistyped one

_LEARN = """
INSERT INTO discovery.words (word, people, grams)
SELECT word, max(people), discovery.grams_of(word) FROM (
    SELECT word, count(DISTINCT author_id) AS people FROM (
        SELECT p.author_id, unnest(tsvector_to_array(to_tsvector('pg_catalog.simple', p.title))) AS word
        FROM community.posts p JOIN discovery.documents d ON d.subject_id = p.id) said
    GROUP BY word HAVING count(DISTINCT author_id) >= %(fewest)s
    UNION ALL SELECT name, %(fewest)s FROM community.tags) known
WHERE word ~ '^[[:alpha:]][[:alnum:]-]{2,30}$' GROUP BY word
"""
_NEAR = """
SELECT word, people FROM discovery.words
WHERE grams && discovery.grams_of(%(word)s) AND length(word) BETWEEN length(%(word)s) - 2 AND length(%(word)s) + 2
ORDER BY cardinality(ARRAY(SELECT unnest(grams) INTERSECT SELECT unnest(discovery.grams_of(%(word)s)))) DESC,
         abs(length(word) - length(%(word)s)), people DESC, word
LIMIT %(most)s
"""


def learn(database: Database) -> int:
    """Learn the words anew; returns how many there are."""
    with database.write(f"spelling-{uuid4()}") as conn:
        conn.execute("DELETE FROM discovery.words")
        return conn.execute(_LEARN, {"fewest": FEWEST_PEOPLE}).rowcount


def corrections(conn: Conn, words: Sequence[str]) -> dict[str, str]:
    """Mistyped word → what it may have meant, for those of the words that nothing holds and that are near to a known one."""
    typed = [word for word in dict.fromkeys(words) if len(word) >= SHORTEST and word.isalpha()]
    found: dict[str, str] = {}
    for word in _unheld(conn, typed):
        near = conn.execute(_NEAR, {"word": word, "most": LOOKED_AT}).fetchall()
        allowed = 1 if len(word) <= 5 else 2
        ranked = sorted((distance(word, known, allowed), -people, known) for known, people in near)
        if ranked and ranked[0][0] <= allowed:
            found[word] = ranked[0][2]
    return found


def _unheld(conn: Conn, words: Sequence[str]) -> list[str]:
    """Those of the words that are neither known nor in any document."""
    rows = conn.execute(
        "SELECT w FROM unnest(%s::text[]) w WHERE NOT EXISTS (SELECT 1 FROM discovery.words k WHERE k.word = w) "
        "AND to_tsvector('pg_catalog.english', w) <> '' AND NOT EXISTS (SELECT 1 FROM discovery.documents d WHERE d.words "
        "@@ (plainto_tsquery('pg_catalog.english', w) || plainto_tsquery('pg_catalog.simple', w)))",
        (list(words),),
    ).fetchall()
    return [row[0] for row in rows]


def distance(left: str, right: str, most: int) -> int:
    """How many letters are added, lost, changed or swapped with their neighbour between two words; `most` + 1 when more."""
    if abs(len(left) - len(right)) > most:
        return most + 1
    before: list[int] = []
    above = list(range(len(right) + 1))
    for row, letter in enumerate(left, 1):
        here = [row]
        for column, other in enumerate(right, 1):
            cost = min(above[column] + 1, here[-1] + 1, above[column - 1] + (letter != other))
            swapped = row > 1 and column > 1 and letter == right[column - 2] and left[row - 2] == other
            here.append(min(cost, before[column - 2] + 1) if swapped else cost)
        before, above = above, here
    return min(above[-1], most + 1)
