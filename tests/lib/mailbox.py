"""A mail server on a free port that keeps what it is given, and refuses while it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller

from infra.ports import any_free


class Mailbox:
    """What has arrived. `refusing`: whether it answers that it cannot take a message now."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.refusing = False
        self.url = ""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refusing:
            return "451 Try again later"
        self.messages.append(message_from_bytes(envelope.content))
        return "250 Taken"


@contextmanager
def open_mailbox() -> Iterator[Mailbox]:
    """A mail server until the block ends."""
    mailbox = Mailbox()
    port = any_free(set())
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    mailbox.url = f"smtp://127.0.0.1:{port}"
    yield mailbox
    controller.stop()


def text_of(message: Message) -> str:
    """A message's text."""
    return bytes(message.get_payload(decode=True)).decode()


def subject_of(message: Message) -> str:
    """A message's subject, decoded."""
    return str(make_header(decode_header(message["Subject"])))
