"""What is said when a stream is read for the first time: how much of the store is left out, and how to get it."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from producers.routing import DATED
from producers.store import Selection, StoreSource, Stream
from producers.translation import Translator


class FirstLook:
    """Counts, and tells the log and a person."""

    def __init__(self, source: StoreSource, translator: Translator, *, say: Callable[[str], None]) -> None:
        self._store = translator.store
        self._source = source
        self._routing = translator.routing
        self._say = say
        self._log = structlog.get_logger("xerelay").bind(store=translator.store)

    async def tell(self, stream: Stream) -> None:
        """Say it. Raises what the store raises."""
        start = self._routing.start_date
        total = await self._source.count(stream, Selection())
        left_out = max(0, total - await self._source.count(stream, Selection(since=start)))
        self._log.info("stream.begun", stream=stream.name, start_date=str(start), rows=total, left_out=left_out)
        if left_out:
            self._say(
                f"{self._store} {stream.name}: {left_out} of {total} are older than {start}: {self._fate(stream)}"
            )

    def _fate(self, stream: Stream) -> str:
        if stream.entities <= DATED:
            return "they are not published"
        entities = " ".join(f"--entity {entity}" for entity in sorted(stream.entities - DATED))
        return f"published when they change, or all by `xerelay resync-all --store {self._store} {entities}`"
