"""The overview says of each connection whether its consent still holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support.console_room import Room, console_room, text_of
from tests.support.fakes import START
from tests.support.settings_cases import MINIMAL
from worker.ledger.records import Pause, TokenSet

ONE, OTHER = "6f0c3f2e-7d4e-4a53-9a59-2f3f1f1a7a10", "7f0c3f2e-7d4e-4a53-9a59-2f3f1f1a7a11"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """An admin is logged in."""
    async with console_room(tmp_path) as made:
        await made.browser.log_in()
        yield made


async def test_a_consent_that_nobody_used_for_60_days_has_run_out(room: Room) -> None:
    await keep_tokens(room, renewed=START - timedelta(days=60))

    seen = text_of(await room.browser.get("/"))

    assert "xero consent ran out main 2026-01-01 09:00 UTC Connect again" in seen


async def test_a_consent_that_xero_refuses_is_revoked_for_whom_it_was(tmp_path: Path) -> None:
    async with console_room(tmp_path, config=two_organisations()) as room:
        await room.browser.log_in()
        await keep_tokens(room, renewed=START)
        before = text_of(await room.browser.get("/"))
        await pause(room, "main", "consent_revoked")
        half = text_of(await room.browser.get("/"))
        await pause(room, "other", "consent_revoked")
        all_of_it = text_of(await room.browser.get("/"))

    assert "xero connected main, other" in before
    assert "xero consent revoked for main main, other 2026-03-02 09:00 UTC Connect again" in half
    assert "xero consent revoked main, other 2026-03-02 09:00 UTC Connect again" in all_of_it


@pytest.mark.parametrize("reason", ["day_budget_spent", "xero_unavailable"])
async def test_a_pause_for_another_reason_leaves_the_consent_connected(room: Room, reason: str) -> None:
    await keep_tokens(room, renewed=START - timedelta(days=59))
    await pause(room, "main", reason)

    assert "xero connected main" in text_of(await room.browser.get("/"))


async def keep_tokens(room: Room, *, renewed: datetime) -> None:
    token = TokenSet("access", renewed + timedelta(minutes=30), "refresh", refreshed_at=renewed)
    await room.desk.ledger.tokens.swap("xero", 0, token)


async def pause(room: Room, org: str, reason: str) -> None:
    await room.desk.ledger.pauses.set(None, Pause(org, None, reason, "as xero says", START, None))


def two_organisations() -> str:
    """Both on one connection."""
    main = MINIMAL[MINIMAL.index("[organisations.main]") : MINIMAL.index("[stores.shop]")]
    other = main.replace("organisations.main", "organisations.other")
    return with_tenant(MINIMAL, ONE) + with_tenant(other, OTHER)


def with_tenant(config: str, tenant: str) -> str:
    return config.replace("start_date", f'tenant_id = "{tenant}"\nstart_date')
