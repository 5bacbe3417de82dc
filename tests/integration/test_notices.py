"""The digest of what waits for a person, and that it is sent once, whoever and however many would send it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from producers.runs import RunState
from tests.support.certificates import CertificateAuthority
from tests.support.fakes import START, FakeClock
from tests.support.mail_server import MailServer, mail_server
from tests.support.sample_ledger import ORG, event, lease_of, opened
from tests.support.serving_http import serving
from tests.support.settings_cases import MINIMAL
from worker.documents.documents import Kind
from worker.ledger.held.overview import HeldCount
from worker.ledger.ledger import Ledger
from worker.ledger.records import HoldState, Pause
from worker.ledger.runs.run_reports import RunStatus
from worker.notices.channels import Mail, NotSent, Webhook
from worker.notices.digest import Facts, digest
from worker.notices.notices import Notices, channels_of
from worker.settings import Settings, load

DAY = timedelta(days=1)
NOTHING = Facts(START, {ORG: ()}, (), {}, ())
RUN = RunStatus("r1", "shop", "resync-all", RunState.DONE, None, "", START, START, START, 5, 0, 0, 1)


def settings(folder: Path, **notify: object) -> Settings:
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in notify.items())
    path = folder / "xerelay.toml"
    path.write_text(MINIMAL.replace("organisations.main", f"organisations.{ORG}").replace('"main"', f'"{ORG}"'))
    with path.open("a") as file:
        file.write(f"\n[notify]\n{lines}")
    return load(path, {})


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def ledger(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Ledger]:
    async with opened(f"sqlite+inline:///{tmp_path / 'ledger.db'}", clock=clock) as ledger:
        yield ledger


@pytest.fixture
async def mail() -> AsyncIterator[MailServer]:
    async with mail_server() as server:
        yield server


async def park(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    await ledger.held.hold(lease, [event(1, HoldState.PERSON, reason="overpaid", detail="of Ada Lovelace")])


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"held": {ORG: (HeldCount(HoldState.PERSON, "overpaid", 3, START),)}}, "parked 3 overpaid, the oldest since"),
        ({"pauses": (Pause(ORG, None, "consent_revoked", "x", START, None),)}, "paused since 2026-03-02 09:00 UTC"),
        ({"pauses": (Pause(ORG, Kind.CREDIT_NOTE, "locked", "x", START, None),)}, f"{ORG}, credit notes: paused since"),
        ({"pauses": (Pause(ORG, None, "day_limit", "x", START, START),)}, "the day's calls are spent since"),
        (
            {"pauses": (Pause(ORG, None, "day_budget_spent", "x", START, START),)},
            "no call for more than ten minutes since",
        ),
        ({"refreshed": {"xero": START - 50 * DAY}}, "the consent ends on 2026-03-12; run `xerelay connect xero`"),
        ({"runs": (RUN,)}, "store shop: resync-all finished, 0 events published"),
        ({"runs": (replace(RUN, detail="read only 7 of 10 invoices"),)}, "published; read only 7 of 10 invoices"),
        ({"runs": (replace(RUN, state=RunState.FAILED),)}, "store shop: resync-all failed"),
    ],
)
def test_what_needs_a_person_has_one_line(facts: dict[str, Any], said: str) -> None:
    [line] = digest(replace(NOTHING, **facts), since=START - DAY)

    assert said in line


@pytest.mark.parametrize(
    "facts",
    [
        {"held": {ORG: (HeldCount(HoldState.PARENT, "x", 3, START),)}},
        {"refreshed": {"xero": START - 10 * DAY}},
        {"runs": (replace(RUN, finished_at=START - 2 * DAY),)},
        {"runs": (replace(RUN, state=RunState.RUNNING, finished_at=None),)},
    ],
)
def test_what_goes_on_by_itself_is_not_told(facts: dict[str, Any]) -> None:
    assert digest(replace(NOTHING, **facts), since=START - DAY) == []


async def test_of_several_workers_one_sends_and_again_after_every(
    ledger: Ledger, clock: FakeClock, mail: MailServer, tmp_path: Path
) -> None:
    await park(ledger)
    told = settings(tmp_path, smtp_url=mail.url, to=["books@example.com"], console_url="https://console.example.com")
    workers = [Notices(told, ledger, clock, channels_of(told.notify)) for _ in range(3)]

    await asyncio.gather(*(worker.turn() for worker in workers))
    first = list(mail.messages)
    clock.advance(23 * 3600)
    await workers[1].turn()
    before = len(mail.messages)
    clock.advance(3700)
    await workers[2].turn()

    [message] = first
    assert "Subject: xerelay: 1 thing needs you" in message
    assert "parked 1 overpaid" in message
    assert "https://console.example.com" in message
    assert "Ada" not in message
    assert (before, len(mail.messages)) == (1, 2)
    assert set(mail.recipients) == {"books@example.com"}


async def test_nothing_is_sent_while_nobody_is_needed(
    ledger: Ledger, clock: FakeClock, mail: MailServer, tmp_path: Path
) -> None:
    told = settings(tmp_path, smtp_url=mail.url, to=["books@example.com"])
    worker = Notices(told, ledger, clock, channels_of(told.notify))

    await worker.turn()
    quiet = len(mail.messages)
    await park(ledger)
    await worker.turn()

    assert (quiet, len(mail.messages)) == (0, 1)


async def test_a_mail_that_was_refused_is_sent_again_soon(
    ledger: Ledger, clock: FakeClock, mail: MailServer, tmp_path: Path
) -> None:
    await park(ledger)
    told = settings(tmp_path, smtp_url=mail.url, to=["books@example.com"])
    worker = Notices(told, ledger, clock, channels_of(told.notify))

    mail.refuses = True
    await worker.turn()
    mail.refuses = False
    await worker.turn()
    at_once = len(mail.messages)
    clock.advance(901)
    await worker.turn()

    assert (at_once, len(mail.messages)) == (0, 1)
    assert worker.outcomes == {("mail", "sent"): 1, ("mail", "failed"): 1}


async def test_a_channel_that_was_never_used_is_counted_from_the_beginning(ledger: Ledger, tmp_path: Path) -> None:
    told = settings(tmp_path, webhook_url="http://127.0.0.1:1/hook")

    worker = Notices(told, ledger, FakeClock(), channels_of(told.notify))

    assert worker.outcomes == {("webhook", "sent"): 0, ("webhook", "failed"): 0}


async def test_a_webhook_gets_the_lines_and_no_redirect_is_followed(tmp_path: Path) -> None:
    got: list[dict[str, Any]] = []

    async def take(request: Request) -> Response:
        got.append(await request.json())
        return Response(status_code=200)

    async def elsewhere(_request: Request) -> Response:
        return Response(status_code=307, headers={"Location": "/hook"})

    routes = [Route("/hook", take, methods=["POST"]), Route("/moved", elsewhere, methods=["POST"])]
    with serving(Starlette(routes=routes)) as url:
        await Webhook(f"{url}/hook").send("two", ["a", "b"])
        with pytest.raises(NotSent, match="answered 307"):
            await Webhook(f"{url}/moved").send("two", ["a", "b"])

    assert got == [{"text": "two\na\nb", "lines": ["a", "b"]}]


async def test_secrets_stay_out_of_what_is_said_of_a_failure(mail: MailServer) -> None:
    away = Webhook("http://user:planted@127.0.0.1:1/planted")
    plain = Mail(mail.url.replace("smtp://", "smtp://me:planted@"), ("books@example.com",))

    with pytest.raises(NotSent) as silent:
        await away.send("x", ["y"])
    with pytest.raises(NotSent, match="use smtps://") as in_the_clear:
        await plain.send("x", ["y"])

    assert "planted" not in f"{silent.value} {in_the_clear.value} {away} {plain}"
    assert mail.messages == []


async def test_whether_a_channel_can_be_reached_is_told_and_nothing_sent(mail: MailServer) -> None:
    got: list[str] = []

    async def take(request: Request) -> Response:
        got.append(request.method)
        return Response()

    await Mail(mail.url, ("books@example.com",)).reach()
    with serving(Starlette(routes=[Route("/hook", take, methods=["GET", "HEAD", "POST"])])) as url:
        await Webhook(f"{url}/hook").reach()
    with pytest.raises(NotSent, match="the mail server localhost did not take it: ConnectionRefusedError"):
        await Mail("smtp://localhost:1", ("books@example.com",)).reach()
    with pytest.raises(NotSent, match="the mail server localhost did not take it: SMTPNotSupportedError"):
        await Mail(mail.url.replace("smtp://", "smtp://me@"), ("books@example.com",)).reach()
    with pytest.raises(NotSent, match="the webhook did not answer: ConnectionRefusedError"):
        await Webhook("http://127.0.0.1:1/hook").reach()
    for away in (Webhook("http://a..invalid/hook"), Mail("smtp://a..invalid", ("books@example.com",))):
        with pytest.raises(NotSent):
            await away.reach()
        with pytest.raises(NotSent):
            await away.send("one", ["a"])

    assert (mail.messages, mail.recipients, got) == ([], [], [])


async def test_mail_goes_to_a_server_with_a_trusted_certificate_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = CertificateAuthority(tmp_path, "mail-ca")

    async with mail_server(authority.issue("localhost")) as server:
        letter = Mail(server.url, ("books@example.com",))
        with pytest.raises(NotSent, match="SSLCertVerificationError"):
            await letter.send("x", ["y"])
        before = len(server.messages)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        await letter.send("x", ["y"])

    assert (before, len(server.messages)) == (0, 1)
