"""What `xerelay reconcile` says of days before `start_date`, of which xerelay keeps nothing in Xero."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

from tests.support.check_setup import SetUp
from tests.support.check_setup import setup as setup  # noqa: PLC0414 - a fixture is found by its name
from tests.support.check_setup import shop_url as shop_url  # noqa: PLC0414
from tests.support.check_setup import xero as xero  # noqa: PLC0414
from tests.support.check_setup import xero_url as xero_url  # noqa: PLC0414
from worker.cli import app

WHY = "not compared: before its start_date, 2026-01-01, and xerelay keeps nothing of such days in Xero"


@pytest.fixture
def books(setup: SetUp) -> SetUp:
    """An organisation that starts on 2026-01-01, with an invoice of the connector before on each side of it."""
    contact = setup.xero.person("create-contact", document={"Name": "Another app's customer"})
    for day in ("2025-12-30", "2026-01-02"):
        setup.xero.person("create-invoice", document=invoice_of(day, contact["ContactID"]))
    return setup


def invoice_of(day: str, contact_id: str) -> dict[str, object]:
    line = {"Description": "By hand", "Quantity": 1, "UnitAmount": 7, "AccountCode": "200", "TaxType": "OUTPUT2"}
    head = {"Type": "ACCREC", "InvoiceNumber": f"OTHER-{day}", "Contact": {"ContactID": contact_id}}
    return head | {"Date": day, "DueDate": day, "Status": "AUTHORISED", "LineItems": [line]}


def reconcile(books: SetUp, first: str, last: str, *more: str) -> Result:
    days = ["--from", first, "--to", last]
    return CliRunner().invoke(app, ["reconcile", *days, *more, "--config", str(books.config())])


def test_days_before_the_start_alone_are_not_compared_and_cost_nothing(books: SetUp) -> None:
    result = reconcile(books, "2025-12-29", "2025-12-31")

    assert (result.exit_code, result.stdout) == (2, f"main, 2025-12-29 to 2025-12-31 {WHY}\n")
    assert books.xero.audit()["calls_total"] == 0


def test_days_on_both_sides_of_the_start_are_compared_from_it_on(books: SetUp) -> None:
    result = reconcile(books, "2025-12-29", "2026-01-01")

    assert (result.exit_code, result.stdout.splitlines()) == (
        0,
        [f"main, 2025-12-29 to 2025-12-31 {WHY}", "main, 2026-01-01: no difference, 0 documents equal, 3 calls"],
    )


def test_what_differs_after_the_start_is_told_beside_what_was_left_out(books: SetUp) -> None:
    result = reconcile(books, "2025-12-31", "2026-01-02", "--json")

    [told] = json.loads(result.stdout)["organisations"]
    assert result.exit_code == 1
    assert (told["from"], told["to"], told["calls"]) == ("2026-01-01", "2026-01-02", 3)
    assert [one["number"] for one in told["differences"]] == ["OTHER-2026-01-02"]
    assert told["not_compared"] == {"from": "2025-12-31", "to": "2025-12-31", "why": f"2025-12-31 {WHY}"}


def test_where_all_days_are_compared_nothing_is_said_of_others(books: SetUp) -> None:
    result = reconcile(books, "2026-01-01", "2026-01-01", "--json")

    [told] = json.loads(result.stdout)["organisations"]
    assert (result.exit_code, told["not_compared"]) == (0, None)
