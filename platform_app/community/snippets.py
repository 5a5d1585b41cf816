"""Which language the code in a text is in, by what its author wrote behind the fence. Pure."""

from __future__ import annotations

import re

from lake.contracts.tables.community import CODE_LANGUAGES

OTHER = "other"
FENCE = re.compile(r"^ {0,3}(?P<fence>`{3,}|~{3,})(?P<info>[^`\n]*)$", re.MULTILINE)
ALIASES = {
    "c#": "csharp", "c++": "cpp", "cc": "cpp", "cs": "csharp", "dockerfile": "docker", "ex": "elixir", "golang": "go",
    "hs": "haskell", "htm": "html", "js": "javascript", "jsx": "javascript", "kt": "kotlin", "makefile": "make",
    "md": "markdown", "patch": "diff", "plpgsql": "sql", "postgres": "sql", "postgresql": "sql", "ps1": "powershell",
    "py": "python", "python3": "python", "rb": "ruby", "rs": "rust", "sh": "bash", "shell": "bash", "svg": "xml",
    "ts": "typescript", "tsx": "typescript", "yml": "yaml", "zsh": "bash",
}  # fmt: skip


def language_named(info: str) -> str | None:
    """The language of the list that stands behind a fence; None when none does."""
    word = info.strip().lower().split(" ")[0].strip("{}.")
    name = ALIASES.get(word, word)
    return name if name in CODE_LANGUAGES and name != OTHER else None


def code_language(text: str) -> str | None:
    """The language of a text's first fenced code, `other` when it is not said; None when there is no code."""
    fence = FENCE.search(text)
    return (language_named(fence["info"]) or OTHER) if fence else None
