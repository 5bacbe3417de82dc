"""What can be made to go wrong in the sandbox, and what it leaves behind [xero 5.1, 6]."""

from __future__ import annotations

import httpx
import pytest

from tests.support.sandbox_documents import a_contact, invoice
from tests.support.sandbox_fixture import SandboxControl, XeroCaller, client_credentials

_TWO = {"Contacts": [{"Name": "Ada"}, {"Name": "Bob"}]}


def _contacts(sandbox: SandboxControl) -> int:
    return int(sandbox.audit()["documents"]["contacts"])


def test_a_lost_reply_has_written_everything_and_its_repeat_shows_it(xero: XeroCaller, sandbox: SandboxControl) -> None:
    sandbox.fault("lost-reply")

    with pytest.raises(httpx.RemoteProtocolError):
        xero.put("/Contacts", _TWO, key="k1")

    assert _contacts(sandbox) == 2
    assert len(xero.put("/Contacts", _TWO, key="k1").json()["Contacts"]) == 2
    assert _contacts(sandbox) == 2


def test_5_1_a_partial_500_has_written_the_first_half_and_stays_under_its_key(
    xero: XeroCaller, sandbox: SandboxControl
) -> None:
    contact = a_contact(xero)
    body = {"Invoices": [invoice(contact, f"I-{number}") for number in range(6)]}
    sandbox.fault("500-partial")

    replies = [xero.put("/Invoices", body, key=key, summarizeErrors="false") for key in ("k1", "k1")]

    assert [reply.status_code for reply in replies] == [500, 500]
    found = xero.get("/Invoices", InvoiceNumbers=",".join(f"I-{n}" for n in range(6))).json()["Invoices"]
    assert sorted(one["InvoiceNumber"] for one in found) == ["I-0", "I-1", "I-2"]
    rest = xero.put("/Invoices", body, key="k2", summarizeErrors="false").json()["Invoices"]
    assert sorted(one["StatusAttributeString"] for one in rest) == ["ERROR"] * 3 + ["OK"] * 3


@pytest.mark.parametrize(("kind", "written"), [("502", 0), ("503", 0), ("504", 2)])
def test_gateway_errors_have_written_nothing_or_everything(
    xero: XeroCaller, sandbox: SandboxControl, kind: str, written: int
) -> None:
    sandbox.fault(kind)

    reply = xero.put("/Contacts", _TWO, key="k1")

    assert (reply.status_code, _contacts(sandbox)) == (int(kind), written)
    assert xero.put("/Contacts", _TWO, key="k1").status_code == 200
    assert _contacts(sandbox) == 2


@pytest.mark.parametrize(
    ("kind", "problem", "wait"),
    [("429-minute", "minute", "7"), ("429-day", "day", "7"), ("429-concurrent", "concurrent", None)],
)
def test_a_429_can_be_had_at_once(
    xero: XeroCaller, sandbox: SandboxControl, kind: str, problem: str, wait: str | None
) -> None:
    sandbox.fault(kind, seconds=7)

    reply = xero.put("/Contacts", _TWO)

    assert (reply.status_code, reply.content) == (429, b"")
    assert (reply.headers["X-Rate-Limit-Problem"], reply.headers.get("Retry-After")) == (problem, wait)
    audit = sandbox.audit()
    assert (audit["refused_429"], audit["faults_fired"], _contacts(sandbox)) == (0, {kind: 1}, 0)


def test_a_401_ends_every_token(xero: XeroCaller, sandbox: SandboxControl) -> None:
    sandbox.fault("401")

    replies = [xero.get("/Organisation") for _ in range(2)]

    assert [reply.status_code for reply in replies] == [401, 401]
    assert replies[0].json()["Detail"].startswith("TokenExpired")
    xero.http.headers["Authorization"] = f"Bearer {client_credentials(sandbox.url)['access_token']}"
    assert xero.get("/Organisation").status_code == 200


def test_a_403_writes_nothing(xero: XeroCaller, sandbox: SandboxControl) -> None:
    sandbox.fault("403")

    reply = xero.put("/Contacts", _TWO)

    assert (reply.status_code, reply.json()["Detail"]) == (403, "AuthenticationUnsuccessful")
    assert _contacts(sandbox) == 0


def test_a_slow_call_is_answered_after_all_and_done_even_if_nobody_waits(
    xero: XeroCaller, sandbox: SandboxControl
) -> None:
    sandbox.fault("slow", seconds=6)

    unheard = httpx.Timeout(30, read=0.1)
    with pytest.raises(httpx.ReadTimeout):
        xero.http.put("/Contacts", json=_TWO, headers={"Idempotency-Key": "k1"}, timeout=unheard)

    assert xero.put("/Contacts", _TWO, key="k1").status_code == 200
    assert _contacts(sandbox) == 2


