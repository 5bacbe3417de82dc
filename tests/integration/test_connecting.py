"""A consent is kept although Xero is silent for a moment, and although a worker refreshes at the same time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.fakes import START, FakeClock
from tests.support.pasting import at_sandbox
from tests.support.sample_ledger import opened
from tests.support.serving_http import serving
from worker.ledger.ledger import Ledger
from worker.ledger.records import TokenSet
from worker.settings import Settings, load
from worker.xero.connecting import Question, complete
from worker.xero.oauth.consent import ConsentRefused, Tenant
from worker.xero.oauth.tokens import TokenUnavailable

SHOP = {"id": "c1", "tenantId": "t1", "tenantName": "Shop Ltd", "tenantType": "ORGANISATION"}
OF_BEFORE = TokenSet("access", START + timedelta(minutes=30), "refresh", refreshed_at=START)


@dataclass
class Identity:
    """Takes any code; does not say which organisations there are the next `silent` times."""

    url: str = ""
    silent: int = 0

    async def token(self, _: Request) -> Response:
        return JSONResponse({"access_token": "access-1", "refresh_token": "refresh-1", "expires_in": 1800})

    async def connections(self, _: Request) -> Response:
        self.silent -= 1
        return Response(status_code=503) if self.silent >= 0 else JSONResponse([SHOP])


@pytest.fixture
def identity() -> Iterator[Identity]:
    one = Identity()
    routes = [
        Route("/connect/token", one.token, methods=["POST"]),
        Route("/connections", one.connections, methods=["GET"]),
    ]
    with serving(Starlette(routes=routes)) as one.url:
        yield one


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    async with opened(f"sqlite+inline:///{tmp_path / 'ledger.db'}") as ledger:
        yield ledger


async def connect(identity: Identity, ledger: Ledger, folder: Path) -> list[Tenant]:
    path = folder / "xerelay.toml"
    path.write_text(at_sandbox(identity.url))
    settings: Settings = load(path, {})
    question = Question(settings.connections["xero"], "http://localhost:8765/callback")
    answer = f"{question.redirect_uri}?code=1&state={question.state}"
    return await complete(settings, ledger, question, answer, clock=FakeClock(), who="Ann")


async def test_a_moment_of_silence_costs_no_consent(identity: Identity, ledger: Ledger, tmp_path: Path) -> None:
    identity.silent = 2

    [tenant] = await connect(identity, ledger, tmp_path)

    assert tenant.id == "t1"


async def test_a_longer_silence_is_told_with_what_is_done_already(
    identity: Identity, ledger: Ledger, tmp_path: Path
) -> None:
    identity.silent = 100

    with pytest.raises(TokenUnavailable, match="answered 503; connection xero has its tokens"):
        await connect(identity, ledger, tmp_path)

    stored = await ledger.tokens.load("xero")
    assert stored is not None
    assert stored.refresh_token == "refresh-1"


@pytest.mark.parametrize("times", [1, 3])
async def test_a_refresh_at_the_same_time_gives_way_to_the_consent(
    identity: Identity, ledger: Ledger, tmp_path: Path, times: int
) -> None:
    await ledger.tokens.swap("xero", 0, OF_BEFORE)
    refresh_meanwhile(ledger, times)

    await connect(identity, ledger, tmp_path)

    stored = await ledger.tokens.load("xero")
    assert stored is not None
    assert (stored.refresh_token, stored.generation) == ("refresh-1", times + 2)


async def test_who_is_never_first_is_asked_to_start_again(identity: Identity, ledger: Ledger, tmp_path: Path) -> None:
    await ledger.tokens.swap("xero", 0, OF_BEFORE)
    refresh_meanwhile(ledger, 100)

    with pytest.raises(ConsentRefused, match="start again"):
        await connect(identity, ledger, tmp_path)


def refresh_meanwhile(ledger: Ledger, times: int) -> None:
    """A worker stores a token set of its own between the question for the generation and what is made of it."""
    ledger.tokens = RefreshedMeanwhile(ledger, times)  # type: ignore[assignment] # the ledger's own, but for a race


class RefreshedMeanwhile:
    """The ledger's tokens, while a worker refreshes so many times."""

    def __init__(self, ledger: Ledger, left: int) -> None:
        self._tokens = ledger.tokens
        self._left = left

    async def load(self, connection: str) -> TokenSet | None:
        return await self._tokens.load(connection)

    async def generation(self, connection: str) -> int:
        found = await self._tokens.generation(connection)
        if self._left > 0:
            self._left -= 1
            assert await self._tokens.swap(connection, found, replace(OF_BEFORE, refresh_token=f"other-{found}"))
        return found

    async def swap(self, connection: str, expected_generation: int, new: TokenSet) -> bool:
        return await self._tokens.swap(connection, expected_generation, new)
