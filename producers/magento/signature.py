"""OAuth 1.0a signatures as Magento verifies them, HMAC-SHA256. Pure.

RFC 5849, sections 3.4 and 3.5.1. Magento takes no other method since 2.4.4.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import quote, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Integration:
    """The four values of an integration."""

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    access_token_secret: str = field(repr=False)


def authorization(method: str, url: str, integration: Integration, *, nonce: str, timestamp: int) -> str:
    """The Authorization header of one request. `url` is percent-encoded as it is sent; a nonce serves once."""
    parameters = {
        "oauth_consumer_key": integration.consumer_key,
        "oauth_token": integration.access_token,
        "oauth_nonce": nonce,
        "oauth_timestamp": str(timestamp),
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_version": "1.0",
    }
    key = f"{_encoded(integration.consumer_secret)}&{_encoded(integration.access_token_secret)}"
    base = signature_base(method, url, parameters)
    signature = b64encode(hmac.digest(key.encode(), base.encode(), sha256)).decode()
    signed = {**parameters, "oauth_signature": signature}
    return "OAuth " + ", ".join(f'{name}="{_encoded(value)}"' for name, value in signed.items())


def signature_base(method: str, url: str, parameters: Mapping[str, str]) -> str:
    """What is signed (RFC 5849, section 3.4.1): method, address, and all parameters in order."""
    parts = urlsplit(url)
    pairs = [(_encoded(name), _encoded(value)) for name, value in parameters.items()]
    for pair in filter(None, parts.query.split("&")):
        name, _, value = pair.partition("=")
        pairs.append((_encoded(unquote(name)), _encoded(unquote(value))))
    normal = "&".join(f"{name}={value}" for name, value in sorted(pairs))
    return "&".join((method.upper(), _encoded(f"{parts.scheme}://{parts.netloc}{parts.path}"), _encoded(normal)))


def _encoded(text: str) -> str:
    return quote(text, safe="-._~")
