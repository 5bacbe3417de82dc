"""Secrets appear nowhere, and people in no log: neither on good days nor on bad ones."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from deploy.demo.spoiled import Bad
from schemas.codec import encode_event
from schemas.entities import Customer, Entity
from schemas.envelope import Change
from tests.acceptance.searching import cli, found, people, stored_secrets
from tests.acceptance.stage import Stage, a_small_day
from tests.support.log_lines import told
from tests.support.trading_day import Day

PLANTED = "Pl4nted-Secr3t"


async def test_a_day_with_faults_leaves_no_secret_anywhere_and_no_person_in_the_log(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    day = a_small_day(stage.organisation)
    day.bad.extend(spoiled(day))
    taken = next(event.data for event in day.events if isinstance(event.data, Customer))
    stage.person("create-contact", document={"Name": f"{taken.first_name} {taken.last_name}"})
    stage.person("archive-account", name="090")
    for kind in ("401", "500", "503", "429-concurrent"):
        stage.sandbox.fault(kind, after_calls=2)
    tokens = await tokens_seen_while(stage, day)

    secrets = [*await stored_secrets(stage), *tokens]
    written = [stage.log(), await cli(stage, "parked", "list"), await cli(stage, "parked", "list", "--json")]
    parked = await (await stage.inspection()).parked()
    written += [await cli(stage, "parked", "show", held.id) for held in parked[:6]]
    assert found(secrets, written) == []
    files = [path.read_bytes().decode("latin-1") for path in stage.folder.glob("ledger.db*")]
    assert found(secrets, files) == []
    assert found(people(day.events), written[:3]) == []
    assert found(people(day.events), written[3:]), "the bytes as they came are shown to who asks for one message"


async def test_what_fails_for_wrong_secrets_does_not_tell_them(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    parts = urlsplit(stage.broker_url)
    stage.environ["XERELAY_CONNECTIONS__DEMO__CLIENT_SECRET"] = PLANTED
    await stage.publish(a_small_day(stage.organisation, orders=1))
    stage.worker()
    await stage.until(lambda: "organisation.paused" in stage.log(), what="a pause for the client secret")

    stage.environ["XERELAY_BROKER__URL"] = f"amqp://{PLANTED}:{PLANTED}@{parts.hostname}:{parts.port}/"
    stage.worker()
    await stage.until(lambda: "broker" in stage.log(), what="a word about the broker")

    stage.environ["XERELAY_LEDGER__URL"] = f"postgresql+psycopg://{PLANTED}:{PLANTED}@127.0.0.1:1/{PLANTED}"
    told = await cli(stage, "parked", "list")

    assert told
    assert found([PLANTED], [stage.log(0), stage.log(1), told]) == []


def spoiled(day: Day) -> Iterable[Bad]:
    """People in messages that cannot be taken."""
    for number, event in enumerate(event for event in day.events if event.entity in (Entity.CUSTOMER, Entity.INVOICE)):
        if number % 7 == 0:
            astray = event.model_copy(update={"id": f"astray-{number}", "change": Change.CHANGED})
            yield Bad(Entity.PAYMENT, encode_event(astray), "misrouted")
            yield Bad(event.entity, encode_event(event)[:-9] + b"%d" % number, "undecodable")


async def tokens_seen_while(stage: Stage, day: Day) -> list[str]:
    """Run the day; the tokens that the worker had meanwhile."""
    ledger = await stage.ledger()
    tokens: set[str] = set()
    stage.worker()
    await stage.publish(day)

    async def busy() -> bool:
        held = await ledger.tokens.load("demo")
        tokens.update({held.access_token} if held else ())
        return sum("outcome" in line for line in told(stage.log())) >= len(day.events) + len(day.bad)

    await stage.until_async(busy, within_s=90, what="an outcome of every message")
    assert tokens
    return sorted(tokens)
