"""Single values as Magento writes them, and rows with values that nobody expects."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict
from pydantic import TypeAdapter, ValidationError

from producers.magento.answers import read
from producers.magento.translate.invoices import invoice
from producers.magento.translate.lines import order_lines
from producers.magento.translate.people import customer
from producers.magento.translate.products import product
from producers.magento.translate.sales import order
from producers.magento.translate.values import Unreadable, amount, cents, text
from producers.store import Found
from schemas.codec import data_json
from schemas.entities import Customer
from schemas.parts import Line
from tests.support.magento_samples import customer_json, invoice_json, order_json, places, product_json


@pytest.mark.parametrize(
    ("came", "rounded"),
    [
        ("35.199999999", "35.20"),
        ("35.195", "35.20"),
        ("-0.0001", "0.00"),
        ("12", "12.00"),
        ("1.0E-7", "0.00"),
        ("2.675", "2.68"),
        ("-2.675", "-2.68"),
        ("2.665", "2.67"),
        ("-2.665", "-2.67"),
    ],
)
def test_amounts_lose_their_artefacts(came: str, rounded: str) -> None:
    assert f"{cents(amount({'x': float(came)}, 'x'))}" == rounded


@given(st.decimals(-(10**9), 10**9, places=4))
def test_an_amount_is_what_its_text_says(written: Decimal) -> None:
    answer = httpx.Response(200, text=f'{{"x": {written:f}}}', request=httpx.Request("GET", "http://shop.test"))

    assert amount(read(answer, answer.content, str), "x") == written


_MONEY = st.decimals(-(10**5), 10**11, places=4).map(float)


@given(net=_MONEY, tax=_MONEY, quantity=_MONEY, discount=_MONEY, percent=_MONEY, title=st.text(max_size=300))
def test_a_line_is_what_it_would_be_when_checked_or_its_row_is_broken(
    net: float, tax: float, quantity: float, discount: float, percent: float, title: str
) -> None:
    item = {"item_id": 1, "sku": title, "name": title, "product_type": "simple", "qty_ordered": quantity}
    item |= {"row_total_incl_tax": net, "tax_amount": tax, "discount_amount": discount, "tax_percent": percent}
    weee = {"weee_tax_applied_row_amount": 1, "weee_tax_applied": [{"title": title}]}

    written = TypeAdapter(Line).dump_json
    with suppress(ValidationError):
        for line in order_lines({"items": [item | weee]}):
            checked = Line(**asdict(line))
            assert repr(line) == repr(checked)
            assert written(line) == written(checked)
            assert line == checked


@pytest.mark.parametrize("name", ["row_total_incl_tax", "tax_amount", "qty_ordered", "tax_percent"])
def test_a_row_with_figures_beyond_those_of_the_wire_is_refused(name: str) -> None:
    item = {"item_id": 1, "name": "Yacht", "qty_ordered": 1, "row_total_incl_tax": 1, "tax_amount": 0}

    with pytest.raises((ValidationError, Unreadable)):
        order_lines({"items": [item | {name: 10.0**12 - 1 if name != "tax_percent" else 10.0**12}]})


def test_half_a_surrogate_pair_in_a_name_does_not_cost_the_page() -> None:
    answer = httpx.Response(200, text=r'{"x": "Zo\ud83d\u00eb"}', request=httpx.Request("GET", "http://shop.test"))

    assert text(read(answer, answer.content, str), "x") == "Zo ë"


@pytest.mark.parametrize("came", [True, "twelve", [1], {"amount": 1}, float("nan"), float("inf")])
def test_what_is_no_amount_is_refused_by_its_name(came: object) -> None:
    with pytest.raises(Unreadable, match="grand_total must be a number"):
        amount({"grand_total": came}, "grand_total")


def test_an_amount_that_no_money_has_is_refused() -> None:
    with pytest.raises(Unreadable, match="grand_total has more digits than money can have"):
        amount({"grand_total": 1e40}, "grand_total")


@pytest.mark.parametrize(
    ("came", "clean"),
    [
        ("Hat &trade;", "Hat ™"),
        ("<p>Soft</p><br/>scarf", "Soft scarf"),
        ("5 < 6 and 7 > 3", "5 < 6 and 7 > 3"),
        ("two\r\nlines\tand \x00 more", "two lines and more"),
        (None, ""),
        (17, "17"),
    ],
)
def test_texts_become_one_clean_line(came: object, clean: str) -> None:
    assert text({"name": came}, "name") == clean


@given(value=st.text())
def test_any_name_fits_the_contract(value: str) -> None:
    (found,) = customer(customer_json(firstname=value, lastname=value, email=value), places())

    assert isinstance(found.data, Customer)


_ADDRESS = ("firstname", "company", "telephone", "vat_id", "street", "city", "region", "postcode", "country_id")


@given(billing=st.fixed_dictionaries({name: st.text(max_size=300) for name in _ADDRESS}), customer_id=st.integers())
def test_any_buyer_fits_the_contract_or_is_refused(billing: dict[str, str], customer_id: int) -> None:
    came = order_json(billing_address=billing, customer_id=customer_id, customer_firstname="", customer_lastname="")
    read: tuple[Found, ...] = ()

    with suppress(ValidationError):
        read = order(came, places())

    for one in read:
        assert type(one.data).model_validate_json(data_json(one.data)) == one.data


_ODD: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.decimals(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)


@given(data=st.data())
@pytest.mark.parametrize(
    ("make", "translate"),
    [
        (order_json, lambda raw: order(raw, places())),
        (
            invoice_json,
            lambda raw: invoice(raw, order_json(), places(), captured={}, offline_methods=frozenset()),
        ),
        (customer_json, lambda raw: customer(raw, places())),
        (product_json, lambda raw: product(raw, places())),
    ],
    ids=["order", "invoice", "customer", "product"],
)
def test_a_row_with_an_odd_value_is_refused_or_read_as_the_contract_wants_it(
    make: Callable[..., Any], translate: Callable[[Any], Any], data: st.DataObject
) -> None:
    raw = make()
    name = data.draw(st.sampled_from(sorted(raw)))
    read: tuple[Found, ...] = ()

    with suppress(Unreadable, ValidationError):
        read = translate({**raw, name: data.draw(_ODD)})

    for one in read:
        assert type(one.data).model_validate_json(data_json(one.data)) == one.data
