"""What the sandbox answers where there is no such endpoint, or the endpoint has no such method [xero 6]."""

from __future__ import annotations

import pytest

from tests.support.sandbox_fixture import XeroCaller


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/Organisation"),
        ("PATCH", "/Invoices"),
        ("PATCH", "/Accounts"),
        ("OPTIONS", "/Contacts"),
        ("HEAD", "/Contacts"),
        ("PUT", "/Invoices/none"),
        ("DELETE", "/Invoices/none"),
        ("POST", "/CreditNotes/none/Allocations"),
    ],
)
def test_6_a_method_that_an_endpoint_does_not_have_is_501(xero: XeroCaller, method: str, path: str) -> None:
    body: dict[str, str] | None = {} if method in ("PUT", "POST") else None

    assert xero.http.request(method, path, json=body).status_code == 501


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/", "/Nothing"])
def test_6_an_endpoint_that_is_not_there_is_404_whatever_the_method(xero: XeroCaller, method: str, path: str) -> None:
    reply = xero.http.request(method, path)

    assert (reply.status_code, reply.headers["content-type"].split(";")[0]) == (404, "text/html")
