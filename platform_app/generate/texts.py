"""Composes titles, bodies and remarks from templates; some carry a name, a mail address or a telephone number."""

from __future__ import annotations

from random import Random

from platform_app.generate import words

SIGNED = 0.12  # of texts name a person or a way to reach one
KNOWN = 0.6  # of the names are of people of the community, the rest of strangers


class Writer:
    """Writes everything one community says. `people` are (display name, handle)."""

    def __init__(self, random: Random, people: list[tuple[str, str]]) -> None:
        self._random = random
        self._people = people

    def title(self, tags: tuple[str, ...]) -> str:
        text = self._filled(words.TITLES, tags)
        return text[0].upper() + text[1:]

    def problem(self, tags: tuple[str, ...]) -> str:
        sentences = [self._filled(words.OPENINGS, tags)]
        sentences += [self._fill(line, tags) for line in self._random.sample(words.MIDDLES, self._random.randint(1, 3))]
        return self._signed(" ".join([*sentences, self._random.choice(words.QUESTIONS)]))

    def approach(self, tags: tuple[str, ...]) -> tuple[str, str]:
        """(kind, body)"""
        kind = self._random.choices(("idea", "guide", "code", "service"), (5, 2, 2, 1))[0]
        body = " ".join(self._filled(words.ANSWERS, tags) for _ in range(self._random.randint(1, 2)))
        if kind == "guide":
            steps = self._random.sample(words.STEPS, 3)
            body += "\n\n" + "\n".join(f"{n}. {self._fill(step, tags)}" for n, step in enumerate(steps, 1))
        if kind == "code":
            body += f"\n\n```\n{self._filled(words.CODE, tags)}\n```"
        return kind, self._signed(body)

    def remark(self, tags: tuple[str, ...]) -> str:
        return self._signed(self._filled(words.REMARKS, tags))

    def bio(self, tags: tuple[str, ...]) -> str:
        return self._signed(self._filled(words.BIOS, tags))

    def headline(self, tags: tuple[str, ...]) -> str:
        return self._filled(words.HEADLINES, tags)

    def _signed(self, text: str) -> str:
        if self._random.random() >= SIGNED:
            return text
        between = "\n\n" if "\n" in text else " "
        return f"{text}{between}{self._fill(self._random.choice(words.SIGNATURES), ())}"

    def _filled(self, templates: tuple[str, ...], tags: tuple[str, ...]) -> str:
        return self._fill(self._random.choice(templates), tags)

    def _fill(self, template: str, tags: tuple[str, ...]) -> str:
        if "{" not in template:
            return template
        random = self._random
        tag = random.choice(tags) if tags else ""
        name, handle = random.choice(self._people)
        if random.random() >= KNOWN:
            name = f"{random.choice(words.FIRST_NAMES)} {random.choice(words.LAST_NAMES)}"
        return template.format(
            tag=tag,
            other=random.choice([other for other in tags if other != tag] or list(words.TAGS[:12])),
            thing=random.choice(words.THINGS),
            number=random.randint(2, 90),
            name=name,
            handle=handle,
            mail=f"{name.lower().replace(' ', '.')}@example.org",
            phone=f"+1 202-555-01{random.randint(0, 99):02d}",
        )
