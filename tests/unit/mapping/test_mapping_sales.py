"""Sales become invoices, line by line, equal to the store's totals."""

from decimal import Decimal
from typing import Any

import pytest

from schemas.entities import Entity
from tests.support.mapping_cases import VERSION, event, invoice, key, line, organisation, removed, writes
from worker.documents.content import ItemCode, XeroId
from worker.documents.documents import Action, Kind
from worker.mapping.plan import Ignored, Unmappable, plan
from worker.settings import OrganisationSettings

D = Decimal


def document(data: dict[str, Any], org: OrganisationSettings | None = None) -> dict[str, Any]:
    return dict(writes(event(Entity.INVOICE, data), org)[1].payload)


def items(*lines: dict[str, Any], org: OrganisationSettings | None = None, **more: Any) -> list[dict[str, Any]]:
    return list(document(invoice(*lines, **more), org)["LineItems"])


def refusal(*lines: dict[str, Any], org: OrganisationSettings | None = None, **more: Any) -> Unmappable:
    with pytest.raises(Unmappable) as raised:
        items(*lines, org=org, **more)
    return raised.value


def test_an_invoice_comes_after_its_contact_and_names_only_the_contacts_id() -> None:
    contact, sale = writes(event(Entity.INVOICE, invoice(line("10.00", "2.00", tax_rate="20"))))

    assert (contact.kind, sale.kind, sale.version) == (Kind.CONTACT, Kind.INVOICE, VERSION)
    assert (sale.key, sale.number) == (key("invoice", "31", "invoice"), "SHOP-I-webshop-100000012")
    assert sale.needs == {contact.key}
    assert sale.payload["Contact"] == {"ContactID": XeroId(contact.key)}
    assert {name: sale.payload[name] for name in sale.payload if name not in {"Contact", "LineItems"}} == {
        "Type": "ACCREC",
        "InvoiceNumber": "SHOP-I-webshop-100000012",
        "Reference": "200000034",
        "Date": "2026-03-02",
        "DueDate": "2026-03-02",
        "CurrencyCode": "GBP",
        "LineAmountTypes": "Exclusive",
        "Status": "AUTHORISED",
    }


def test_due_date_rate_status_theme_and_tracking_are_used_when_given() -> None:
    theme = "9d0e5c2a-4c0f-4f3c-8f43-6a2c0f6f8f10"
    tracking = {"category": "Channel", "option": "Web"}
    org = organisation(document_status="draft", branding_theme=theme, tracking=tracking)

    payload = document(invoice(line("10.00"), due_date="2026-04-01", currency="USD", rate="1.25"), org)

    assert (payload["DueDate"], payload["CurrencyCode"], payload["CurrencyRate"]) == ("2026-04-01", "USD", D("1.25"))
    assert (payload["Status"], payload["BrandingThemeID"]) == ("DRAFT", theme)
    assert payload["LineItems"][0]["Tracking"] == [{"Name": "Channel", "Option": "Web"}]


def test_only_the_configured_sales_document_is_booked() -> None:
    data = invoice(line("10.00"))
    by_order = organisation(sales_document="order")

    assert plan(event(Entity.ORDER, data), organisation()) == Ignored("sales_document is invoice")
    assert plan(event(Entity.INVOICE, data), by_order) == Ignored("sales_document is order")
    assert plan(removed(Entity.ORDER, "31"), organisation()) == Ignored("sales_document is invoice")
    assert writes(event(Entity.ORDER, data), by_order)[1].key == key("order", "31", "invoice")


def test_sales_before_start_date_are_left_alone() -> None:
    data = invoice(line("10.00"), date="2025-12-31")

    assert plan(event(Entity.INVOICE, data), organisation()) == Ignored("before start_date")


def test_sales_of_the_first_day_are_booked() -> None:
    assert document(invoice(line("10.00"), date="2026-01-01"))["Date"] == "2026-01-01"


def test_a_cancelled_or_removed_sale_voids_its_invoice() -> None:
    (cancelled,) = writes(event(Entity.INVOICE, invoice(line("10.00"), cancelled=True)))
    (gone,) = writes(removed(Entity.INVOICE, "31"))

    assert cancelled.key == gone.key == key("invoice", "31", "invoice")
    assert cancelled.action is gone.action is Action.VOID
    assert cancelled.content_hash == gone.content_hash


@pytest.mark.parametrize(
    ("kind", "account"),
    [("goods", "200"), ("shipping", "210"), ("fee", "260"), ("discount", "205"), ("gift_card", "841")],
)
def test_each_kind_of_line_has_its_account(kind: str, account: str) -> None:
    (item,) = items(line("10.00", kind=kind, sku="S"))

    assert item["AccountCode"] == account
    assert item.get("ItemCode") == (ItemCode("S") if kind == "goods" else None)


