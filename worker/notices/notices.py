"""Sends the digest, at most one per `every` and channel over all workers: who holds the lease of a channel has sent."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import product

import structlog

from worker.clock import Clock
from worker.intake.reading import digest as trace_digest
from worker.ledger.database.errors import LedgerError, WrongKey
from worker.ledger.ledger import Ledger
from worker.notices.channels import Channel, Mail, NotSent, Webhook
from worker.notices.digest import Facts, digest
from worker.settings import Settings
from worker.settings.sections import NotifySection

_TURN_S = 60.0
_AGAIN_S = 900.0
_SENT, _FAILED = "sent", "failed"


def channels_of(section: NotifySection) -> list[Mail | Webhook]:
    """The channels that are configured."""
    found: list[Mail | Webhook] = []
    if section.smtp_url is not None:
        found.append(Mail(section.smtp_url.get_secret_value(), section.to))
    if section.webhook_url is not None:
        found.append(Webhook(section.webhook_url.get_secret_value()))
    return found


class Notices:
    """`run` it beside the service of every worker. `outcomes` counts what came of each message, by channel."""

    def __init__(self, settings: Settings, ledger: Ledger, clock: Clock, channels: Sequence[Channel]) -> None:
        self._settings = settings
        self._ledger = ledger
        self._clock = clock
        self._channels = channels
        self._every = settings.notify.every
        # what is there from the beginning can be seen to grow
        self.outcomes = Counter(dict.fromkeys(product((one.name for one in channels), (_SENT, _FAILED)), 0))
        self._log = structlog.get_logger("xerelay")

    async def run(self) -> None:
        """Look once a minute, until cancelled. Without channels there is nothing to do."""
        while self._channels:
            try:
                await self.turn()
            except LedgerError as error:
                self._log.warning("notice.delayed", detail=str(error))
            except Exception as error:  # noqa: BLE001 - whatever is wrong with a notice, the next may go out
                self._log.error("notice.failed", error=type(error).__name__, digest=trace_digest(error))
            await self._clock.sleep(_TURN_S)

    async def turn(self) -> None:
        """Send what is due. Raises `LedgerError`."""
        leases = await self._ledger.leases.holders(ttl_s=self._every.total_seconds())
        taken = {lease.name for lease in leases}
        due = [channel for channel in self._channels if _lease_name(channel) not in taken]
        if not due:
            return
        now = await self._ledger.now()  # before the runs are read: what ends in between is told twice and not never
        told = {channel.name: await self._told_until(channel, now) for channel in due}
        facts = await self._facts(now, since=min(told.values()))
        for channel in due:
            lines = digest(facts, since=told[channel.name])
            if lines:
                await self._send(channel, lines, facts.now)

    async def _told_until(self, channel: Channel, now: datetime) -> datetime:
        """By what got out, not by `every`: what ends while nothing gets out is told when something does."""
        told = await self._ledger.notices.told_until(channel.name)
        if told is None:
            told = now - self._every
            await self._ledger.notices.tell(channel.name, told)
        return told

    async def _send(self, channel: Channel, lines: list[str], now: datetime) -> None:
        """Of who has sent the lease is kept: until it runs out nobody sends again.

        While the message is under way it is short, so that one that is cut off is soon sent by somebody. It is not
        acquired so, which would end the longer one of a worker that was faster.
        """
        name = _lease_name(channel)
        lease = await self._ledger.leases.acquire(name, uuid.uuid4().hex, ttl_s=self._every.total_seconds())
        if lease is None:
            return
        again = min(self._every, timedelta(seconds=_AGAIN_S))
        lease = await self._ledger.leases.renew(lease, ttl_s=again.total_seconds())
        console = self._settings.notify.console_url
        told = [*lines, console] if console else lines
        try:
            await channel.send(f"xerelay: {len(lines)} {'thing needs' if len(lines) == 1 else 'things need'} you", told)
        except NotSent as error:
            self.outcomes[channel.name, _FAILED] += 1
            self._log.error("notice.not_sent", channel=channel.name, detail=str(error))
        else:
            self.outcomes[channel.name, _SENT] += 1
            self._log.info("notice.sent", channel=channel.name, lines=len(lines))
            await self._ledger.leases.renew(lease, ttl_s=self._every.total_seconds())
            await self._ledger.notices.tell(channel.name, now)

    async def _facts(self, now: datetime, *, since: datetime) -> Facts:
        names = list(self._settings.organisations)
        waiting = await self._ledger.overview.waiting(names)
        pauses = [pause for name in names for pause in await self._ledger.pauses.current(name)]
        held = {name: one.held for name, one in waiting.items()}
        refreshed, unreadable = await self._consents()
        return Facts(now, held, pauses, refreshed, await self._ledger.runs.ended_since(since), unreadable)

    async def _consents(self) -> tuple[dict[str, datetime], list[str]]:
        """When each was refreshed, and those whose tokens cannot be read. Custom connections have none."""
        refreshed: dict[str, datetime] = {}
        unreadable = []
        for name, connection in self._settings.connections.items():
            try:
                stored = None if connection.flow == "custom" else await self._ledger.tokens.load(name)
            except WrongKey:
                unreadable.append(name)
                continue
            if stored is not None and stored.refreshed_at is not None:
                refreshed[name] = stored.refreshed_at
        return refreshed, unreadable


def _lease_name(channel: Channel) -> str:
    return f"notice:{channel.name}"
