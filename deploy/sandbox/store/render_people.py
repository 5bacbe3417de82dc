"""Customers and products as REST shows them [store 3.4]."""

from __future__ import annotations

from deploy.sandbox.store.model import Customer, Person, Product
from deploy.sandbox.store.money import number
from deploy.sandbox.store.shop import WEBSITES
from deploy.sandbox.store.style import Json, Style, stamp

_PRICELESS = frozenset({"configurable", "grouped"})


def customer_json(customer: Customer, _style: Style) -> Json:
    """Phone, company and VAT number are those of the address."""
    person = customer.person
    made: Json = {
        "id": customer.id,
        "group_id": 1,
        "default_billing": str(customer.id),
        "default_shipping": str(customer.id),
        "created_at": stamp(customer.created),
        "updated_at": stamp(customer.updated),
        "created_in": customer.view.name,
        "email": customer.email,
        "firstname": person.first,
        "lastname": person.last,
        "store_id": customer.view.id,
        "website_id": customer.view.website.id,
        "addresses": [_address(customer.id, person)],
        "disable_auto_group_change": 0,
        "extension_attributes": {"is_subscribed": customer.id % 3 == 0},
    }
    if person.vat_id:
        made["taxvat"] = person.vat_id
    return made


def _address(customer_id: int, person: Person) -> Json:
    made: Json = {
        "id": customer_id,
        "customer_id": customer_id,
        "firstname": person.first,
        "lastname": person.last,
        "street": list(person.street),
        "city": person.city,
        "postcode": person.postcode,
        "country_id": person.country,
        "region": {"region_code": None, "region": person.region or None, "region_id": 0},
        "region_id": 0,
        "telephone": person.telephone,
        "default_billing": True,
        "default_shipping": True,
    }
    if person.company:
        made["company"] = person.company
    if person.vat_id:
        made["vat_id"] = person.vat_id
    return made


def product_json(product: Product, _style: Style) -> Json:
    """The price is missing where the product has none of its own."""
    made: Json = {
        "id": product.id,
        "sku": product.sku,
        "name": product.name,
        "attribute_set_id": 4,
        "status": 1 if product.enabled else 2,
        "visibility": 4,
        "type_id": product.type,
        "created_at": stamp(product.created),
        "updated_at": stamp(product.updated),
        "extension_attributes": {"website_ids": [website.id for website in WEBSITES]},
        "product_links": [],
        "options": [],
        "media_gallery_entries": [],
        "tier_prices": [],
        "custom_attributes": [
            {"attribute_code": "tax_class_id", "value": str(product.tax_class)},
            {"attribute_code": "url_key", "value": f"product-{product.id}"},
        ],
    }
    if product.dynamic:
        made["price"] = 0
    elif product.type not in _PRICELESS:
        made["price"] = number(product.price)
        made["weight"] = 1
    if product.type == "configurable":
        made["extension_attributes"]["configurable_product_links"] = [part.id for part in product.parts]
    return made
