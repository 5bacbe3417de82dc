"""Sales whose website or store view is deleted in Magento stay in the books that have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from producers.checkpoints import Memory
from producers.magento.translate.invoices import invoice
from producers.magento.translate.places import Places, read_places
from producers.routing import Routing
from producers.store import Found, Row
from producers.translation import Batch, Translator, Wish
from tests.support.agent_fixture import routing, target
from tests.support.fake_store import OPENED
from tests.support.magento_samples import CONFIGS, VIEWS, WEBSITES, invoice_json, order_json

IRISH = {"id": 4, "code": "irish", "name": "Irish", "website_id": 1, "store_group_id": 1, "is_active": 1}
BY_WEBSITE = Routing({name: target(name) for name in ("uk", "nz")}, websites={"base": "uk", "nz": "nz"})
BY_VIEW = Routing({name: target(name) for name in ("uk", "ie")}, websites={"base": "uk"}, views={"irish": "ie"})
OPEN, PAID = 1, 2


@dataclass(frozen=True)
class Closing:
    """A part of a shop that is closed: how its sales are routed, and the shop before and after."""

    routed: Routing
    before: Places
    after: Places
    view: int
    name: str

    def sold(self, state: int = PAID) -> tuple[Found, ...]:
        """Invoice 57 while the part is there."""
        return self._invoice(self.before, self.view, state)

    def once_closed(self, state: int = PAID) -> tuple[Found, ...]:
        """The same, changed after the part was deleted: Magento sets `store_id` to null."""
        return self._invoice(self.after, None, state, updated_at="2026-11-01 10:00:00")

    def _invoice(self, places: Places, view: int | None, state: int, **changes: Any) -> tuple[Found, ...]:
        order = order_json(store_id=view, store_name=self.name, **changes)
        return invoice(
            invoice_json(store_id=view, state=state), order, places, captured={}, offline_methods=frozenset()
        )


WEBSITE = Closing(
    BY_WEBSITE,
    read_places(CONFIGS, VIEWS, WEBSITES),
    read_places(CONFIGS[:1], VIEWS[:2], WEBSITES[:2]),
    view=3,
    name="Aotearoa\nAotearoa Store\nKiwi",
)
VIEW = Closing(
    BY_VIEW,
    read_places(CONFIGS, [*VIEWS, IRISH], WEBSITES),
    read_places(CONFIGS, VIEWS, WEBSITES),
    view=4,
    name="Main Website\nMain Website Store\nIrish",
)
closings = pytest.mark.parametrize(("closed", "owner"), [(WEBSITE, "nz"), (VIEW, "ie")], ids=["a website", "a view"])


@closings
def test_a_sale_is_not_booked_again_by_another_organisation(closed: Closing, owner: str) -> None:
    first = _batch(closed.routed, closed.sold())

    again = _batch(closed.routed, closed.once_closed(), first.memories[0])

    assert _fed(first) == [("invoice", owner), ("payment", owner)]
    assert {organisation for _, organisation in _fed(again)} <= {owner}


@closings
def test_a_payment_goes_where_its_sale_is(closed: Closing, owner: str) -> None:
    first = _batch(closed.routed, closed.sold(OPEN))

    again = _batch(closed.routed, closed.once_closed(PAID), first.memories[0])

    assert _fed(first) == [("invoice", owner)]
    assert ("payment", owner) in _fed(again)
    assert {organisation for _, organisation in _fed(again)} == {owner}


def test_of_a_deleted_website_only_what_an_organisation_has_is_published() -> None:
    batch = _batch(BY_WEBSITE, WEBSITE.once_closed())

    assert (_fed(batch), batch.skipped) == ([], 2)


def test_what_no_organisation_has_of_a_deleted_view_goes_where_its_website_does() -> None:
    batch = _batch(BY_VIEW, VIEW.once_closed())

    assert _fed(batch) == [("invoice", "uk"), ("payment", "uk")]


@pytest.mark.parametrize("closed", [WEBSITE, VIEW], ids=["a website", "a view"])
def test_a_store_of_one_organisation_has_all_its_sales_there(closed: Closing) -> None:
    everything = routing(target("main"), *closed.routed.targets.values())
    elsewhere = _batch(closed.routed, closed.sold())

    batch = _batch(everything, closed.once_closed(), elsewhere.memories[0])

    assert _fed(batch) == [("invoice", "main"), ("payment", "main")]


def _batch(routed: Routing, found: tuple[Found, ...], memory: Memory | None = None) -> Batch:
    row = Row(57, found[0].version, found)
    return Translator("webshop", routed).batch([row], [], {57: memory} if memory else {}, now=OPENED, wish=Wish())


def _fed(batch: Batch) -> list[tuple[str, str]]:
    return [(str(one.event.entity), one.event.organisation) for one in batch.outgoing]
