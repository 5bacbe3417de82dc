"""How to reach the broker."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pika

from producers.amqp.errors import BadBrokerSettings

_CONNECT_TIMEOUT_S = 10
_HANDSHAKE_TIMEOUT_S = 15


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """`url` is amqp(s)://user:password@host:port/vhost; the files are PEM, and only for amqps.

    Without `ca_file` the system's certificate authorities count; the host name is verified in any case.
    `window` is how many published messages may wait for their confirm at once. Raises BadBrokerSettings.
    """

    url: str = field(repr=False)
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    heartbeat_s: int = 60
    confirm_timeout_s: float = 30
    window: int = 200

    def __post_init__(self) -> None:
        """Refuse early what could only fail later, or would go unencrypted."""
        scheme = self._scheme()
        files = self.ca_file or self.cert_file or self.key_file
        if files and scheme != "amqps":
            raise BadBrokerSettings("certificate files are given, but the broker url is not amqps://")
        if (self.cert_file is None) != (self.key_file is None):
            raise BadBrokerSettings("cert_file and key_file go together: give both or neither")

    def parameters(self) -> Any:
        """Pika's parameters. Raises BadBrokerSettings when a file cannot be used."""
        parameters = pika.URLParameters(self.url)
        parameters.heartbeat = self.heartbeat_s
        parameters.socket_timeout = _CONNECT_TIMEOUT_S
        parameters.stack_timeout = _HANDSHAKE_TIMEOUT_S
        parameters.connection_attempts = 1
        parameters.blocked_connection_timeout = None
        if self._scheme() == "amqps":
            parameters.ssl_options = pika.SSLOptions(self._tls_context(), parameters.host)
        return parameters

    def _scheme(self) -> str:
        try:
            parts = urlsplit(self.url)
            pika.URLParameters(self.url)
        except Exception:  # noqa: BLE001 - pika raises what it stumbles over, and its text may hold the password
            raise BadBrokerSettings(_not_understood(self.url)) from None
        if parts.scheme not in {"amqp", "amqps"} or not parts.hostname:
            raise BadBrokerSettings(_URL_WANTED)
        return parts.scheme

    def _tls_context(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.cert_file and self.key_file:
                context.load_cert_chain(self.cert_file, self.key_file)
        except OSError as error:  # ssl.SSLError is one
            files = ", ".join(str(path) for path in (self.ca_file, self.cert_file, self.key_file) if path)
            raise BadBrokerSettings(f"a certificate file of the broker cannot be used ({files}): {error}") from None
        return context


_URL_WANTED = "the broker url is not understood: expected amqp://user:password@host:port/vhost, or amqps://"


def _not_understood(url: str) -> str:
    address, _, query = url.partition("?")
    if "@" in query:  # where a password ends: its parts are not told either
        return f"{_URL_WANTED}; a question mark in user or password is written %3F"
    refused = ", ".join(_refused(address.partition(":")[0], query))
    return f"{_URL_WANTED}; unknown, or with a value that cannot be: {refused}" if refused else _URL_WANTED


def _refused(scheme: str, query: str) -> Iterator[str]:
    """The parameters that pika does not take."""
    for name, value in parse_qsl(query):
        try:
            pika.URLParameters(f"{scheme}://host/?{urlencode({name: value})}")
        except Exception:  # noqa: BLE001 - as above
            yield name
