"""The sandbox store's days, at whatever hour of whatever season this runs [store 7]."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from tests.support.store_fixture import StoreSandbox, where

LONDON = "Europe/London"
ZONES = {"base": LONDON, "outlet": LONDON, "europe": "Europe/Berlin", "america": "America/New_York"}


def test_7_dates_are_those_of_the_websites_time_zone(store: StoreSandbox) -> None:
    for _ in range(24):  # at whatever hour this runs, some are sold while it is another day elsewhere
        store.control("clock", advance_seconds=3600)
        store.control("trade", orders=10)

    truth = {one["id"]: one for one in store.truth()["documents"] if one["kind"] == "order"}
    created = {
        row["entity_id"]: datetime.fromisoformat(f"{row['created_at']}+00:00")
        for row in store.items("orders", where(sort=["entity_id"]))
    }

    zones = {number: ZoneInfo(ZONES[one["website"]]) for number, one in truth.items()}
    assert {number: one["date"] for number, one in truth.items()} == {
        number: created[number].astimezone(zone).date().isoformat() for number, zone in zones.items()
    }
    assert any(one["date"] != created[number].date().isoformat() for number, one in truth.items())
