"""The ways to a person: e-mail by SMTP, and a webhook. Each raises `NotSent`, without secrets in its text."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Protocol
from urllib.parse import unquote, urlsplit

import httpx

_PATIENCE_S = 5.0
"""For each answer. A worker that is told to stop waits for a message that is under way."""

_SMTP_PORT = 25
_SMTPS_PORT = 465
_HTTP_PORT = 80
_HTTPS_PORT = 443


class NotSent(Exception):
    """The notice did not get out: try again later."""


class Channel(Protocol):
    """One way to send."""

    @property
    def name(self) -> str:
        """`mail` or `webhook`."""
        ...

    async def send(self, subject: str, lines: Sequence[str]) -> None:
        """Raises `NotSent`."""
        ...


@dataclass(frozen=True, slots=True)
class Mail:
    """`url` is smtps://user:password@host:port, or smtp:// for STARTTLS where the server has it."""

    url: str = field(repr=False)
    to: tuple[str, ...] = ()
    name: str = "mail"

    async def send(self, subject: str, lines: Sequence[str]) -> None:
        """In a thread: the standard library's client blocks. Raises `NotSent`."""
        await asyncio.to_thread(self._send, subject, lines)

    async def reach(self) -> None:
        """Connects and logs in. Raises `NotSent`."""
        await asyncio.to_thread(self._with_server, smtplib.SMTP.noop)

    def _send(self, subject: str, lines: Sequence[str]) -> None:
        user = self._user
        message = EmailMessage()
        message["Subject"] = subject
        message["From"] = user if "@" in user else self.to[0]
        message["To"] = ", ".join(self.to)
        message.set_content("\n".join(lines))
        self._with_server(lambda server: server.send_message(message))

    @property
    def _user(self) -> str:
        return unquote(urlsplit(self.url).username or "")

    def _with_server(self, use: Callable[[smtplib.SMTP], object]) -> None:
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        try:
            with self._opened(host, parts.port, secure=parts.scheme == "smtps") as server:
                if self._user:
                    server.login(self._user, unquote(parts.password or ""))
                use(server)
        except (OSError, UnicodeError, smtplib.SMTPException) as error:  # their texts may quote the addresses
            raise NotSent(f"the mail server {host} did not take it: {type(error).__name__}") from None

    def _opened(self, host: str, port: int | None, *, secure: bool) -> smtplib.SMTP:
        trusting = ssl.create_default_context()  # the library's own takes any certificate
        if secure:
            return smtplib.SMTP_SSL(host, port or _SMTPS_PORT, timeout=_PATIENCE_S, context=trusting)
        server = smtplib.SMTP(host, port or _SMTP_PORT, timeout=_PATIENCE_S)
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=trusting)
            server.ehlo()
        elif urlsplit(self.url).password:
            server.close()
            raise NotSent(
                f"the mail server {host} has no STARTTLS, and the password must not go in the clear: use smtps://"
            )
        return server


@dataclass(frozen=True, slots=True)
class Webhook:
    """POST of `{"text": …, "lines": […]}` to `url`, which is a secret."""

    url: str = field(repr=False)
    name: str = "webhook"

    async def send(self, subject: str, lines: Sequence[str]) -> None:
        """Redirects are not followed. Raises `NotSent`."""
        body = {"text": "\n".join([subject, *lines]), "lines": list(lines)}
        try:
            async with httpx.AsyncClient(timeout=_PATIENCE_S, trust_env=False) as http:
                reply = await http.post(self.url, json=body)
        except (httpx.RequestError, httpx.InvalidURL, UnicodeError) as error:
            raise NotSent(f"the webhook did not answer: {type(error).__name__}") from None
        if not reply.is_success:
            raise NotSent(f"the webhook answered {reply.status_code}")

    async def reach(self) -> None:
        """Connects; whatever it was asked would be a notice. Raises `NotSent`."""
        parts = urlsplit(self.url)
        is_secure = parts.scheme == "https"
        port = parts.port or (_HTTPS_PORT if is_secure else _HTTP_PORT)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                _, writer = await asyncio.open_connection(parts.hostname, port, ssl=is_secure or None)
        except (OSError, UnicodeError) as error:  # a time-out too, and a host that is no name
            raise NotSent(f"the webhook did not answer: {type(error).__name__}") from None
        writer.close()
