"""What a command reads of a store that does not go on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from producers.store import Page, Selection, Stream
from producers.translation import Translator
from schemas.entities import Entity
from tests.support.agent_fixture import routing
from tests.support.fake_store import OPENED, FakeStore, many_invoices
from worker.stores.store_reading import StoreReader


@dataclass
class Stuck(FakeStore):
    """Gives its first page whatever it is asked for, and says each time that there is more."""

    async def page(self, stream: Stream, after: int, selection: Selection) -> Page:
        assert self.calls["page"] < 10, "the reading does not end"
        return replace(await super().page(stream, 0, selection), more=True)


async def test_a_page_that_does_not_go_on_ends_the_reading() -> None:
    store = Stuck(page_size=3)
    many_invoices(store, 6)

    async def nothing(*_: object) -> dict[int, object]:
        return {}

    reader = StoreReader(store, Translator("shop", routing()), "main", lambda: OPENED, print, nothing)  # type: ignore[arg-type] # nothing is remembered

    read = [event async for page in reader.events(Selection(), {Entity.INVOICE}) for event in page]

    assert {event.subject for event in read} == {"1", "2", "3"}
    assert store.calls["page"] == 2
