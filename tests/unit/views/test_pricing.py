"""What a resync is priced at: what its organisation books of what was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.commands import ResyncAll
from schemas.entities import Entity
from tests.support.fake_store import CREDIT_MEMOS, CUSTOMERS, INVOICES
from tests.support.settings_cases import MINIMAL
from worker.documents.documents import Kind
from worker.settings import load
from worker.views.pricing import prices

COUNTS = {CUSTOMERS: 100, INVOICES: 1_000, CREDIT_MEMOS: 50}


def calls(folder: Path, more: str, command: ResyncAll) -> dict[Kind, int]:
    path = folder / "xerelay.toml"
    path.write_text(MINIMAL.replace("[stores.shop]", f"{more}\n[stores.shop]"))
    settings = load(path, {})
    (price,) = prices(settings, settings.stores["shop"], command, COUNTS)
    return price.cost.calls


def test_each_row_of_a_sale_or_refund_brings_its_payment(tmp_path: Path) -> None:
    assert calls(tmp_path, "", ResyncAll()) == {
        Kind.CONTACT: 2,
        Kind.INVOICE: 20,
        Kind.CREDIT_NOTE: 1,
        Kind.PAYMENT: 21,
    }


@pytest.mark.parametrize(
    "more",
    ['[organisations.main.lanes]\npayment = "off"', '[organisations.main.payments]\nstripe = "none"\ndefault = "none"'],
)
def test_payments_that_are_not_booked_cost_nothing(tmp_path: Path, more: str) -> None:
    assert Kind.PAYMENT not in calls(tmp_path, more, ResyncAll())


def test_payments_of_one_method_are_booked_though_others_are_not(tmp_path: Path) -> None:
    more = '[organisations.main.payments]\nstripe = "090"\ndefault = "none"'

    assert calls(tmp_path, more, ResyncAll())[Kind.PAYMENT] == 21


def test_of_a_list_only_what_was_asked_for_is_priced(tmp_path: Path) -> None:
    assert calls(tmp_path, "", ResyncAll(entities=(Entity.PAYMENT,))) == {Kind.PAYMENT: 21}
    assert calls(tmp_path, "", ResyncAll(entities=(Entity.INVOICE,))) == {Kind.INVOICE: 20}
