"""A mail server of this machine that keeps what it gets: as much of RFC 5321 as the standard library's client uses."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class MailServer:
    """`refuses` answers 554 to every message. With `upgrade` it has STARTTLS, and takes any password once it is used.

    `verbs` is everything it was asked to do, in order.
    """

    url: str = ""
    refuses: bool = False
    upgrade: ssl.SSLContext | None = None
    verbs: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := (await reader.readline()).decode().strip():
            verb = line.split()[0].upper()
            self.verbs.append(verb)
            if verb == "EHLO" and self.upgrade is not None:
                writer.write(b"250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n")
            elif verb == "STARTTLS" and self.upgrade is not None:
                writer.write(b"220 go on\r\n")
                await writer.drain()
                try:
                    await writer.start_tls(self.upgrade)
                except (OSError, ssl.SSLError):  # a client that does not trust the certificate goes
                    break
            elif verb == "AUTH":
                writer.write(b"235 welcome\r\n")
            elif verb == "DATA":
                writer.write(b"354 go on\r\n")
                text = (await reader.readuntil(b"\r\n.\r\n")).decode()
                if not self.refuses:
                    self.messages.append(text)
                writer.write(b"554 no\r\n" if self.refuses else b"250 kept\r\n")
            else:
                if verb == "RCPT":
                    self.recipients.append(line.partition(":")[2].strip("<>"))
                writer.write(b"221 bye\r\n" if verb == "QUIT" else b"250 fine\r\n")
            if verb == "QUIT":
                break
        writer.close()


@asynccontextmanager
async def mail_server(
    certificate: tuple[Path, Path] | None = None, *, starttls: bool = False
) -> AsyncIterator[MailServer]:
    """With a certificate of localhost and its key, smtps; or, with `starttls`, smtp that can be made secure."""
    kept, context = MailServer(), None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
    if starttls:
        kept.upgrade, context = context, None
    server = await asyncio.start_server(kept.talk, "127.0.0.1", 0, ssl=context)
    kept.url = f"smtp{'s' if context else ''}://localhost:{server.sockets[0].getsockname()[1]}"
    try:
        yield kept
    finally:
        server.close()