def test_a_line_without_its_account_says_which_setting_to_add() -> None:
    accounts = organisation().accounts.model_dump() | {"gift_card": None}

    said = refusal(line("10.00", kind="gift_card"), org=organisation(accounts=accounts))

    assert said.reason == "account_missing"
    assert (
        said.hint
        == 'add to [organisations.main.accounts]: gift_card = "<account code>"; restart the workers, then retry'
    )


@pytest.mark.parametrize(
    ("quantity", "net", "sent", "unit", "description"),
    [
        ("1", "10.00", "1", "10", "A thing"),
        ("3", "10.00", "3", "3.3333", "A thing"),
        ("0.3750", "4.11", "0.375", "10.96", "A thing"),
        ("10000", "123.45", "10000", "0.0123", "A thing (quantity 10000)"),
        ("7", "0.00", "7", "0", "A thing"),
        ("2", "-5.01", "2", "-2.505", "A thing"),
        ("200.0000", "0.02", "200", "0.0001", "A thing"),
        ("200", "0.01", "1", "0.01", "A thing (quantity 200)"),
    ],
)
def test_quantity_and_price_are_sent_where_xero_makes_the_net_of_them(
    quantity: str, net: str, sent: str, unit: str, description: str
) -> None:
    more = [line("100.00")] if net.startswith("-") else []

    item = items(line(net, quantity=quantity), *more)[0]

    if description == "A thing":
        assert (item["Quantity"], item["UnitAmount"]) == (D(sent), D(unit))
    else:
        assert (item["Quantity"], item["UnitAmount"]) == (1, D(net))
    assert item["Description"] == description


@pytest.mark.parametrize(
    ("given", "tax_type"),
    [
        ({"tax_code": "GB-VAT-20", "tax_rate": "5"}, "OUTPUT2"),
        ({"tax_code": "unknown", "tax_rate": "5.00"}, "RROUTPUT"),
        ({"tax_code": "20%"}, "OUTPUT2"),
        ({"tax_rate": "20.0000"}, "OUTPUT2"),
    ],
)
def test_the_tax_type_comes_by_code_then_by_rate(given: dict[str, str], tax_type: str) -> None:
    (item,) = items(line("10.00", "1.00", **given))

    assert (item["TaxType"], item["TaxAmount"]) == (tax_type, D("1.00"))


@pytest.mark.parametrize("given", [{}, {"tax_rate": "0"}])
def test_a_line_without_tax_has_the_type_for_none(given: dict[str, str]) -> None:
    (item,) = items(line("10.00", **given))

    assert item["TaxType"] == "NONE"


@pytest.mark.parametrize(
    ("given", "tax", "wanted"),
    [
        ({"tax_code": "DE-19", "tax_rate": "19"}, "1.90", "DE-19"),
        ({"tax_rate": "19.000"}, "1.90", "19"),
        ({"tax_code": "EXEMPT"}, "0", "EXEMPT"),
        ({"tax_rate": "7"}, "0", "7"),
    ],
)
def test_an_unmapped_tax_says_which_line_to_add(given: dict[str, str], tax: str, wanted: str) -> None:
    said = refusal(line("10.00", tax, **given))

    assert said.reason == "tax_unmapped"
    assert f'[organisations.main.tax] "{wanted}" = "<TaxType>"' in said.hint


def test_tax_without_code_and_rate_is_not_guessed() -> None:
    assert refusal(line("10.00", "2.00")).reason == "tax_unmapped"


def test_without_a_type_for_no_tax_the_setting_is_named() -> None:
    said = refusal(line("10.00"), org=organisation(tax={"20": "OUTPUT2"}))

    assert '[organisations.main.tax] "none" = "<TaxType>"' in said.hint


def test_cents_the_store_has_beyond_its_rows_get_one_visible_line() -> None:
    *_, rounding = items(line("10.00", "2.00", tax_rate="20"), residual={"net": "-0.02"})

    assert rounding == {
        "Description": "Rounding",
        "Quantity": 1,
        "UnitAmount": D("-0.02"),
        "AccountCode": "860",
        "TaxType": "NONE",
        "TaxAmount": 0,
    }


def test_cents_of_tax_go_to_the_largest_taxed_line() -> None:
    lines = (line("10.00", "2.00", tax_rate="20"), line("30.00", "6.00", tax_rate="20"), line("90.00"))

    sent = items(*lines, residual={"tax": "0.01"})

    assert [item["TaxAmount"] for item in sent] == [D("2.00"), D("6.01"), 0]


