"""A store that is open only while its agent is in charge: it may refuse, or give no answer, when it is opened too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import datetime

from producers.patience import Patience
from producers.store import Changes, Cursor, Page, Selection, StoreSource, Stream

Open = Callable[[], AbstractAsyncContextManager[StoreSource]]
"""Opens a store for as long as the context; once more each time the agent takes charge."""


class LateStore:
    """A `StoreSource` that the agent's parts are made with before it is open. They ask it within `opened` alone."""

    def __init__(self, open_store: Open, *, patience: Patience) -> None:
        self._open_store = open_store
        self._patience = patience
        self._source: StoreSource

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Open the store, as patiently as it is asked later. Raises `Stopped` while waiting."""
        async with AsyncExitStack() as stack:
            self._source = await self._patience.of(lambda: stack.enter_async_context(self._open_store()))
            yield

    @property
    def streams(self) -> Sequence[Stream]:
        """See the protocol."""
        return self._source.streams

    async def now(self) -> datetime:
        """See the protocol."""
        return await self._source.now()

    async def changes(self, stream: Stream, after: Cursor, *, until: datetime) -> Changes:
        """See the protocol."""
        return await self._source.changes(stream, after, until=until)

    async def page(self, stream: Stream, after: int, selection: Selection) -> Page:
        """See the protocol."""
        return await self._source.page(stream, after, selection)

    async def rows(self, stream: Stream, ids: Sequence[int]) -> Page:
        """See the protocol."""
        return await self._source.rows(stream, ids)

    async def count(self, stream: Stream, selection: Selection) -> int:
        """See the protocol."""
        return await self._source.count(stream, selection)

    async def ids(self, stream: Stream, after: int) -> Sequence[int]:
        """See the protocol."""
        return await self._source.ids(stream, after)

    async def check(self, streams: Collection[Stream]) -> None:
        """See the protocol."""
        await self._source.check(streams)
