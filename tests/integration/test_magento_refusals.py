"""What a store that does not serve us is told to change: one line for each cause, over real connections."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from producers.magento import Access, open_store
from producers.store import Selection, StoreRefuses, StoreUnreachable
from tests.support.certificates import CertificateAuthority
from tests.support.magento_shop import Shop, json_error, page_for_people
from tests.support.serving_http import serving

SIGNED = Access(
    consumer_key="ck-5ecret-1",
    consumer_secret="cs-5ecret-2",
    access_token="at-5ecret-3",
    access_token_secret="ts-5ecret-4",
)
BEARER = Access(access_token="at-5ecret-3")
INTEGRATIONS = "System > Extensions > Integrations"


async def at_once(_seconds: float) -> None:
    """No pause between attempts."""


async def check(url: str, access: Access = SIGNED) -> str:
    """What `check` complains of; it must not tell a secret."""
    async with open_store(url=url, access=access, sleep=at_once) as store:
        with pytest.raises((StoreRefuses, StoreUnreachable)) as raised:
            await store.check(store.streams)
    text = f"{type(raised.value).__name__}: {raised.value}"
    assert "5ecret" not in text
    assert "\n" not in text
    return text


async def complaint(reply: Callable[[Request], Response | None], access: Access = SIGNED) -> str:
    """What `check` complains of when the store answers like this."""
    with serving(Shop(before=reply)) as url:
        return (await check(url, access)).replace(url, "URL")


def always(response: Response) -> Callable[[Request], Response]:
    return lambda _request: response


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("A consumer having the specified key does not exist", "check consumer_key"),
        ("Specified token does not exist", "check access_token"),
        ("The signature is invalid. Verify and try again.", "check consumer_secret and access_token_secret"),
        ("The timestamp value in the 'oauth_timestamp' parameter is invalid", "set the clock of this machine"),
        ("The nonce is already being used by the consumer with key cs-5ecret-2", "set the clock of this machine"),
    ],
)
async def test_wrong_credentials_say_which_value_to_check(message: str, told: str) -> None:
    said = await complaint(always(json_error(401, message)))

    assert said.startswith("StoreRefuses: GET URL/rest/V1/store/storeConfigs answered 401 (")
    assert told in said


@pytest.mark.parametrize("status", [200, 400, 401, 500])
@pytest.mark.parametrize(
    "repeated", ["x" * 190 + " at-5ecret-3", "%61t%2D5ecret-3"], ids=["cut in two", "in an address"]
)
async def test_a_secret_that_is_repeated_is_not_told_in_part_or_as_an_address_has_it(
    status: int, repeated: str
) -> None:
    said = await complaint(always(json_error(status, repeated)))

    assert "at-" not in said
    assert "%61t" not in said
    assert "…" in said


@pytest.mark.parametrize(
    ("status", "message", "parameters"),
    [
        (400, "Signature method %1 is not supported", ["HMAC-SHA1"]),
        (400, "%1 is not a valid address", ["jo@example.com"]),
        (404, "No such entity with %fieldName = %fieldValue", {"fieldName": "email", "fieldValue": "jo@example.com"}),
        (500, "Customer %1 cannot be saved", ["jo@example.com"]),
    ],
)
async def test_what_the_store_says_is_told_without_its_parameters_which_may_name_people(
    status: int, message: str, parameters: object
) -> None:
    said = await complaint(always(JSONResponse({"message": f"{message}.", "parameters": parameters}, status)))

    assert f"GET URL/rest/V1/store/storeConfigs answered {status} ({message})" in said
    assert "jo@" not in said


async def test_all_missing_permissions_are_named_at_once_with_their_place_in_the_page() -> None:
    shop = Shop(denied={"Magento_Sales::sales_invoice", "Magento_Sales::transactions_fetch"})

    with serving(shop) as url:
        said = await check(url)

    assert said == (
        "StoreRefuses: the store refuses what has to be read: give the integration "
        "Magento_Sales::sales_invoice (Sales > Operations > Invoices), "
        "Magento_Sales::transactions_fetch (Sales > Operations > Transactions > Fetch) "
        f"in {INTEGRATIONS} > API, then reauthorize it"
    )


async def test_no_permission_is_needed_for_what_nobody_wants() -> None:
    shop = Shop(denied={"Magento_Catalog::products", "Magento_Customer::customer"})

    with serving(shop) as url:
        async with open_store(url=url, access=SIGNED, sleep=at_once) as store:
            await store.check([stream for stream in store.streams if stream.name == "invoices"])

    asked = {path.removeprefix("V1/") for path, _ in shop.requests if not path.startswith("V1/store/")}
    assert asked == {"orders", "invoices", "creditmemos", "transactions"}


async def test_a_permission_that_is_taken_away_later_is_named_when_it_is_missed() -> None:
    with serving(Shop(denied={"Magento_Customer::customer"})) as url:
        async with open_store(url=url, access=BEARER, sleep=at_once) as store:
            with pytest.raises(StoreRefuses, match="give the integration Magento_Customer::customer"):
                await store.page(store.streams[0], 0, Selection())


async def test_a_bearer_token_that_counts_for_nothing_names_the_setting_to_switch_on() -> None:
    def nobody(request: Request) -> Response:
        path = request.url.path
        return json_error(401, "The consumer isn't authorized to access %resources.", resources=f"resource of {path}")

    said = await complaint(nobody, BEARER)

    assert said.startswith("StoreRefuses: URL/rest answered 401 to everything: the store takes no bearer token")
    assert "Allow OAuth Access Tokens to be used as standalone Bearer tokens" in said


async def test_a_token_that_needs_a_second_factor_asks_for_an_integration() -> None:
    said = await complaint(always(json_error(401, "Please use the 2fa provider-specific endpoints.")), BEARER)

    assert said.startswith("StoreRefuses: GET URL/rest/V1/store/storeConfigs: the token needs a second factor")
    assert f"create an integration in {INTEGRATIONS}" in said


async def test_an_administrators_token_is_refused_before_it_is_used() -> None:
    token = Access(access_token="eyJraWQiOiIxIn0.eyJ1aWQiOjF9.c2ln")

    with pytest.raises(StoreRefuses, match="create an integration") as raised:
        async with open_store(url="http://127.0.0.1:9", access=token):
            pass

    assert "eyJ" not in str(raised.value)


async def test_a_maintenance_page_means_waiting() -> None:
    said = await complaint(always(page_for_people(503)))

    assert said == (
        "StoreUnreachable: GET URL/rest/V1/store/storeConfigs answered 503: the store is in maintenance "
        "(bin/magento maintenance:disable)"
    )


async def test_a_redirect_names_the_url_to_configure() -> None:
    def canonical(request: Request) -> Response:
        return RedirectResponse(f"https://www.example.com{request.url.path}?{request.url.query}", 301)

    said = await complaint(canonical)

    assert said.endswith(
        "is redirected to https://www.example.com/rest/V1/store/storeConfigs, which breaks signatures: "
        'set url = "https://www.example.com"'
    )


@pytest.mark.parametrize(
    ("response", "told"),
    [
        (json_error(404, "Request does not match any route."), "answered 404 (Request does not match any route)"),
        (page_for_people(404), "answered 404 with a page instead of JSON"),
        (page_for_people(200), "answered 200 with a page instead of JSON"),
    ],
    ids=["another route", "another web server", "a page"],
)
async def test_a_wrong_url_says_what_it_should_be(response: Response, told: str) -> None:
    said = await complaint(always(response))

    assert told in said
    assert "check url: it is the store's base URL, without /rest" in said


@pytest.mark.parametrize("status", [403, 401])
async def test_a_firewalls_page_says_whom_to_let_through(status: int) -> None:
    said = await complaint(always(page_for_people(status)))

    assert said.startswith("StoreRefuses")
    assert "this machine" in said


async def test_a_store_that_limits_requests_is_waited_for() -> None:
    paused: list[float] = []

    async def pause(seconds: float) -> None:
        paused.append(seconds)

    busy = iter([Response(status_code=429, headers={"Retry-After": "7"}), page_for_people(429)])
    with serving(Shop(before=lambda _request: next(busy, None))) as url:
        async with open_store(url=url, access=SIGNED, sleep=pause) as store:
            await store.check(store.streams)

    assert paused == [7, 2]


async def test_a_store_that_asks_for_hours_is_told_of_at_once() -> None:
    said = await complaint(always(Response(status_code=429, headers={"Retry-After": "7200"})))

    assert said.startswith("StoreUnreachable")
    assert "takes no more requests for now" in said


async def test_a_host_without_address_says_to_check_the_url() -> None:
    said = await check("http://no-such-shop.invalid")

    assert said == (
        "StoreUnreachable: no-such-shop.invalid has no address in DNS: "
        "check url: it is the store's base URL, without /rest"
    )


async def test_a_port_where_nothing_listens_says_so() -> None:
    with serving(Shop()) as url:
        pass

    said = await check(url)

    assert "StoreUnreachable: 127.0.0.1:" in said
    assert "refuses connections" in said


async def test_a_certificate_that_is_not_trusted_says_so(tmp_path: Path) -> None:
    issued = CertificateAuthority(tmp_path, "shop-ca").issue("localhost")

    with serving(Shop(), certificate=issued) as url:
        said = await check(url)

    assert "StoreRefuses: 127.0.0.1:" in said
    assert "the certificate is not trusted" in said


async def test_https_to_a_port_that_speaks_http_says_so() -> None:
    with serving(Shop()) as url:
        said = await check(url.replace("http://", "https://"))

    assert "StoreRefuses" in said
    assert "does not speak TLS" in said


async def test_every_attempt_is_signed_afresh() -> None:
    shop = Shop(before=lambda _request: json_error(500, "Internal Error") if len(shop.headers) < 3 else None)

    with serving(shop) as url:
        async with open_store(url=url, access=SIGNED, sleep=at_once) as store:
            await store.check(store.streams)

    signatures = [headers["authorization"] for headers in shop.headers[:3]]
    assert len(set(signatures)) == 3
    assert all(one.startswith('OAuth oauth_consumer_key="ck-5ecret-1"') for one in signatures)


async def test_attempts_are_bounded() -> None:
    shop = Shop(before=always(json_error(500, "Internal Error")))

    with serving(shop) as url:
        said = await check(url)

    assert len(shop.headers) == 3
    assert "answered 500 (Internal Error); the store's var/report and var/log tell more" in said
