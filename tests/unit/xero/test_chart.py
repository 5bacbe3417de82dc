"""The configuration against the organisation's own accounts and tax rates."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from schemas.entities import Entity
from schemas.envelope import Event
from tests.support.mapping_cases import event, invoice, line, organisation, payment, removed, writes
from worker.chart import Chart, Fault, compare

ORG = organisation()
CODES = ("200", "205", "210", "260", "860", "841", "842", "844", "408")


def account(code: str, **changes: Any) -> dict[str, Any]:
    return {"Code": code, "AccountID": f"id-{code}", "Type": "REVENUE", "Status": "ACTIVE", **changes}


def rate(tax_type: str, percent: str, status: str = "ACTIVE") -> dict[str, Any]:
    return {"TaxType": tax_type, "EffectiveRate": Decimal(percent), "Status": status}


ACCOUNTS = [account(code, EnablePaymentsToAccount=True) for code in CODES]
BANKS = [account("090", Type="BANK"), account("091", Type="BANK", AccountID="6f0c3f2e-7d4e-4a53-9a59-2f3f1f1a7a10")]
RATES = [rate("OUTPUT2", "20.0000"), rate("RROUTPUT", "5"), rate("NONE", "0")]
SALE = event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20")))


def chart(*changed: dict[str, Any], rates: list[dict[str, Any]] | None = None, without: str = "") -> Chart:
    by_code = {row["Code"]: row for row in (*ACCOUNTS, *BANKS, *changed) if row["Code"] != without}
    return compare(ORG, list(by_code.values()), RATES if rates is None else rates)


def fault(of: Chart, found: Event = SALE) -> Fault | None:
    return of.fault_of(writes(found, ORG), of.tax_fault(found))


def test_what_fits_has_no_fault() -> None:
    assert (fault(chart()), chart().all()) == (None, [])
    assert fault(chart(), event(Entity.PAYMENT, payment())) is None


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (chart(account("200", Status="ARCHIVED")), "account 200 is archived"),
        (chart(account("200", Type="BANK")), "account 200 is a bank or system account"),
        (chart(account("200", SystemAccount="DEBTORS")), "account 200 is a bank or system account"),
        (chart(without="200"), "account 200 is not in the chart of accounts"),
    ],
)
def test_a_sale_on_a_wrong_account_names_the_line_to_change(of: Chart, words: str) -> None:
    found = fault(of)

    assert found is not None
    assert (found.reason, found.detail) == ("account_invalid", words)
    assert '[organisations.main.accounts] sales = "200"' in found.hint


def test_only_documents_that_name_the_account_are_at_fault() -> None:
    of = chart(account("210", Status="ARCHIVED"))

    assert fault(of) is None
    shipped = event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20", kind="shipping")))
    assert fault(of, shipped) is not None


@pytest.mark.parametrize(
    ("rates", "reason", "words"),
    [
        ([rate("RROUTPUT", "5")], "tax_type_mismatch", "OUTPUT2 is no tax rate"),
        ([rate("OUTPUT2", "20", "ARCHIVED")], "tax_type_mismatch", "OUTPUT2 is archived"),
        ([rate("OUTPUT2", "19")], "tax_rate_unequal", "the store charged 20 %, and OUTPUT2 is 19 % in xero"),
    ],
)
def test_a_tax_type_that_is_not_what_the_store_charged_is_named(
    rates: list[dict[str, Any]], reason: str, words: str
) -> None:
    found = fault(chart(rates=rates))

    assert found is not None
    assert found.reason == reason
    assert words in found.detail
    assert "[organisations.main.tax]" in found.hint


@pytest.mark.parametrize("taxed", [{"tax_rate": "0"}, {"tax_code": "GB-VAT-20"}])
def test_tax_never_goes_under_a_tax_type_that_is_free_of_it(taxed: dict[str, str]) -> None:
    org = organisation(tax={"0": "ZERORATEDOUTPUT", "GB-VAT-20": "ZERORATEDOUTPUT"})
    of = compare(org, ACCOUNTS, [rate("ZERORATEDOUTPUT", "0")])

    assert of.tax_fault(event(Entity.INVOICE, invoice(line("10.00", **taxed)))) is None
    found = of.tax_fault(event(Entity.INVOICE, invoice(line("10.00", "2.00", **taxed))))

    assert found is not None
    assert (found.reason, found.detail) == (
        "tax_rate_unequal",
        "the store charged tax, and ZERORATEDOUTPUT is 0 % in xero",
    )


def test_a_tax_type_that_the_account_does_not_allow_is_a_fault_of_the_lines_that_have_both() -> None:
    rates = [rate("OUTPUT2", "20") | {"CanApplyToRevenue": True, "CanApplyToLiabilities": False}, *RATES[1:]]
    of = chart(account("200", Class="REVENUE"), account("210", Class="LIABILITY"), rates=rates)
    shipped = event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20", kind="shipping")))

    found = fault(of, shipped)

    assert (fault(of), of.all()) == (None, [])
    assert found is not None
    assert found.reason == "tax_type_mismatch"
    assert "OUTPUT2 cannot be used with account 210" in found.detail
    assert '[organisations.main.tax] "20" = "OUTPUT2"' in found.hint


def test_an_account_that_takes_no_payments_is_no_fault_of_the_sale() -> None:
    of = chart(account("090", Type="CURRENT"))

    found = fault(of, event(Entity.PAYMENT, payment()))

    assert fault(of) is None
    assert found is not None
    assert (found.reason, found.detail) == ("payment_account_invalid", "account 090 takes no payments")
    assert '[organisations.main.payments] "stripe" = "090"' in found.hint


def test_nothing_is_concluded_from_lists_that_came_empty() -> None:
    assert compare(ORG, [], []).all() == []


def test_what_is_voided_needs_no_account() -> None:
    gone = removed(Entity.INVOICE, "31")

    assert chart(without="200").fault_of(writes(gone, ORG), None) is None


def test_an_account_id_is_known_in_any_case_of_its_letters() -> None:
    org = organisation(payments={"stripe": "6F0C3F2E-7D4E-4A53-9A59-2F3F1F1A7A10"})
    of = compare(org, [*ACCOUNTS, *BANKS], RATES)
    paid = event(Entity.PAYMENT, payment())

    assert of.all() == []
    assert of.fault_of(writes(paid, org), of.tax_fault(paid)) is None


@pytest.mark.parametrize(("in_xero", "is_equal"), [("15.4738", True), ("15.4736", False)])
def test_a_rate_is_compared_with_the_four_decimals_that_xero_keeps(in_xero: str, is_equal: bool) -> None:
    sale = event(Entity.INVOICE, invoice(line("10.00", "1.55", tax_code="GB-VAT-20", tax_rate="15.47375")))

    found = fault(chart(rates=[rate("OUTPUT2", in_xero), *RATES[1:]]), sale)

    assert (found is None) is is_equal
