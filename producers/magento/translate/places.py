"""Where a store's sales belong, and in which time zone their days begin. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from producers.magento.translate.values import Raw, extension, number
from producers.store import Place, Site, StoreRefuses

_ADMIN = 0


@dataclass(frozen=True, slots=True)
class View:
    """One store view, or what stands for a deleted one."""

    place: Place
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Places:
    """All store views by id, all websites by id, and a view for what belongs to none of them."""

    views: Mapping[int, View]
    websites: Mapping[int, View]
    names: Mapping[str, int]
    default: View

    def of_sale(self, store_id: object, store_name: object) -> View:
        """The view of a sale. A deleted one left its website's name; else nothing but the store's default clock."""
        known = self.views.get(number(store_id) or _ADMIN)
        if known is not None:
            return known
        named = str(store_name or "").partition("\n")[0].strip()
        return self.websites.get(self.names.get(named, _ADMIN)) or View(Place(""), self.default.zone)

    def knows(self, row: Raw) -> bool:
        """Whether the store view and the websites that a row names are among these, as far as it names any."""
        listed = extension(row).get("website_ids")
        websites = [row.get("website_id"), *(listed if isinstance(listed, list) else ())]
        return _is_among(self.views, row.get("store_id")) and all(_is_among(self.websites, one) for one in websites)

    def of_website(self, website_id: object) -> Place:
        """The place of a website."""
        return self.websites.get(number(website_id) or _ADMIN, self.default).place

    def within(self, website: Place) -> tuple[Place, ...]:
        """A website and each of its views, for any of them may be the one that feeds an organisation."""
        views = (view.place for view in self.views.values() if view.place.website == website.website)
        return (website, *views)

    def all_websites(self) -> tuple[Place, ...]:
        """Every website."""
        return tuple(view.place for view in self.websites.values())

    def begins(self, on: date) -> datetime:
        """When a day begins, on the clock of the default website."""
        return datetime.combine(on, time.min, self.default.zone).astimezone(UTC)


def read_places(configs: Sequence[Raw], views: Sequence[Raw], websites: Sequence[Raw]) -> Places:
    """`storeConfigs`, `storeViews` and `websites` of Magento's `store` module. Raises `StoreRefuses`."""
    codes = {identifier: _code(one, "website") for one in websites if (identifier := number(one.get("id")))}
    zones = {number(one.get("id")): _zone(one) for one in configs}
    known = {
        identifier: View(Place(codes[website], _code(one, "store view")), zones.get(identifier, ZoneInfo("UTC")))
        for one in sorted(views, key=lambda view: number(view.get("id")) or _ADMIN)
        if (identifier := number(one.get("id"))) and (website := number(one.get("website_id"))) in codes
    }
    if not known:
        raise StoreRefuses("the store has no store view: create one in Stores > Settings > All Stores")
    sites = {identifier: _site(code, known) for identifier, code in codes.items()}
    names = {str(one.get("name", "")).strip(): identifier for one in websites if (identifier := number(one.get("id")))}
    default = next((view for view in known.values() if view.place.view == "default"), next(iter(known.values())))
    return Places(known, sites, names, View(Place(default.place.website), default.zone))


def read_sites(configs: Sequence[Raw], views: Sequence[Raw], websites: Sequence[Raw]) -> tuple[Site, ...]:
    """Every store view with its time zone, the currency it shows first, and its rates'. Raises `StoreRefuses`."""
    shown = {number(one.get("id")): str(one.get("default_display_currency_code") or "") for one in configs}
    bases = {number(one.get("id")): str(one.get("base_currency_code") or "") for one in configs}
    known = read_places(configs, views, websites).views
    return tuple(
        Site(view.place, view.zone.key, shown.get(identifier, ""), bases.get(identifier, ""))
        for identifier, view in known.items()
    )


def _is_among(known: Mapping[int, View], named: object) -> bool:
    """Whether it is known; what is deleted, or the admin's own, has nothing to be known."""
    found = number(named) or _ADMIN
    return found == _ADMIN or found in known


def _site(code: str, views: Mapping[int, View]) -> View:
    zone = next((view.zone for view in views.values() if view.place.website == code), ZoneInfo("UTC"))
    return View(Place(code), zone)


def _code(raw: Raw, what: str) -> str:
    code = raw.get("code")
    if not code:
        path = "V1/store/websites" if what == "website" else "V1/store/storeViews"
        raise StoreRefuses(
            f"{path} lists a {what} without its code, id {number(raw.get('id'))}: "
            "find the extension that changes the list, and switch it off for the API"
        )
    return str(code)


def _zone(config: Raw) -> ZoneInfo:
    name = str(config.get("timezone") or "UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones, a name too long for a file
        raise StoreRefuses(
            f"the store view {config.get('code')} has the time zone {name[:60]!r}, which this machine does not know: "
            "install its time zone data (tzdata), or mend the store's locale options"
        ) from None
