"""Mail that leaves the app: by SMTP where `APP_SMTP_URL` names a server, else one file per message in a folder."""

from __future__ import annotations

import os
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import UUID

from lake.kit.clock import utc_now
from lake.kit.errors import Retry, Stop
from lake.kit.ids import new_id
from platform_app.settings import Settings

SENDER = "Headwater <no-reply@headwater.invalid>"
SECONDS = 20.0  # that a mail server may take to answer
PORTS = {"smtp": 587, "smtps": 465}


class Outbox:
    """Where messages (RFC 5322) go. A folder's are readable by this user alone."""

    def __init__(self, folder: Path, *, smtp_url: str = "", sender: str = SENDER) -> None:
        self._folder, self._server, self._sender = folder, urlsplit(smtp_url), sender
        if smtp_url and (self._server.scheme not in PORTS or not self._server.hostname):
            raise Stop("APP_SMTP_URL must be smtp://[user:password@]host[:port], or smtps:// for TLS from the start.")

    def send(self, to: str, subject: str, text: str, *, message_id: UUID | None = None, unsubscribe: str = "") -> None:
        """Hand a message over. One that is sent again under its `message_id` is one message to who reads it.

        Raises Retry when the mail server does not take it.
        """
        number = message_id or new_id()
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, to, subject
        message["Date"] = utc_now()
        message["Message-ID"] = f"<{number}@{parseaddr(self._sender)[1].rpartition('@')[2]}>"
        if unsubscribe:
            message["List-Unsubscribe"] = f"<{unsubscribe}>"
        message.set_content(text)
        if self._server.hostname:
            self._hand_over(message)
        else:
            self._lay_down(message, number)

    def _lay_down(self, message: EmailMessage, number: UUID) -> None:
        """Put the message into the folder; the file appears whole."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{number}.eml"
        draft = path.with_suffix(".draft")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(message.as_bytes())
        draft.rename(path)

    def _hand_over(self, message: EmailMessage) -> None:
        host, scheme = str(self._server.hostname), self._server.scheme
        port = self._server.port or PORTS[scheme]
        context = ssl.create_default_context()
        try:
            with (
                smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=context)
                if scheme == "smtps"
                else smtplib.SMTP(host, port, timeout=SECONDS)
            ) as server:
                if scheme == "smtp" and (self._server.username or _offers_tls(server)):
                    server.starttls(context=context)  # a password never goes in the clear
                if self._server.username:
                    server.login(unquote(self._server.username), unquote(self._server.password or ""))
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise Retry(f"The mail server {host}:{port} did not take a message ({type(error).__name__}).") from None


def open_outbox(settings: Settings) -> Outbox:
    """The outbox as the settings want it."""
    url = settings.smtp_url.get_secret_value() if settings.smtp_url else ""
    return Outbox(settings.outbox, smtp_url=url, sender=settings.mail_sender)


def _offers_tls(server: smtplib.SMTP) -> bool:
    server.ehlo_or_helo_if_needed()
    return server.has_extn("starttls")
