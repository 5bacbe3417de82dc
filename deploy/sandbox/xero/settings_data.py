"""Accounts, tax rates, currencies, tracking, branding and the organisation itself, and the questions asked of them."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from deploy.sandbox.xero import chart
from deploy.sandbox.xero.errors import Json

_UNPOSTABLE = frozenset({"DEBTORS", "CREDITORS", "RETAINEDEARNINGS", "UNPAIDEXPCLM", "GST", "HISTORICAL"})


class Settings:
    """The set-up data of one organisation [xero 4.7]."""

    def __init__(self, name: str, tenant_id: str, created: datetime) -> None:
        self._space = uuid.UUID(tenant_id)
        self.organisation: Json = {**chart.ORGANISATION, "OrganisationID": tenant_id, "Name": name}
        self.organisation |= {"APIKey": "", "CreatedDateUTC": created}
        self.accounts = {row.code: self._account(row, created) for row in chart.ACCOUNTS}
        self.account_codes = {account["AccountID"]: code for code, account in self.accounts.items()}
        self.tax_rates = {row.tax_type: _tax_rate(row) for row in chart.RATES}
        self.currencies = dict(chart.CURRENCIES)
        self.tracking = [self._tracking(name, options) for name, options in chart.TRACKING.items()]
        self.lines: dict[Any, Any] = {}
        """What lines were worked out with these settings; empty again when they change."""
        self.branding = [self._theme(name, order, created) for order, name in enumerate(chart.BRANDING)]

    def _id(self, *names: str) -> str:
        return str(uuid.uuid5(self._space, ":".join(names)))

    def _account(self, row: chart.AccountRow, created: datetime) -> Json:
        account = {
            "AccountID": self._id("account", row.code),
            "Code": row.code,
            "Name": row.name,
            "Status": "ACTIVE",
            "Type": row.type,
            "TaxType": row.tax,
            "Class": row.account_class,
            "EnablePaymentsToAccount": row.payments,
            "ShowInExpenseClaims": False,
            "AddToWatchlist": False,
            "HasAttachments": False,
            "UpdatedDateUTC": created,
        }
        if row.system:
            account["SystemAccount"] = row.system
        if row.type == "BANK":
            account |= {"BankAccountType": "BANK", "CurrencyCode": "GBP", "BankAccountNumber": "0000000000" + row.code}
        return account

    def _tracking(self, name: str, options: tuple[str, ...]) -> Json:
        made = [
            {"TrackingOptionID": self._id("option", name, option), "Name": option, "Status": "ACTIVE"}
            for option in options
        ]
        category_id = self._id("tracking", name)
        return {"TrackingCategoryID": category_id, "Name": name, "Status": "ACTIVE", "Options": made}

    def _theme(self, name: str, order: int, created: datetime) -> Json:
        theme_id = self._id("theme", name)
        return {"BrandingThemeID": theme_id, "Name": name, "SortOrder": order, "CreatedDateUTC": created}

    def account(self, *, code: str | None = None, account_id: str | None = None) -> Json | None:
        """An account by code or id, archived ones too; None where there is no such account."""
        if code is None and account_id is not None:
            code = self.account_codes.get(account_id.lower())
        return None if code is None else self.accounts.get(code)

    def tax_refusal(self, tax_type: str, account: Json | None) -> str | None:
        """What Xero says to a tax type, on a line or item of this account if it has one, or None [xero 5.4]."""
        rate = self.tax_rates.get(tax_type)
        if rate is None:
            return f"The TaxType code {tax_type} does not exist or cannot be used for this type of transaction."
        if rate["Status"] != "ACTIVE":
            return "Tax rate must be valid."
        if account is not None and not rate[chart.CLASS_FLAG[account["Class"]]]:
            return f"The TaxType code '{tax_type}' cannot be used with account code '{account['Code']}'."
        return None

    def set_account_status(self, code: str, status: str) -> Json:
        """Archive an account or bring it back; return it. Raises KeyError."""
        return self.change_account(code, {"Status": status})

    def change_account(self, code: str, fields: Json) -> Json:
        """Give fields of an account other values; return it. Raises KeyError."""
        return self._change(self.accounts[code], fields)

    def set_tax_rate_status(self, tax_type: str, status: str) -> Json:
        """Archive a tax rate or bring it back; return it. Raises KeyError."""
        return self._change(self.tax_rates[tax_type], {"Status": status})

    def archive_tracking(self, name: str, option: str | None) -> Json:
        """Archive an option of a tracking category, or all of the category; return what is. Raises KeyError."""
        rows = {category["Name"]: category for category in self.tracking}
        if option is not None:
            rows = {one["Name"]: one for one in rows[name]["Options"]}
        return self._change(rows[name if option is None else option], {"Status": "ARCHIVED"})

    def _change(self, setting: Json, fields: Json) -> Json:
        setting |= fields
        self.lines.clear()
        return setting

    def lock_refusal(self, day: date) -> str | None:
        """What Xero says to a date in a locked period, or None [xero 5.3]."""
        for field, words in (("EndOfYearLockDate", "end of year lock date"), ("PeriodLockDate", "period lock date")):
            lock = self.organisation.get(field)
            if lock is not None and day <= lock:
                return f"The document date cannot be before the {words}, currently set at {lock:%d %B %Y}"
        return None

    def track(self, name: str, option: str) -> Json | None:
        """The tracking of a line with its ids, or None where category or option is unknown."""
        for category in self.tracking:
            if category["Name"].lower() != name.lower() or category["Status"] != "ACTIVE":
                continue
            for known in category["Options"]:
                if known["Name"].lower() == option.lower() and known["Status"] == "ACTIVE":
                    ids = {
                        "TrackingCategoryID": category["TrackingCategoryID"],
                        "TrackingOptionID": known["TrackingOptionID"],
                    }
                    return {"Name": category["Name"], "Option": known["Name"], **ids}
        return None


def _tax_rate(row: chart.RateRow) -> Json:
    flags = {flag: letter in row.applies for letter, flag in chart.APPLIES.items()}
    return {
        "Name": row.name,
        "TaxType": row.tax_type,
        "ReportTaxType": row.report_type,
        "Status": "ACTIVE",
        "DisplayTaxRate": row.rate,
        "EffectiveRate": row.rate,
        "TaxComponents": [{"Name": "VAT", "Rate": row.rate, "IsCompound": False, "IsNonRecoverable": False}],
        **flags,
    }


def postable(account: Json | None) -> bool:
    """Whether a line of an invoice or credit note may name this account [xero 4.7]."""
    if account is None or account["Status"] != "ACTIVE" or account["Type"] == "BANK":
        return False
    return account.get("SystemAccount") not in _UNPOSTABLE


def payable(account: Json) -> bool:
    """Whether a payment may go through this account [xero 4.4]."""
    return account["Type"] == "BANK" or bool(account["EnablePaymentsToAccount"])


def default_rate(currency: str) -> Decimal:
    """The day rate that stands in when a document names none."""
    return chart.DAY_RATES.get(currency, Decimal(1))


def is_implausible(rate: Decimal, currency: str) -> bool:
    """Whether a rate is more than tenfold off the day's, where there is one [xero 4.3]."""
    day_rate = chart.DAY_RATES.get(currency, rate)
    return not day_rate / 10 <= rate <= day_rate * 10
