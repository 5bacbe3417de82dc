"""Which account: of a line by its kind, of a payment by its method."""

from __future__ import annotations

import re

from schemas.parts import LineKind
from worker.mapping.result import RESTART, Unmappable
from worker.settings import OrganisationSettings
from worker.settings.organisation import NO_PAYMENT, OTHER_METHODS

_ACCOUNT_OF_KIND = {
    LineKind.GOODS: "sales",
    LineKind.SHIPPING: "shipping",
    LineKind.FEE: "fee",
    LineKind.DISCOUNT: "discount",
    LineKind.GIFT_CARD: "gift_card",
}
_LIABILITIES = ("gift_card", "store_credit", "reward_points")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def line_account(kind: LineKind, org: OrganisationSettings) -> str:
    """The account of a line. Raises `Unmappable`."""
    name = _ACCOUNT_OF_KIND[kind]
    return getattr(org.accounts, name) or account(name, org)


def account(name: str, org: OrganisationSettings) -> str:
    """The account configured under `name`. Raises `Unmappable`."""
    code: str | None = getattr(org.accounts, name)
    if code is None:
        hint = f'add to [organisations.{org.name}.accounts]: {name} = "<account code>"; {RESTART}'
        raise Unmappable("account_missing", f"an amount belongs to the account {name}, which is not configured", hint)
    return code


def payment_account(method: str, org: OrganisationSettings) -> dict[str, str] | None:
    """The account a method pays into, as Xero names it; `None` where payments of it are not booked.

    Gift cards, store credit and reward points are paid from their own accounts unless `payments` says otherwise:
    `default`, which is a bank's, would book money that never came. Raises `Unmappable`.
    """
    configured = org.payments.get(method)
    if configured is None and method in _LIABILITIES:
        configured = account(method, org)
    configured = configured or org.payments.get(OTHER_METHODS)
    if configured is None:
        hint = f'add to [organisations.{org.name}.payments]: "{method}" = "<account code>", or "none"; {RESTART}'
        raise Unmappable("payment_method_unmapped", f'the payment method "{method}" has no account', hint)
    if configured == NO_PAYMENT:
        return None
    return {"AccountID": configured} if _UUID.fullmatch(configured) else {"Code": configured}
