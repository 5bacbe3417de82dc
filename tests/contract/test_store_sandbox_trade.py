"""The sandbox store while it trades: times, late rows, deletions, faults, and its own sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tests.support.store_fixture import StoreSandbox, run_store, where
from tests.support.waiting import until_sync

EVERYTHING = ("orders", "invoices", "creditmemos", "customers/search", "products", "transactions")


def rows(store: StoreSandbox, path: str) -> list[dict[str, Any]]:
    key = "transaction_id" if path == "transactions" else "entity_id"
    return store.items(path, where(sort=[key]))


def changed(store: StoreSandbox, path: str, since: str) -> list[Any]:
    found = store.items(path, where(("updated_at", "gteq", since), sort=["updated_at", "entity_id"]))
    return [row.get("entity_id", row.get("id")) for row in found]


def now(store: StoreSandbox) -> str:
    return str(store.control("clock", advance_seconds=1)["now"])


def test_5_1_trade_adds_orders_and_changes_others(store: StoreSandbox) -> None:
    before = {path: len(rows(store, path)) for path in EVERYTHING}
    start = now(store)

    store.control("trade", orders=100)

    after = {path: len(rows(store, path)) for path in EVERYTHING}
    assert after["orders"] >= before["orders"] + 100
    assert all(after[path] > before[path] for path in EVERYTHING)
    assert set(changed(store, "orders", start)) & set(range(1, before["orders"]))
    assert store.truth()["trading"]["orders_left"] == 0


def test_5_1_the_same_trade_follows_from_the_same_seed(store: StoreSandbox) -> None:
    def money(found: list[dict[str, Any]]) -> list[Any]:
        return [(row["increment_id"], row["state"], row["grand_total"], row["tax_amount"]) for row in found]

    store.control("trade", orders=25)
    first = {path: money(rows(store, path)) for path in ("orders", "invoices", "creditmemos")}
    store.control("reset")
    store.control("auth", bearer=True)
    store.control("trade", orders=10)
    store.control("trade", orders=15)

    assert {path: money(rows(store, path)) for path in first} == first


def test_5_1_trade_goes_on_while_one_watches(store: StoreSandbox) -> None:
    before = len(rows(store, "orders"))

    store.control("trade", orders=10, per_second=100)

    until_sync(lambda: store.truth()["trading"]["orders_left"] == 0)
    assert len(rows(store, "orders")) >= before + 10


def test_5_2_a_touch_changes_nothing_but_the_time(store: StoreSandbox) -> None:
    before = store.get("V1/invoices/3").json()
    start = now(store)

    store.control("touch", entity="invoice", id=3)

    after = store.get("V1/invoices/3").json()
    assert after.pop("updated_at") >= start > before.pop("updated_at")
    assert after == before
    assert changed(store, "invoices", start) == [3]


def test_5_2_an_invoice_changes_its_order(store: StoreSandbox) -> None:
    start = now(store)
    store.control("trade", orders=20)

    made = store.items("invoices", where(("created_at", "gteq", start)))

    assert made
    assert {invoice["order_id"] for invoice in made} <= set(changed(store, "orders", start))


def test_5_2_a_deleted_customer_leaves_orders_without_its_id_and_no_trace(store: StoreSandbox) -> None:
    order = next(one for one in rows(store, "orders") if "customer_id" in one)
    start = now(store)

    store.control("delete", entity="customer", id=order["customer_id"])

    left = store.get(f"V1/orders/{order['entity_id']}").json()
    assert "customer_id" not in left
    assert (left["customer_is_guest"], left["updated_at"]) == (0, order["updated_at"])
    assert store.get(f"V1/customers/{order['customer_id']}").status_code == 404
    assert changed(store, "customers/search", start) == changed(store, "orders", start) == []


def test_5_2_documents_go_with_their_order(store: StoreSandbox) -> None:
    order_id = rows(store, "creditmemos")[0]["order_id"]

    store.control("delete", entity="order", id=order_id)

    for path in ("invoices", "creditmemos", "transactions"):
        assert store.items(path, where(("order_id", "eq", str(order_id)))) == []
    assert not [one for one in store.truth()["documents"] if one["order_id"] == order_id]
    store.control("trade", orders=30)
    assert not [row for row in rows(store, "invoices") if row["order_id"] == order_id]


@pytest.mark.parametrize("entity", ["invoice", "nothing"])
def test_5_2_documents_alone_cannot_be_deleted(store: StoreSandbox, entity: str) -> None:
    assert store.http.post("/_sandbox/delete", json={"entity": entity, "id": 1}).status_code == 400


def test_5_3_some_rows_are_seen_later_than_they_say(store: StoreSandbox) -> None:
    store.control("quirks", late_seconds=30)
    start = now(store)
    store.control("trade", orders=40)
    seen = {path: set(changed(store, path, start)) for path in ("orders", "invoices", "customers/search")}
    store.control("clock", advance_seconds=5)
    middle = now(store)

    waiting = store.truth()["trading"]["unseen"]
    store.control("clock", advance_seconds=30)
    late = {path: set(changed(store, path, start)) - seen[path] for path in seen}

    assert waiting > 0
    assert store.truth()["trading"]["unseen"] == 0
    assert any(late.values())
    assert not any(changed(store, path, middle) for path in seen)


def test_5_3_a_row_that_is_seen_late_does_not_undo_a_later_one(store: StoreSandbox) -> None:
    store.control("quirks", late_seconds=60)
    for _ in range(6):
        store.control("touch", entity="order", id=7)
        last = store.control("clock", advance_seconds=3)["now"]
    before = store.get("V1/orders/7").json()["updated_at"]

    store.control("clock", advance_seconds=120)

    assert store.get("V1/orders/7").json()["updated_at"] == before < last


def test_the_date_of_replies_is_the_stores(store: StoreSandbox) -> None:
    store.control("clock", advance_seconds=86_400)

    before = store.control("clock", advance_seconds=0)["now"]
    date = parsedate_to_datetime(store.get("V1/modules").headers["Date"])
    after = store.control("clock", advance_seconds=0)["now"]

    assert before <= date.strftime("%Y-%m-%d %H:%M:%S") <= after


@pytest.mark.parametrize(
    ("kind", "status", "html"),
    [("500", 500, False), ("503", 503, True), ("403", 403, True), ("401", 401, False)],
)
def test_7_faults_hit_the_requests_they_are_meant_for(store: StoreSandbox, kind: str, status: int, html: bool) -> None:
    store.control("faults", kind=kind, endpoint="invoices", after=1, count=2)

    def ask(path: str) -> int:
        return store.get(f"V1/{path}", "searchCriteria").status_code

    assert ask("orders") == 200
    assert [ask("invoices") for _ in range(4)] == [200, status, status, 200]
    store.control("faults", kind=kind)
    reply = store.get("V1/orders", "searchCriteria")
    assert reply.headers["Content-Type"].startswith("text/html") == html


def test_7_a_redirect_leads_elsewhere_and_a_slow_answer_is_right(store: StoreSandbox) -> None:
    store.control("faults", kind="redirect")
    store.control("faults", kind="slow", seconds=0.01)

    moved, slow = store.get("V1/orders", "searchCriteria"), store.get("V1/orders", "searchCriteria")

    assert (moved.status_code, moved.headers["Location"]) == (302, f"{store.url}/moved/rest/V1/orders")
    assert slow.status_code == 200


@pytest.mark.parametrize(
    ("control", "order"),
    [
        ("faults", {"kind": "unknown"}),
        ("faults", {"kind": "500", "when": 1}),
        ("quirks", {"version": "1.9"}),
        ("quirks", {"late": 1}),
        ("auth", {"removed": ["Magento_None::nothing"]}),
        ("auth", {"tokens": 1}),
        ("touch", {"entity": "order", "id": 99_999}),
        ("clock", {}),
    ],
)
def test_7_orders_that_cannot_be_read_are_refused(store: StoreSandbox, control: str, order: dict[str, Any]) -> None:
    reply = store.http.post(f"/_sandbox/{control}", json=order)

    assert reply.status_code == 400
    assert reply.json()["error"]


def test_7_requests_and_rows_are_counted(store: StoreSandbox) -> None:
    store.get("V1/orders", where(sort=["entity_id"], size=7))
    store.get("V1/orders/3")
    store.get("V1/orders/99999")

    audit = store.audit()

    assert audit["rows_served"] == {"orders": 8}
    assert Counter({(one["endpoint"], one["status"]): one["count"] for one in audit["requests"]}) == {
        ("orders", 200): 1,
        ("orders/{id}", 200): 1,
        ("orders/{id}", 404): 1,
    }


def test_7_the_truth_is_what_readers_see(store: StoreSandbox) -> None:
    store.control("trade", orders=40)
    truth = store.truth()

    for path, kind in (("orders", "order"), ("invoices", "invoice"), ("creditmemos", "credit_memo")):
        documents = {one["id"]: one for one in truth["documents"] if one["kind"] == kind}
        found = {row["entity_id"]: row for row in rows(store, path)}
        assert set(documents) == set(found)
        for number, row in found.items():
            extension = row.get("extension_attributes", {})
            tenders = sum(_cents(extension.get(f"{name}_amount")) for name in ("gift_cards", "customer_balance"))
            assert Decimal(documents[number]["gross"]) == _cents(row["grand_total"]) + tenders
            assert Decimal(documents[number]["tax"]) == _cents(row["tax_amount"])
            assert documents[number]["number"] == row["increment_id"]
            assert documents[number]["cancelled"] == (row["state"] == ("canceled" if kind == "order" else 3))
            buyer = (row.get("customer_id"), row["customer_email"]) if kind == "order" else (None, None)
            assert (documents[number].get("customer_id"), documents[number].get("email")) == buyer


def test_7_the_sums_of_the_truth_are_those_of_its_documents(store: StoreSandbox) -> None:
    store.control("trade", orders=40)
    truth = store.truth()
    standing = [one for one in truth["documents"] if not one["cancelled"]]

    for one in truth["documents"]:
        assert Decimal(one["gross"]) == Decimal(one["net"]) + Decimal(one["tax"])
        for name in ("net", "tax", "gross"):
            assert sum(Decimal(rate[name]) for rate in one["rates"]) == Decimal(one[name])
    for name in ("net", "tax", "gross"):
        whole = sum(Decimal(one[name]) for one in standing)
        assert sum(Decimal(day[name]) for day in truth["days"]) == whole
        assert sum(Decimal(tax[name]) for tax in truth["taxes"]) == whole
    for direction in ("in", "out"):
        whole = sum(Decimal(one["amount"]) for one in truth["payments"] if one["direction"] == direction)
        assert sum(Decimal(one[direction]) for one in truth["methods"]) == whole
    assert truth["counts"]["payments"] == len(truth["payments"])
    assert "documents" not in store.http.get("/_sandbox/truth?documents=no").json()


def test_7_payments_of_an_invoice_make_its_gross_once_it_is_paid(store: StoreSandbox) -> None:
    truth = store.truth()
    states = {row["entity_id"]: row["state"] for row in rows(store, "invoices")}
    paid: Counter[int] = Counter()
    for one in truth["payments"]:
        if one["direction"] == "in":
            paid[one["document_id"]] += round(Decimal(one["amount"]) * 100)

    for one in truth["documents"]:
        if one["kind"] == "invoice":
            assert paid[one["id"]] == (round(Decimal(one["gross"]) * 100) if states[one["id"]] == 2 else 0)


def _cents(amount: Any) -> Decimal:
    return round(Decimal(str(amount or 0)), 2)


@pytest.fixture(scope="module")
def trading_store() -> Iterator[StoreSandbox]:
    yield from run_store("--orders", "30", "--seed", "2", "--trade", "50", "--open-source", "--version", "2.3")


def test_a_store_trades_from_its_start_and_can_be_stopped(trading_store: StoreSandbox) -> None:
    until_sync(lambda: trading_store.truth()["trading"]["events"] > 20)

    trading_store.control("trade", per_second=0)

    stopped = trading_store.truth()
    assert trading_store.truth() == stopped
    assert not [one for one in stopped["methods"] if one["method"] in {"gift_card", "store_credit"}]
