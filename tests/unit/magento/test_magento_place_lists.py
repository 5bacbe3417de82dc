"""What is made of Magento's lists of websites, store views and their settings, whatever their order and gaps."""

from __future__ import annotations

from datetime import UTC, date, datetime

from producers.magento.translate.places import read_places, read_sites
from producers.store import Place, Site
from tests.support.magento_samples import CONFIGS, VIEWS, WEBSITES, places

DEEP_SOUTH = {"id": 2, "code": "south", "name": "South", "website_id": 1, "store_group_id": 1, "is_active": 1}
ITS_CLOCK = {"id": 2, "code": "south", "website_id": 1, "base_currency_code": "GBP", "timezone": "Pacific/Auckland"}
DAY = date(2026, 10, 3)
IN_LONDON, IN_AUCKLAND = datetime(2026, 10, 2, 23, tzinfo=UTC), datetime(2026, 10, 2, 11, tzinfo=UTC)


def test_the_clock_of_a_website_is_its_first_views_in_whatever_order_they_are_listed() -> None:
    found = read_places([*CONFIGS, ITS_CLOCK], [DEEP_SOUTH, *reversed(VIEWS)], WEBSITES)

    deleted = found.of_sale(None, "Main Website\nMain Website Store\nOld")

    assert (deleted.place, deleted.zone.key) == (Place("base"), "Europe/London")


def test_the_default_clock_is_that_of_the_view_called_default_or_else_of_the_first() -> None:
    earlier = {**DEEP_SOUTH, "id": 1}
    called_default = [earlier, {**VIEWS[1], "id": 2}]
    clocks = [{**CONFIGS[1], "id": 1}, {**CONFIGS[0], "id": 2}]

    by_name = read_places(clocks, called_default, WEBSITES)
    first = read_places(clocks, [earlier, {**VIEWS[1], "id": 2, "code": "english"}], WEBSITES)

    assert (by_name.begins(DAY), first.begins(DAY)) == (IN_LONDON, IN_AUCKLAND)


def test_what_is_of_no_website_is_of_the_default_ones_and_of_no_view() -> None:
    assert [places().of_website(one) for one in (None, 0, 99)] == [Place("base")] * 3


def test_a_website_whose_name_has_spaces_around_it_is_found_by_its_sales() -> None:
    found = read_places(CONFIGS, VIEWS, [*WEBSITES[:2], {**WEBSITES[2], "name": " Aotearoa "}])

    assert found.of_sale(None, " Aotearoa \nAotearoa Store\nOld").place == Place("nz")


def test_a_view_whose_website_is_not_listed_is_none() -> None:
    found = read_places(CONFIGS, VIEWS, WEBSITES[:2])

    assert [view.place for view in found.views.values()] == [Place("base", "default")]
    assert [site.place for site in read_sites(CONFIGS, VIEWS, WEBSITES[:2])] == [Place("base", "default")]


def test_a_row_that_names_the_admin_or_nothing_that_is_left_is_known() -> None:
    assert places().knows({"store_id": None, "website_id": 0})
    assert places().knows({"store_id": 0, "extension_attributes": {"website_ids": [0, 1]}})
    assert not places().knows({"store_id": 99})
    assert not places().knows({"website_id": 1, "extension_attributes": {"website_ids": [1, 99]}})


def test_a_view_without_settings_is_shown_without_currency_and_with_the_clock_of_utc() -> None:
    [_, kiwi] = read_sites(CONFIGS[:1], VIEWS, WEBSITES)

    assert kiwi == Site(Place("nz", "kiwi"), "UTC", "", "")
