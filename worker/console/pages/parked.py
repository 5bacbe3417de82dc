"""The list of events that wait for a person, and what a person does with them."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from starlette.responses import Response

from worker.console.missing import missing_of
from worker.console.visit import Refused, Visit
from worker.ledger.held.parked import Chosen
from worker.views.parked import ON_ITS_WAY, ParkedEvent, parked_list, whole_event

_PAGE = 50
_MOST_PAGES = 1_000


async def show(visit: Visit) -> Response:
    """One page of those that the address chooses."""
    chosen, page = _chosen(visit.query("org"), visit.query("reason"), visit), _number(visit.query("page"))
    found = await parked_list(visit.desk.ledger, chosen, limit=_PAGE, offset=page * _PAGE)
    return visit.page(
        "parked.html",
        title="Parked",
        found=found,
        org=visit.query("org"),
        reason=visit.query("reason"),
        cures={one.id: _cure(one) for one in found.events},
        page=page,
        last_page=(found.total - 1) // _PAGE if found.total else 0,
        here=_address(visit.query("org"), visit.query("reason")),
    )


async def one(visit: Visit) -> Response:
    """One event, and for an admin its message, which has personal data. Raises `Refused`."""
    found = await whole_event(visit.desk.ledger, str(visit.request.path_params["id"]))
    if found is None:
        raise Refused(
            404, "nothing is held under this id: it may be on its way, written, discarded or parked anew meanwhile"
        )
    message = ""
    if visit.session is not None:
        readable = json.dumps(found.message, indent=2, ensure_ascii=False) if found.message is not None else ""
        message = readable or found.body.decode(errors="backslashreplace")
    return visit.page(
        "parked_one.html", title="Parked event", event=found.event, message=message, cure=_cure(found.event)
    )


async def retry(visit: Visit) -> Response:
    """Send those of the form on their way: some by their ids, or all that an organisation and reason choose.

    Raises `Refused`.
    """
    if visit.form.one("why"):
        raise Refused(400, "nothing is retried: a reason is for discarding; go back and empty it to retry")
    chosen, here = _of_form(visit)
    retried = await visit.desk.ledger.parked.retry(chosen, who=visit.who, reason="retried in the console")
    return visit.back(here, f"{len(retried)} on their way.")


async def discard(visit: Visit) -> Response:
    """Let those of the form go, for the reason given. Raises `Refused`."""
    chosen, here = _of_form(visit)
    why = visit.form.one("why")[:500]
    if not chosen.ids or not why:
        raise Refused(400, "to discard, choose events and give a reason: it stays on record")
    done = await visit.desk.ledger.parked.discard(chosen, who=visit.who, reason=why)
    return visit.back(here, " ".join([f"{len(done.gone)} discarded.", *map(_not_discarded, done.on_their_way)]))


def _of_form(visit: Visit) -> tuple[Chosen, str]:
    org, reason = visit.form.one("org"), visit.form.one("reason")
    chosen = _chosen(org, reason, visit)
    ids = tuple(visit.form.all("id"))
    if not ids and not visit.form.one("all"):
        raise Refused(400, "choose at least one event")
    chosen = Chosen(organisations=chosen.organisations, reason=reason, ids=() if visit.form.one("all") else ids)
    return chosen, _address(org, reason)


def _not_discarded(held_id: str) -> str:
    return f"Not {held_id}: {ON_ITS_WAY}."


def _chosen(org: str, reason: str, visit: Visit) -> Chosen:
    known = visit.desk.settings.organisations
    if org and org not in known:
        raise Refused(404, f"no [organisations.{org[:40]}] in the configuration")
    return Chosen(organisations=(org,) if org else tuple(known), reason=reason)


def _address(org: str, reason: str) -> str:
    chosen = {name: value for name, value in (("org", org), ("reason", reason)) if value}
    return "/parked" + (f"?{urlencode(chosen)}" if chosen else "")


def _number(text: str) -> int:
    return min(int(text), _MOST_PAGES) if text.isascii() and text.isdigit() and len(text) < 6 else 0  # noqa: PLR2004 - a bound


def _cure(event: ParkedEvent) -> str:
    """Where in the console the cause is mended; empty where it is not mended here."""
    missing = missing_of(event.hint)
    if missing is None:
        return ""
    table, key = missing
    asked = urlencode({"table": table.value, "key": key})
    return f"/organisations/{event.organisation}?{asked}#add-{table}"
