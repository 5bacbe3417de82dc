"""Of which tenant an organisation's documents are."""

from __future__ import annotations

from tests.support.sample_ledger import ORG, document, event, lease_of, put_documents
from worker.ledger.ledger import Ledger

DEMO, REAL = "5B96E86B-418e-48e8-8949-308c14aec278", "a0a0a0a0-418e-48e8-8949-308c14aec278"


async def test_an_organisation_stays_with_the_tenant_that_its_documents_are_of(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    await ledger.tenants.bind(lease, DEMO)
    await put_documents(ledger, lease, document(1))

    assert await ledger.tenants.bind(lease, REAL) == DEMO.lower()
    assert await ledger.tenants.bind(lease, DEMO.upper()) == DEMO.lower()


async def test_before_the_first_document_the_tenant_may_be_another(ledger: Ledger) -> None:
    lease, other = await lease_of(ledger), await lease_of(ledger, name="other")
    await put_documents(ledger, other, document(1, org="other"))
    await ledger.tenants.bind(lease, DEMO)

    assert await ledger.tenants.bind(lease, REAL) == REAL
    assert await ledger.tenants.bind(other, REAL) == REAL


async def test_a_ledger_of_an_older_version_takes_the_tenant_that_is_configured(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    await put_documents(ledger, lease, document(1))

    assert await ledger.tenants.bind(lease, DEMO) == DEMO.lower()
    assert await ledger.tenants.bind(lease, REAL) == DEMO.lower()


async def test_of_a_tenant_the_name_is_known_under_which_its_documents_are(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    await ledger.tenants.bind(lease, DEMO)
    assert await ledger.tenants.other_name("books", DEMO) is None

    await put_documents(ledger, lease, document(1))

    assert await ledger.tenants.other_name("books", DEMO.upper()) == ORG
    assert await ledger.tenants.other_name("books", REAL) is None
    assert await ledger.tenants.other_name(ORG, DEMO) is None


async def test_also_where_all_that_is_known_is_held(ledger: Ledger) -> None:
    lease = await lease_of(ledger)
    await ledger.tenants.bind(lease, DEMO)

    await ledger.held.hold(lease, [event(1)])

    assert await ledger.tenants.other_name("books", DEMO) == ORG


async def test_a_name_that_has_documents_of_its_own_is_the_tenants_too(ledger: Ledger) -> None:
    lease, other = await lease_of(ledger), await lease_of(ledger, name="books")
    for one, org in ((lease, ORG), (other, "books")):
        await ledger.tenants.bind(one, DEMO)
        await put_documents(ledger, one, document(1, org=org))

    assert await ledger.tenants.other_name("books", DEMO) is None
