"""`xerelay forget`, where an event of the customer's own is due: a worker may have it in memory, if there is one."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.entities import Entity
from tests.support.cli_ledger import CommandLine
from tests.support.fakes import START
from tests.support.mapping_cases import organisation
from tests.support.sample_ledger import ORG, lease_of
from tests.unit.cli.test_cli_forget import GUEST, JO, JO_CONTACT, bought, contact_call, held
from worker.forgetting.forgetting import Forgetting, Traces, find
from worker.ledger.database.errors import LeaseLost
from worker.ledger.ledger import Ledger
from worker.ledger.records import HoldState, Lease

FORGET = ("forget", "--email", "jo@example.com", "--yes", "--json")
DUE = replace(held("due", Entity.CUSTOMER, JO), state=HoldState.TIME, until=START)


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    """A change of Jo's is due, one is parked, and so is a sale to Jo; a worker has the lease."""
    line = CommandLine(tmp_path)
    parked = held("parked", Entity.CUSTOMER, JO | {"id": "8"})

    async def fill(ledger: Ledger) -> None:
        lease = await ledger.leases.renew(await lease_of(ledger), ttl_s=3600)
        await ledger.held.hold(lease, [DUE, parked, bought("sale", GUEST)])

    line.in_ledger(fill)
    return line


def waiting(line: CommandLine) -> set[str]:
    async def look(ledger: Ledger) -> set[str]:
        return {one.id async for one in ledger.histories.every_held([ORG])}

    return line.in_ledger(look)


def test_what_stays_is_told_as_left_and_not_as_removed(line: CommandLine) -> None:
    result = line.run(*FORGET)

    told = json.loads(result.stdout)
    [forgotten] = told["forgotten"]
    assert (forgotten["events_removed"], forgotten["events_redacted"], told["left"]) == (1, 1, 1)
    assert waiting(line) == {"due", "sale"}
    assert result.exit_code == 1
    assert "1 still under way: run it again in a minute, while a worker runs" in result.stderr


async def stopped(ledger: Ledger) -> None:
    await ledger.leases.release(await lease_of(ledger))


async def killed(ledger: Ledger) -> None:
    await ledger.leases.renew(await lease_of(ledger), ttl_s=0)


@pytest.mark.parametrize("end", [stopped, killed])
def test_what_is_due_goes_where_no_worker_serves_the_organisation(
    end: Callable[[Ledger], Awaitable[None]], line: CommandLine
) -> None:
    line.in_ledger(end)

    result = line.run(*FORGET)

    told = json.loads(result.stdout)
    assert (told["forgotten"][0]["events_removed"], told["left"]) == (2, 0)
    assert waiting(line) == {"sale"}
    assert result.exit_code == 0


def test_a_worker_that_comes_back_finds_that_it_serves_the_organisation_no_more(line: CommandLine) -> None:
    async def stand_still(ledger: Ledger) -> Lease:
        return await ledger.leases.renew(await lease_of(ledger), ttl_s=0)

    lease = line.in_ledger(stand_still)
    line.run(*FORGET)

    async def go_on(ledger: Ledger) -> None:
        await ledger.held.remove(lease, [DUE.id])

    with pytest.raises(LeaseLost, match="nobody holds it now"):
        line.in_ledger(go_on)


def test_a_sale_that_a_worker_may_have_as_it_was_is_left_to_the_next_run(tmp_path: Path) -> None:
    line = CommandLine(tmp_path)

    async def fill(ledger: Ledger) -> None:
        lease = await ledger.leases.renew(await lease_of(ledger), ttl_s=3600)
        await ledger.held.hold(lease, [replace(bought("sale", GUEST), state=HoldState.TIME, until=START)])

    line.in_ledger(fill)

    first, second = line.run(*FORGET), line.run(*FORGET)

    told = json.loads(first.stdout)
    assert (told["forgotten"][0]["events_redacted"], told["left"], first.exit_code) == (1, 1, 1)
    assert json.loads(second.stdout) == {"forgotten": [], "left": 0}


def test_what_a_worker_has_sent_since_it_was_looked_for_is_left_to_the_next_run(tmp_path: Path) -> None:
    line = CommandLine(tmp_path)

    async def forget(ledger: Ledger) -> tuple[Traces, list[Traces]]:
        lease = await lease_of(ledger)
        await ledger.held.hold(lease, [bought("sale", GUEST)])
        task = Forgetting(ledger, organisation())
        [found] = await find([task], email="jo@example.com")
        await contact_call(ledger, lease, JO_CONTACT)  # while a person thinks about it
        return await task.forget(found, who="bob", why="asked"), await find([task], email="jo@example.com")

    done, [found] = line.in_ledger(forget)

    assert done.left == len(found.erasure.calls) == 1
