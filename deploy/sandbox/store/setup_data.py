"""Store configuration, websites, views, tax rates and modules as REST shows them [store 3.5]."""

from __future__ import annotations

import json

from deploy.sandbox.store.money import percent
from deploy.sandbox.store.shop import RATES, VIEWS, WEBSITES
from deploy.sandbox.store.style import Json, Style
from deploy.sandbox.store.table import Row, Table

_MODULES = ("Magento_Store", "Magento_Catalog", "Magento_Customer", "Magento_Sales", "Magento_Tax", "Magento_Weee")
_COMMERCE = ("Magento_CustomerBalance", "Magento_GiftCard", "Magento_GiftCardAccount", "Magento_Reward")
ADMIN: Json = {"id": 0, "code": "admin", "name": "Admin"}
_GROUP: Json = {"root_category_id": 2}


def store_data(what: str, base_url: str) -> list[Json] | None:
    """The answer to `/V1/store/{what}`, or None."""
    made = {
        "storeConfigs": lambda: _configs(base_url),
        "websites": _websites,
        "storeGroups": _groups,
        "storeViews": _views,
    }.get(what)
    return None if made is None else made()


def modules(style: Style) -> list[str]:
    """Names of modules; those of Adobe Commerce tell its edition."""
    return [*_MODULES, *(_COMMERCE if style.commerce else ())]


def tax_rates() -> Table:
    """The tax rates as a table."""
    table = Table()
    table.load([_rate_row(place) for place in range(len(RATES))])
    return table


def _rate_row(place: int) -> Row:
    rate = RATES[place]
    made = {
        "id": rate.id,
        "tax_country_id": rate.country,
        "tax_region_id": 0,
        "tax_postcode": "*",
        "rate": percent(rate.rate),
        "code": rate.code,
        "titles": [{"store_id": "1", "value": "VAT"}],
    }
    body = json.dumps(made, separators=(",", ":")).encode()
    return Row(rate.id, body, serial=0, created="", updated="", order_id=0, facts=None)


def _configs(base_url: str) -> list[Json]:
    return [
        {
            "id": view.id,
            "code": view.code,
            "website_id": view.website.id,
            "locale": view.locale,
            "base_currency_code": view.website.currency,
            "default_display_currency_code": view.currency,
            "timezone": view.website.timezone,
            "weight_unit": "kgs",
            "base_url": f"{base_url}/",
            "secure_base_url": f"{base_url}/",
        }
        for view in VIEWS
    ]


def _websites() -> list[Json]:
    made = [{"id": one.id, "code": one.code, "name": one.name, "default_group_id": one.id} for one in WEBSITES]
    return [{**ADMIN, "default_group_id": 0}, *made]


def _groups() -> list[Json]:
    made: list[Json] = [
        {**_GROUP, "id": 0, "website_id": 0, "default_store_id": 0, "name": "Default", "code": "default"}
    ]
    for website in WEBSITES:
        first = next(view.id for view in VIEWS if view.website is website)
        own = {"id": website.id, "website_id": website.id, "default_store_id": first}
        made.append({**_GROUP, **own, "name": f"{website.name} Store", "code": f"{website.code}_store"})
    return made


def _views() -> list[Json]:
    made: list[Json] = [{**ADMIN, "website_id": 0, "store_group_id": 0, "is_active": 1}]
    for view in VIEWS:
        place = {"website_id": view.website.id, "store_group_id": view.website.id, "is_active": 1}
        made.append({"id": view.id, "code": view.code, "name": view.name, **place})
    return made
