"""All checks of one run, one after the other, each finding told as soon as it is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from producers.store import Site
from worker.bootstrap import open_ledger
from worker.broker import broker_settings
from worker.checking.apps import check_apps
from worker.checking.books import judge
from worker.checking.finding import Finding, Level, fine, wrong
from worker.checking.services import check_broker, check_notices, check_store, ledger_fault, sites_of
from worker.checking.start_date import check_start_dates
from worker.checking.xero import XeroCheck
from worker.clock import Clock
from worker.ledger.database.errors import LedgerError
from worker.ledger.ledger import Ledger
from worker.settings import OrganisationSettings, Settings
from worker.settings.sections import StoreSettings
from worker.stores.stores import routing_of


@dataclass(slots=True)
class Checkup:
    """`run` it once. Changes nothing but the budget, by its calls to Xero, and the token sets, which it renews."""

    settings: Settings
    organisations: Sequence[OrganisationSettings]
    stores: Sequence[StoreSettings]
    clock: Clock
    tell: Callable[[Finding], None] = lambda _finding: None
    findings: list[Finding] = field(default_factory=list)
    calls: int = 0
    _proved: set[str] = field(default_factory=set)

    @property
    def failed(self) -> bool:
        """Whether something has to be mended."""
        return any(finding.level is Level.FAIL for finding in self.findings)

    async def run(self) -> None:
        """Never raises for what it finds."""
        names = [org.name for org in self.organisations]
        self._found(*await check_broker(broker_settings(self.settings), names, [store.name for store in self.stores]))
        sites = {store.name: await self._store(store) for store in self.stores}
        self._found(*await check_notices(self.settings.notify), *check_apps(self.settings))
        self._found(*check_start_dates(self.organisations, today=self.clock.now().date()))
        try:
            ledger = await open_ledger(self.settings)
        except LedgerError as error:
            self._found(ledger_fault(error), *(self._unasked(org) for org in self.organisations))
            return
        self._found(fine("ledger", "its schema is this version's"))
        try:
            for org in self.organisations:
                here = [site for store in self.stores for site in sites_of(store, sites[store.name], org.name)]
                await self._organisation(ledger, org, here)
        except LedgerError as error:
            self._found(ledger_fault(error))
        finally:
            await ledger.close()

    async def _store(self, store: StoreSettings) -> tuple[Site, ...]:
        checked = await check_store(store, routing_of(self.settings, store).entities)
        self._found(*checked.findings)
        return checked.sites

    async def _organisation(self, ledger: Ledger, org: OrganisationSettings, sites: Sequence[Site]) -> None:
        xero = XeroCheck(self.settings, ledger, org, self.clock, self._proved)
        await xero.run()
        self.calls += xero.calls
        self._found(*xero.findings)
        if xero.books is not None:
            self._found(*judge(org, xero.books, sites, today=self.clock.now().date()))

    def _found(self, *findings: Finding) -> None:
        for finding in findings:
            self.findings.append(finding)
            self.tell(finding)

    @staticmethod
    def _unasked(org: OrganisationSettings) -> Finding:
        return wrong("xero", "was not asked, for each call is counted in the ledger", "mend that first", where=org.name)
