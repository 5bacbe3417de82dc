"""From an HTTP response to a `Reply`. Pure.

https://developer.xero.com/documentation/api/accounting/responsecodes
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from worker.ledger.records import Call, Purpose
from worker.xero.replies.brief import decode as decode_briefly
from worker.xero.replies.readable import is_readable
from worker.xero.replies.received import parse
from worker.xero.replies.reply import PROBLEMS, LimitHeaders, Reply, ReplyKind, hint_of
from worker.xero.replies.verdicts import messages_of, pair

_BY_PROBLEM = {word: kind for kind, word in PROBLEMS.items()}
_BY_STATUS = {
    404: ReplyKind.NOT_FOUND,
    408: ReplyKind.UNCERTAIN,
    500: ReplyKind.SERVER_ERROR,
    501: ReplyKind.UNEXPECTED,
}
_MESSAGES = re.compile(rb'"(?:ValidationErrors|Warnings)"\s*:\s*\[\s*[^\]\s]')
_NOT_THERE = b"looking for cannot be found"
"""Xero's words; those of other servers differ. https://github.com/XeroAPI/Xero-OpenAPI/issues/163"""

_SERVER_SIDE = 500
_HOUR_S = 3600.0
_LONGEST_S = 86_400.0  # no limit of Xero lasts longer
_DETAIL_CHARS = 500
_DIGITS = 18  # no count of Xero's has more


def read(call: Call, response: httpx.Response, *, secret: str = "") -> Reply:
    """What `response`, wholly read, says of `call`. Where it repeats the `secret` that was sent, it is cut out."""
    has_messages = _has_messages(response.content)
    body = _without(secret, response) if has_messages or not response.is_success else response.content
    is_written = response.is_success and call.purpose is Purpose.WRITE and not has_messages
    envelope = decode_briefly(response.content) if is_written else None
    elements = _elements(envelope)
    if envelope is None:
        envelope = _envelope(body)
        elements = _elements(envelope)
        if not all(map(is_readable, elements)):
            envelope, elements = None, ()
    limits = read_limits(response.headers)
    outcome = _outcome(call, response, envelope, elements, limits)
    return Reply(
        outcome=outcome,
        status=_status(response, outcome),
        elements=elements,
        raw=body,
        has_messages=has_messages,
        limits=limits,
        detail=_detail(response, envelope, outcome),
    )


def _without(secret: str, response: httpx.Response) -> bytes:
    """Its body. What it says is kept and told: who sees that must not get a token that still opens the organisation."""
    return response.content.replace(secret.encode(), "…".encode()) if secret else response.content


def _has_messages(body: bytes) -> bool:
    """Whether any list of messages holds one. Counting the empty ones takes a fifth of what the search takes."""
    if all(body.count(name) == body.count(name + b":[]") for name in (b'"ValidationErrors"', b'"Warnings"')):
        return False
    return _MESSAGES.search(body) is not None


def is_expired(reply: Reply) -> bool:
    """Whether Xero turned the call away because its access token has expired."""
    return reply.status == httpx.codes.UNAUTHORIZED and "tokenexpired" in reply.detail.lower()


def read_limits(headers: httpx.Headers) -> LimitHeaders:
    """Xero's counts, as https://developer.xero.com/documentation/guides/oauth2/limits/ names them."""
    said = dict(headers.items())  # in small letters; httpx looks through all of them for each
    return LimitHeaders(
        day_remaining=_whole(said.get("x-daylimit-remaining")),
        minute_remaining=_whole(said.get("x-minlimit-remaining")),
        app_minute_remaining=_whole(said.get("x-appminlimit-remaining")),
        retry_after_s=_seconds(said.get("retry-after"), said.get("date")),
        problem=(said.get("x-rate-limit-problem") or "").strip().lower() or None,
    )


def _outcome(
    call: Call,
    response: httpx.Response,
    envelope: Mapping[str, Any] | None,
    elements: tuple[Mapping[str, Any], ...],
    limits: LimitHeaders,
) -> ReplyKind:
    status = response.status_code
    if response.is_success:
        # a success that cannot be read is no verdict: a proxy's page or notice, a cut body, or none
        return ReplyKind.ANSWERED if _is_answer(call, envelope) else ReplyKind.UNCERTAIN
    if status == httpx.codes.NOT_FOUND and not _says_what_is_there(call, response, limits):
        return ReplyKind.UNCERTAIN
    if status == httpx.codes.BAD_REQUEST:
        names_some = any(True for element in elements for _ in messages_of(element)) and pair(call.members, elements)
        return ReplyKind.ANSWERED if names_some else ReplyKind.REFUSED_WHOLE
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return _too_many(limits)
    if status in (401, 403):
        return _turned_away(response, envelope)
    unknown = ReplyKind.UNCERTAIN if status >= _SERVER_SIDE else ReplyKind.UNEXPECTED
    return _BY_STATUS.get(status, unknown)


