"""How the sandbox refuses: one document, or a whole call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

ZERO_ID = "00000000-0000-0000-0000-000000000000"


class Refused(Exception):
    """One document is refused; the others of its call go on."""

    def __init__(self, *messages: str) -> None:
        super().__init__("; ".join(messages))
        self.messages = messages


class CallRefused(Exception):
    """The whole call is refused. `body` is JSON, text (sent as HTML), or None for an empty answer."""

    def __init__(self, status: int, body: Json | str | None = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def malformed(message: str) -> CallRefused:
    """The body could not be read into Xero's types [xero 6]."""
    return CallRefused(400, {"ErrorNumber": 14, "Type": "PostDataInvalidException", "Message": message})


def query_refused(message: str) -> CallRefused:
    """A `where` or `order` that cannot be read [xero 7]."""
    return CallRefused(400, {"ErrorNumber": 16, "Type": "QueryParseException", "Message": message})


def too_much(plural: str) -> CallRefused:
    """A list over so many records that only some questions are allowed, in the words that others were told [xero 7]."""
    message = (
        f"Your request is not filtering {plural} efficiently, given the extremely high volume for this organisation. "
        "Please check https://developer.xero.com/documentation/api/efficient-data-retrieval"
    )
    return CallRefused(400, {"ErrorNumber": 51, "Type": "HighVolumeException", "Message": message})


def problem(status: int, title: str, detail: str, headers: Mapping[str, str] | None = None) -> CallRefused:
    """An answer of Xero's gateway [xero 6]."""
    body = {"Type": None, "Title": title, "Status": status, "Detail": detail, "Instance": ZERO_ID}
    return CallRefused(status, body, headers)


def not_found() -> CallRefused:
    """An unknown id, number or page: words that are called HTML, never JSON [xero 6]."""
    return CallRefused(404, "The resource you're looking for cannot be found")


def not_implemented() -> CallRefused:
    """The endpoint exists, the method does not [xero 6]."""
    return CallRefused(501, {"Title": "Not Implemented", "Status": 501, "Detail": "this method is not implemented"})


def server_error() -> CallRefused:
    """Xero's unhandled error. Part of the call may have been written [xero 6]."""
    return CallRefused(500, {"Title": "An error occurred", "Status": 500, "Detail": "An error occurred in Xero"})
