"""An admin and a browser: connect, map, queue everything, watch it finish, retry what was parked.

`CONSOLE_PICTURES=docs/images` keeps screenshots there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.console_stage import TOKEN, ConsoleStage
from tests.support.chromium import PHONE, Person, chromium
from tests.support.sandbox_fixture import SandboxControl
from tests.support.store_fixture import StoreSandbox, run_store

PICTURES = os.environ.get("CONSOLE_PICTURES", "")
_PAGES = ("/", "/queue", "/parked", "/history", "/requests", "/resync", "/organisations/{org}", "/connect/demo")


@pytest.fixture
def shop() -> Iterator[StoreSandbox]:
    yield from run_store("--orders", "60", "--seed", "5")


@pytest.fixture
def stage(tmp_path: Path, amqp_url: str, sandbox: SandboxControl, shop: StoreSandbox, unique_org: str) -> ConsoleStage:
    organisation = "main" if PICTURES else unique_org
    return ConsoleStage(tmp_path, organisation=organisation, broker_url=amqp_url, xero=sandbox, store=shop)


@pytest.mark.long
def test_an_admin_connects_maps_an_account_queues_everything_and_retries(
    stage: ConsoleStage, sandbox: SandboxControl, tmp_path: Path
) -> None:
    with stage.running("console", "worker", "store"), chromium(tmp_path) as person:
        log_in(person, stage)
        connect(person)
        map_a_method(person, stage.organisation, "stripe_payments", "092")
        queue_everything(person)
        retry_what_was_parked(person)
        find_an_invoice(person, sandbox)
        look_at_every_page_on_a_phone(person, stage)
        # what is retried goes with the backfill, which waits until no more of it comes
        stage.until(lambda: {"091", "092"} <= paid_to(sandbox), within_s=90, what="both methods should be booked")

    audit = sandbox.audit()
    assert audit["duplicates"] == []
    assert audit["tokens_issued"]["authorization_code"] == 1


def paid_to(sandbox: SandboxControl) -> set[str]:
    """The accounts that payments went to."""
    return {one["Account"]["Code"] for one in sandbox.documents("payments")}


def log_in(person: Person, stage: ConsoleStage) -> None:
    person.go(stage.address)
    person.fill("Your name", "Ann")
    person.fill("Admin token", TOKEN)
    person.click("Log in")
    person.sees("not connected")


def connect(person: Person) -> None:
    """Through the sandbox's consent page and back."""
    person.click("Connect")
    person.sees("Allow access?")
    person.click("Allow access")
    person.sees("demo is connected.")
    person.click("Overview")
    person.sees("Connect again")


def map_a_method(person: Person, organisation: str, method: str, account: str) -> None:
    person.click(f"Mapping: {organisation}")
    person.click("Check against Xero now")
    person.sees("Read from Xero.")
    person.fill("Payment method, as the store calls it", method)
    person.choose("Account that its money goes to", account)
    person.click("Map the method")
    person.sees(f"payments: {method} goes to {account}.")
    picture(person, "console-mapping")


def queue_everything(person: Person) -> None:
    person.click("Add all data")
    person.click("Count and price")
    person.sees("As if Xero held none of it")
    picture(person, "console-price")
    person.click("Add all data to queue")
    person.sees("Sent to")
    person.sees("Every event is settled.", within_s=120)
    picture(person, "console-progress")


def retry_what_was_parked(person: Person) -> None:
    """The other method is found where it made trouble; so may be the first one, if it was mapped a moment too late."""
    person.click("Parked")
    person.sees("payment method unmapped")
    picture(person, "console-parked")
    person.follow("key=paypal_express")
    person.choose("Account that its money goes to", "091")
    person.click("Map the method")
    person.sees("payments: paypal_express goes to 091.")
    person.click("It is mapped: retry")
    person.sees("on their way.")
    person.until(lambda: reloaded(person).has("Nothing waits for a person."), within_s=60)


def find_an_invoice(person: Person, sandbox: SandboxControl) -> None:
    number = sandbox.documents("invoices")[0]["InvoiceNumber"]
    person.click("History")
    person.fill("Number of a document", number)
    person.click("Show what happened")
    person.sees("Documents in Xero")
    assert person.has(number)
    person.click("Requests")
    person.sees("calls a day are allowed")
    picture(person, "console-requests")
    person.click("Overview")
    person.sees("calls left")
    picture(person, "console-overview")


def look_at_every_page_on_a_phone(person: Person, stage: ConsoleStage) -> None:
    person.resize(PHONE)
    wide = {}
    for path in _PAGES:
        person.go(stage.address + path.format(org=stage.organisation))
        person.sees("UTC")
        wide[path] = person.overflow()
    person.go(stage.address)
    person.sees("UTC")
    picture(person, "console-phone")
    assert {path: pixels for path, pixels in wide.items() if pixels > 0} == {}


def reloaded(person: Person) -> Person:
    person.click("Parked")
    return person


def picture(person: Person, name: str) -> None:
    """Kept where somebody asks for it."""
    if PICTURES:
        person.picture(Path(PICTURES) / f"{name}.png")