def _status(response: httpx.Response, outcome: ReplyKind) -> int | None:
    """Xero's: below 500, what answered in its place has none, or a proxy's page would count as a success."""
    is_others = outcome in (ReplyKind.UNCERTAIN, ReplyKind.UNSENT) and response.status_code < _SERVER_SIDE
    return None if is_others else response.status_code


def _says_what_is_there(call: Call, response: httpx.Response, limits: LimitHeaders) -> bool:
    """Whether a 404 is Xero's own, by its marks or its words, and of one document: Xero has all of its lists.

    Any other is a gateway's. Taken for Xero's, what is there would be made twice.
    """
    is_list = call.method == "GET" and call.path.count("/") == 1
    is_marked = limits.day_remaining is not None or "xero-correlation-id" in response.headers
    return not is_list and (is_marked or _NOT_THERE in response.content)


def _is_answer(call: Call, envelope: Mapping[str, Any] | None) -> bool:
    """Whether it holds the list that was asked for or sent, be it empty: nothing else says what is there.

    A list is named as its endpoint, in the plural. An allocation that is deleted comes back alone.
    https://developer.xero.com/documentation/api/accounting/overview
    """
    asked = call.path.split("/")[1::2][-1].lower()
    if call.method == "DELETE":
        return any(name.lower() == f"{asked.removesuffix('s')}id" for name in envelope or {})
    names = (asked, f"{asked}s")
    return any(name.lower() in names and _are_documents(value) for name, value in (envelope or {}).items())


def _are_documents(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _too_many(limits: LimitHeaders) -> ReplyKind:
    if limits.problem in _BY_PROBLEM:
        return _BY_PROBLEM[limits.problem]
    long = limits.retry_after_s is not None and limits.retry_after_s > _HOUR_S
    return ReplyKind.TOO_MANY_DAY if long or limits.day_remaining == 0 else ReplyKind.TOO_MANY_MINUTE


def _turned_away(response: httpx.Response, envelope: Mapping[str, Any] | None) -> ReplyKind:
    if _lacks_scope(response, envelope):
        return ReplyKind.SCOPE
    # Xero says no in JSON, or in nothing: a page is a firewall's, and the call never got past it
    is_page = envelope is None and response.content
    return ReplyKind.UNSENT if is_page else ReplyKind.CONSENT


def _lacks_scope(response: httpx.Response, envelope: Mapping[str, Any] | None) -> bool:
    challenge = response.headers.get("WWW-Authenticate", "")
    said = f"{challenge} {(envelope or {}).get('Detail', '')}".lower()
    return "insufficient_scope" in said or "authorizationunsuccessful" in said


def _envelope(body: bytes) -> Mapping[str, Any] | None:
    try:
        value = parse(body)
    except ValueError:
        return None
    return value if isinstance(value, Mapping) else None


def _elements(envelope: Mapping[str, Any] | None) -> tuple[Mapping[str, Any], ...]:
    """The documents: the envelope's one list of objects, or, without one, the envelope itself."""
    if envelope is None:
        return ()
    for name, value in envelope.items():
        if isinstance(value, list) and name.lower() not in ("warnings", "validationerrors"):
            return tuple([item for item in value if type(item) is dict])
    return (envelope,)


def _detail(response: httpx.Response, envelope: Mapping[str, Any] | None, outcome: ReplyKind) -> str:
    if response.is_success:
        return "" if outcome is ReplyKind.ANSWERED else f"status {response.status_code}, and not what was asked for"
    said = [str(text) for name in ("Detail", "Message", "Title") if envelope and (text := envelope.get(name))]
    messages = list(messages_of(envelope)) if envelope else []
    hint = hint_of(response.status_code, outcome)
    return "; ".join(filter(None, [*said[:1], *messages, hint]))[:_DETAIL_CHARS] or f"status {response.status_code}"


def _whole(text: str | None) -> int | None:
    return int(text.strip()[:_DIGITS]) if text is not None and text.strip().isdecimal() else None


def _seconds(text: str | None, date: str | None) -> float | None:
    """What a Retry-After says (RFC 9110, 10.2.3): of a date, the time since the reply's own, whatever our clock shows.

    To wait for no time at all says nothing.
    """
    if text is None:
        return None
    whole = _whole(text)
    seconds = _between(date or "", text) if whole is None else float(whole)
    return min(seconds, _LONGEST_S) if seconds > 0 else None


def _between(date: str, later: str) -> float:
    """Seconds, 0 where one of the two is no date."""
    try:
        return (_time(later) - _time(date)).total_seconds()
    except (ValueError, OverflowError):
        return 0.0


def _time(text: str) -> datetime:
    told = parsedate_to_datetime(text)
    return told if told.tzinfo else told.replace(tzinfo=UTC)  # one of the older forms names no zone
