"""What is parked says whose it is, and a later good version makes up for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.codec import encode_event
from schemas.entities import Entity
from tests.serving_fakes import Served, served
from tests.unit.mapping_cases import VERSION, event, invoice, line
from worker.documents import EntityKey

INVOICE = invoice(line("10.00", "2.00", tax_rate="20"))
OWNER = EntityKey("main", "webshop", "invoice", "31")


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        yield one


def spoiled(**changes: Any) -> bytes:
    body = encode_event(event(Entity.INVOICE, INVOICE).model_copy(update=changes))
    return body.replace(b'"gross":"12.00"}', b'"gross":"13.00"}')


async def test_a_parked_message_names_its_entity_and_version_though_its_data_is_wrong(one: Served) -> None:
    await one.acked(*one.receive(spoiled()))

    [held] = await one.parked()
    assert (held.reason, held.owner, held.version, held.event_id) == ("totals", OWNER, VERSION, "e1")


async def test_a_good_later_version_clears_the_bad_one(one: Served) -> None:
    await one.acked(*one.receive(spoiled()))
    good = event(Entity.INVOICE, INVOICE).model_copy(update={"version": VERSION + timedelta(hours=1)})

    await one.acked(*one.receive(good))

    assert await one.parked() == []
    assert "SHOP-I-webshop-100000012" in one.xero.written


async def test_an_older_good_version_leaves_the_bad_one_for_a_person(one: Served) -> None:
    await one.acked(*one.receive(spoiled(version=VERSION + timedelta(hours=1))))

    await one.acked(*one.receive(event(Entity.INVOICE, INVOICE)))

    assert [held.reason for held in await one.parked()] == ["totals"]


async def test_what_was_meant_for_another_organisation_is_not_made_up_for_here(one: Served) -> None:
    astray = event(Entity.INVOICE, INVOICE).model_copy(update={"organisation": "other"})
    await one.acked(*one.receive(astray))

    await one.acked(*one.receive(event(Entity.INVOICE, INVOICE)))

    assert [(held.reason, held.owner) for held in await one.parked()] == [("misrouted", OWNER)]
