# ruff: noqa: E501 - a table reads better with one case a line

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.xero_fakes import call_of, member_of
from worker.documents.documents import Kind
from worker.ledger.records import Call, Purpose
from worker.xero.replies.answers import is_expired, read
from worker.xero.replies.reply import LimitHeaders, ReplyKind
from worker.xero.replies.verdicts import Unanswered, messages_of, verdicts

CALL = call_of(member_of(Kind.INVOICE, "1"), member_of(Kind.INVOICE, "2"))
ERROR = {"InvoiceNumber": "invoice-1", "ValidationErrors": [{"Message": "bad"}]}
CLOSED_TO_US = "the consent was withdrawn, or tenant_id is not set, or no organisation of this connection"


def problem(status: int, detail: str, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"Title": "t", "Status": status, "Detail": detail}, headers=headers)


def test_the_documents_of_the_envelope_are_the_elements() -> None:
    body = b'{"Id":"1","Status":"OK","warnings":[{"x":1}],"pagination":{"page":1},"Invoices":[{"Total":0.10}]}'

    reply = read(CALL, httpx.Response(200, content=body))

    assert reply.outcome is ReplyKind.ANSWERED
    assert str(reply.elements[0]["Total"]) == "0.10"
    assert reply.raw == body


@pytest.mark.parametrize("body", [b"<html>ok</html>", b'{"Invoices":[{"Inv', b"[1]"])
def test_a_success_that_cannot_be_read_is_uncertain_and_has_no_status_of_xeros(body: bytes) -> None:
    reply = read(CALL, httpx.Response(200, content=body))

    assert (reply.outcome, reply.status) == (ReplyKind.UNCERTAIN, None)
    assert reply.detail == "status 200, and not what was asked for"


@pytest.mark.parametrize(
    "document",
    [
        {"Total": "abc"},
        {"Total": "sNaN"},
        {"Total": 10**13},
        {"TotalTax": [1]},
        {"TotalTax": "-Infinity"},
        {"LineItems": ["x"]},
        {"LineItems": {"LineAmount": 1}},
        {"LineItems": [{"LineAmount": "abc"}]},
        {"LineItems": [{"LineAmount": "sNaN"}]},
        {"Status": ["PAID"]},
    ],
)
def test_documents_of_another_shape_say_nothing(document: dict[str, Any]) -> None:
    asked = call_of(method="GET", path="/Invoices", purpose=Purpose.LOOKUP)
    sent = call_of(member_of(Kind.INVOICE, "1", {"LineItems": [{"LineAmount": 1, "TaxAmount": 0}]}))
    body = {"Invoices": [{"InvoiceNumber": "invoice-1", "InvoiceID": "x"} | document]}

    shown, written = (read(call, httpx.Response(200, json=body)) for call in (asked, sent))
    refused = read(sent, httpx.Response(400, json={"Elements": [ERROR | document]}))

    assert shown.outcome is ReplyKind.UNCERTAIN
    assert verdicts(sent, written) == {member.key: Unanswered() for member in sent.members}
    assert refused.outcome is ReplyKind.REFUSED_WHOLE


@pytest.mark.parametrize("amount", ["abc", "sNaN"])
def test_an_allocation_of_what_is_no_amount_is_no_answer(amount: str) -> None:
    sent = call_of(member_of(Kind.ALLOCATION, "1", {"Amount": 5, "Invoice": {"InvoiceID": "i"}}))
    body = {"Allocations": [{"Amount": amount, "Invoice": {"InvoiceID": "i"}}]}

    found = verdicts(sent, read(sent, httpx.Response(200, json=body)))

    assert found == {sent.members[0].key: Unanswered()}


@pytest.mark.parametrize(
    "document", [{"AmountDue": "abc"}, {"Allocations": [1]}, {"LineItems": [{"TaxAmount": "abc"}]}]
)
def test_what_is_looked_at_in_a_look_up_alone_has_its_shape_too(document: dict[str, Any]) -> None:
    asked = call_of(method="GET", path="/Invoices", purpose=Purpose.LOOKUP)

    assert read(asked, httpx.Response(200, json={"Invoices": [document]})).outcome is ReplyKind.UNCERTAIN


