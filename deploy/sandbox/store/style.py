"""How one version of the store's software writes its JSON [store 3]."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal

from deploy.sandbox.store.money import number

Json = dict[str, Any]
Version = Literal["2.3", "2.4", "2.4.8"]
_NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class Style:
    """`commerce`: Adobe Commerce, which has gift cards and store credit. `noise`: some amounts carry float dirt."""

    version: Version = "2.4"
    commerce: bool = True
    noise: bool = True

    def computed(self, amount: int, salt: int) -> int | float:
        """An amount that is computed while it is written; now and then it shows that this was done in floats."""
        value = number(amount)
        return float(value) - _NOISE if self.noise and salt % 7 == 3 and amount else value  # noqa: PLR2004 - one in seven


def stamp(moment: int) -> str:
    """A time as the store's database has it: UTC, whole seconds."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment))


def both(made: Json, name: str, own: int, base: int, base_name: str = "") -> None:
    """An amount in the order's currency, and its twin in the website's."""
    made[name] = value = number(own)
    made[base_name or f"base_{name}"] = value if own == base else number(base)


def address(person: Any, *, kind: str, number_of: int, parent: int, email: str) -> Json:
    """An address of an order."""
    made: Json = {
        "address_type": kind,
        "city": person.city,
        "country_id": person.country,
        "email": email,
        "entity_id": number_of,
        "firstname": person.first or "Guest",
        "lastname": person.last or "Buyer",
        "parent_id": parent,
        "postcode": person.postcode,
        "street": list(person.street),
        "telephone": person.telephone,
    }
    if person.company:
        made["company"] = person.company
    if person.region:
        made["region"] = person.region
    if person.vat_id:
        made["vat_id"] = person.vat_id
    return made
