"""What is done once an hour beside the serving: retention, and consents that must not lapse."""

from __future__ import annotations

import structlog

from worker.ledger.database.errors import WrongKey
from worker.ledger.ledger import Ledger
from worker.settings import Settings
from worker.xero.clients import Clients
from worker.xero.oauth.tokens import AuthError


async def keep_house(settings: Settings, ledger: Ledger, clients: Clients) -> None:
    """Drop what retention has outlived, and refresh token sets that nobody used for a week.

    A connection without a token to be had does not keep the next from its own. Raises `LedgerUnavailable`.
    """
    await ledger.calls.purge(settings.ledger.retention_days)
    await ledger.parked.purge(settings.ledger.parked_retention_days)
    await ledger.runs.purge(settings.ledger.retention_days)
    log = structlog.get_logger("xerelay")
    for name in sorted({org.connection for org in settings.organisations.values()}):
        try:
            if await clients.auth(name).refresh_if_idle():
                log.info("token.refreshed", connection=name, reason="idle for a week")
        except (AuthError, WrongKey) as error:
            log.warning("token.not_refreshed", connection=name, detail=str(error))