def test_faults_wait_for_their_call_and_their_endpoint(xero: XeroCaller, sandbox: SandboxControl) -> None:
    sandbox.fault("503", after_calls=1, count=2, endpoint="/Contacts", method="PUT")

    statuses = [
        xero.put("/Contacts", {"Name": "Ada"}).status_code,
        xero.get("/Contacts").status_code,
        xero.put("/Items", {"Code": "A"}).status_code,
        *(xero.put("/Contacts", {"Name": name}).status_code for name in ("Bob", "Cleo", "Dora")),
    ]

    assert statuses == [200, 200, 200, 503, 503, 200]


def test_the_token_endpoint_can_fail_too(xero: XeroCaller, sandbox: SandboxControl) -> None:
    sandbox.fault("503", endpoint="/connect/token")
    form = {"grant_type": "client_credentials"}

    assert xero.get("/Organisation").status_code == 200
    reply = httpx.post(f"{sandbox.url}/connect/token", data=form, auth=("sandbox-custom", "sandbox-secret"), timeout=30)

    assert reply.status_code == 503
    assert client_credentials(sandbox.url)["access_token"]


def test_a_fault_nobody_knows_is_refused(sandbox: SandboxControl) -> None:
    reply = httpx.post(f"{sandbox.url}/_sandbox/faults", json={"kind": "earthquake"}, timeout=30)

    assert reply.status_code == 400
    assert "lost-reply" in reply.json()["error"]


def test_5_1_valid_documents_of_a_refused_call_are_saved(xero: XeroCaller, sandbox: SandboxControl) -> None:
    reply = xero.put("/Contacts", {"Contacts": [{"Name": "Ada"}, {"Name": "<"}, {"Name": "Bob"}]})

    assert reply.status_code == 400
    assert [one["Name"] for one in reply.json()["Elements"]] == ["<"]
    assert _contacts(sandbox) == 2


def test_5_1_with_summarize_errors_off_every_document_has_a_verdict(xero: XeroCaller) -> None:
    elements = [{"Name": f"Contact {n}" if n % 3 else f"<{n}>", "ContactNumber": str(n)} for n in range(30)]

    reply = xero.put("/Contacts", {"Contacts": elements}, summarizeErrors="false")

    verdicts = {one["ContactNumber"]: one for one in reply.json()["Contacts"]}
    assert (reply.status_code, len(verdicts)) == (200, 30)
    for number, verdict in verdicts.items():
        failed = int(number) % 3 == 0
        assert verdict["StatusAttributeString"] == ("ERROR" if failed else "OK")
        assert verdict["HasValidationErrors"] is failed
        assert bool(verdict["ValidationErrors"]) is failed
        assert (verdict["ContactID"] == "00000000-0000-0000-0000-000000000000") is failed


def test_5_1_a_refused_update_is_echoed_under_its_id(xero: XeroCaller) -> None:
    [ada] = xero.put("/Contacts", {"Name": "Ada"}).json()["Contacts"]
    update = {"ContactID": ada["ContactID"], "Name": "<"}

    reply = xero.post("/Contacts", {"Contacts": [update]}, summarizeErrors="false")

    [verdict] = reply.json()["Contacts"]
    assert (reply.status_code, verdict["StatusAttributeString"]) == (200, "ERROR")
    assert {name: verdict[name] for name in update} == update


@pytest.mark.parametrize("path", ["/Contacts/{}", "/Payments"])
def test_5_1_where_summarize_errors_is_no_parameter_a_refusal_is_a_400(xero: XeroCaller, path: str) -> None:
    reply = xero.post(path.format(a_contact(xero)), {"Name": "<"}, summarizeErrors="false")

    assert (reply.status_code, len(reply.json()["Elements"])) == (400, 1)


def test_5_1_the_order_of_a_reply_is_not_the_order_of_the_call(xero: XeroCaller) -> None:
    names = [f"Contact {number:02}" for number in range(30)]

    reply = xero.put("/Contacts", {"Contacts": [{"Name": name} for name in names]}, summarizeErrors="false")

    answered = [one["Name"] for one in reply.json()["Contacts"]]
    assert answered != names
    assert sorted(answered) == names


def test_reset_brings_everything_back_to_the_beginning(xero: XeroCaller, sandbox: SandboxControl) -> None:
    a_contact(xero)
    sandbox.fault("503", count=9)
    sandbox.limits(day=3)

    sandbox.reset()

    audit = sandbox.audit()
    assert (audit["calls_total"], audit["documents"]["contacts"], audit["faults_waiting"]) == (0, 0, 0)
    assert sandbox.limits()["day"] == 5000
    assert xero.get("/Organisation").status_code == 401
