"""A command worked off: pages are fetched while those before them are being confirmed, and checkpointed in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from producers.checkpoints import CheckpointError, Checkpoints
from producers.defects import described, ungrouped
from producers.pace import Clock, Stop, Stopped
from producers.patience import Patience
from producers.posting import Posting
from producers.runs import Progress, Run, Runs, RunState
from producers.selection import by_ids, selection_of, streams_of, wish_of
from producers.steps import Step, Steps
from producers.store import Page, StoreSource, Stream
from producers.translation import Batch, Translator, Wish

PAGES_AHEAD = 3
"""Pages that wait for their confirms while the next one is fetched: what a run keeps in memory."""

_LOOK_EVERY_S = 2.0


class RunCancelled(Exception):
    """An admin wants no more of this run."""


@dataclass(frozen=True, slots=True)
class _OnItsWay:
    page: Page
    batch: Batch
    confirmed: asyncio.Task[None]


class Resyncer:
    """Works off the runs of one command, one after the other."""

    def __init__(
        self,
        *,
        name: str,
        source: StoreSource,
        checkpoints: Checkpoints,
        runs: Runs,
        posting: Posting,
        translator: Translator,
        patience: Patience,
        clock: Clock,
        stop: Stop,
        steps: Steps,
    ) -> None:
        self.woken = asyncio.Event()
        self._name = name
        self._source = source
        self._checkpoints = checkpoints
        self._runs = runs
        self._posting = posting
        self._translator = translator
        self._patience = patience
        self._clock = clock
        self._stop = stop
        self._steps = steps
        self._log = structlog.get_logger("xerelay").bind(store=translator.store, command=name)

    async def run(self) -> None:
        """Work until the agent is to end. Raises `Stopped`, and `NotInCharge`."""
        while True:
            self.woken.clear()
            run = await self._patience.of(partial(self._runs.next, self._name))
            if run is None:
                await self._stop.rest(_LOOK_EVERY_S, unless=self.woken)
            elif await self._patience.of(partial(self._runs.begin, run)):
                await self._carry_out(run)

    async def _carry_out(self, run: Run) -> None:
        self._log.info("run.begun", run=run.id)
        try:
            await self._work_while_wanted(run)
        except RunCancelled:
            self._log.info("run.cancelled", run=run.id)
        except (Stopped, CheckpointError):
            raise
        except Exception as error:  # noqa: BLE001 - a defect ends this run, not the agent; the status tells it
            self._log.error("run.failed", run=run.id, detail=described(error))
            await self._patience.of(partial(self._runs.finish, run, RunState.FAILED, described(error)))
        else:
            await self._patience.of(partial(self._runs.finish, run, RunState.DONE))
            self._log.info("run.done", run=run.id)

    async def _work_while_wanted(self, run: Run) -> None:
        with ungrouped():
            async with asyncio.TaskGroup() as tasks:
                watching = tasks.create_task(self._watch(run))
                await self._work(run)
                watching.cancel()

    async def _watch(self, run: Run) -> None:
        """Ends the work on a run that is no longer wanted, also while the store or the broker is away."""
        while await self._patience.of(partial(self._runs.wanted, run)):
            await self._clock.sleep(_LOOK_EVERY_S)
        raise RunCancelled

    async def _work(self, run: Run) -> None:
        reached = await self._patience.of(partial(self._runs.progress, run))
        for stream in streams_of(run, self._source.streams):
            progress = reached.get(stream.name, Progress())
            if not progress.done:
                await self._publish(run, stream, await self._counted(run, stream, progress))

    async def _counted(self, run: Run, stream: Stream, progress: Progress) -> Progress:
        if progress.total is not None:
            return progress
        ids = by_ids(run)
        if ids is not None:
            return replace(progress, total=len(ids))
        selection = selection_of(run, stream, self._translator.routing)
        return replace(progress, total=await self._patience.of(partial(self._source.count, stream, selection)))

    async def _publish(self, run: Run, stream: Stream, progress: Progress) -> None:
        on_their_way: asyncio.Queue[_OnItsWay | None] = asyncio.Queue(PAGES_AHEAD)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._fetch(run, stream, progress.last, on_their_way, tasks))
            while (one := await on_their_way.get()) is not None:
                await one.confirmed
                progress = _after(progress, one)
                await self._save(run, stream, progress, one.batch)
            if not progress.done:
                raise Stopped

    async def _fetch(
        self,
        run: Run,
        stream: Stream,
        after: int,
        on_their_way: asyncio.Queue[_OnItsWay | None],
        tasks: asyncio.TaskGroup,
    ) -> None:
        wish = wish_of(run)
        async for page in self._pages(run, stream, after):
            self._steps.reached(Step.FETCHED)
            batch = await self._translate(stream, page, wish)
            self._steps.reached(Step.TRANSLATED)
            confirmed = tasks.create_task(self._posting.post(batch.outgoing))
            await on_their_way.put(_OnItsWay(page, batch, confirmed))
        await on_their_way.put(None)

    async def _pages(self, run: Run, stream: Stream, after: int) -> AsyncIterator[Page]:
        ids = by_ids(run)
        selection = selection_of(run, stream, self._translator.routing)
        more = True
        while more and not self._stop.asked:
            if ids is None:
                page = await self._patience.of(partial(self._source.page, stream, after, selection))
            else:
                page = await self._patience.of(partial(self._rows, stream, [one for one in ids if one > after]))
            more, after = page.more and page.last > after, max(page.last, after)
            yield replace(page, last=after, more=more)

    async def _rows(self, stream: Stream, left: Sequence[int]) -> Page:
        piece = left[:_IDS_AT_A_TIME]
        if not piece:
            return Page((), (), 0, more=False)
        return replace(await self._source.rows(stream, piece), last=piece[-1], more=len(left) > len(piece))

    async def _translate(self, stream: Stream, page: Page, wish: Wish) -> Batch:
        ids = [row.id for row in page.rows] + [broken.id for broken in page.broken]
        known = await self._patience.of(partial(self._checkpoints.memories, stream, ids))
        return self._translator.batch(page.rows, page.broken, known, now=self._clock.now(), wish=wish)

    async def _save(self, run: Run, stream: Stream, progress: Progress, batch: Batch) -> None:
        for row in batch.broken:
            self._log.error("row.broken", stream=stream.name, row=row.id, reason=row.reason)
        save = partial(self._runs.save_page, run, stream, progress, batch.memories)
        if not await self._patience.of(save):
            raise RunCancelled
        self._steps.reached(Step.CHECKPOINTED)


_IDS_AT_A_TIME = 100


def _after(progress: Progress, one: _OnItsWay) -> Progress:
    return replace(
        progress,
        last=one.page.last,
        pages=progress.pages + 1,
        published=progress.published + len(one.batch.outgoing),
        skipped=progress.skipped + one.batch.skipped,
        broken=progress.broken + len(one.page.broken),
        done=not one.page.more,
    )
