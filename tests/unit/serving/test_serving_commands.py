"""What an organisation's command queue obeys, and how it tells what it does not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from schemas.commands import Release, SyncNow, decode_command, encode_command
from schemas.entities import Entity
from schemas.topology import organisation_commands
from tests.support.agent_fixture import message
from tests.support.serving_fakes import ORG, Served, served

RELEASE = message("release", Release())


def naming(organisation: str) -> bytes:
    """A release whose envelope says whose it is."""
    envelope, command = decode_command(RELEASE)
    return encode_command(envelope.model_copy(update={"organisation": organisation}), command)


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        yield one


@pytest.mark.parametrize("body", [RELEASE, naming(ORG)])
async def test_a_release_opens_the_batch_window(body: bytes, one: Served) -> None:
    with capture_logs() as logs:
        await command(one, body)

    assert answers(logs) == ["lane.released"]


@pytest.mark.parametrize(
    ("body", "reason", "cure"),
    [
        (b"\xff{", "undecodable", "JSON"),
        (message("sync-now", SyncNow(entity=Entity.INVOICE, ids=("1",))), "unknown_kind", "{store}.sync-now"),
        (naming("other"), "invalid", "routing key other.release"),
    ],
)
async def test_what_is_no_release_of_this_organisation_is_told_and_opens_nothing(
    body: bytes, reason: str, cure: str, one: Served
) -> None:
    with capture_logs() as logs:
        await command(one, body)

    assert answers(logs) == ["command.refused"]
    [told] = [line for line in logs if line["event"] == "command.refused"]
    assert (told["organisation"], told["reason"], told["log_level"]) == (ORG, reason, "error")
    assert cure in told["detail"]


def answers(logs: Sequence[Mapping[str, Any]]) -> list[str]:
    return [line["event"] for line in logs if line["event"] in ("lane.released", "command.refused")]


async def command(one: Served, body: bytes) -> None:
    delivery = one.broker.deliver(body, queue=organisation_commands(ORG))
    one.serving.receive(delivery)
    await one.acked(delivery.tag)
