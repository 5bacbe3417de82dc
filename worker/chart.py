"""What the configuration says of accounts and tax, held against the organisation's own. Pure.

https://developer.xero.com/documentation/api/accounting/accounts and /taxrates
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from schemas.entities import CreditMemo, Invoice, Order
from schemas.envelope import Event
from schemas.parts import ZERO, Line
from worker.documents.documents import SAVE, Kind, Write
from worker.mapping.result import Unmappable
from worker.mapping.taxes import line_tax_type
from worker.settings import OrganisationSettings
from worker.settings.organisation import NO_PAYMENT, rate_key
from worker.xero.facts import money

Rows = Sequence[Mapping[str, Any]]

_MOST_SOUND = 1_000
_ID_LENGTH = 36
_ROUNDED_OFF = Decimal("0.00005")
_CLOSED = frozenset({"DEBTORS", "CREDITORS", "RETAINEDEARNINGS"})
"""System accounts that no line may name."""

APPLIES = {
    "REVENUE": "CanApplyToRevenue",
    "EXPENSE": "CanApplyToExpenses",
    "ASSET": "CanApplyToAssets",
    "LIABILITY": "CanApplyToLiabilities",
    "EQUITY": "CanApplyToEquity",
}
"""Where a tax rate says whether it may stand on an account of a class."""

_SALES = (Invoice, Order, CreditMemo)
"""All there are: whether something is a `Sale` Python's abstract classes would be asked, which takes longer."""
CHARTED = frozenset({Kind.INVOICE, Kind.CREDIT_NOTE, Kind.PAYMENT})
"""The documents that name accounts and tax types of the configuration. An item's are a person's to change."""

_THEN = "the configuration is read when a worker starts, xero's chart once a day; then retry"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a document cannot be booked as things are configured. The words are those of Xero's own refusals."""

    reason: str
    detail: str
    hint: str


@dataclass(slots=True)
class Chart:
    """What of the configuration does not fit. Empty: nothing is known to be wrong.

    `pairs` are accounts and tax types that Xero takes each by itself and not on one line.
    """

    org: OrganisationSettings
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    accounts: Mapping[str, Fault] = field(default_factory=dict)
    payments: Mapping[str, Fault] = field(default_factory=dict)
    tax_types: Mapping[str, Fault] = field(default_factory=dict)
    pairs: Mapping[tuple[str, str], Fault] = field(default_factory=dict)
    sound: set[tuple[str, Decimal | None, bool]] = field(default_factory=set)

    def tax_fault(self, event: Event) -> Fault | None:
        """The first rate of tax of `event` that is not that of its tax type in Xero."""
        return self._of_rates(event.data.lines) if self.rates and isinstance(event.data, _SALES) else None

    def fault_of(self, writes: Iterable[Write], tax_fault: Fault | None) -> Fault | None:
        """The first thing wrong with what `writes` name; it costs next to nothing while all is well.

        `tax_fault` is that of their event.
        """
        if tax_fault is None and not (self.accounts or self.payments or self.tax_types or self.pairs):
            return None
        charted = [write for write in writes if write.kind in CHARTED and write.action is SAVE]
        if charted and tax_fault is not None:
            return tax_fault
        return next((fault for write in charted for fault in self._of_write(write)), None)

    def all(self) -> list[Fault]:
        """Everything that is wrong with the configuration, whether or not a document needs it.

        Without `pairs`: that two things do not go together is wrong only where a line has both.
        """
        return [*self.accounts.values(), *self.payments.values(), *self.tax_types.values()]

    def _of_rates(self, lines: Iterable[Line]) -> Fault | None:
        sound = self.sound
        for line in lines:
            key = (line.tax_code, line.tax_rate, not line.tax)
            if key in sound:
                continue
            fault = self._judge(line)
            if fault is not None:
                return fault
            if len(sound) >= _MOST_SOUND:
                sound.clear()
            sound.add(key)
        return None

    def _judge(self, line: Line) -> Fault | None:
        try:
            tax_type = line_tax_type(line, self.org)
        except Unmappable:
            return None  # mapping says so itself
        rate = self.rates.get(tax_type)
        charged = _charged(line, rate)
        if rate is None or charged is None:
            return None
        of_rate = line.tax_rate if line.tax_code not in self.org.tax else None
        key = line.tax_code if of_rate is None else rate_key(of_rate)
        detail = f"the store charged {charged}, and {tax_type} is {rate.normalize():f} % in xero"
        hint = f'change [organisations.{self.org.name}.tax]: "{key}" = "<TaxType of that rate>"; {_THEN}'
        return Fault("tax_rate_unequal", detail, hint)

    def _of_write(self, write: Write) -> Iterator[Fault]:
        if write.kind is Kind.PAYMENT:
            account = write.payload.get("Account") or {}
            fault = self.payments.get(str(account.get("AccountID") or account.get("Code")))
            if fault is not None:
                yield fault
        else:
            for line in write.payload.get("LineItems") or ():
                code, tax_type = line.get("AccountCode"), line.get("TaxType")
                found = (self.accounts.get(code), self.tax_types.get(tax_type), self.pairs.get((code, tax_type)))
                yield from (fault for fault in found if fault is not None)


def _charged(line: Line, rate: Decimal | None) -> str | None:
    """What the store charged that is not `rate`; None where it is, or where either says no rate.

    Xero takes tax at a rate of 0 too: the tax return would have it under sales without tax.
    """
    if rate == ZERO and line.tax and not line.tax_rate:
        return "tax"
    if line.tax_rate is None or rate is None or is_rate(rate, line.tax_rate):
        return None
    return f"{line.tax_rate.normalize():f} %"


