"""searchCriteria, pages and fields of the sandbox store."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.store_fixture import StoreSandbox, where

LISTS = {
    "orders": "entity_id",
    "invoices": "entity_id",
    "creditmemos": "entity_id",
    "transactions": "transaction_id",
    "customers/search": "entity_id",
    "products": "entity_id",
    "taxRates/search": "tax_calculation_rate_id",
}
FILTER = "searchCriteria[filter_groups][{group}][filters][{place}][{part}]={value}"


def numbers(rows: list[dict[str, Any]], key: str = "entity_id") -> list[Any]:
    return [row.get(key, row.get("id")) for row in rows]


@pytest.mark.parametrize(("path", "key"), LISTS.items())
def test_2_1_a_list_is_read_by_its_key_without_gaps(store: StoreSandbox, path: str, key: str) -> None:
    whole = numbers(store.items(path, where(sort=[key])), key)

    last, read = 0, []
    for _ in range(100):
        page = numbers(store.items(path, where((key, "gt", str(last)), sort=[key], size=7)), key)
        read += page
        if len(page) < 7:
            break
        last = page[-1]

    assert read == whole
    assert whole == sorted(set(whole))
    assert whole


@pytest.mark.parametrize("path", ["orders", "invoices", "creditmemos", "customers/search", "products"])
def test_2_1_a_list_is_read_by_its_time_of_change_without_gaps(store: StoreSandbox, path: str) -> None:
    whole = set(numbers(store.items(path, where())))
    moment, number, read = "2000-01-01 00:00:00", 0, []

    for _ in range(300):
        same = store.items(
            path, where(("updated_at", "eq", moment), ("entity_id", "gt", str(number)), sort=["entity_id"])
        )
        later = store.items(path, where(("updated_at", "gt", moment), sort=["updated_at", "entity_id"], size=5))
        rows = [*same, *later]
        read += numbers(rows)
        if not rows:
            break
        assert [row["updated_at"] for row in later] == sorted(row["updated_at"] for row in later)
        moment, number = rows[-1]["updated_at"], numbers(rows)[-1]

    assert set(read) == whole
    assert len(read) == len(whole)


def test_2_1_criteria_have_to_be_there(store: StoreSandbox) -> None:
    reply = store.get("V1/orders")

    assert reply.status_code == 400
    assert reply.json()["parameters"] == {"fieldName": "searchCriteria"}
    assert store.get("V1/orders", "searchCriteria=").status_code == 200


def test_2_1_groups_are_anded_and_filters_in_a_group_ored(store: StoreSandbox) -> None:
    query = "&".join(
        FILTER.format(group=group, place=place, part=part, value=value)
        for group, place, number in ((0, 0, 3), (0, 1, 5), (0, 2, 7), (1, 0, 5), (1, 1, 7))
        for part, value in (("field", "entity_id"), ("value", number))
    )

    assert numbers(store.items("orders", query)) == [5, 7]


def test_2_1_names_may_be_in_camel_case(store: StoreSandbox) -> None:
    query = where(("entityId", "lteq", "4"), sort=["entityId"], size=2)
    camel = query.replace("filter_groups", "filterGroups").replace("condition_type", "conditionType")

    assert numbers(store.items("orders", camel)) == [1, 2]


def test_2_1_a_sort_without_direction_is_descending(store: StoreSandbox) -> None:
    query = "searchCriteria[sortOrders][0][field]=entity_id&searchCriteria[pageSize]=3"
    found = numbers(store.items("orders", query))

    assert found == sorted(found, reverse=True)
    assert found[0] > 59


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        ("eq", "5", [5]),
        ("gt", "57", [58, 59, 60]),
        ("gteq", "58", [58, 59, 60]),
        ("moreq", "58", [58, 59, 60]),
        ("from", "58", [58, 59, 60]),
        ("lt", "3", [1, 2]),
        ("lteq", "2", [1, 2]),
        ("to", "2", [1, 2]),
        ("in", "2,4,99999", [2, 4]),
        ("finset", "2,4", [2, 4]),
    ],
)
def test_2_1_conditions_compare_ids(store: StoreSandbox, condition: str, value: str, expected: list[int]) -> None:
    query = where(("entity_id", condition, value), ("entity_id", "lteq", "60"), sort=["entity_id"])

    assert numbers(store.items("orders", query)) == expected


@pytest.mark.parametrize("condition", ["neq", "nin"])
def test_2_1_conditions_can_be_turned_round(store: StoreSandbox, condition: str) -> None:
    found = numbers(store.items("orders", where(("entity_id", condition, "2,2" if condition == "nin" else "2"))))

    assert 2 not in found
    assert len(found) == len(store.items("orders", where())) - 1


def test_2_1_texts_compare_without_case_and_by_pattern(store: StoreSandbox) -> None:
    assert store.items("products", where(("sku", "eq", "sku-00001"))) != []
    assert store.items("products", where(("sku", "like", "%wool+silk%"))) != []
    every = store.items("products", where())
    assert len(store.items("products", where(("sku", "nlike", "sku-%")))) == sum("SKU-" not in p["sku"] for p in every)


def test_2_1_null_is_what_is_left_out(store: StoreSandbox) -> None:
    guests = store.items("orders", where(("customer_id", "null", "1")))
    others = store.items("orders", where(("customer_id", "notnull", "1")))

    assert all("customer_id" not in order for order in guests)
    assert all("customer_id" in order for order in others)
    assert len(guests) + len(others) == len(store.items("orders", where()))
    assert store.items("orders", where(("customer_id", "neq", "99999"))) == others


@pytest.mark.parametrize("form", ["{} {}", "{}T{}"])
def test_2_1_times_compare_in_utc_with_a_space_or_a_t(store: StoreSandbox, form: str) -> None:
    orders = store.items("orders", where(sort=["created_at"]))
    middle = orders[30]["created_at"]
    value = form.format(*middle.split(" "))

    found = store.items("orders", where(("created_at", "gteq", value), sort=["entity_id"]))
    equal = store.items("orders", where(("created_at", "eq", value)))
    before = store.items("orders", where(("created_at", "lt", value)))

    assert {order["created_at"] for order in equal} == {middle}
    assert len(found) + len(before) == len(orders)
    assert all(order["created_at"] < middle for order in before)


def test_2_1_documents_are_found_by_their_order(store: StoreSandbox) -> None:
    for path in ("invoices", "transactions"):
        found = store.items(path, where(("order_id", "in", "1,2,3")))
        assert {row["order_id"] for row in found} <= {1, 2, 3}
        assert len(found) == sum(row["order_id"] <= 3 for row in store.items(path, where()))


@pytest.mark.parametrize(
    "query", ["searchCriteria[pageSize]=x", "searchCriteria[filterGroups][0][x]=1", where(("a", "b", "c"))]
)
def test_2_1_what_cannot_be_read_is_400(store: StoreSandbox, query: str) -> None:
    assert store.get("V1/orders", query).status_code == 400


def test_2_2_a_column_that_is_not_there_is_500(store: StoreSandbox) -> None:
    for query in (where(("items.sku", "eq", "x")), where(sort=["nothing"]), where(("id", "eq", "1"))):
        reply = store.get("V1/orders", query)
        assert reply.status_code == 500
        assert "Report ID" in reply.json()["message"]


def test_2_3_a_reply_repeats_its_criteria_and_counts_all(store: StoreSandbox) -> None:
    reply = store.get("V1/orders", where(("entity_id", "gt", "10"), sort=["entity_id"], size=4, page=2)).json()

    assert numbers(reply["items"]) == [15, 16, 17, 18]
    assert reply["total_count"] == len(store.items("orders", where())) - 10
    assert reply["search_criteria"] == {
        "filter_groups": [{"filters": [{"field": "entity_id", "value": "10", "condition_type": "gt"}]}],
        "sort_orders": [{"field": "entity_id", "direction": "ASC"}],
        "page_size": 4,
        "current_page": 2,
    }


@pytest.mark.parametrize(("version", "expected"), [("2.4", 0), ("2.4.8", 0), ("2.3", 6)])
def test_2_3_past_the_end_there_is_nothing_or_the_last_page_again(
    store: StoreSandbox, version: str, expected: int
) -> None:
    store.control("quirks", version=version)
    query = where(("entity_id", "lteq", "46"), sort=["entity_id"], size=10)

    reply = store.get("V1/orders", f"{query}&searchCriteria[currentPage]=9").json()

    assert (len(reply["items"]), reply["total_count"]) == (expected, 46)


def test_2_3_products_without_a_sort_repeat_across_pages(store: StoreSandbox) -> None:
    pages = [numbers(store.items("products", where(size=10, page=page))) for page in (1, 2, 3, 4)]
    found = [number for page in pages for number in page]

    assert len(set(found)) < len(found)
    assert [numbers(store.items("products", where(size=10, page=1))) for _ in range(2)] == [pages[0]] * 2


def test_2_3_input_limits_name_their_maximum(store: StoreSandbox) -> None:
    store.control("limits", page_size=30)

    refused = store.get("V1/orders", where(size=31))

    assert refused.status_code == 400
    assert refused.json()["message"] == "Maximum SearchCriteria pageSize is 30"
    assert len(store.items("orders", where(size=30))) == 30
    assert len(store.items("orders", where())) == 20
    store.control("limits", page_size=None)
    assert len(store.items("orders", where(size=31))) == 31


def test_2_4_fields_trim_a_reply(store: StoreSandbox) -> None:
    query = where(sort=["entity_id"], size=2)

    brief = store.get("V1/orders", f"{query}&fields=items[entity_id,updated_at],total_count").json()
    deep = store.get("V1/orders", f"{query}&fields=items[entity_id,payment[method]]").json()
    one = store.get("V1/orders/1", "fields=entity_id,increment_id").json()

    assert [set(row) for row in brief["items"]] == [{"entity_id", "updated_at"}] * 2
    assert set(brief) == {"items", "total_count"}
    assert set(deep) == {"items"}
    assert all(set(row["payment"]) == {"method"} for row in deep["items"])
    assert set(one) == {"entity_id", "increment_id"}
    customers = store.get("V1/customers/search", "searchCriteria&fields=items[id]").json()
    assert numbers(customers["items"]) == numbers(store.items("customers/search", where()))


@pytest.mark.parametrize("fields", ["items[entity_id", "items]entity_id[", "items[entity_id]-x", "items%20"])
def test_2_4_fields_that_cannot_be_read_make_an_empty_list(store: StoreSandbox, fields: str) -> None:
    reply = store.get("V1/orders", f"searchCriteria&fields={fields}")

    assert (reply.status_code, reply.json()) == (200, [])


def test_2_5_a_broken_row_takes_its_page_along(store: StoreSandbox) -> None:
    store.control("faults", kind="500", id=12)

    assert store.get("V1/orders", where(("entity_id", "gt", "10"), sort=["entity_id"], size=5)).status_code == 500
    assert store.get("V1/orders/12").status_code == 500
    assert store.get("V1/orders", where(("entity_id", "gt", "12"), sort=["entity_id"], size=5)).status_code == 200
    assert store.get("V1/orders/11").status_code == 200
    store.control("reset")
    store.control("auth", bearer=True)
    assert store.get("V1/orders/12").status_code == 200