@pytest.mark.parametrize("total", [b"12.5", b"12", b'"12.5"', b'""', b"null"])
def test_an_amount_may_be_text_or_missing(total: bytes) -> None:
    asked = call_of(method="GET", path="/Invoices", purpose=Purpose.LOOKUP)
    body = b'{"Invoices":[{"Total":%b,"LineItems":"","Allocations":null}]}' % total

    assert read(asked, httpx.Response(200, content=body)).outcome is ReplyKind.ANSWERED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"Invoices":["x"]}',
        b'{"Invoices":[{"Total":Infinity}]}',
        b'{"message":"under maintenance"}',
        b'{"Id":"1","Status":"OK"}',
        b'{"Invoices":null}',
        b'{"Items":[]}',
    ],
)
def test_a_list_is_read_only_from_what_holds_it(body: bytes) -> None:
    asked = call_of(method="GET", path="/Invoices", purpose=Purpose.LOOKUP)

    assert read(asked, httpx.Response(200, content=body)).outcome is ReplyKind.UNCERTAIN
    assert read(asked, httpx.Response(200, content=b'{"Invoices":[]}')).outcome is ReplyKind.ANSWERED


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        (httpx.Response(204), ReplyKind.UNCERTAIN),
        (httpx.Response(302, headers={"Location": "https://elsewhere.example"}), ReplyKind.UNEXPECTED),
        (httpx.Response(400, json={"Message": "A validation exception occurred", "Elements": [ERROR]}), ReplyKind.ANSWERED),
        (httpx.Response(400, json={"Message": "JSON for post data was invalid"}), ReplyKind.REFUSED_WHOLE),
        (httpx.Response(400, json={"Elements": [{"InvoiceNumber": "other", "ValidationErrors": [{"Message": "b"}]}]}), ReplyKind.REFUSED_WHOLE),
        (httpx.Response(400, json={"Elements": []}), ReplyKind.REFUSED_WHOLE),
        (httpx.Response(400, content=b"<html>"), ReplyKind.REFUSED_WHOLE),
        (problem(401, "TokenExpired: token expired at 01/01/2001 00:00:00"), ReplyKind.CONSENT),
        (problem(401, "AuthorizationUnsuccessful"), ReplyKind.SCOPE),
        (problem(401, "", **{"WWW-Authenticate": 'Bearer error="insufficient_scope"'}), ReplyKind.SCOPE),
        (problem(401, "TokenInvalidAudience"), ReplyKind.CONSENT),
        (problem(403, "AuthenticationUnsuccessful"), ReplyKind.CONSENT),
        (httpx.Response(404, content=b"<html>", headers={"Content-Type": "text/html"}), ReplyKind.UNCERTAIN),
        (httpx.Response(412), ReplyKind.UNEXPECTED),
        (httpx.Response(500, json={"Message": "An error occurred"}), ReplyKind.SERVER_ERROR),
        (httpx.Response(501), ReplyKind.UNEXPECTED),
        (httpx.Response(502), ReplyKind.UNCERTAIN),
        (httpx.Response(503), ReplyKind.UNCERTAIN),
        (httpx.Response(504), ReplyKind.UNCERTAIN),
        (httpx.Response(522), ReplyKind.UNCERTAIN),
    ],
)  # fmt: skip
def test_each_status_has_its_outcome(response: httpx.Response, outcome: ReplyKind) -> None:
    assert read(CALL, response).outcome is outcome


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        ({"X-Rate-Limit-Problem": "minute", "Retry-After": "26"}, ReplyKind.TOO_MANY_MINUTE),
        ({"X-Rate-Limit-Problem": "Concurrent"}, ReplyKind.TOO_MANY_CONCURRENT),
        ({"X-Rate-Limit-Problem": "day", "Retry-After": "40000"}, ReplyKind.TOO_MANY_DAY),
        ({"X-Rate-Limit-Problem": "appminute"}, ReplyKind.TOO_MANY_APP),
        ({"Retry-After": "40000"}, ReplyKind.TOO_MANY_DAY),
        ({"X-DayLimit-Remaining": "0"}, ReplyKind.TOO_MANY_DAY),
        ({"Retry-After": "26"}, ReplyKind.TOO_MANY_MINUTE),
        ({"Retry-After": "9" * 5000}, ReplyKind.TOO_MANY_DAY),
        ({}, ReplyKind.TOO_MANY_MINUTE),
    ],
)
def test_429_says_which_limit(headers: dict[str, str], outcome: ReplyKind) -> None:
    assert read(CALL, httpx.Response(429, headers=headers)).outcome is outcome


def test_messages_are_found_however_deep_they_are() -> None:
    element: dict[str, Any] = ERROR
    for _ in range(5_000):
        element = {"Inner": [element]}

    assert list(messages_of(element)) == ["bad"]


def test_the_limit_headers_are_read() -> None:
    headers = {
        "X-DayLimit-Remaining": "344",
        "X-MinLimit-Remaining": "0",
        "X-AppMinLimit-Remaining": "9999",
        "Retry-After": "26",
        "X-Rate-Limit-Problem": "minute",
    }

    reply = read(CALL, httpx.Response(429, headers=headers))

    assert reply.limits == LimitHeaders(344, 0, 9999, 26.0, "minute")


