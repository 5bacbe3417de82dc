"""What the console adds is kept, and every change of it is on record."""

from __future__ import annotations

from tests.support.sample_ledger import opened
from worker.settings.overlay import Entry, Table

KLARNA = Entry(Table.PAYMENTS, "klarna", "090")
TAX = Entry(Table.TAX, "19", "TAX003")


async def test_entries_are_kept_by_organisation_in_one_order(database_url: str) -> None:
    async with opened(database_url) as ledger:
        for org, entry in (("main", TAX), ("main", KLARNA), ("other", KLARNA)):
            await ledger.overlays.set(org, entry, who="ann")

        assert await ledger.overlays.of("main") == (KLARNA, TAX)
        assert await ledger.overlays.of("other") == (KLARNA,)
        assert await ledger.overlays.of("third") == ()


async def test_a_change_is_on_record_with_what_was_there_before(database_url: str) -> None:
    async with opened(database_url) as ledger:
        await ledger.overlays.set("main", KLARNA, who="ann")
        await ledger.overlays.set("main", Entry(Table.PAYMENTS, "klarna", "091"), who="ben")
        removed = await ledger.overlays.remove("main", Table.PAYMENTS, "klarna", who="cid")
        again = await ledger.overlays.remove("main", Table.PAYMENTS, "klarna", who="cid")

        actions = await ledger.admin_actions.latest()
        assert (removed, again, await ledger.overlays.of("main")) == (True, False, ())
        assert {(one.who, one.action, one.organisation, one.subject, one.reason) for one in actions} == {
            ("ann", "mapping.set", "main", "payments klarna", "nothing → 090"),
            ("ben", "mapping.set", "main", "payments klarna", "090 → 091"),
            ("cid", "mapping.remove", "main", "payments klarna", "091 → nothing"),
        }
