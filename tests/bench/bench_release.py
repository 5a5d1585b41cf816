"""How fast texts and rows pass release, beside plain Presidio with the same model in the same run.

    python -m tests.bench.bench_release [--texts 400] [--rows 20000]

Texts are the posts and comments of the dump below HEADWATER_DATA, drawn by seed, or sentences of the project's own where
there is none. Compare figures of one run only: the machine's minutes differ.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
from defusedxml.ElementTree import iterparse
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NlpEngineProvider
from presidio_anonymizer import AnonymizerEngine

from anonymizer.detect import open_detector, stay_offline
from anonymizer.model import model_folder
from anonymizer.settings import DATA, AnonymizerSettings
from platform_app.dump.markdown import markdown_of
from tests.lib.changes import Bronze, person, thing
from tests.lib.releasing import Releasing

BATCH = 100


def sample(count: int) -> list[str]:
    """Posts and comments as the app stores them."""
    folder, draw = DATA / "stackexchange/cardano", random.Random(7)
    if not folder.is_dir():
        return [
            f"Yesterday Maria Keller wrote to me that node {n} fails in Lyon, see https://a.example/{n}."
            for n in range(count)
        ]
    posts = [markdown_of(body) for _, e in iterparse(folder / "Posts.xml") if (body := e.get("Body"))]
    comments = [text for _, e in iterparse(folder / "Comments.xml") if (text := e.get("Text"))]
    return draw.sample([*posts, *comments], count)


def plain_presidio(settings: AnonymizerSettings) -> Callable[[Sequence[str]], Any]:
    """Presidio as its documentation starts it, with the same model."""
    model = {"lang_code": "en", "model_name": str(model_folder(settings.models))}
    engine = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": [model]}).create_engine()
    analyzer, anonymizer = AnalyzerEngine(nlp_engine=engine, supported_languages=["en"]), AnonymizerEngine()
    return lambda texts: [anonymizer.anonymize(t, analyzer.analyze(t, "en")).text for t in texts]


def rate(work: Callable[[Sequence[str]], Any], texts: Sequence[str]) -> float:
    """Texts a second, in batches, after a first one to warm up."""
    work(texts[:20])
    started = time.perf_counter()
    for at in range(20, len(texts), BATCH):
        work(texts[at : at + BATCH])
    return (len(texts) - 20) / (time.perf_counter() - started)


def rows(count: int) -> tuple[float, float]:
    """Votes a second through the plain lane, and milliseconds of a commit of a hundred."""
    with tempfile.TemporaryDirectory() as folder:
        bronze = Bronze(Path(folder))
        releasing = Releasing(bronze, batch_rows=20_000)
        for number in range(50):
            bronze.join(number)
        releasing.go()
        for number in range(count):
            bronze.put("votes", id=thing(number), account_id=person(number % 50))
        bronze.land()
        room = releasing.room("plain")
        started = time.perf_counter()
        room.step()
        fast = count / (time.perf_counter() - started)
        spent = []
        for step in range(20):
            for number in range(100):
                bronze.put("votes", id=thing(count + 100 * step + number), account_id=person(number % 50))
            bronze.land()
            started = time.perf_counter()
            room.step()
            spent.append(time.perf_counter() - started)
        return fast, 1000 * sorted(spent)[len(spent) // 2]


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--texts", type=int, default=400)
    words.add_argument("--rows", type=int, default=20_000)
    given, settings = words.parse_args(), AnonymizerSettings()
    stay_offline()
    texts = sample(given.texts)
    print(f"{len(texts)} texts, {sum(map(len, texts)) // len(texts)} characters each on average")
    for processes in (2, 1):  # the fork first, while this process is small
        detector = open_detector(settings.models, 60.0, processes=processes)
        print(f"anonymizer, {processes} process(es): {rate(detector, texts):7.1f} texts/s")
        memory = sum(p.memory_full_info().pss for p in [psutil.Process(), *psutil.Process().children()]) >> 20
        print(f"    memory of this process and its children: {memory} MB")
    print(f"plain Presidio, text by text: {rate(plain_presidio(settings), texts):7.1f} texts/s")
    fast, commit = rows(given.rows)
    print(f"rows without free text: {fast:7.0f} rows/s; a batch of 100 takes {commit:.0f} ms")


if __name__ == "__main__":
    main()