@pytest.mark.parametrize(
    ("date", "until", "seconds"),
    [
        ("Wed, 01 Jul 2026 00:00:00 GMT", "Wed, 01 Jul 2026 00:00:26 GMT", 26.0),
        ("Wed, 01 Jul 2026 00:00:00 GMT", "Wed Jul  1 00:00:26 2026", 26.0),
        ("Wed, 01 Jul 2026 00:00:00 GMT", "Thu, 01 Jul 2027 00:00:00 GMT", 86_400.0),
        ("Wed, 01 Jul 2026 00:00:00 GMT", "Tue, 30 Jun 2026 00:00:00 GMT", None),
        ("Wed, 01 Jul 2026 00:00:00 GMT", "Wed, 01 Jul 2026 00:00:00 +" + "9" * 20, None),
        ("", "Wed, 01 Jul 2026 00:00:26 GMT", None),
    ],
)
def test_how_long_to_wait_is_told_by_a_date_too(date: str, until: str, seconds: float | None) -> None:
    limits = read(CALL, httpx.Response(503, headers={"Date": date, "Retry-After": until})).limits

    assert limits.retry_after_s == seconds


@pytest.mark.parametrize("value", ["soon", "-1", ""])
def test_limit_headers_that_are_no_numbers_are_ignored(value: str) -> None:
    headers = {"X-DayLimit-Remaining": value, "Retry-After": value}

    assert read(CALL, httpx.Response(200, json={"Invoices": []}, headers=headers)).limits == LimitHeaders()


@pytest.mark.parametrize(
    ("body", "has_some"),
    [
        (b'{"Invoices":[{"ValidationErrors":[],"Contact":{"ValidationErrors":[],"Warnings":[]}}]}', False),
        (b'{"Invoices":[{"ValidationErrors" : [ ],\n"Warnings": [\n]}]}', False),
        (b'{"Invoices":[{"ValidationErrors":null}]}', False),
        (b'{"Invoices":[{"ValidationErrors":[]},{"Contact":{"ValidationErrors":[{"Message":"bad"}]}}]}', True),
        (b'{"Invoices":[{"ValidationErrors":[],"Warnings":[{"Message":"odd"}]}]}', True),
        (b'{"Invoices":[{"Warnings":[],"ValidationErrors": [\n{"Message":"bad"}]}]}', True),
    ],
)
def test_whether_any_document_has_messages_is_known_beforehand(body: bytes, has_some: bool) -> None:
    assert read(CALL, httpx.Response(200, content=body)).has_messages is has_some


def test_an_expired_token_is_told_from_other_refusals() -> None:
    assert is_expired(read(CALL, problem(401, "TokenExpired: token expired at 01/01/2001 00:00:00")))
    assert not is_expired(read(CALL, problem(401, "AuthorizationUnsuccessful")))


@pytest.mark.parametrize(
    ("response", "detail"),
    [
        (problem(403, "AuthenticationUnsuccessful"), f"AuthenticationUnsuccessful; {CLOSED_TO_US}"),
        (problem(401, "TokenInvalidAudience"), "TokenInvalidAudience"),
        (problem(403, "AuthorizationUnsuccessful"), "AuthorizationUnsuccessful"),
        (httpx.Response(400, json={"Message": "limit", "Elements": []}), "limit"),
        (httpx.Response(503), "status 503"),
        (httpx.Response(200, json={"Invoices": []}), ""),
    ],
)
def test_the_detail_is_for_people(response: httpx.Response, detail: str) -> None:
    assert read(CALL, response).detail == detail


def test_a_deleted_allocation_comes_without_a_list() -> None:
    call: Call = call_of(member_of(Kind.ALLOCATION, "1", xero_id="a"), method="DELETE")
    body: dict[str, Any] = {"AllocationID": "a", "IsDeleted": True, "ValidationErrors": []}

    assert read(call, httpx.Response(200, json=body)).elements == (body,)


@pytest.mark.parametrize("body", [b'{"Invoices":[{"Reference":"\xff"}]}', b'{"a":' * 50_000 + b"1" + b"}" * 50_000])
def test_a_body_that_no_reader_takes_is_uncertain_too(body: bytes) -> None:
    assert read(CALL, httpx.Response(200, content=body)).outcome is ReplyKind.UNCERTAIN


def test_a_wait_without_end_counts_as_a_day() -> None:
    response = problem(429, "", **{"Retry-After": "9" * 21})

    assert read(CALL, response).limits.retry_after_s == 86_400


@pytest.mark.parametrize("status", [401, 403])
def test_a_firewalls_page_is_no_word_about_the_consent(status: int) -> None:
    reply = read(CALL, httpx.Response(status, content=b"<html>blocked</html>"))

    assert (reply.outcome, reply.status, reply.detail) == (ReplyKind.UNSENT, None, f"status {status}")
