"""Products become items, so that lines carry their code: untracked, unless the accounts of stock are configured.

https://developer.xero.com/documentation/api/accounting/items
"""

from __future__ import annotations

from typing import Any

from schemas.entities import Product, ProductKind
from schemas.envelope import Event
from schemas.parts import LineKind
from worker.documents.documents import Kind
from worker.mapping.accounts import line_account
from worker.mapping.keys import item_code, own_key
from worker.mapping.result import Ignored, Plan, Writes
from worker.mapping.text import cut, one_line
from worker.mapping.writing import save
from worker.settings import OrganisationSettings

_MAX_NAME = 50
_MAX_DESCRIPTION = 4000
KEPT = "kept: lines of earlier sales refer to the item"


def product_plan(event: Event, org: OrganisationSettings) -> Plan:
    """The item of a product; its price stays what people make it in Xero, unless `item_prices` says otherwise.

    A removed product's item is kept.
    """
    product = event.data
    if not isinstance(product, Product):
        return Ignored(KEPT)
    code = item_code(product.sku)
    payload = _item(product, code, org)
    return Writes((save(own_key(event, "item"), Kind.ITEM, version=event.version, number=code, payload=payload),))


def _item(product: Product, code: str, org: OrganisationSettings) -> dict[str, Any]:
    kind = LineKind.GIFT_CARD if product.kind is ProductKind.GIFT_CARD else LineKind.GOODS
    sold: dict[str, Any] = {"AccountCode": line_account(kind, org)}
    if org.item_prices == "store" and product.price is not None:
        sold["UnitPrice"] = product.price
    payload: dict[str, Any] = {
        "Code": code,
        "Name": one_line(product.name, _MAX_NAME) or code,
        "IsSold": True,
        "SalesDetails": sold,
    }
    stock, cost = org.accounts.inventory, org.accounts.cost_of_goods
    if kind is LineKind.GOODS and stock and cost:
        payload |= {"InventoryAssetAccountCode": stock, "PurchaseDetails": {"COGSAccountCode": cost}}
    if description := cut(product.description.strip(), _MAX_DESCRIPTION):
        payload["Description"] = description
    return payload
