"""From a request to its answer [store 1, 2]."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any

from deploy.sandbox.store import criteria, projection
from deploy.sandbox.store.access import RESOURCES
from deploy.sandbox.store.errors import (
    Json,
    Refused,
    bad_request,
    forbidden_page,
    maintenance,
    no_entity,
    not_authorized,
    not_found,
    server_error,
)
from deploy.sandbox.store.faults import Fault
from deploy.sandbox.store.listings import LISTINGS, PATHS, SINGLES, TAX_RATES
from deploy.sandbox.store.oauth import Signed
from deploy.sandbox.store.registry import Kind
from deploy.sandbox.store.search import Listing, find
from deploy.sandbox.store.setup_data import modules, store_data
from deploy.sandbox.store.shop import VIEWS
from deploy.sandbox.store.state import RequestKind, Sandbox
from deploy.sandbox.store.table import Row, Table

_ROUTE = re.compile(r"/rest/(?:(?P<code>\w+)/)?V1/(?P<path>.+?)/?$")
_CODES = {"default", "all", *(view.code for view in VIEWS)}
_DEFAULT_SIZE = 20


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Path and query as they came."""

    method: str
    host: str
    path: str
    query: str
    authorization: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, encoded."""

    status: int
    body: bytes
    media_type: str = "application/json; charset=utf-8"
    location: str = ""


class Gateway:
    """Answers requests and keeps count of them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def answer(self, request: Request) -> Answer:
        """The answer, whatever it is."""
        self._sandbox.settle()
        found = _ROUTE.fullmatch(request.path)
        path = found["path"] if found else ""
        endpoint = re.sub(r"/\d+$", "/{id}", path) or "unknown"
        try:
            fault = self._sandbox.faults.take(path)
            if fault is not None:
                await self._meet(fault, request, path)
            self._check_host(request)
            if found is None or (found["code"] and found["code"] not in _CODES):
                raise not_found("Request does not match any route.")
            answer = Answer(200, self._respond(request, path))
        except Refused as refusal:
            answer = _refusal(refusal)
        self._sandbox.requests[RequestKind(endpoint, answer.status)] += 1
        return answer

    async def _meet(self, fault: Fault, request: Request, path: str) -> None:
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            return
        if fault.kind == "redirect":
            raise Refused(302, "", {"location": f"{self._sandbox.base_url}/moved{request.path}"})
        refusals = {"500": server_error(), "503": maintenance(), "403": forbidden_page()}
        raise refusals.get(fault.kind) or not_authorized(_resource(path))

    def _check_host(self, request: Request) -> None:
        """Only the canonical host answers; others are sent there [store 1.1]."""
        if f"http://{request.host}" != self._sandbox.base_url:
            query = f"?{request.query}" if request.query else ""
            raise Refused(302, "", {"location": f"{self._sandbox.base_url}{request.path}{query}"})

    def _respond(self, request: Request, path: str) -> bytes:
        if request.method == "POST":
            return self._token(request, path)
        signed = Signed(request.method, request.host, request.path, request.query)
        self._sandbox.access.admit(request.authorization, signed, _resource(path), self._sandbox.clock.now())
        pairs = criteria.query_pairs(request.query)
        fields = next((value for name, value in pairs if name == "fields"), "")
        if path in PATHS:
            kind = PATHS[path]
            return self._list(self._sandbox.shelf.tables[kind], LISTINGS[kind], pairs, fields, kind)
        if path == "taxRates/search":
            return self._list(self._sandbox.tax_rates, TAX_RATES, pairs, fields, "taxRates")
        return _projected(self._one(path), fields)

    def _token(self, request: Request, path: str) -> bytes:
        if path != "integration/admin/token":
            raise not_found("Request does not match any route.")
        try:
            order = json.loads(request.body or b"{}")
        except ValueError as error:
            raise bad_request("Decoding error: %1", [str(error)]) from error
        return json.dumps(self._sandbox.access.admin_token(order, self._sandbox.clock.now())).encode()

    def _list(self, table: Table, listing: Listing, pairs: list[tuple[str, str]], fields: str, kind: str) -> bytes:
        wanted = criteria.parse(pairs)
        self._limit(wanted)
        matching = find(table, listing, wanted)
        rows = _page(matching, wanted, repeats=self._sandbox.shelf.style.version == "2.3")
        broken = self._sandbox.faults.broken.get(kind)
        if broken and any(row.id in broken for row in rows):
            raise server_error()
        self._sandbox.rows_served[kind] += len(rows)
        head = {"search_criteria": wanted.echo(), "total_count": len(matching)}
        if fields:
            return _dumps(_trimmed(rows, head, listing, projection.parse_fields(fields)))
        return b'{"items":[' + b",".join([row.body for row in rows]) + b"]," + _dumps(head)[1:]

    def _limit(self, wanted: criteria.Criteria) -> None:
        """The input limits of the Web API, where they are on [store 2.3]."""
        most = self._sandbox.page_limit
        if most is None:
            return
        if wanted.page_size is None:
            wanted.page_size = min(_DEFAULT_SIZE, most)
        if wanted.page_size > most:
            raise bad_request(f"Maximum SearchCriteria pageSize is {most}")

    def _one(self, path: str) -> Any:
        what, _, rest = path.partition("/")
        if what == "store" and (made := store_data(rest, self._sandbox.base_url)) is not None:
            return made
        if path == "modules":
            return modules(self._sandbox.shelf.style)
        if what in SINGLES and rest.isdigit():
            return self._single(SINGLES[what], int(rest))
        raise not_found("Request does not match any route.")

    def _single(self, kind: Kind, number: int) -> Any:
        row = self._sandbox.shelf.tables[kind].get(number)
        if row is None:
            if kind == "customers":
                raise no_entity("customerId", number)
            raise not_found("The entity that was requested doesn't exist. Verify the entity and try again.")
        if number in self._sandbox.faults.broken.get(kind, ()):
            raise server_error()
        self._sandbox.rows_served[kind] += 1
        return row.parsed()


