"""What an answer of the store means: its JSON, or an error that says what to change. Pure.

https://developer.adobe.com/commerce/webapi/get-started/gs-web-api-response
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic_core import from_json

from producers.magento.advice import CHECK_URL, OTHER_TOKEN, allow, explain
from producers.magento.errors import NotAllowed, PageTooLarge, ServerFault
from producers.store import StoreRefuses, StoreUnreachable
from schemas.text import one_line

_PAGE_LIMIT = re.compile(r"maximum searchcriteria pagesize is (\d+)", re.IGNORECASE)
_PLACE = re.compile(r"%(\w+)")
_SECOND_FACTOR = re.compile(r"\b(2fa|tfa|two[- ]factor)\b", re.IGNORECASE)
_SHOWN = 200


def read(response: httpx.Response, body: bytes, without_secrets: Callable[[str], str]) -> Any:
    """The JSON of a success. Raises what the answer means otherwise. Its message is read `without_secrets`."""
    status, where = response.status_code, _where(response.request)
    if response.has_redirect_location:
        raise StoreRefuses(_redirected(response, without_secrets))
    if status == httpx.codes.SERVICE_UNAVAILABLE:
        raise StoreUnreachable(f"{where} answered 503: the store is in maintenance (bin/magento maintenance:disable)")
    payload = _safe_to_tell(_payload(body), without_secrets)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise ServerFault(f"{where} answered {status}{_said(payload)}; the store's var/report and var/log tell more")
    if payload is None:
        raise StoreRefuses(_no_json(response))
    if response.is_success:
        return payload
    raise _refusal(status, where, payload)


def _refusal(status: int, where: str, payload: Any) -> Exception:
    message = message_of(payload)
    if limit := _PAGE_LIMIT.search(_with_parameters(payload)):
        return PageTooLarge(int(limit[1]))
    if _SECOND_FACTOR.search(message):
        return StoreRefuses(f"{where}: the token needs a second factor; {OTHER_TOKEN}")
    if status == httpx.codes.UNAUTHORIZED:
        return _unauthorised(where, payload, message)
    if status == httpx.codes.FORBIDDEN:
        return StoreRefuses(f"{where} answered 403 ({message}): allow this machine in the store's firewall or CDN")
    if status == httpx.codes.NOT_FOUND:
        text = f"{where} answered 404 ({message}): {CHECK_URL}; and see that Magento's own modules are enabled"
        return StoreRefuses(text)
    return StoreRefuses(f"{where} answered {status} ({message})")


def _unauthorised(where: str, payload: Mapping[str, Any], message: str) -> StoreRefuses:
    parameters = payload.get("parameters")
    resource = parameters.get("resources") if isinstance(parameters, Mapping) else None
    if resource and isinstance(resource, str):
        return NotAllowed(f"{where} is not allowed: {allow(resource)}", resource)
    return StoreRefuses(f"{where} answered 401 ({message}): {explain(message)}")


def message_of(payload: Any) -> str:
    """Magento's message in one line, `%1` and `%name` as they are: what belongs there may be a customer's address."""
    text = payload.get("message") if isinstance(payload, Mapping) else None
    return one_line(text if text and isinstance(text, str) else "no message", _SHOWN).rstrip(".")


def _with_parameters(payload: Any) -> str:
    """The message with its parameters in their places: to be searched, not to be told."""
    parameters = payload.get("parameters") if isinstance(payload, Mapping) else None
    named: dict[str, Any] = {}
    if isinstance(parameters, Mapping):
        named = dict(parameters)
    elif isinstance(parameters, list):
        named = {str(place): value for place, value in enumerate(parameters, start=1)}
    return _PLACE.sub(lambda found: str(named.get(found[1], found[0])), message_of(payload))


def _payload(body: bytes) -> Any:
    try:
        return from_json(body)
    except ValueError:
        pass
    try:
        # this one is slower, and takes what is not quite JSON: half of a surrogate pair in somebody's name
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _safe_to_tell(payload: Any, without_secrets: Callable[[str], str]) -> Any:
    """`payload` with its message made safe before anybody shortens it."""
    text = payload.get("message") if isinstance(payload, dict) else None
    return payload | {"message": without_secrets(text)} if isinstance(text, str) else payload


def _said(payload: Any) -> str:
    return f" ({message_of(payload)})" if isinstance(payload, Mapping) else ""


def _no_json(response: httpx.Response) -> str:
    status, where = response.status_code, _where(response.request)
    if status == httpx.codes.FORBIDDEN:
        return f"{where} answered 403 with a page: allow this machine in the store's firewall or CDN"
    if status == httpx.codes.UNAUTHORIZED:
        return (
            f"{where} answered 401 with a page: lift the web server's own password for this machine, it hides Magento"
        )
    return f"{where} answered {status} with a page instead of JSON: {CHECK_URL}"


def _redirected(response: httpx.Response, without_secrets: Callable[[str], str]) -> str:
    request = response.request.url
    target = urlsplit(str(request.join(response.headers["Location"])))
    base = without_secrets(f"{target.scheme}://{target.netloc}{target.path}")
    place = base.find("/rest/")
    told = f'set url = "{base[:place]}"' if place >= 0 else CHECK_URL
    return f"{_where(response.request)} is redirected to {base[:_SHOWN]}, which breaks signatures: {told}"


def _where(request: httpx.Request) -> str:
    return f"{request.method} {request.url.scheme}://{request.url.netloc.decode()}{request.url.path}"
