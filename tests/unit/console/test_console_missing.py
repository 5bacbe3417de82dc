"""What the console offers to map is what mapping itself refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schemas.parts import Line
from tests.support.mapping_cases import ORGANISATION, organisation
from worker.console.missing import missing_of
from worker.mapping.accounts import account, payment_account
from worker.mapping.result import Unmappable
from worker.mapping.taxes import line_tax_type
from worker.settings.overlay import Table

REQUIRED = ("sales", "shipping", "discount", "fee", "rounding")
ORG = organisation(accounts={name: ORGANISATION["accounts"][name] for name in REQUIRED}, tax={"none": "NONE"})


@pytest.mark.parametrize("method", ["klarna", "pay by card", 'the "best" way', "<script>"])
def test_a_payment_method(method: str) -> None:
    with pytest.raises(Unmappable) as refusal:
        payment_account(method, ORG)

    assert missing_of(refusal.value.hint) == (Table.PAYMENTS, method)


@pytest.mark.parametrize(("code", "rate", "key"), [("DE-VAT-19", "19", "DE-VAT-19"), ("", "5.50", "5.5")])
def test_a_tax(code: str, rate: str, key: str) -> None:
    net, tax = Decimal("10.00"), Decimal("1.00")
    line = Line(name="A thing", net=net, tax=tax, gross=net + tax, tax_code=code, tax_rate=Decimal(rate))

    with pytest.raises(Unmappable) as refusal:
        line_tax_type(line, ORG)

    assert missing_of(refusal.value.hint) == (Table.TAX, key)


def test_an_account() -> None:
    with pytest.raises(Unmappable) as refusal:
        account("gift_card", ORG)

    assert missing_of(refusal.value.hint) == (Table.ACCOUNTS, "gift_card")


@pytest.mark.parametrize(
    "hint",
    [
        "",
        "mend it in xero",
        'change [organisations.main.tax]: "20" = "<TaxType of that rate>"; then retry',
        'add to [organisations.main.accounts]: inventory = "<account code>"; then retry',
    ],
)
def test_what_the_console_does_not_mend(hint: str) -> None:
    assert missing_of(hint) is None
