"""What can go wrong with a request, beside what the protocol of stores already names.

StoreUnreachable                 wait and repeat
├── ServerFault                  maybe the fault of one row: ask for fewer, and find it
│   └── NoAnswer                 or of the whole store: see whether it answers at all
StoreRefuses                     a person has to change something
├── NotAllowed                   credentials or permissions; which of the two, another request tells
PageTooLarge                     ask again for no more rows than `most`
"""

from __future__ import annotations

from producers.store import StoreRefuses, StoreUnreachable


class ServerFault(StoreUnreachable):
    """500, 502, 504, or no answer in time, and again when repeated."""


class NoAnswer(ServerFault):
    """None in time."""


class NotAllowed(StoreRefuses):
    """401 for want of a permission, or because the token counts for nothing. `resource` is Magento's name of it."""

    def __init__(self, text: str, resource: str) -> None:
        super().__init__(text)
        self.resource = resource


class PageTooLarge(Exception):
    """The store limits the rows of a page to `most`."""

    def __init__(self, most: int) -> None:
        super().__init__(f"the store gives {most} rows a page at most")
        self.most = most
