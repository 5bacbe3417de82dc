"""What goes to Xero next, when there is a choice."""

from __future__ import annotations

from pathlib import Path

from schemas.entities import Entity
from tests.support.mapping_cases import event
from tests.support.serving_fakes import served
from worker.documents.documents import Kind


async def test_kinds_that_fill_a_call_go_before_older_events_that_do_not(tmp_path: Path) -> None:
    async with served(f"sqlite+inline:///{tmp_path}/ledger.db") as one:
        product = event(Entity.PRODUCT, {"id": "1", "sku": "MUG", "name": "Mug"})
        customers = [
            event(Entity.CUSTOMER, {"id": str(n), "first_name": "Ann", "last_name": f"Lee {n}"}) for n in range(100)
        ]

        await one.acked(*one.receive(product, *customers))

        assert [(call.kind, len(call.members)) for call in one.xero.calls if call.kind] == [
            (Kind.CONTACT, 50),
            (Kind.CONTACT, 50),
            (Kind.ITEM, 1),
        ]
