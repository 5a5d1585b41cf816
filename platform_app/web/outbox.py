"""Mail that leaves the app: one file per message in a folder, where a mail server picks it up."""

from __future__ import annotations

import os
from email.message import EmailMessage
from pathlib import Path

from lake.kit.clock import utc_now
from lake.kit.ids import new_id

SENDER = "Headwater <no-reply@headwater.invalid>"


class Outbox:
    """A folder of messages (RFC 5322), readable by this user alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, to: str, subject: str, text: str) -> Path:
        """Put a message into the folder; the file appears whole."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = SENDER, to, subject
        message["Date"] = utc_now()
        message.set_content(text)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{new_id()}.eml"
        draft = path.with_suffix(".draft")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(message.as_bytes())
        draft.rename(path)
        return path