def _page(rows: list[Row], wanted: criteria.Criteria, *, repeats: bool) -> list[Row]:
    """One page. Past the end it is empty, or in older versions the last page again [store 2.3]."""
    size = wanted.page_size
    if size is None or size < 1:
        return rows
    page = wanted.page
    if repeats:
        page = min(page, max((len(rows) + size - 1) // size, 1))
    return rows[(page - 1) * size : page * size]


def _resource(path: str) -> str:
    what = path.partition("/")[0]
    return RESOURCES.get("creditmemos" if what == "creditmemo" else what, RESOURCES["modules"])


def _trimmed(rows: list[Row], head: Json, listing: Listing, tree: projection.Tree | None) -> Any:
    """A list with the fields asked for; what the indexes know is not parsed."""
    if tree is None:
        return []
    wanted = tree.get("items", {})
    if wanted and wanted.keys() <= {listing.shown_key, "created_at", "updated_at"} and listing.has_updated:
        items = [{name: row.brief(name) for name in wanted} for row in rows]
        return projection.project({**head, "items": items}, {**tree, "items": {}})
    return projection.project({"items": [row.parsed() for row in rows], **head}, tree)


def _projected(value: Any, fields: str) -> bytes:
    if not fields:
        return _dumps(value)
    tree = projection.parse_fields(fields)
    return b"[]" if tree is None else _dumps(projection.project(value, tree))


def _refusal(refusal: Refused) -> Answer:
    location = refusal.headers.get("location", "")
    if isinstance(refusal.body, str):
        return Answer(refusal.status, refusal.body.encode(), "text/html; charset=utf-8", location)
    return Answer(refusal.status, _dumps(refusal.body), location=location)


def _dumps(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
