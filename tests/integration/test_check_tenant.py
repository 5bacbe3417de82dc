"""A set-up that a worker would pause for as `other_tenant`: check says the same beforehand, in the same words."""

from __future__ import annotations

import asyncio
import json

from tests.support.check_setup import KEY, SetUp, lines
from tests.support.check_setup import setup as setup  # noqa: PLC0414 - a fixture is found by its name
from tests.support.check_setup import shop_url as shop_url  # noqa: PLC0414
from tests.support.check_setup import xero as xero  # noqa: PLC0414
from tests.support.check_setup import xero_url as xero_url  # noqa: PLC0414
from tests.support.sample_ledger import document, lease_of, opened, put_documents
from worker.session.interruption import other_tenant, renamed

BEFORE = "a0a0a0a0-418e-48e8-8949-308c14aec278"


def booked(made: SetUp, *, name: str, tenant_id: str, documents: bool = True) -> None:
    """A worker has served the tenant under that name, and made a document of it."""

    async def work() -> None:
        async with opened(f"sqlite+inline:///{made.folder / 'ledger.db'}", encryption_key=KEY) as ledger:
            lease = await lease_of(ledger, name=name)
            await ledger.tenants.bind(lease, tenant_id)
            if documents:
                await put_documents(ledger, lease, document(1, org=name))

    asyncio.run(work())


def test_a_ledger_with_another_tenants_documents_fails_in_the_workers_words(setup: SetUp) -> None:
    booked(setup, name="main", tenant_id=BEFORE)

    result = setup.check()

    assert result.exit_code == 1
    [line] = [one for one in lines(result, "fail") if "  tenant " in one]
    assert line.endswith(f"main: {other_tenant(BEFORE, setup.xero.tenant_id()).detail}")


def test_an_organisation_that_was_renamed_fails_in_the_workers_words(setup: SetUp) -> None:
    booked(setup, name="before", tenant_id=setup.xero.tenant_id())

    result = setup.check()

    [line] = [one for one in lines(result, "fail") if "  tenant " in one]
    assert line.endswith(f"main: {renamed('main', 'before', setup.xero.tenant_id()).detail}")


def test_it_costs_no_call_and_binds_nothing(setup: SetUp) -> None:
    booked(setup, name="main", tenant_id=BEFORE)

    told = [json.loads(setup.check("--json").stdout) for _ in range(2)]

    assert [one["calls"] for one in told] == [0, 0]
    [[first], [second]] = [[each for each in one["findings"] if each["topic"] == "tenant"] for one in told]
    assert first == second
    assert first["cure"].startswith("set it back, or ")


def test_while_there_are_no_documents_the_tenant_may_be_another(setup: SetUp) -> None:
    booked(setup, name="main", tenant_id=BEFORE, documents=False)

    result = setup.check()

    assert [one for one in lines(result, "ok") if "  tenant " in one]


def test_the_tenant_of_the_documents_is_fine_however_it_is_written(setup: SetUp) -> None:
    booked(setup, name="main", tenant_id=setup.xero.tenant_id())
    setup.changes[setup.xero.tenant_id()] = setup.xero.tenant_id().upper()

    result = setup.check()

    assert [one for one in lines(result, "ok") if "  tenant " in one]


def test_a_connection_that_points_at_another_tenant_fails_where_tenant_id_is_left_out(setup: SetUp) -> None:
    setup.changes[f'tenant_id = "{setup.xero.tenant_id()}"'] = ""
    before = setup.check()
    booked(setup, name="main", tenant_id=BEFORE)

    result = setup.check("--json")

    assert [one for one in lines(before, "ok") if "  tenant " in one]
    found = json.loads(result.stdout)
    assert (result.exit_code, found["calls"]) == (1, 0)
    [fault] = [each for each in found["findings"] if each["topic"] == "tenant"]
    assert f"{fault['text']}: {fault['cure']}" == other_tenant(BEFORE, setup.xero.tenant_id()).detail


def test_a_connection_that_reaches_several_needs_a_tenant_id(setup: SetUp) -> None:
    setup.changes[f'tenant_id = "{setup.xero.tenant_id()}"'] = ""
    setup.xero.person("grant-consent", organisation="org2")

    result = setup.check()

    [line] = [one for one in lines(result, "fail") if "  tenant " in one]
    assert "tenant_id is not set" in line
