"""How well and how fast is something found? Cardano's problems looking for their accepted answers, and their tags.

    python -m tests.bench.bench_search [--data <folder of a Stack Exchange dump>] [--models .run/models] [--json]

A dump with texts is imported into a PostgreSQL of its own and embedded. Then every title of a problem with an accepted answer
looks for that answer among all of them: by words, by meaning, and fused. R@k is the share found among the first k, MRR the
mean of 1 / rank. Then the tags of every fifth problem are guessed from its text and the other problems: precision of the
first k, and of those of which the machine is sure; what people chose counts as right, nothing else.
The model was trained on Stack Exchange, which flatters meaning.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from platform_app.db import Conn, Database
from platform_app.discovery import embedding, meaning, words
from platform_app.discovery.automatic import SURE
from platform_app.discovery.embedder import Embedder
from platform_app.discovery.filters import conditions
from platform_app.discovery.likes import Likes, tag_fits
from platform_app.discovery.query import Query, parse
from platform_app.discovery.search import RANKED, Search, fused
from platform_app.dump.run import import_dump
from platform_app.migrations.runner import migrate
from tests.lib.stack import make_stack, remove_stack

APPROACHES = Query(kinds=("approach",))
EVERY = 5


def main() -> None:
    options = _options()
    stack = make_stack()
    try:
        stack.up("postgres")
        migrate(stack.url("app_owner"))
        with Database(stack.url("app"), size=2) as database:
            import_dump(database, options.data, source="bench", seed=1, on_batch=lambda *_: None)
            embedder = Embedder(options.models)
            started, cpu = time.monotonic(), time.process_time()
            embedded = embedding.work_off(database, embedder, lambda *_: None)
            found = {
                "embedded": embedded,
                "embedded_a_second": round(embedded / (time.monotonic() - started), 1),
                "embedded_a_cpu_second": round(embedded / (time.process_time() - cpu), 1),
            } | measured(database, Search(embedder))
    finally:
        remove_stack(stack)
    print(json.dumps(found) if options.json else json.dumps(found, indent=1))


def measured(database: Database, search: Search) -> dict[str, Any]:
    """All figures of an imported and embedded community."""
    with database.read() as conn:
        return {"answers": answers(conn, search), "tags": tags(conn, Likes(search))}


def answers(conn: Conn, search: Search) -> dict[str, Any]:
    """Titles looking for their accepted answers."""
    pairs = conn.execute(
        "SELECT title, accepted_approach_id FROM community.posts WHERE accepted_approach_id IS NOT NULL ORDER BY id"
    ).fetchall()
    ranks: dict[str, list[int]] = defaultdict(list)
    seconds: dict[str, list[float]] = defaultdict(list)
    where, values = conditions(APPROACHES)
    for title, wanted in pairs:
        asked = parse(title.replace('"', " "))
        started = time.perf_counter()
        by_words = words.ranked(conn, search.known.read(conn), asked.words, where, values, RANKED)
        between = time.perf_counter()
        vector = search.embedder.embed_query(asked.text)
        by_meaning = [one for one, _ in meaning.nearest(conn, vector, where, values, RANKED)]
        ended = time.perf_counter()
        for name, ranking in (("words", by_words), ("meaning", by_meaning), ("fused", fused(by_words, by_meaning))):
            ranks[name].append(_rank(ranking, wanted))
        for name, took in (("words", between - started), ("meaning", ended - between), ("fused", ended - started)):
            seconds[name].append(took)
    return {"queries": len(pairs)} | {name: _figures(ranks[name], seconds[name]) for name in ranks}


def tags(conn: Conn, likes: Likes) -> dict[str, Any]:
    """Every fifth problem's tags, guessed from its text and the other problems."""
    posts = conn.execute(
        "SELECT p.id, p.title, p.body, array_agg(t.tag) FROM community.posts p JOIN community.taggings t ON t.post_id = p.id "
        "WHERE t.source = 'author' GROUP BY p.id ORDER BY p.id"
    ).fetchall()[::EVERY]
    right: dict[str, list[bool]] = defaultdict(list)
    by_confidence: dict[int, list[bool]] = defaultdict(list)
    found = wanted = 0
    for post_id, title, body, chosen in posts:
        fits = likes.tags(conn, post_id, title, body)
        verdicts = [fit.name in chosen for fit in fits]
        for most in (1, 3, 5):
            right[f"precision_of_{most}"] += verdicts[:most]
        right["precision_of_1_by_words_alone"] += [fit.name in chosen for fit in tag_fits(conn, title, body, [])][:1]
        sure = [verdict for fit, verdict in zip(fits, verdicts, strict=True) if fit.confidence >= SURE]
        right["precision_of_sure"] += sure
        found, wanted = found + sum(verdicts[:5]), wanted + len(chosen)
        for fit, verdict in zip(fits, verdicts, strict=True):
            by_confidence[fit.confidence // 10 * 10].append(verdict)
    return {
        "posts": len(posts),
        **{name: round(statistics.mean(map(float, verdicts)), 3) for name, verdicts in right.items() if verdicts},
        "sure_a_post": round(len(right["precision_of_sure"]) / len(posts), 2),
        "recall_of_5": round(found / wanted, 3),
        "right_by_confidence": {
            f"{low}+": [round(statistics.mean(map(float, verdicts)), 2), len(verdicts)]
            for low, verdicts in sorted(by_confidence.items())
        },
    }


def _rank(ranking: Sequence[UUID], wanted: UUID) -> int:
    return ranking.index(wanted) + 1 if wanted in ranking else 0


def _figures(ranks: Sequence[int], seconds: Sequence[float]) -> dict[str, float]:
    return {
        **{f"R@{most}": round(sum(0 < rank <= most for rank in ranks) / len(ranks), 3) for most in (1, 5, 10)},
        "MRR": round(sum(1 / rank for rank in ranks if rank) / len(ranks), 3),
        "ms": round(1000 * statistics.median(seconds), 1),
        "ms_p95": round(1000 * statistics.quantiles(seconds, n=20)[-1], 1),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = Path(os.environ.get("HEADWATER_DATA", "data")) / "stackexchange" / "cardano"
    parser.add_argument("--data", type=Path, default=data)
    parser.add_argument("--models", type=Path, default=Path(".run/models"))
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
