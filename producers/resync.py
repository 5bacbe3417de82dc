"""A command worked off: pages are fetched while those before them are being confirmed, and checkpointed in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from producers.checkpoints import CheckpointError
from producers.defects import described, ungrouped
from producers.pace import Stopped
from producers.posting import Posted
from producers.runs import Progress, Run, RunState, shortfall
from producers.selection import by_ids, selection_of, streams_of, untaken, wish_of
from producers.session import Session
from producers.sought import Sought
from producers.steps import Step
from producers.store import Page, Stream
from producers.translation import Batch
from producers.unrouted import Unrouted
from schemas.entities import Entity

PAGES_AHEAD = 3
"""Pages of a stream that wait for their confirms while the next one is fetched: what a run keeps in memory."""

STREAMS_AT_ONCE = 2

LAST_CONFIRMS_S = 8.0
"""So long the pages on their way have, after a run was taken back, to be confirmed and counted."""

_LOOK_EVERY_S = 2.0


class RunCancelled(Exception):
    """An admin wants no more of this run."""


@dataclass(frozen=True, slots=True)
class _OnItsWay:
    page: Page
    batch: Batch
    confirmed: asyncio.Task[Posted]


class Resyncer:
    """Works off the runs of one command, one after the other.

    Of what no queue takes the other events do not wait. A list's checkpoint stays before the first of it, so that an
    agent that takes the run over tries it again; a run that is read to its end is done, and says what is left. Room in
    a queue that is full is waited for, as a run may be of more than the queue is to hold.
    """

    def __init__(self, *, name: str, session: Session) -> None:
        self.woken = asyncio.Event()
        self._name = name
        self._s = session
        self._sought: Sought
        self._unrouted: Unrouted
        self._unwanted = False
        self._log = structlog.get_logger("xerelay").bind(store=session.store, command=name)

    async def run(self) -> None:
        """Work until the agent is to end. Raises `Stopped`, and `NotInCharge`."""
        while True:
            self.woken.clear()
            run = await self._s.patience.of(partial(self._s.runs.next, self._name))
            if run is None:
                await self._s.stop.rest(_LOOK_EVERY_S, unless=self.woken)
            elif await self._s.patience.of(partial(self._s.runs.begin, run)):
                await self._carry_out(run)

    async def _carry_out(self, run: Run) -> None:
        self._log.info("run.begun", run=run.id)
        self._sought, self._unrouted, self._unwanted = Sought(run), Unrouted(), False
        try:
            await self._work_while_wanted(run)
        except RunCancelled:
            self._log.info("run.cancelled", run=run.id)
        except (Stopped, CheckpointError):
            raise
        except Exception as error:  # noqa: BLE001 - a defect ends this run, not the agent; the status tells it
            self._log.error("run.failed", run=run.id, detail=described(error))
            await self._s.patience.of(partial(self._s.runs.finish, run, RunState.FAILED, described(error)))
        else:
            await self._s.patience.of(partial(self._s.runs.finish, run, RunState.DONE, await self._lack(run)))
            self._log.info("run.done", run=run.id)

    async def _lack(self, run: Run) -> str:
        """What a run that is read to its end has not published, for a person."""
        short = await self._shortfall(run)
        if short:
            self._log.warning("run.short", run=run.id, detail=short)
        lacking = untaken(run, self._s.translator.routing) or self._sought.unknown or short
        return "; ".join(filter(None, (self._unrouted.told, lacking)))

    async def _shortfall(self, run: Run) -> str:
        """Of ids nothing was counted in the store; a list whose lanes were put off meanwhile is read no further."""
        if by_ids(run) is not None:
            return ""
        reached = await self._s.patience.of(partial(self._s.runs.progress, run))
        read = {stream.name for stream in self._streams(run)}
        return shortfall({name: progress for name, progress in reached.items() if name in read})

    async def _work_while_wanted(self, run: Run) -> None:
        with ungrouped():
            async with asyncio.TaskGroup() as tasks:
                watching = tasks.create_task(self._watch(run))
                await self._work(run)
                watching.cancel()
            if self._unwanted:
                raise RunCancelled

    async def _watch(self, run: Run) -> None:
        """Ends the work on a run that is no longer wanted, also while the store or the broker is away."""
        while await self._s.patience.of(partial(self._s.runs.wanted, run)):
            await self._s.clock.sleep(_LOOK_EVERY_S)
        self._unwanted = True
        await self._s.clock.sleep(LAST_CONFIRMS_S)
        raise RunCancelled

    async def _work(self, run: Run) -> None:
        """Two streams at once: while one store's answer is waited for, the other's is worked on."""
        reached = await self._s.patience.of(partial(self._s.runs.progress, run))
        busy: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as tasks:
            for stream in self._streams(run):
                progress = reached.get(stream.name, Progress())
                # refunds refer to sales: they wait until all of those are published
                most = 0 if Entity.CREDIT_MEMO in stream.entities else STREAMS_AT_ONCE - 1
                while len(busy) > most:
                    _, busy = await asyncio.wait(busy, return_when=asyncio.FIRST_COMPLETED)
                if self._unwanted:
                    return
                if not progress.done:
                    progress = await self._counted(run, stream, progress)
                    busy.add(tasks.create_task(self._publish(run, stream, progress)))
        if reached:
            await self._look_again(run)

    async def _look_again(self, run: Run) -> None:
        """Another agent began the run: what it saw of the ids that are asked for is not known here."""
        rows = self._sought.rows
        for stream in self._streams(run):
            for start in range(0, len(rows), _IDS_AT_A_TIME):
                self._sought.see(await self._s.patience.of(partial(self._rows, stream, rows[start:])))

    def _streams(self, run: Run) -> list[Stream]:
        return streams_of(run, self._s.source.streams, self._s.translator.routing)

    async def _counted(self, run: Run, stream: Stream, progress: Progress) -> Progress:
        if progress.total is not None:
            return progress
        ids = by_ids(run)
        if ids is not None:
            return replace(progress, total=len(ids))
        selection = selection_of(run, stream, self._s.translator.routing)
        return replace(progress, total=await self._s.patience.of(partial(self._s.source.count, stream, selection)))

    async def _publish(self, run: Run, stream: Stream, progress: Progress) -> None:
        on_their_way: asyncio.Queue[_OnItsWay | None] = asyncio.Queue(PAGES_AHEAD)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._fetch(run, stream, progress.last, on_their_way, tasks))
            ended, whole = False, True
            while (one := await on_their_way.get()) is not None:
                posted = await one.confirmed
                ended, whole = not one.page.more, whole and not posted.unrouted
                one.batch.leave_out(posted.unrouted)
                self._unrouted.add(posted.unrouted)
                progress = _after(progress, one, posted, whole=whole)
                await self._save(run, stream, progress, one.batch)
            if not ended and not self._unwanted:
                raise Stopped

    async def _fetch(
        self,
        run: Run,
        stream: Stream,
        after: int,
        on_their_way: asyncio.Queue[_OnItsWay | None],
        tasks: asyncio.TaskGroup,
    ) -> None:
        asked_at = self._s.clock.monotonic()
        async for page in self._pages(run, stream, after):
            self._s.steps.reached(Step.FETCHED)
            self._sought.see(page)
            batch = await self._translate(stream, page, run)
            self._s.steps.reached(Step.TRANSLATED)
            await self._s.doubt(stream, batch, asked_at=asked_at)
            confirmed = tasks.create_task(self._s.posting.post(batch.outgoing, waits_for_room=True))
            await on_their_way.put(_OnItsWay(page, batch, confirmed))
            asked_at = self._s.clock.monotonic()
        await on_their_way.put(None)

    async def _pages(self, run: Run, stream: Stream, after: int) -> AsyncIterator[Page]:
        ids = by_ids(run)
        selection = selection_of(run, stream, self._s.translator.routing)
        more = True
        while more and not self._s.stop.asked and not self._unwanted:
            if ids is None:
                page = await self._s.patience.of(partial(self._s.source.page, stream, after, selection))
            else:
                page = await self._s.patience.of(partial(self._rows, stream, [one for one in ids if one > after]))
            more, after = page.more and page.last > after, max(page.last, after)
            yield replace(page, last=after, more=more)

    async def _rows(self, stream: Stream, left: Sequence[int]) -> Page:
        piece = left[:_IDS_AT_A_TIME]
        if not piece:
            return Page((), (), 0, more=False)
        return replace(await self._s.source.rows(stream, piece), last=piece[-1], more=len(left) > len(piece))

    async def _translate(self, stream: Stream, page: Page, run: Run) -> Batch:
        now = await self._s.patience.of(self._s.source.now)
        wish = wish_of(run, news_since=now - 2 * (self._s.pace.lag + self._s.pace.poll_every))
        return await self._s.translated(stream, page.rows, page.broken, wish)

    async def _save(self, run: Run, stream: Stream, progress: Progress, batch: Batch) -> None:
        self._s.report(stream, batch)
        save = partial(self._s.runs.save_page, run, stream, progress, batch.memories)
        if not await self._s.patience.of(save):
            self._unwanted = True
        self._s.steps.reached(Step.CHECKPOINTED)


_IDS_AT_A_TIME = 100


def _after(progress: Progress, one: _OnItsWay, posted: Posted, *, whole: bool) -> Progress:
    """`whole`: all up to the end of this page is published."""
    left_out = len(one.batch.outgoing) - posted.confirmed - len(posted.unrouted)
    return replace(
        progress,
        last=one.page.last if whole else progress.last,
        pages=progress.pages + 1,
        rows=progress.rows + len(one.page.rows) + len(one.page.broken),
        published=progress.published + posted.confirmed,
        skipped=progress.skipped + one.batch.skipped + left_out,
        broken=progress.broken + len(one.page.broken),
        done=whole and not one.page.more,
    )
