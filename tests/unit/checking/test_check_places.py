"""Where a connection and a store's places lead, before anything is asked of them."""

from __future__ import annotations

from pathlib import Path

from producers.store import Place, Site
from tests.support.mapping_cases import organisation
from tests.support.settings_cases import MINIMAL
from worker.checking.apps import check_apps
from worker.checking.services import sites_of
from worker.checking.xero import tenant_fault
from worker.settings import load
from worker.settings.sections import StoreSettings
from worker.xero.oauth.consent import Tenant

TENANT = "6f0c3f2e-7d4e-4a53-9a59-2f3f1f1a7a10"
OTHER_APP = '[connections.other]\nflow = "web"\nclient_id = "id"\nclient_secret = "hidden"\n'


def test_a_tenant_is_the_same_in_capitals_and_small_letters() -> None:
    meant = [organisation(tenant_id=one) for one in (TENANT, TENANT.upper())]
    reached = [Tenant(one, "Shop") for one in (TENANT, TENANT.upper())]

    assert [tenant_fault(org, [one], custom=False) for org in meant for one in reached] == [None] * 4
    assert tenant_fault(meant[0], [Tenant(TENANT[::-1], "Shop")], custom=False) is not None


def test_an_app_that_only_an_unused_connection_shares_is_nobodys_trouble(tmp_path: Path) -> None:
    path = tmp_path / "xerelay.toml"
    path.write_text(MINIMAL + OTHER_APP)

    assert list(check_apps(load(path, {}))) == []


def test_a_sites_own_view_says_whom_it_feeds_before_its_website_does() -> None:
    by_place = {"websites": {"base": "main", "trade": "main"}, "views": {"german": "other"}}
    store = StoreSettings.model_validate(
        {"name": "shop", "kind": "shops.adapter:source", "url": "https://shop.example.com", **by_place}
    )
    english, german, trade = (
        Site(Place(*one), "Europe/London") for one in (("base", "english"), ("base", "german"), ("trade", ""))
    )

    assert sites_of(store, [english, german, trade], "main") == [english, trade]
    assert sites_of(store, [english, german, trade], "other") == [german]
