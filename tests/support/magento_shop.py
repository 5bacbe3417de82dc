"""A shop that answers as Magento does, in memory: lists with their filters, limits, broken rows and permissions.

It takes any credentials; the sandbox store, which is stricter and larger, is for whole stories.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from tests.support.magento_samples import CONFIGS, VIEWS, WEBSITES

RESOURCES = {
    "V1/orders": "Magento_Sales::actions_view",
    "V1/invoices": "Magento_Sales::sales_invoice",
    "V1/creditmemos": "Magento_Sales::sales_creditmemo",
    "V1/transactions": "Magento_Sales::transactions_fetch",
    "V1/customers/search": "Magento_Customer::customer",
    "V1/products": "Magento_Catalog::products",
}
_KEYS = {"V1/customers/search": "id", "V1/products": "id", "V1/transactions": "transaction_id"}
Row = dict[str, Any]
Reply = Callable[[Request], Response | None]


def json_error(status: int, message: str, **parameters: Any) -> Response:
    """An error in Magento's form."""
    return JSONResponse({"message": message, **({"parameters": parameters} if parameters else {})}, status)


def page_for_people(status: int) -> Response:
    """What a web server, a firewall or a CDN says instead of Magento."""
    return HTMLResponse("<html><body><h1>Nothing for programs</h1></body></html>", status)


def internal_error() -> Response:
    """What Magento says where it says nothing."""
    return json_error(500, "Internal Error. Details are available in Magento log file. Report ID: webapi-1")


@dataclass
class Shop:
    """`before` may answer a request in the shop's stead. `broken`: ids by list that no answer can hold, but `fault`.

    `repeats`: past the end it shows its last page once more, as Magento 2.3 does.
    """

    lists: dict[str, list[Row]] = field(default_factory=dict)
    broken: dict[str, set[int]] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    most: int | None = None
    repeats: bool = False
    before: Reply | None = None
    fault: Response = field(default_factory=internal_error)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.headers.append(dict(request.headers))
        response = (self.before and self.before(request)) or self._answer(request)
        await response(scope, receive, send)

    def asked(self, path: str) -> int:
        """How often a list was asked for."""
        return sum(one == path for one, _ in self.requests)

    def _answer(self, request: Request) -> Response:
        path = request.url.path.removeprefix("/rest/").removeprefix("all/")
        query = {name: values[-1] for name, values in parse_qs(request.url.query, keep_blank_values=True).items()}
        self.requests.append((path, query))
        settings = {"storeConfigs": CONFIGS, "storeViews": VIEWS, "websites": WEBSITES}
        resource = RESOURCES.get(path, "Magento_Backend::store")
        if resource in self.denied:
            return json_error(401, "The consumer isn't authorized to access %resources.", resources=resource)
        if path.startswith("V1/store/"):
            return _json(settings[path.removeprefix("V1/store/")])
        if path not in RESOURCES:
            return json_error(404, "Request does not match any route.")
        return self._list(path, query)

    def _list(self, path: str, query: dict[str, str]) -> Response:
        size = int(query["searchCriteria[pageSize]"])
        if self.most is not None and size > self.most:
            return json_error(400, "Maximum SearchCriteria pageSize is %max", max=self.most)
        key = _KEYS.get(path, "entity_id")
        found = [row for row in self.lists.get(path, []) if all(_passes(row, one, key) for one in _filters(query))]
        for name in reversed(_sorts(query)):
            found.sort(key=lambda row, name=name: row[key if name == "entity_id" else name])  # type: ignore[misc]
        if query.get("searchCriteria[sortOrders][0][direction]") == "DESC":
            found.reverse()
        first = (int(query["searchCriteria[currentPage]"]) - 1) * size
        if self.repeats and found:
            first = min(first, (len(found) - 1) // size * size)
        page = found[first : first + size]
        if any(row[key] in self.broken.get(path, ()) for row in page):
            return self.fault
        return _json({"items": page, "search_criteria": {}, "total_count": len(found)})


def _json(value: Any) -> Response:
    return Response(json.dumps(value), media_type="application/json")


def _filters(query: dict[str, str]) -> Sequence[tuple[str, str, str]]:
    prefix = "searchCriteria[filter_groups]"
    groups = sorted({name[len(prefix) :].split("]")[0] for name in query if name.startswith(prefix)})
    places = [f"{prefix}{group}][filters][0]" for group in groups]
    return [(query[f"{at}[field]"], query[f"{at}[condition_type]"], query[f"{at}[value]"]) for at in places]


def _sorts(query: dict[str, str]) -> list[str]:
    return [value for name, value in sorted(query.items()) if name.endswith("][field]") and "sortOrders" in name]


def _passes(row: Row, one: tuple[str, str, str], key: str) -> bool:
    name, condition, text = one
    has: Any = row[key if name == "entity_id" else name]
    if condition == "in":
        return has in {int(part) for part in text.split(",")}
    wants: Any = int(text) if isinstance(has, int) else text.replace("T", " ")
    compare = {"eq": has == wants, "gt": has > wants, "gteq": has >= wants, "lteq": has <= wants, "lt": has < wants}
    return bool(compare[condition])
