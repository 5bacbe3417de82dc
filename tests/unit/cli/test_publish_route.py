from __future__ import annotations

from pathlib import Path

import pytest

from producers.bulk import LineRefused
from schemas.entities import Entity
from schemas.envelope import Lane
from tests.support.sample_invoice import INVOICE, invoice_event
from worker.cli.publish_route import Route, find_route
from worker.settings import SettingsError

EVENT = invoice_event(INVOICE["data"])
CONFIG = """
[broker]
url = "amqp://guest:guest@127.0.0.1:5672/"
[ledger]
encryption_key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
[connections.xero]
flow = "custom"
client_id = "id"
client_secret = "secret"
[organisations.main]
connection = "xero"
start_date = 2026-01-01
[organisations.main.lanes]
invoice = "immediate"
customer = "off"
[organisations.main.accounts]
sales = "200"
shipping = "201"
discount = "202"
fee = "203"
rounding = "860"
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def route(
    config: str = "",
    *,
    broker_url: str | None = None,
    organisations: tuple[str, ...] = (),
    lane: Lane | None = None,
    environ: dict[str, str] | None = None,
) -> Route:
    path = Path("given.toml") if config else None
    if path:
        path.write_text(config)
    return find_route(config=path, broker_url=broker_url, organisations=organisations, lane=lane, environ=environ or {})


def test_without_a_configuration_everything_is_immediate() -> None:
    found = route(environ={"AMQP_URL": "amqp://other/"})

    assert found.broker.url == "amqp://other/"
    assert found.organisations == ()
    assert found.lane_of(EVENT) is Lane.IMMEDIATE


def test_the_option_goes_over_the_environment() -> None:
    found = route(broker_url="amqp://mine/", environ={"AMQP_URL": "amqp://other/"})

    assert found.broker.url == "amqp://mine/"


def test_without_any_broker_it_says_how_to_name_one() -> None:
    with pytest.raises(SettingsError, match="--broker-url"):
        route()


def test_the_configuration_names_broker_organisations_and_lanes() -> None:
    found = route(CONFIG, environ={"AMQP_URL": "amqp://other/"})

    assert found.broker.url == "amqp://guest:guest@127.0.0.1:5672/"
    assert found.organisations == ("main",)
    assert found.lane_of(EVENT) is Lane.IMMEDIATE
    assert found.lanes["main"][Entity.PRODUCT] is Lane.BATCH


def test_a_configured_lane_may_be_off() -> None:
    found = route(CONFIG.replace('invoice = "immediate"', 'invoice = "off"'))

    assert found.lane_of(EVENT) is None


def test_a_given_lane_goes_over_the_configured_one() -> None:
    found = route(CONFIG.replace('invoice = "immediate"', 'invoice = "off"'), lane=Lane.BACKFILL)

    assert found.lane_of(EVENT) is Lane.BACKFILL


def test_an_event_of_another_organisation_is_refused() -> None:
    found = route(broker_url="amqp://mine/", organisations=("other",))

    with pytest.raises(LineRefused, match="'main' is none of those to publish to: other"):
        found.lane_of(EVENT)


def test_an_organisation_must_be_configured_where_there_is_a_configuration() -> None:
    with pytest.raises(SettingsError, match="not configured; there is: main"):
        route(CONFIG, organisations=("other",))


@pytest.mark.parametrize("name", ["*", "#", "Main", "", "a.b"])
def test_a_name_that_no_organisation_can_have_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="expected a name of 1 to 32 characters"):
        route(broker_url="amqp://mine/", organisations=(name,))
