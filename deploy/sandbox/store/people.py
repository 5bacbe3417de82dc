"""Made-up people: customers and guests, their names and addresses."""

from __future__ import annotations

from deploy.sandbox.store.chance import Chance
from deploy.sandbox.store.model import Person

_FIRST = ("Amara", "Ben", "Chloé", "Dev", "Elin", "Farid", "Grace", "Hugo", "Iris", "Jonas", "Keira", "Luca", "Zoë")
_LAST = ("Adeyemi", "Brown", "Chen", "Dubois", "Evans", "Fischer", "García", "Hughes", "Ito", "O’Neill", "Müller")
_PLACES = {
    "GB": (("Leeds", "West Yorkshire", "LS1 4AB"), ("Truro", "Cornwall", "TR1 2AA"), ("Ely", "", "CB7 4DL")),
    "DE": (("Köln", "Nordrhein-Westfalen", "50667"), ("Jena", "Thüringen", "07743")),
    "FR": (("Lyon", "", "69001"), ("Nîmes", "Gard", "30000")),
    "US": (("New York", "New York", "10001"), ("Brooklyn", "New York", "11201")),
}
_STREETS = {"GB": "High Street", "DE": "Hauptstraße", "FR": "rue de l’Église", "US": "5th Avenue"}
_PHONES = {"GB": "+44 113 496", "DE": "+49 221 555", "FR": "+33 4 5555", "US": "+1 212 555"}
_COMPANIES = {"GB": "Ltd", "DE": "GmbH", "FR": "SARL", "US": "Inc"}
_VAT_IDS = {"GB": "GB{:09d}", "DE": "DE{:09d}", "FR": "FR12{:09d}"}


def person(chance: Chance, country: str) -> Person:
    """Somebody; one in six orders for a company, of which some have a VAT number."""
    first, last = chance.one_of(_FIRST), chance.one_of(_LAST)
    serial = chance.below(1_000_000_000)
    places = _PLACES[country]
    city, region, postcode = places[serial % len(places)]
    is_company = serial % 6 == 0
    street = (f"{serial % 199 + 1} {_STREETS[country]}", *(("Unit 2",) if is_company else ()))
    return Person(
        first=first,
        last=last,
        company=f"{last} & Co {_COMPANIES[country]}" if is_company else "",
        vat_id=_VAT_IDS[country].format(serial) if is_company and serial % 4 and country in _VAT_IDS else "",
        street=street,
        city=city,
        region=region,
        postcode=postcode,
        country=country,
        telephone=f"{_PHONES[country]} {serial % 10_000:04d}",
    )
