"""Why serving an organisation stops before its time.

PauseOrganisation    Xero cannot be called for it now: cancel the consumers, return what is held, say why
Reconfigured         an admin added to its configuration: begin a new session with that
"""

from __future__ import annotations

from collections.abc import Sequence

from worker.budget.corrections import UNAVAILABLE
from worker.budget.decision import Wait
from worker.xero.replies.reply import Reply, ReplyKind, hint_of

_LONG_WAIT_S = 600.0
_NO_CALL = "no call for more than ten minutes"
_TRY_AGAIN_S = 900.0
_XERO_DOWN_S = 30.0
_LOOK_AGAIN_S = 60.0
_CHECK_SAYS = ": xerelay check says which"
_REASONS = {
    ReplyKind.CONSENT: "consent_revoked",
    ReplyKind.SCOPE: "scope_missing",
    ReplyKind.TOO_MANY_DAY: "day_limit",
}


class PauseOrganisation(Exception):
    """`reason` is a stable word. In `seconds` it is tried again: when that is, the ledger's clock tells.

    `logged` is the detail for a log; it leaves out Xero's own words, which may name a customer.
    """

    def __init__(self, reason: str, detail: str, seconds: float, *, logged: str | None = None) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.logged = detail if logged is None else logged
        self.seconds = seconds


class Reconfigured(Exception):
    """What the organisation is served with is not what is configured any more."""


Interruption = PauseOrganisation | Reconfigured


def pause_for(reply: Reply) -> PauseOrganisation | None:
    """The pause that a reply asks for, if it does."""
    reason = _REASONS.get(reply.outcome)
    if reason is None:
        return None
    detail = f"{reply.detail}{_CHECK_SAYS}" if hint_of(reply.status, reply.outcome) else reply.detail
    return PauseOrganisation(reason, detail, reply.limits.retry_after_s or _TRY_AGAIN_S, logged=without_words(reply))


def without_words(reply: Reply) -> str:
    """What a log may say of a reply: its status, and where Xero has not answered the call, our own words."""
    if reply.status is None:
        return reply.detail
    hint = hint_of(reply.status, reply.outcome)
    ours = f": {hint}{_CHECK_SAYS}" if hint else ""
    return f"xero answered {reply.status}{ours}; its own words are in xerelay status"


def out_of_calls(wait: Wait) -> PauseOrganisation | None:
    """The pause for a call of the immediate lane that would have to wait so long; `None` while it is short."""
    if wait.seconds <= _LONG_WAIT_S:
        return None
    if wait.reason == UNAVAILABLE:
        return PauseOrganisation(UNAVAILABLE, "xero says when to ask again", wait.seconds)
    return PauseOrganisation(f"{wait.reason}_budget_spent", _NO_CALL, wait.seconds)


def other_tenant(bound: str, configured: str) -> PauseOrganisation:
    """What the ledger knows is of another tenant: every document would count as booked, and none would be there."""
    detail = (
        f"expected tenant_id {bound}, whose documents the ledger has under this name, and found {configured}: "
        "set it back, or authorise the connection for it again, or give the other tenant an organisation of another "
        "name or an empty ledger"
    )
    return PauseOrganisation("other_tenant", detail, _LOOK_AGAIN_S)


def renamed(org: str, before: str, tenant_id: str) -> PauseOrganisation:
    """What the ledger knows of the tenant is under another name: what is booked would be booked again."""
    detail = (
        f"expected the name {before}, under which the ledger has documents or held events of tenant_id {tenant_id}, "
        f"and found {org}: name the organisation as before and run xerelay resync-all, for what was published since "
        "lies in queues of the new name; or give it an empty ledger and run xerelay ledger rebuild first"
    )
    return PauseOrganisation("other_tenant", detail, _LOOK_AGAIN_S)


def several_tenants(tenants: Sequence[str]) -> PauseOrganisation:
    """Nobody has said which of them is meant, and what is booked in another cannot be undone."""
    found = ", ".join(tenants)
    detail = f"expected tenant_id, since the connection reaches several organisations of xero: set it to one of {found}"
    return PauseOrganisation("other_tenant", detail, _LOOK_AGAIN_S)


def xero_down() -> PauseOrganisation:
    """Xero has not answered for minutes."""
    return PauseOrganisation("xero_unavailable", "xero has not answered for 5 minutes", _XERO_DOWN_S)
