"""An organisation of Xero: whether the consent is good and reaches it, and what its settings are.

Tokens and the list of connections cost no call. Each list of settings does, of the backfill lane's share.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from schemas.envelope import Lane
from worker.bootstrap import limits_of
from worker.budget.decision import Wait
from worker.budget.forecast import left
from worker.calls.sending import headers_of
from worker.checking.books import Books
from worker.checking.finding import Finding, fine, odd, wrong
from worker.clock import Clock
from worker.ledger.database.errors import WrongKey
from worker.ledger.ledger import Ledger
from worker.ledger.records import Call, Purpose, TokenSet
from worker.session.interruption import PauseOrganisation, other_tenant, renamed
from worker.settings import OrganisationSettings, Settings
from worker.xero.client import XeroClient
from worker.xero.clients import Clients
from worker.xero.oauth.auth import XeroAuth
from worker.xero.oauth.consent import Tenant
from worker.xero.oauth.tokens import DATA_SCOPES, ConsentRevoked, TokenUnavailable
from worker.xero.replies.reply import Reply, ReplyKind

_ALWAYS = ("/Organisation", "/Accounts", "/TaxRates", "/Currencies")
_TRACKING, _THEMES = "/TrackingCategories", "/BrandingThemes"
_ASKED = {_TRACKING: {"includeArchived": "true"}}

_IDENTITY_CURE = "is xero.identity_url right, and can this machine reach it?"
_PATIENCE_S = 20.0
_TRIES = 5
_BROADER = {"accounting.invoices": "accounting.transactions", "accounting.payments": "accounting.transactions"}
"""Scopes of older apps, which hold these. https://developer.xero.com/documentation/guides/oauth2/scopes/"""


def paths_of(org: OrganisationSettings) -> Sequence[str]:
    """The lists of one organisation, a call each. The day's budget is Xero's own, and so is what it says of it."""
    tracking = () if org.tracking is None else (_TRACKING,)
    themes = (_THEMES,) if org.branding_theme or org.branding_themes else ()
    return (*_ALWAYS, *tracking, *themes)


