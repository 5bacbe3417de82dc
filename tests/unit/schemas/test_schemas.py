from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas.commands import Release, Resync, ResyncAll, SyncNow, decode_command, encode_command
from schemas.dates import Day, Timestamp, rfc3339
from schemas.entities import Customer, Entity, Payment
from schemas.envelope import Change, Envelope, Event
from schemas.errors import Undecodable
from schemas.money import Cents, ExchangeRate
from schemas.parts import Line, Residual, SaleReference
from schemas.text import Name, Text, one_line, several_lines
from tests.support.sample_invoice import INVOICE, invoice_event

MOMENT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SALE = SaleReference(order_id="1", order_number="1", date=date(2026, 3, 2))
anything = st.text(st.characters(), max_size=60)


@given(anything)
def test_any_text_can_be_made_to_fit_one_line(text: str) -> None:
    fitted = one_line(text)

    TypeAdapter(Name).validate_python(fitted or "-")
    assert one_line(fitted) == fitted


@given(anything)
def test_any_text_can_be_made_to_fit_several_lines(text: str) -> None:
    fitted = several_lines(text, 20)

    TypeAdapter(Text).validate_python(fitted)
    assert len(fitted) <= 20


def test_fitting_keeps_what_people_read() -> None:
    assert one_line(" Ada\t Lovelace\x00\n& Söhne ") == "Ada Lovelace & Söhne"
    assert several_lines("one\ntwo\x00\tthree") == "one\ntwo\tthree"


@given(st.decimals("-9999999999.99", "9999999999.99", places=2))
def test_an_amount_survives_the_wire_digit_by_digit(amount: Decimal) -> None:
    adapter = TypeAdapter[Decimal](Cents)

    written = adapter.dump_json(adapter.validate_python(amount))

    assert str(adapter.validate_json(written)) == str(amount)


def test_an_amount_with_an_exponent_is_written_without() -> None:
    adapter = TypeAdapter[Decimal](Cents)

    assert adapter.dump_json(adapter.validate_python(Decimal("1E+2"))) == b'"100"'


@pytest.mark.parametrize("value", [1, 1.5, True, None, "", "1,50", "1.505", "01", "+1", "1e3", "NaN", " 1", "1\n", "١"])
def test_an_amount_is_a_plain_decimal_string(value: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Cents).validate_python(value)


def test_an_exchange_rate_is_above_zero() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(ExchangeRate).validate_python("0.000000")


@pytest.mark.parametrize("value", [MOMENT, 20260302, "2026-3-2", "2026-03-02T00:00:00", "1999-12-31", "2101-01-01", ""])
def test_a_day_is_nothing_else(value: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Day).validate_python(value)


@pytest.mark.parametrize(
    "value",
    [
        1767225600,
        "2026-03-02",
        "2026-03-02T09:30:00",
        "2026-03-02 09:30:00Z",
        "2026-03-02T25:00:00Z",
        "2026-03-02T09:30:00+25:00",
        "2000-01-01T00:00:00+05:00",
        datetime(2026, 3, 2),  # noqa: DTZ001 - without an offset on purpose
    ],
)
def test_a_time_has_an_offset_and_lies_in_our_century(value: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Timestamp).validate_python(value)


def test_times_sort_as_strings() -> None:
    late = datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=2)))

    assert rfc3339(late) < rfc3339(MOMENT)


def test_an_event_holds_data_of_its_entity() -> None:
    with pytest.raises(ValidationError, match="data must be Invoice, not Customer"):
        Event(
            id="e1", source="demo", organisation="main", entity=Entity.INVOICE, change=Change.CHANGED,
            subject="1", time=MOMENT, version=MOMENT, data=Customer(id="1"),
        )  # fmt: skip


def test_an_event_is_about_its_subject() -> None:
    with pytest.raises(ValidationError, match=r"subject must equal data\.id"):
        invoice_event(INVOICE["data"] | {"id": "18"})


def test_an_error_of_a_model_repeats_no_personal_data() -> None:
    with pytest.raises(ValidationError) as caught:
        Customer(id="1", email="ada.private@example.com\x00")

    assert "ada.private" not in str(caught.value)


def test_a_part_that_is_copied_with_other_values_is_checked_as_a_new_one() -> None:
    line = Line(name="Lamp", net=Decimal(10), gross=Decimal(10))

    assert line.__replace__(sku="A") == Line(name="Lamp", sku="A", net=Decimal(10), gross=Decimal(10))
    with pytest.raises(ValidationError, match=r"gross is 10, but net \+ tax is 9"):
        line.__replace__(net=Decimal(9))


def test_a_part_ignores_what_it_does_not_know_whatever_its_name() -> None:
    unknown: dict[str, Any] = dict.fromkeys(("cls", "self", "made", "part"), "x")

    assert Residual(**unknown) == Residual()


@pytest.mark.parametrize("changes", [{"amount": Decimal(0)}, {"direction": "out"}])
def test_a_payment_makes_sense(changes: dict[str, Any]) -> None:
    fields = {"id": "1", "direction": "in", "sale": SALE, "method": "card", "amount": Decimal(5), "currency": "EUR"}

    with pytest.raises(ValidationError):
        Payment(**fields | {"date": date(2026, 3, 2)} | changes)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Resync(entity=Entity.INVOICE),
        lambda: Resync(entity=Entity.INVOICE, date_from=date(2026, 3, 2), date_to=date(2026, 3, 1)),
        lambda: Resync(entity=Entity.INVOICE, ids=("7",), date_from=date(2026, 3, 2)),
        lambda: SyncNow(entity=Entity.INVOICE, ids=()),
        lambda: ResyncAll(entities=()),
        lambda: Release.model_validate({"lane": "backfill"}),
    ],
)
def test_a_command_selects_something(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        wrong()


def test_a_command_survives_the_wire() -> None:
    command = Resync(entity=Entity.ORDER, date_from=date(2026, 3, 1))
    envelope = Envelope(
        id="c1", source="admin", type="xerelay.resync", time=MOMENT, dataschema="urn:xerelay:xerelay.resync:1"
    )

    _, again = decode_command(encode_command(envelope, command))

    assert again == command


def test_an_event_is_no_command() -> None:
    with pytest.raises(Undecodable) as caught:
        decode_command(
            b'{"id":"1","source":"a","type":"store.order.changed","time":"2026-03-02T00:00:00Z","dataschema":"x"}'
        )

    assert caught.value.reason == "unknown_kind"
