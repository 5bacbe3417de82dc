"""Whether an organisation's documents are of the tenant that it would be served in: asked as a session begins."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import structlog

from worker.session.interruption import other_tenant, renamed, several_tenants
from worker.session.session import Session

Reached = Callable[[], Awaitable[Sequence[str]]]
"""The tenants that an organisation's connection reaches, at no cost to the budget; none where that cannot be told."""


async def insist_on_tenant(session: Session, reached: Reached) -> None:
    """Raises `PauseOrganisation` where what the ledger knows is of another one, or nobody has said which is meant.

    Where it is left out, it is the one that the connection reaches: who authorises that may have changed it.
    """
    org = session.org.name
    tenant_id = session.org.tenant_id or await _only(org, reached)
    if tenant_id is None:
        return
    tenants = session.ledger.tenants
    before = await tenants.other_name(org, tenant_id)
    if before is not None:
        raise renamed(org, before, tenant_id)
    bound = await tenants.bind(session.lease, tenant_id)
    if bound != tenant_id.lower():
        raise other_tenant(bound, tenant_id)


async def _only(org: str, reached: Reached) -> str | None:
    """None where it cannot be told: as a rule the first call meets the same trouble, and pauses for it."""
    found = await reached()
    if len(found) > 1:
        raise several_tenants(found)
    if not found:
        log = structlog.get_logger("xerelay").bind(organisation=org)
        log.warning("organisation.tenant_unknown", detail="tenant_id is not set, and xero did not tell it")
    return found[0] if found else None
