"""What a notice goes through on its way: an SMTP server that has STARTTLS, and no proxy of the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.certificates import CertificateAuthority
from tests.support.mail_server import mail_server
from tests.support.serving_http import serving
from worker.notices.channels import Mail, NotSent, Webhook


async def test_a_password_goes_to_a_server_with_starttls_and_a_trusted_certificate_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = CertificateAuthority(tmp_path, "mail-ca")

    async with mail_server(authority.issue("localhost"), starttls=True) as server:
        letter = Mail(server.url.replace("smtp://", "smtp://me:planted@"), ("books@example.com",))
        with pytest.raises(NotSent, match="SSLCertVerificationError"):
            await letter.send("x", ["y"])
        distrusted = list(server.verbs)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        await letter.send("x", ["y"])

    assert distrusted == ["EHLO", "STARTTLS"]
    assert server.verbs[2:] == ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"]
    assert len(server.messages) == 1


async def test_a_webhook_goes_by_no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[Any] = []

    async def take(request: Request) -> Response:
        got.append(await request.json())
        return Response()

    with serving(Starlette(routes=[Route("/hook", take, methods=["POST"])])) as url:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        await Webhook(f"{url}/hook").send("one", ["a"])

    assert got == [{"text": "one\na", "lines": ["a"]}]
