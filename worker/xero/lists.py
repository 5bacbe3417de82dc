"""Questions to Xero for whole lists, a page at a time. Pure."""

from __future__ import annotations

from datetime import date, timedelta

from worker.documents.documents import Kind
from worker.xero.endpoints import ENDPOINTS

PAGE_SIZE = 1000
"""The most that Xero gives. https://developer.xero.com/documentation/api/accounting/requests-and-responses"""


def pages_of(count: int) -> int:
    """How many pages, and calls, a list of so many takes: an empty one takes one."""
    return max(1, -(-count // PAGE_SIZE))


def params_of(kind: Kind, page: int, where: str) -> dict[str, str]:
    """The query of one page. Items have no pages."""
    if kind is Kind.ITEM:
        return {"unitdp": "4"}
    params = {"page": str(page), "pageSize": str(PAGE_SIZE), "order": ENDPOINTS[kind].id}
    if kind is Kind.CONTACT:
        params["includeArchived"] = "true"
    return params | ({"where": where} if where else {})


_OF_SALES = {
    Kind.INVOICE: 'Type=="ACCREC"',
    Kind.CREDIT_NOTE: 'Type=="ACCRECCREDIT"',
    Kind.PAYMENT: '(PaymentType=="ACCRECPAYMENT" OR PaymentType=="ARCREDITPAYMENT")',
}


def of_sales(kind: Kind, first: date, last: date) -> str:
    """The condition on a kind: of sales, not of purchases, and of these days, both included."""
    end = last + timedelta(days=1)
    return f"{_OF_SALES[kind]} AND Date>={_moment(first)} AND Date<{_moment(end)}"


def _moment(day: date) -> str:
    return f"DateTime({day.year}, {day.month:02}, {day.day:02})"