def test_more_than_the_limit_is_not_rounded_and_both_sums_are_shown() -> None:
    said = refusal(line("10.00", "2.00", tax_rate="20"), residual={"net": "0.06"})

    assert said.reason == "residual_too_large"
    assert "gross 12.00;" in said.detail
    assert "gross 12.06" in said.detail
    assert "rounding_limit" in said.hint


def test_the_limit_holds_for_tax_and_for_gross_too() -> None:
    taxed = line("10.00", "2.00", tax_rate="20")

    assert refusal(taxed, residual={"tax": "-0.06"}).reason == "residual_too_large"
    assert refusal(taxed, residual={"net": "0.03", "tax": "0.03"}).reason == "residual_too_large"
    assert len(items(taxed, residual={"net": "0.05", "tax": "-0.05"})) == 2


def test_tax_on_the_price_before_a_discount_splits_the_discount_off() -> None:
    discounted = line("0.00", "2.00", discount="10.00", tax_rate="20", name="Free shirt")

    goods, discount = items(discounted)

    assert (goods["UnitAmount"], goods["TaxAmount"], goods["TaxType"]) == (D("10.00"), D("2.00"), "OUTPUT2")
    assert (discount["UnitAmount"], discount["TaxAmount"], discount["TaxType"]) == (D("-10.00"), 0, "NONE")
    assert (discount["AccountCode"], discount["Description"]) == ("205", "Discount: Free shirt")


def test_a_cent_of_tax_that_a_line_cannot_hold_moves_to_one_that_can() -> None:
    sent = items(line("0.00", "0.01", tax_rate="20"), line("10.00", "2.00", tax_rate="20"))

    assert [item["TaxAmount"] for item in sent] == [0, D("2.01")]


def test_a_cent_of_tax_that_no_line_has_room_for_gets_rounding_lines_that_cancel_out() -> None:
    goods, taxed, back = items(line("0.00", "0.01", tax_rate="20"))

    assert (goods["UnitAmount"], goods["TaxAmount"]) == (0, 0)
    assert (taxed["UnitAmount"], taxed["TaxAmount"], taxed["TaxType"]) == (D("0.01"), D("0.01"), "OUTPUT2")
    assert (back["UnitAmount"], back["TaxAmount"], back["TaxType"]) == (D("-0.01"), 0, "OUTPUT2")
    assert taxed["AccountCode"] == back["AccountCode"] == "860"


def test_tax_of_a_sale_without_taxed_lines_is_for_a_person() -> None:
    assert refusal(line("10.00"), residual={"tax": "0.01"}).reason == "tax_unplaced"


@pytest.mark.parametrize(
    ("website", "theme", "option"),
    [("outlet", "1", "Outlet"), ("base", "2", "Web shop"), ("", "2", "Web shop")],
)
def test_a_website_has_its_own_theme_and_tracking_before_its_store(website: str, theme: str, option: str) -> None:
    ids = {name: f"9d0e5c2a-4c0f-4f3c-8f43-6a2c0f6f8f1{name}" for name in "123"}
    org = organisation(
        branding_theme=ids["3"],
        branding_themes={"webshop/outlet": ids["1"], "webshop": ids["2"]},
        tracking={
            "category": "Channel",
            "option": "Other",
            "options": {"webshop/outlet": "Outlet", "webshop": "Web shop"},
        },
    )

    payload = document(invoice(line("10.00"), website=website), org)

    assert payload["BrandingThemeID"] == ids[theme]
    assert payload["LineItems"][0]["Tracking"] == [{"Name": "Channel", "Option": option}]


def test_a_discount_line_carries_its_tax_with_it() -> None:
    _, discount = items(line("50.00", "10.00", tax_rate="20"), line("-10.00", "-2.00", tax_rate="20", kind="discount"))

    assert (discount["UnitAmount"], discount["TaxAmount"], discount["AccountCode"]) == (D(-10), D(-2), "205")


def test_a_sale_for_nothing_is_booked() -> None:
    (item,) = items(line("0.00", sku="GIFT"))

    assert item["UnitAmount"] == 0


def test_equal_content_has_an_equal_hash_however_amounts_are_written() -> None:
    def content_hash(net: str, quantity: str) -> str:
        return writes(event(Entity.INVOICE, invoice(line(net, quantity=quantity))))[1].content_hash

    assert content_hash("10", "2.0000") == content_hash("10.00", "2") != content_hash("10.01", "2")
