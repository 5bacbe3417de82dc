"""Custom connections and scopes in the sandbox [xero 1.5, 1.6]."""

from __future__ import annotations

import httpx
import pytest

from tests.support.sandbox_fixture import SandboxControl, XeroCaller, client_credentials

CUSTOM = ("sandbox-custom", "sandbox-secret")


def test_1_5_a_custom_connection_may_leave_the_organisation_out(xero: XeroCaller) -> None:
    del xero.http.headers["xero-tenant-id"]

    assert xero.get("/Organisation").json()["Organisations"][0]["OrganisationID"] == xero.tenant


def test_1_5_a_custom_connection_reaches_one_organisation(xero: XeroCaller, sandbox: SandboxControl) -> None:
    xero.http.headers["xero-tenant-id"] = sandbox.tenant_id("org2")

    assert xero.get("/Organisation").status_code == 403


def test_1_5_a_revoked_custom_connection_gets_no_token(xero: XeroCaller, sandbox: SandboxControl) -> None:
    sandbox.person("revoke-consent", client_id="sandbox-custom")
    form = {"grant_type": "client_credentials"}

    reply = httpx.post(f"{sandbox.url}/connect/token", data=form, auth=CUSTOM, timeout=30)

    assert reply.json() == {"error": "unauthorized_client"}
    assert xero.get("/Organisation").status_code == 403
    sandbox.person("grant-consent")
    assert xero.get("/Organisation").status_code == 200


@pytest.mark.parametrize(
    ("scope", "method", "path", "allowed"),
    [
        ("accounting.contacts", "PUT", "/Contacts", True),
        ("accounting.contacts.read", "GET", "/Contacts", True),
        ("accounting.contacts.read", "PUT", "/Contacts", False),
        ("accounting.contacts", "GET", "/Invoices", False),
        ("accounting.invoices", "GET", "/Items", True),
        ("accounting.settings.read", "GET", "/Items", True),
        ("accounting.settings.read", "PUT", "/Items", False),
        ("accounting.invoices", "GET", "/CreditNotes", True),
        ("accounting.invoices", "PUT", "/Payments", False),
        ("accounting.payments", "GET", "/Payments", True),
        ("accounting.settings.read", "GET", "/TaxRates", True),
        ("accounting.contacts", "GET", "/Organisation", False),
    ],
)
def test_1_6_a_scope_opens_its_endpoints_and_no_other(
    sandbox: SandboxControl, scope: str, method: str, path: str, allowed: bool
) -> None:
    token = client_credentials(sandbox.url, scope=scope)["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    reply = httpx.request(method, f"{sandbox.url}/api.xro/2.0{path}", headers=headers, json={"Name": "x", "Code": "x"})

    refused = reply.status_code == 401
    assert refused is not allowed
    if refused:
        assert "insufficient_scope" in reply.headers["www-authenticate"]
        assert reply.json()["Detail"] == "AuthorizationUnsuccessful"


def test_6_a_call_without_a_token_is_refused(sandbox: SandboxControl) -> None:
    reply = httpx.get(
        f"{sandbox.url}/api.xro/2.0/Organisation", headers={"Authorization": "Bearer made-up"}, timeout=30
    )

    assert reply.status_code == 401
