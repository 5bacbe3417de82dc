"""Customers and products reach the organisations that a store feeds by its views."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from producers.checkpoints import Memory
from producers.magento.translate.people import customer
from producers.magento.translate.places import read_places
from producers.magento.translate.products import product
from producers.routing import Routing
from producers.store import Found, Row
from producers.translation import Batch, Translator, Wish
from tests.support.agent_fixture import target
from tests.support.fake_store import OPENED
from tests.support.magento_samples import CONFIGS, VIEWS, WEBSITES, customer_json, product_json

IRISH = {"id": 4, "code": "irish", "name": "Irish", "website_id": 1, "store_group_id": 1, "is_active": 1}
TWO_VIEWS_OF_BASE = read_places(CONFIGS, [*VIEWS, IRISH], WEBSITES)

OF_BASE: dict[str, Callable[[], tuple[Found, ...]]] = {
    "a customer": lambda: customer(customer_json(), TWO_VIEWS_OF_BASE),
    "a product": lambda: product(product_json(), TWO_VIEWS_OF_BASE),
    "a customer of no website": lambda: customer(customer_json(website_id=0, store_id=0), TWO_VIEWS_OF_BASE),
}


@pytest.mark.parametrize("read", OF_BASE.values(), ids=OF_BASE)
@pytest.mark.parametrize(
    ("websites", "views", "fed"),
    [
        ({}, {"default": "main"}, ["main"]),
        ({"base": "uk"}, {"irish": "ie"}, ["uk", "ie"]),
        ({}, {"default": "main", "irish": "main"}, ["main"]),
        ({"base": "main"}, {"irish": "main"}, ["main"]),
        ({"nz": "nz"}, {"kiwi": "nz"}, []),
    ],
    ids=["a view alone", "a view over its website", "two views", "website and view", "another website"],
)
def test_what_a_website_has_is_published_once_to_each_organisation_of_its_views(
    read: Callable[[], tuple[Found, ...]], websites: dict[str, str], views: dict[str, str], fed: list[str]
) -> None:
    translator = Translator("webshop", _routing(websites, views))

    first = _batch(translator, read())
    again = _batch(translator, read(), first.memories[0] if first.memories else None)

    assert [one.event.organisation for one in first.outgoing] == fed
    assert (again.outgoing, again.unchanged) == ([], len(fed))


def test_a_product_of_several_websites_is_published_once_to_the_organisation_of_all_their_views() -> None:
    translator = Translator("webshop", _routing({}, {"default": "main", "kiwi": "main", "irish": "ie"}))
    sold_on_both = product_json(extension_attributes={"website_ids": [1, 2, 1]})

    batch = _batch(translator, product(sold_on_both, TWO_VIEWS_OF_BASE))

    assert [one.event.organisation for one in batch.outgoing] == ["main", "ie"]


def test_a_product_of_no_website_is_nobodys() -> None:
    (found,) = product(product_json(extension_attributes={"website_ids": []}), TWO_VIEWS_OF_BASE)

    assert found.places == ()


def _routing(websites: dict[str, str], views: dict[str, str]) -> Routing:
    names = dict.fromkeys((*websites.values(), *views.values()))
    return Routing({name: target(name) for name in names}, websites=websites, views=views)


def _batch(translator: Translator, found: tuple[Found, ...], memory: Memory | None = None) -> Batch:
    row = Row(1, found[0].version, found)
    return translator.batch([row], [], {1: memory} if memory else {}, now=OPENED, wish=Wish())
