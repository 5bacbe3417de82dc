"""Products that can stand on a line of a sale. Pure."""

from __future__ import annotations

from producers.magento.translate.places import Places
from producers.magento.translate.values import Raw, extension, identity, text, version
from producers.store import Found
from schemas.entities import Entity, Product, ProductKind

GIFT_CARD = "giftcard"
_NEVER_SOLD = frozenset({"configurable", "grouped"})
"""What is bought of them is a simple product, with that one's SKU."""

_SKU = 64


def product(raw: Raw, places: Places) -> tuple[Found, ...]:
    """A product; nothing of one that is never sold itself. No price: REST does not say whether it includes tax."""
    kind = text(raw, "type_id")
    if kind in _NEVER_SOLD:
        return ()
    sku = text(raw, "sku", _SKU)
    data = Product(
        id=str(identity(raw, "id")),
        sku=sku,
        name=text(raw, "name") or sku,
        kind=ProductKind.GIFT_CARD if kind == GIFT_CARD else ProductKind.GOODS,
    )
    websites = extension(raw).get("website_ids")
    where = [places.of_website(one) for one in websites] if isinstance(websites, list) else places.all_websites()
    within = tuple(place for website in dict.fromkeys(where) for place in places.within(website))
    return (Found(Entity.PRODUCT, version(raw), within, data),)
