"""Keeps one organisation served while this worker holds its lease: session after session, with pauses between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog

from producers.amqp import Consumer, Delivery
from producers.deadline import rest
from schemas.envelope import Lane
from worker.backoff import delay_s
from worker.budget.decision import Wait
from worker.calls.sending import headers_of
from worker.clock import Clock
from worker.intake.inbox import Throttle
from worker.intake.reading import digest, places
from worker.lanes.batch_window import BatchWindow
from worker.lanes.ceding import Ceding
from worker.ledger.database.errors import LeaseLost, LedgerUnavailable
from worker.ledger.ledger import Ledger
from worker.ledger.records import Lease, Pause, Purpose
from worker.serving.probe_pace import ask_again_s
from worker.serving.serving import Serving, Stopped
from worker.serving.tenant import Reached, insist_on_tenant
from worker.session.counts import Counts
from worker.session.interruption import PauseOrganisation, Reconfigured, pause_for, without_words
from worker.session.session import Session
from worker.settings.overlay import Overlay
from worker.xero.replies.reply import ReplyKind

_LOOK_EVERY_S = 1.0
_TOKEN_EVERY_S = 30.0
_PROBED = {"xero_unavailable", "consent_revoked", "scope_missing"}
_RESTART_BASE_S = 0.5
_RESTART_CAP_S = 15.0
_DEFECT_CAP_S = 600.0
"""Each session that fails returns what it holds, which counts towards the delivery limit of 50: make it last hours."""

_UNANSWERED = 2
"""After so many sessions in a row in which Xero refused every call, it is asked before the next one takes anything:
what each returns counts towards that limit, and a day may stay spent."""

_RECONFIGURED_APART_S = 15.0
"""For the same reason: who adds fifty entries one by one makes a session of several."""


class Runner:
    """One organisation, one lease."""

    def __init__(
        self,
        *,
        lease: Lease,
        org: str,
        make_session: Callable[[Lease, Overlay], Session],
        reached: Reached,
        consumer: Consumer,
        throttle: Throttle,
        ledger: Ledger,
        clock: Clock,
        counts: Counts,
    ) -> None:
        self.lease = lease
        self._org = org
        self._make_session = make_session
        self._reached = reached
        self._consumer = consumer
        self._throttle = throttle
        self._ledger = ledger
        self._clock = clock
        self._counts = counts
        self._serving: Serving | None = None
        self._stopping = asyncio.Event()
        self._paused_for = ""
        self._steady_until = 0.0
        self._away = self._defects = 0
        self._unanswered = 0
        self._probes = 0
        self._batch = BatchWindow()
        self._ceding = Ceding()
        self._log = structlog.get_logger("xerelay").bind(organisation=org)

    def receive(self, *deliveries: Delivery) -> None:
        """Take what came, or return it when nothing is being served."""
        if self._serving is not None:
            self._serving.receive(*deliveries)
            return
        for delivery in deliveries:
            self._consumer.give_back(delivery)

    def queue_lost(self, queue: str) -> None:
        """The broker has everything of `queue` back that was not acknowledged."""
        if self._serving is not None:
            self._serving.queue_lost(queue)

    @property
    def is_serving(self) -> bool:
        """Whether a session runs, which takes deliveries."""
        return self._serving is not None

    @property
    def session(self) -> Session | None:
        """The session that runs."""
        return self._serving.session if self._serving is not None else None

    @property
    def paused_for(self) -> str:
        """Why the organisation is not served, in a word; empty while nothing stands in its way."""
        return self._paused_for

    def stop(self) -> None:
        """Ask for the end; `run` returns when what is in flight is settled."""
        self._stopping.set()
        if self._serving is not None:
            self._serving.stop()

    async def run(self) -> None:
        """Serve until `stop`, or until the lease is lost."""
        while not self._stopping.is_set():
            try:
                if self._away or self._defects:
                    # a full disk is read from as ever: find out before anything is consumed in vain
                    await self._ledger.leases.heartbeat(self.lease.holder)
                await self._turn()
                self._away = self._defects = 0
            except Stopped:
                return
            except LeaseLost:
                self._log.warning("organisation.lost", reason="another worker has the lease")
                return
            except LedgerUnavailable as error:
                self._away += 1
                self._log.warning("ledger.unavailable", detail=str(error))
                await self._rest(self._away)
            except Exception as error:  # noqa: BLE001 - a defect in one session must not end the others
                self._defects += 1
                self._counts.failed_sessions += 1
                self._batch.shut()  # where it is the batch that kills sessions, the immediate lane goes on without it
                self._log.error(
                    "organisation.failed", error=type(error).__name__, digest=digest(error), at=places(error, last=12)
                )
                await self._rest(self._defects, cap_s=_DEFECT_CAP_S)

    async def _turn(self) -> None:
        """One session from its beginning to its end, and the pause that it ended with."""
        await self._respect_pause()
        try:
            await self._serve()
        except PauseOrganisation as pause:
            await self._pause(pause)
        except Reconfigured:
            self._steady_until = self._clock.monotonic() + _RECONFIGURED_APART_S
            self._log.info("organisation.reconfigured")

    async def _session(self) -> Session:
        session = self._make_session(self.lease, await self._ledger.overlays.of(self._org))
        session.steady_until = self._steady_until
        session.batch, session.ceding = self._batch, self._ceding
        return session

    async def _serve(self) -> None:
        session = await self._session()
        await insist_on_tenant(session, self._reached)
        self._serving = Serving(session=session, consumer=self._consumer, throttle=self._throttle)
        if self._stopping.is_set():
            self._serving.stop()
        self._log.info("organisation.serving", fence=self.lease.fence)
        since = self._clock.monotonic()
        try:
            await self._serving.run()
        except PauseOrganisation:
            self._unanswered = 0 if session.is_answered else self._unanswered + 1
            raise
        finally:
            self._serving = None
            if self._clock.monotonic() - since >= _DEFECT_CAP_S:
                self._away = self._defects = 0  # it served for longer than the longest rest: what ends it is new

    async def _pause(self, pause: PauseOrganisation, *, least_s: float = 0.0) -> None:
        for_s = max(pause.seconds, least_s)
        self._log.error("organisation.paused", reason=pause.reason, detail=pause.logged, for_s=round(for_s))
        self._paused_for = pause.reason
        try:
            # whether it is over the ledger is asked: by this machine's clock it might be so at once
            since = await self._ledger.now()
            until = since + timedelta(seconds=for_s)
            await self._ledger.pauses.set(
                self.lease, Pause(self._org, None, pause.reason, pause.detail, since=since, until=until)
            )
        except LedgerUnavailable:
            await self._rest(1)

    async def _respect_pause(self) -> None:
        """Wait while a pause is on record; where only Xero can tell that it is over, ask before consuming anything.

        It stays on record until it is over: while Xero is asked, too, and for whoever serves next.
        """
        while not self._stopping.is_set():
            if await self._is_too_early():
                await self._sleep(_LOOK_EVERY_S)
            elif not self._is_to_be_asked or await self._answers():
                break
        if self._stopping.is_set():
            raise Stopped
        if self._paused_for:
            await self._ledger.pauses.clear(self._org, None)
            self._log.info("organisation.resumed", after=self._paused_for)
            self._paused_for, self._probes = "", 0

    @property
    def _is_to_be_asked(self) -> bool:
        return self._paused_for in _PROBED or (bool(self._paused_for) and self._unanswered >= _UNANSWERED)

    async def _is_too_early(self) -> bool:
        """Whether the organisation is paused, and not to be tried again yet."""
        pauses = [pause for pause in await self._ledger.pauses.current(self._org) if pause.kind is None]
        if not pauses:
            return False
        if not self._paused_for:
            self._tell_found(pauses[0])
        self._paused_for = pauses[0].reason
        return pauses[0].until is None or pauses[0].until > await self._ledger.now()

    def _tell_found(self, pause: Pause) -> None:
        """One that another session began, maybe hours ago: nothing else of this process says why nobody is served."""
        self._log.warning(
            "organisation.still_paused",
            reason=pause.reason,
            since=pause.since.isoformat(),
            until=pause.until.isoformat() if pause.until else None,
            then="a probe asks xero" if pause.reason in _PROBED else "served again",
        )

    async def _answers(self) -> bool:
        """Whether Xero takes one small call; if not, the pause goes on."""
        session = await self._session()
        opened = await self._ledger.calls.open_read(
            self.lease,
            purpose=Purpose.PROBE,
            lane=Lane.IMMEDIATE,
            path="/Organisation",
            params={},
            limits=session.limits,
        )
        if isinstance(opened, Wait):
            await self._sleep(min(opened.seconds, _TOKEN_EVERY_S))
            return False
        reply = await session.client.send(opened)
        await self._ledger.calls.close(self.lease, opened.id, status=reply.status, headers=headers_of(reply))
        if reply.outcome is ReplyKind.ANSWERED:
            self._unanswered = 0
            return True
        self._probes += 1
        again_s = ask_again_s(self._probes, session.limits.day)
        still = PauseOrganisation(self._paused_for, reply.detail, again_s, logged=without_words(reply))
        await self._pause(pause_for(reply) or still, least_s=again_s)
        return False

    async def _rest(self, failures: int, *, cap_s: float = _RESTART_CAP_S) -> None:
        await self._sleep(delay_s(failures, base_s=_RESTART_BASE_S, cap_s=cap_s, jitter=0.5))

    async def _sleep(self, seconds: float) -> None:
        await rest(self._clock, max(seconds, 0.01), self._stopping)