@dataclass(slots=True)
class ChartShelf:
    """The last reading of one organisation, kept from session to session.

    `at` is monotonic, `None` before the first. `doubted`: it has spoken against a document since, so look again soon.
    `is_wanted` while its reading waits for a token, which others leave to it.
    """

    chart: Chart
    at: float | None = None
    doubted: bool = False
    is_wanted: bool = False

    def forget(self) -> None:
        """A pause is over: what was wrong may be mended, and Xero's own verdict counts until the next reading."""
        self.chart, self.at, self.doubted = Chart(self.chart.org), None, False


def compare(org: OrganisationSettings, accounts: Rows, tax_rates: Rows) -> Chart:
    """Hold what `org` names against what there is. Of a list that came empty nothing is concluded."""
    by_name = {_named(str(row.get(name))): row for row in accounts for name in ("AccountID", "Code") if row.get(name)}
    types = {str(row.get("TaxType")): row for row in tax_rates}
    return Chart(
        org=org,
        rates=_rates(tax_rates),
        accounts=dict(_account_faults(org, by_name)) if accounts else {},
        payments=dict(_payment_faults(org, by_name)) if accounts else {},
        tax_types=dict(_tax_faults(org, types)) if tax_rates else {},
        pairs=dict(_pair_faults(org, by_name, types)),
    )


def _named(account: str) -> str:
    """An account's code as it is; its id without the case of its letters, which does not count."""
    return account.lower() if len(account) == _ID_LENGTH else account


def _rates(rows: Rows) -> dict[str, Decimal]:
    pairs = ((str(row.get("TaxType")), money(row.get("EffectiveRate"))) for row in rows)
    return {tax_type: rate for tax_type, rate in pairs if rate is not None}


def _account_faults(org: OrganisationSettings, rows: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Fault]]:
    for name, code in org.accounts:
        wrong = _wrong(rows.get(code), allowed=sells, why="is a bank or system account") if code else ""
        if wrong:
            line = f'[organisations.{org.name}.accounts] {name} = "{code}"'
            yield code, _account_fault(code, wrong, line, "account_invalid")


def _payment_faults(org: OrganisationSettings, rows: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Fault]]:
    named = [(f'[organisations.{org.name}.payments] "{method}"', code) for method, code in org.payments.items()]
    named += [
        (f"[organisations.{org.name}.accounts] {name}", getattr(org.accounts, name) or NO_PAYMENT)
        for name in ("gift_card", "store_credit", "reward_points")
    ]
    for place, code in named:
        wrong = "" if code == NO_PAYMENT else _wrong(rows.get(_named(code)), allowed=pays, why="takes no payments")
        if wrong:
            yield code, _account_fault(code, wrong, f'{place} = "{code}"', "payment_account_invalid")


def sells(row: Mapping[str, Any]) -> bool:
    """Whether a line may name this account."""
    return row.get("Type") != "BANK" and row.get("SystemAccount") not in _CLOSED


def pays(row: Mapping[str, Any]) -> bool:
    """Whether a payment may go to this account."""
    return row.get("Type") == "BANK" or bool(row.get("EnablePaymentsToAccount"))


def is_rate(in_xero: Decimal, wanted: Decimal) -> bool:
    """Whether a rate is the wanted one, which Xero keeps with 4 decimals."""
    return abs(in_xero - wanted) <= _ROUNDED_OFF


def is_active(row: Mapping[str, Any]) -> bool:
    """Whether an account or a tax rate may be used."""
    return row.get("Status") in (None, "ACTIVE")


def _wrong(row: Mapping[str, Any] | None, *, allowed: Callable[[Mapping[str, Any]], bool], why: str) -> str:
    if row is None:
        return "is not in the chart of accounts"
    if not is_active(row):
        return "is archived"
    return "" if allowed(row) else why


def _account_fault(code: str, wrong: str, line: str, reason: str) -> Fault:
    hint = f"mend it in xero, or change {line}; {_THEN}"
    return Fault(reason, f"account {code} {wrong}", hint)


def _tax_faults(org: OrganisationSettings, rows: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Fault]]:
    for key, tax_type in org.tax.items():
        row = rows.get(tax_type)
        if row is not None and is_active(row):
            continue
        wrong = "is no tax rate of the organisation" if row is None else "is archived"
        hint = f'mend it in xero, or change [organisations.{org.name}.tax] "{key}" = "{tax_type}"; {_THEN}'
        yield tax_type, Fault("tax_type_mismatch", f"tax type {tax_type} {wrong}", hint)


def _pair_faults(
    org: OrganisationSettings, accounts: Mapping[str, Mapping[str, Any]], types: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[tuple[str, str], Fault]]:
    for key, tax_type in org.tax.items():
        for code in {code for _, code in org.accounts if code}:
            flag = APPLIES.get(str(accounts.get(code, {}).get("Class")))
            if flag is None or types.get(tax_type, {}).get(flag) is not False:
                continue
            detail = f"tax type {tax_type} cannot be used with account {code}, whose class it does not apply to"
            line = f'[organisations.{org.name}.tax] "{key}" = "{tax_type}", or the account'
            yield (code, tax_type), Fault("tax_type_mismatch", detail, f"mend it in xero, or change {line}; {_THEN}")
