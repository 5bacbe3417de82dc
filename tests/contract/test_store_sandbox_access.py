"""Who may read the sandbox store, and how it refuses."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.support.store_fixture import StoreSandbox, where

ORDERS = "Magento_Sales::actions_view"
NOT_AUTHORIZED = "The consumer isn't authorized to access %resources."
INVALID = "The signature is invalid. Verify and try again."


def said(reply: Any) -> tuple[int, str]:
    return reply.status_code, reply.json()["message"]


def test_1_2_a_signed_request_is_answered(store: StoreSandbox) -> None:
    store.control("auth", bearer=False)

    reply = store.signed("V1/orders", where(("entity_id", "gt", "0"), sort=["entity_id"], size=3))

    assert reply.status_code == 200
    assert [order["entity_id"] for order in reply.json()["items"]] == [1, 2, 3]


def test_1_2_a_space_has_to_travel_as_percent_20(store: StoreSandbox) -> None:
    begin = "searchCriteria[filter_groups][0][filters][0]"
    query = f"{begin}[field]=updated_at&{begin}[condition_type]=gt&{begin}[value]=2020-01-01"
    spaced = f"{store.url}/rest/V1/orders?{query}%2010:00:00"
    plus = spaced.replace("%20", "+")

    right = store.http.get(spaced, headers={"Authorization": store.signature(spaced)})
    # a client that signs the space it meant, and sends it as httpx would
    wrong = store.http.get(plus, headers={"Authorization": store.signature(spaced)})

    assert right.json()["total_count"] > 0
    assert said(wrong) == (401, INVALID)


def test_1_2_a_pair_without_exactly_one_equals_sign_is_not_signed(store: StoreSandbox) -> None:
    assert store.signed("V1/orders", "searchCriteria").status_code == 200
    assert store.signed("V1/modules", "a=b=c&d").status_code == 200


def test_1_2_only_hmac_sha256_is_supported(store: StoreSandbox) -> None:
    reply = store.signed("V1/orders", "searchCriteria", oauth_signature_method="HMAC-SHA1")

    assert reply.status_code == 400
    assert reply.json() == {"message": "Signature method %1 is not supported", "parameters": ["HMAC-SHA1"]}


def test_1_2_a_nonce_works_once(store: StoreSandbox) -> None:
    assert store.signed("V1/modules", oauth_nonce="one").status_code == 200

    assert said(store.signed("V1/modules", oauth_nonce="one"))[0] == 401
    assert store.signed("V1/modules", oauth_nonce="two").status_code == 200


@pytest.mark.parametrize(("ahead", "status"), [(500, 200), (700, 401), (-100_000, 200)])
def test_1_2_a_timestamp_may_be_old_but_not_far_ahead(store: StoreSandbox, ahead: int, status: int) -> None:
    reply = store.signed("V1/modules", oauth_timestamp=str(int(time.time()) + ahead))

    assert reply.status_code == status


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"oauth_consumer_key": "other"}, 401),
        ({"oauth_token": "other"}, 401),
        ({"oauth_version": "2.0"}, 400),
        ({"oauth_nonce": ""}, 400),
    ],
)
def test_1_2_wrong_parameters_are_refused(store: StoreSandbox, changes: dict[str, str], status: int) -> None:
    assert store.signed("V1/modules", **changes).status_code == status


def test_1_2_a_signature_of_another_request_is_refused(store: StoreSandbox) -> None:
    header = {"Authorization": store.signature(f"{store.url}/rest/V1/invoices?searchCriteria")}

    assert said(store.http.get("/rest/V1/orders?searchCriteria", headers=header)) == (401, INVALID)


def test_1_3_a_bearer_token_counts_for_nothing_until_it_is_switched_on(store: StoreSandbox) -> None:
    store.control("auth", bearer=False)

    reply = store.get("V1/orders", "searchCriteria")

    assert reply.status_code == 401
    assert reply.json() == {"message": NOT_AUTHORIZED, "parameters": {"resources": ORDERS}}
    store.control("auth", bearer=True)
    assert store.get("V1/orders", "searchCriteria").status_code == 200
    assert store.get("V1/orders", "searchCriteria", token="other").status_code == 401


def test_1_3_an_administrator_needs_a_second_factor(store: StoreSandbox) -> None:
    order = {"username": store.credentials["admin_username"], "password": store.credentials["admin_password"]}

    refused = store.http.post("/rest/V1/integration/admin/token", json=order)
    store.control("auth", two_factor=False)
    token = store.http.post("/rest/V1/integration/admin/token", json=order).json()

    assert refused.status_code == 401
    assert "2fa" in refused.json()["message"]
    assert refused.json()["parameters"]["active_providers"] == ["google"]
    assert store.get("V1/orders", "searchCriteria", token=token).status_code == 200
    store.control("clock", advance_seconds=4 * 3600 + 1)
    assert store.get("V1/orders", "searchCriteria", token=token).status_code == 401
    wrong = store.http.post("/rest/V1/integration/admin/token", json={**order, "password": "no"})
    assert wrong.status_code == 401


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("V1/orders", ORDERS),
        ("V1/orders/1", ORDERS),
        ("V1/invoices", "Magento_Sales::sales_invoice"),
        ("V1/creditmemos", "Magento_Sales::sales_creditmemo"),
        ("V1/creditmemo/1", "Magento_Sales::sales_creditmemo"),
        ("V1/transactions", "Magento_Sales::transactions_fetch"),
        ("V1/customers/search", "Magento_Customer::customer"),
        ("V1/products", "Magento_Catalog::products"),
        ("V1/taxRates/search", "Magento_Tax::manage_tax"),
        ("V1/store/storeConfigs", "Magento_Backend::store"),
        ("V1/modules", "Magento_Backend::admin"),
    ],
)
def test_1_4_every_list_needs_its_resource(store: StoreSandbox, path: str, resource: str) -> None:
    assert store.get(path, "searchCriteria").status_code in {200, 404}

    store.control("auth", removed=[resource])

    for reply in (store.get(path, "searchCriteria"), store.signed(path, "searchCriteria")):
        assert reply.status_code == 401
        assert reply.json() == {"message": NOT_AUTHORIZED, "parameters": {"resources": resource}}


@pytest.mark.parametrize("code", ["", "all/", "default/", "german/"])
def test_1_1_a_store_code_filters_nothing(store: StoreSandbox, code: str) -> None:
    assert store.get(f"{code}V1/orders", "searchCriteria").json()["total_count"] == len(store.items("orders", where()))


@pytest.mark.parametrize("path", ["nowhere/V1/orders", "V1/nothing", "V1/orders/x", "V1/products/1", "V2/orders"])
def test_1_5_what_is_not_there_is_404(store: StoreSandbox, path: str) -> None:
    assert said(store.get(path, "searchCriteria")) == (404, "Request does not match any route.")


@pytest.mark.parametrize("path", ["V1/orders/99999", "V1/invoices/99999", "V1/creditmemo/99999", "V1/customers/99999"])
def test_1_5_an_unknown_entity_is_404(store: StoreSandbox, path: str) -> None:
    assert store.get(path).status_code == 404


def test_1_1_another_name_of_the_host_is_sent_to_the_one_that_counts(store: StoreSandbox) -> None:
    port = store.url.rpartition(":")[2]

    reply = store.http.get(f"http://localhost:{port}/rest/V1/orders?searchCriteria")

    assert reply.status_code == 302
    assert reply.headers["Location"] == f"{store.url}/rest/V1/orders?searchCriteria"


def test_the_store_is_open_to_clients_that_read_its_set_up(store: StoreSandbox) -> None:
    configs = {one["id"]: one for one in store.get("V1/store/storeConfigs").json()}
    websites = {one["id"]: one for one in store.get("V1/store/websites").json()}
    views = store.get("V1/store/storeViews").json()

    assert websites[0]["code"] == "admin"
    assert {one["website_id"] for one in views} == set(websites)
    assert {configs[one["id"]]["timezone"] for one in views if one["id"]} == {
        "Europe/London",
        "Europe/Berlin",
        "America/New_York",
    }
    assert len(store.get("V1/store/storeGroups").json()) == len(websites)
    assert "Magento_GiftCardAccount" in store.get("V1/modules").json()
