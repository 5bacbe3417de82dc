"""Call limits and idempotency keys in the sandbox [xero 2, 3]."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.support.sandbox_documents import a_contact, invoice, refusals
from tests.support.sandbox_fixture import SandboxControl, XeroCaller
from tests.support.waiting import until_sync


def _left(reply: httpx.Response, window: str) -> int:
    return int(reply.headers[f"X-{window}Limit-Remaining"])


def test_2_every_tenant_call_is_told_what_is_left(xero: XeroCaller) -> None:
    replies = [xero.get("/Organisation"), xero.get("/Invoices/none"), xero.put("/Contacts", {})]

    assert [reply.status_code for reply in replies] == [200, 404, 400]
    assert [_left(reply, "Min") for reply in replies] == [59, 58, 57]
    assert [_left(reply, "Day") for reply in replies] == [4999, 4998, 4997]
    assert [_left(reply, "AppMin") for reply in replies] == [9999, 9998, 9997]


def test_2_calls_without_an_organisation_are_told_only_the_apps_limit(
    xero: XeroCaller, sandbox: SandboxControl
) -> None:
    reply = httpx.get(f"{sandbox.url}/connections", headers={"Authorization": f"Bearer {xero.token}"}, timeout=30)

    told = {name for name in reply.headers if "limit" in name}
    assert told == {"x-appminlimit-remaining"}


def test_2_calls_without_an_organisation_count_for_the_app(xero: XeroCaller, sandbox: SandboxControl) -> None:
    def connections() -> httpx.Response:
        return httpx.get(f"{sandbox.url}/connections", headers={"Authorization": f"Bearer {xero.token}"}, timeout=30)

    left = [_left(connections(), "AppMin") for _ in range(2)]
    sandbox.limits(app_minute=2)
    refused = connections()

    assert left == [9999, 9998]
    assert (refused.status_code, refused.content) == (429, b"")
    assert refused.headers["X-Rate-Limit-Problem"] == "appminute"
    assert xero.get("/Organisation").status_code == 429


def test_2_the_61st_call_of_a_minute_is_refused_as_xero_does(xero: XeroCaller, sandbox: SandboxControl) -> None:
    for _ in range(60):
        assert xero.get("/Organisation").status_code == 200

    refused = xero.put("/Contacts", {"Name": "Ada"})

    assert (refused.status_code, refused.content) == (429, b"")
    assert "content-type" not in refused.headers
    assert refused.headers["X-Rate-Limit-Problem"] == "minute"
    assert _left(refused, "Min") == 0
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    sandbox.advance(int(refused.headers["Retry-After"]))
    assert xero.put("/Contacts", {"Name": "Ada"}).status_code == 200
    audit = sandbox.audit()
    assert (audit["refused_429"], audit["refused_429_by_problem"]) == (1, {"minute": 1})
    assert audit["most_in_a_minute"] == 60


def test_2_the_minute_is_a_rolling_one(xero: XeroCaller, sandbox: SandboxControl) -> None:
    sandbox.limits(minute=2)
    xero.get("/Organisation")
    sandbox.advance(40)
    xero.get("/Organisation")
    sandbox.advance(21)
    xero.get("/Organisation")

    assert xero.get("/Organisation").status_code == 429


def test_2_a_spent_day_has_a_long_retry_after(xero: XeroCaller, sandbox: SandboxControl) -> None:
    sandbox.limits(day=2)
    for _ in range(2):
        xero.get("/Organisation")

    refused = xero.get("/Organisation")

    assert refused.headers["X-Rate-Limit-Problem"] == "day"
    assert int(refused.headers["Retry-After"]) > 86_000
    assert _left(refused, "Day") == 0


def test_2_limits_are_per_organisation(xero: XeroCaller, sandbox: SandboxControl) -> None:
    sandbox.limits(minute=1)
    sandbox.person("grant-consent", organisation="org2")
    replies = [xero.get("/Organisation")]
    xero.http.headers["xero-tenant-id"] = sandbox.tenant_id("org2")

    replies.append(xero.get("/Organisation"))

    assert [reply.status_code for reply in replies] == [200, 200]


def test_2_the_app_has_a_minute_of_its_own(xero: XeroCaller, sandbox: SandboxControl) -> None:
    sandbox.limits(app_minute=1)
    xero.get("/Organisation")

    assert xero.get("/Organisation").headers["X-Rate-Limit-Problem"] == "appminute"


def test_2_six_calls_at_once_are_one_too_many(xero: XeroCaller, sandbox: SandboxControl) -> None:
    sandbox.limits(latency_ms=8_000)

    with ThreadPoolExecutor(5) as pool:
        five = pool.map(lambda _: xero.get("/Organisation"), range(5))
        until_sync(lambda: sandbox.audit()["most_in_flight"] == 5, what="five calls at once")
        refused = xero.get("/Organisation")

    assert [reply.status_code for reply in five] == [200] * 5
    assert refused.status_code == 429
    assert refused.headers["X-Rate-Limit-Problem"] == "concurrent"
    assert "Retry-After" not in refused.headers
    assert sandbox.audit()["most_in_flight"] == 5


def test_controls_and_tokens_are_not_calls(xero: XeroCaller, sandbox: SandboxControl) -> None:
    sandbox.audit()
    sandbox.limits(day=10)

    assert sandbox.audit()["calls_total"] == 0
    assert _left(xero.get("/Organisation"), "Day") == 9


def test_3_a_repeat_gets_the_first_answer_and_costs_a_call(xero: XeroCaller, sandbox: SandboxControl) -> None:
    first = xero.put("/Contacts", {"Name": "Ada"}, key="k1")
    again = xero.put("/Contacts", {"Name": "Ada"}, key="k1")

    assert again.json() == first.json()
    assert _left(again, "Day") == _left(first, "Day") - 1
    assert sandbox.audit()["documents"]["contacts"] == 1


def test_3_another_request_under_the_same_key_clashes(xero: XeroCaller) -> None:
    xero.put("/Contacts", {"Name": "Ada"}, key="k1")
    clashes = (
        xero.put("/Contacts", {"Name": "Bob"}, key="k1"),
        xero.post("/Contacts", {"Name": "Ada"}, key="k1"),
        xero.put("/Contacts", {"Name": "Ada"}, key="k1", summarizeErrors="false"),
    )

    for clash in clashes:
        assert clash.status_code == 400
        assert clash.json()["Message"] == "Idempotency Key: k1 is used with a different request."


def test_3_a_key_is_new_again_after_six_minutes(xero: XeroCaller, sandbox: SandboxControl) -> None:
    xero.put("/Contacts", {"Name": "Ada"}, key="k1")
    sandbox.advance(300)
    assert xero.put("/Contacts", {"Name": "Ada"}, key="k1").status_code == 200

    sandbox.advance(60)

    assert xero.put("/Contacts", {"Name": "Ada"}, key="k1").status_code == 400


def test_3_validation_errors_are_kept_too(xero: XeroCaller) -> None:
    refused = xero.put("/Contacts", {}, key="k1")

    assert xero.put("/Contacts", {}, key="k1").json() == refused.json()


def test_3_server_errors_are_kept_too(xero: XeroCaller, sandbox: SandboxControl) -> None:
    sandbox.fault("500")

    replies = [xero.put("/Contacts", {"Name": "Ada"}, key=key) for key in ("k1", "k1", "k2")]

    assert [reply.status_code for reply in replies] == [500, 500, 200]


def test_3_a_429_writes_nothing_under_the_key(xero: XeroCaller, sandbox: SandboxControl) -> None:
    sandbox.fault("429-minute")

    replies = [xero.put("/Contacts", {"Name": "Ada"}, key="k1") for _ in range(2)]

    assert [reply.status_code for reply in replies] == [429, 200]


def test_3_a_parallel_repeat_waits_for_the_first(xero: XeroCaller, sandbox: SandboxControl) -> None:
    sandbox.fault("slow", seconds=0.5)

    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda _: xero.put("/Contacts", {"Name": "Ada"}, key="k1"), range(4)))

    assert len({reply.text for reply in replies}) == 1
    assert sandbox.audit()["documents"]["contacts"] == 1


@pytest.mark.parametrize(("length", "status"), [(128, 200), (129, 400)])
def test_3_a_key_has_at_most_128_characters(xero: XeroCaller, length: int, status: int) -> None:
    assert xero.put("/Contacts", {"Name": "Ada"}, key="k" * length).status_code == status


def test_3_keys_belong_to_an_app(xero: XeroCaller, sandbox: SandboxControl) -> None:
    xero.put("/Contacts", {"Name": "Ada"}, key="k1")

    headers = {**_of_web_app(sandbox), "Idempotency-Key": "k1"}
    reply = httpx.put(f"{sandbox.url}/api.xro/2.0/Contacts", json={"Name": "Bob"}, headers=headers, timeout=30)

    assert reply.status_code == 200


def _of_web_app(sandbox: SandboxControl) -> dict[str, str]:
    back = "http://localhost:1/"
    asked = {"response_type": "code", "client_id": "sandbox-web", "redirect_uri": back, "scope": "accounting.contacts"}
    sent = httpx.post(f"{sandbox.url}/identity/connect/authorize", params=asked, timeout=30)
    code = httpx.URL(sent.headers["location"]).params["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back}
    tokens = httpx.post(
        f"{sandbox.url}/connect/token", data=form, auth=("sandbox-web", "sandbox-secret"), timeout=30
    ).json()
    return {"Authorization": f"Bearer {tokens['access_token']}", "xero-tenant-id": sandbox.tenant_id()}


def test_3_without_a_key_everything_is_done_again(xero: XeroCaller) -> None:
    contact = a_contact(xero)
    body = {"Invoices": [invoice(contact, "I-1")]}

    replies = [xero.http.put("/Invoices", json=body) for _ in range(2)]

    assert replies[0].status_code == 200
    assert refusals(replies[1]) == ["Invoice # must be unique."]
