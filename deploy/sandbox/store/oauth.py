"""OAuth 1.0a as the store checks it: HMAC-SHA256 over the request as the server sees it [store 1.2]."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import quote, unquote

from deploy.sandbox.store.errors import bad_request, unauthorized

REQUIRED = (
    "oauth_consumer_key",
    "oauth_signature",
    "oauth_signature_method",
    "oauth_nonce",
    "oauth_timestamp",
    "oauth_token",
)
METHOD = "HMAC-SHA256"
FUTURE_S = 600


@dataclass(frozen=True, slots=True)
class Integration:
    """The four values of an integration."""

    consumer_key: str
    consumer_secret: str
    token: str
    token_secret: str


# these protect nothing
INTEGRATION = Integration(
    consumer_key="sandboxconsumerkey00000000000001",
    consumer_secret="sandboxconsumersecret00000000001",  # noqa: S106 - as above
    token="sandboxaccesstoken00000000000001",  # noqa: S106 - as above
    token_secret="sandboxtokensecret00000000000001",  # noqa: S106 - as above
)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature covers. `path` and `query` raw, as they came."""

    method: str
    host: str
    path: str
    query: str


class OAuth:
    """Checks signatures, and remembers each consumer's nonces."""

    def __init__(self, integration: Integration = INTEGRATION) -> None:
        self._integration = integration
        self._nonces: set[str] = set()

    def check(self, authorization: str, request: Signed, now: float) -> None:
        """Raises Refused unless the header signs this request, for the first time."""
        given = _header(authorization)
        missing = [name for name in REQUIRED if not given.get(name)]
        if missing:
            raise bad_request('"%fieldName" is required. Enter and try again.', {"fieldName": missing[0]})
        if given.get("oauth_version", "1.0") != "1.0":
            raise bad_request('The "%1" Oauth version isn\'t supported.', [given["oauth_version"]])
        if given["oauth_signature_method"] != METHOD:
            raise bad_request("Signature method %1 is not supported", [given["oauth_signature_method"]])
        if given["oauth_consumer_key"] != self._integration.consumer_key:
            raise unauthorized("A consumer having the specified key does not exist")
        self._spend(given["oauth_nonce"], given["oauth_timestamp"], now)
        if given["oauth_token"] != self._integration.token:
            raise unauthorized("Specified token does not exist")
        wanted = signature(given, request, self._integration)
        if "%" in request.path or not hmac.compare_digest(wanted, given["oauth_signature"].encode()):
            raise unauthorized("The signature is invalid. Verify and try again.")

    def _spend(self, nonce: str, timestamp: str, now: float) -> None:
        if not timestamp.isdigit() or int(timestamp) > now + FUTURE_S:
            raise unauthorized("The timestamp value in the 'oauth_timestamp' parameter is invalid")
        if nonce in self._nonces:
            raise unauthorized(
                "The nonce is already being used by the consumer with key %1", [self._integration.consumer_key]
            )
        self._nonces.add(nonce)


def signature(given: dict[str, str], request: Signed, integration: Integration) -> bytes:
    """The signature of a request, base64. A pair of the query without exactly one `=` is not part of it."""
    pairs = [(name, value) for name, value in given.items() if name not in {"oauth_signature", "realm"}]
    for pair in request.query.split("&"):
        parts = pair.split("=")
        if len(parts) == 2:  # noqa: PLR2004 - a name and a value
            pairs.append((unquote(parts[0]), unquote(parts[1])))  # `+` stays `+`
    normal = "&".join(f"{name}={value}" for name, value in sorted((_encoded(n), _encoded(v)) for n, v in pairs))
    url = f"http://{request.host}{request.path}"
    base = "&".join((request.method, _encoded(url), _encoded(normal)))
    key = f"{_encoded(integration.consumer_secret)}&{_encoded(integration.token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha256).digest())


def _encoded(text: str) -> str:
    return quote(text, safe="-._~")


def _header(authorization: str) -> dict[str, str]:
    """The parameters of an `OAuth` header, which may begin anywhere in it."""
    given: dict[str, str] = {}
    for part in authorization.partition("OAuth ")[2].split(","):
        name, _, value = part.strip().partition("=")
        given[unquote(name)] = unquote(value.strip('"'))
    return given