class _Stopped(Exception):
    """Xero cannot be asked further: the finding says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.text)
        self.finding = finding


class XeroCheck:
    """One organisation. `run` it once; `books` and `findings` say what was found, `calls` what was spent.

    `proved` grows by the connection that was found good: its next organisation asks for no new token.
    """

    def __init__(
        self, settings: Settings, ledger: Ledger, org: OrganisationSettings, clock: Clock, proved: set[str]
    ) -> None:
        self.findings: list[Finding] = []
        self.books: Books | None = None
        self.calls = 0
        self._settings = settings
        self._ledger = ledger
        self._org = org
        self._clock = clock
        self._proved = proved
        self._limits = limits_of(org)

    async def run(self) -> None:
        """Stops at the first fault that makes further questions pointless. Raises what the ledger raises."""
        async with AsyncExitStack() as stack:
            clients = Clients(self._settings, self._ledger, self._clock, stack)
            try:
                token = await self._token(clients)
                self.findings += _scopes(self._org, token, self._consent_anew)
                self.findings += await self._tenant(clients)
                spend_again = partial(self._ledger.readings.spend_again, self._org.name, limits=self._limits)
                client = clients.client(self._org, spend_again=spend_again)
                lists = {path: await self._list(client, path) for path in paths_of(self._org)}
            except _Stopped as stopped:
                self.findings.append(stopped.finding)
                return
        organisation, *others = (lists[path] for path in _ALWAYS)
        labels = (lists.get(path, ()) for path in (_TRACKING, _THEMES))
        self.books = Books(organisation[0] if organisation else {}, *others, *labels)

    async def _token(self, clients: Clients) -> TokenSet:
        name = self._org.connection
        try:
            token, finding = await self._asked(clients.auth(name))
        except ConsentRevoked as error:
            raise self._stop("consent", error.said, _consent_cure(self._settings, name, error.error)) from None
        except TokenUnavailable as error:
            raise self._stop("consent", str(error), _IDENTITY_CURE) from None
        except WrongKey as error:
            raise self._stop("encryption key", str(error), "see ledger.encryption_key") from None
        self.findings.append(finding)
        return token

    async def _asked(self, auth: XeroAuth) -> tuple[TokenSet, Finding]:
        """A token that is stored proves neither the secret nor the consent, so a new one is asked for as workers do."""
        name = self._org.connection
        try:
            token = await (auth.token() if name in self._proved else auth.proven())
        except TokenUnavailable as error:
            token = await auth.token()
            text = f"connection {name} has a token that lasts; its secret and consent were not proved: {error}"
            return token, odd("consent", text, _unproved_cure(custom=self._flow == "custom"), where=self._org.name)
        self._proved.add(name)
        return token, fine("consent", f"Xero gave connection {name} a new token", where=self._org.name)

    async def _tenant(self, clients: Clients) -> list[Finding]:
        try:
            reached = await clients.reached(self._org.connection)
        except ConsentRevoked as error:
            raise self._stop("tenant", str(error), self._consent_anew) from None
        except TokenUnavailable as error:
            raise self._stop("tenant", str(error), "is xero.api_url right, and can this machine reach it?") from None
        fault = tenant_fault(self._org, reached, custom=self._flow == "custom")
        if fault is not None:
            raise _Stopped(fault)
        pause = await self._other_tenant(self._org.tenant_id or reached[0].id)
        if pause is not None:
            text, _, cure = pause.detail.partition(": ")
            raise self._stop("tenant", text, cure)
        return [fine("tenant", "the connection reaches it", where=self._org.name)]

    async def _other_tenant(self, tenant_id: str) -> PauseOrganisation | None:
        """The pause that a worker would begin with: what the ledger knows is of another tenant, or name."""
        org, tenants = self._org.name, self._ledger.tenants
        before = await tenants.other_name(org, tenant_id)
        if before is not None:
            return renamed(org, before, tenant_id)
        bound = await tenants.of_documents(org)
        return None if bound is None or bound == tenant_id.lower() else other_tenant(bound, tenant_id)

    @property
    def _flow(self) -> str:
        return self._settings.connections[self._org.connection].flow

    @property
    def _consent_anew(self) -> str:
        return _consent_anew(self._org.connection, custom=self._flow == "custom")

    async def _list(self, client: XeroClient, path: str) -> Sequence[Mapping[str, Any]]:
        reply = Reply(ReplyKind.UNSENT)
        for _ in range(2):
            call = await self._opened(path)
            reply = await client.send(call)
            self.calls += 1
            await self._ledger.readings.close(call, status=reply.status, headers=headers_of(reply))
            if reply.outcome is ReplyKind.ANSWERED:
                return reply.elements
            if reply.outcome not in (ReplyKind.UNCERTAIN, ReplyKind.UNSENT, ReplyKind.TOO_MANY_MINUTE):
                break
        cure = _reply_cure(reply, self._org, self._consent_anew)
        raise self._stop("xero", f"{path} was not given: {reply.detail or reply.outcome}", cure)

    async def _opened(self, path: str) -> Call:
        opened: Call | Wait | None = None
        for _ in range(_TRIES):
            opened = await self._ledger.readings.open(
                self._org.name,
                purpose=Purpose.SETTINGS,
                kind=None,
                path=path,
                params=_ASKED.get(path, {}),
                limits=self._limits,
            )
            if not isinstance(opened, Wait):
                return opened
            if opened.seconds > _PATIENCE_S:
                break
            await self._clock.sleep(max(opened.seconds, 0.05))
        assert isinstance(opened, Wait)
        text = f"no call is left for this before {opened.until:%Y-%m-%d %H:%M} UTC ({opened.reason})"
        text += await self._left_to_sales() if opened.reason == "day" else ""
        raise self._stop("budget", text, "run it again then; `xerelay budget` says what spends the calls")

    async def _left_to_sales(self) -> str:
        state, spent, now = await self._ledger.budget.standing(self._org.name, self._limits)
        calls = left(state, spent, limits=self._limits, lane=Lane.IMMEDIATE, now=now).day
        if not calls:
            return ""
        which = f"{calls:,} of the day's {self._limits.day:,} calls are left"
        return f"; {which}, and check leaves those which can be made at once to the day's sales"

    def _stop(self, topic: str, text: str, cure: str) -> _Stopped:
        return _Stopped(wrong(topic, text, cure, where=self._org.name))


def tenant_fault(org: OrganisationSettings, reached: Sequence[Tenant], *, custom: bool) -> Finding | None:
    """Why the connection does not lead to the organisation of Xero that is meant."""
    known = ", ".join(f"{one.id} ({one.name})" for one in reached)
    line = f"[organisations.{org.name}] tenant_id"
    if not reached:
        cure = f"run `xerelay connect {org.connection}` and allow the organisation"
        if custom:
            cure = "authorise the custom connection in Xero's developer portal"
        return wrong("tenant", "the connection reaches no organisation", cure, where=org.name)
    if org.tenant_id is None:
        if custom and len(reached) == 1:
            return None
        text = "tenant_id is not set, and only a custom connection, to one organisation, can do without"
        return wrong("tenant", text, f"set {line} to one of: {known}", where=org.name)
    if org.tenant_id.lower() in {one.id.lower() for one in reached}:
        return None
    text = f"the connection does not reach tenant {org.tenant_id}"
    return wrong("tenant", text, f"connect it, or set {line} to one of: {known}", where=org.name)


def _scopes(org: OrganisationSettings, token: TokenSet, consent_anew: str) -> Iterator[Finding]:
    granted = set(token.scope.split())
    if not granted:
        yield odd("scopes", "Xero did not say which the token has", "a call that lacks one says so", where=org.name)
        return
    missing = [scope for scope in DATA_SCOPES.split() if not _holds(granted, scope)]
    if missing:
        cure = f"allow them for the app in Xero's developer portal, then {consent_anew}"
        yield wrong("scopes", f"the consent lacks {', '.join(missing)}", cure, where=org.name)
    else:
        yield fine("scopes", "all that are needed", where=org.name)


def _holds(granted: set[str], scope: str) -> bool:
    return not granted.isdisjoint({scope, scope.removesuffix(".read"), _BROADER.get(scope, scope)})


def _consent_cure(settings: Settings, connection: str, error: str) -> str:
    if error == "invalid_client":
        return f"mend client_id and client_secret of [connections.{connection}]"
    if error == "invalid_scope":
        return "allow the scopes for the app in Xero's developer portal: " + DATA_SCOPES
    return _consent_anew(connection, custom=settings.connections[connection].flow == "custom")


def _unproved_cure(*, custom: bool) -> str:
    """Where only Xero's answer was lost, the refresh token that is stored is the one before, which Xero takes on."""
    return _IDENTITY_CURE + ("" if custom else " run it again within 30 minutes, unless workers run, which do the same")


def _consent_anew(connection: str, *, custom: bool) -> str:
    """`xerelay connect` refuses a custom connection, which has no consent page of ours."""
    if custom:
        return "authorise the custom connection anew in Xero's developer portal"
    return f"run `xerelay connect {connection}`"


def _reply_cure(reply: Reply, org: OrganisationSettings, consent_anew: str) -> str:
    if reply.outcome is ReplyKind.SCOPE:
        return f"allow the app accounting.settings.read, then {consent_anew}"
    if reply.outcome is ReplyKind.CONSENT:
        return consent_anew
    if reply.outcome is ReplyKind.TOO_MANY_DAY:
        return f"the day's calls are spent at Xero; is [organisations.{org.name}.limits] day its cap?"
    return "run it again in some minutes; is xero.api_url right?"
