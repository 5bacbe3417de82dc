"""The console's pages can be used without a mouse and without good eyes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.support.console_room import Room, console_room
from tests.support.sample_ledger import event, lease_of
from worker.console.rendering import HERE
from worker.ledger.records import HoldState
from worker.xero.oauth.consent import Tenant

PAGES = (
    "/login",
    "/",
    "/queue",
    "/parked",
    "/parked/{held}",
    "/history?number=1",
    "/requests",
    "/resync",
    "/resync/unknown",
    "/organisations/main",
    "/connect/xero",
    "/no/such/page",
)
_VOID = {"meta", "link", "input", "br", "line"}
_COLOUR = re.compile(r"--(\w+): #([0-9a-f]{6});")


class Outline(HTMLParser):
    """What a screen reader would go by."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.unnamed: list[str] = []
        self.labels: set[str] = set()
        self.fields: list[str] = []
        self.tables = self.captions = 0
        self.ids: list[str] = []
        self.inline: list[str] = []
        self.open: list[str] = []
        self.lang = self.title = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.inline += [f"{tag} {name}" for name in values if name == "style" or name.startswith("on")]
        if "id" in values:
            self.ids.append(values["id"])
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "label" and "for" in values:
            self.labels.add(values["for"])
        if tag in {"input", "select", "progress"} and values.get("type") != "hidden":
            named = "aria-label" in values or "label" in self.open
            self.fields += [] if named else [values.get("id", f"{tag} {values.get('name')}")]
        self.tables += tag == "table"
        self.captions += tag == "caption"
        if tag == "th" and "scope" not in values:
            self.unnamed.append("th without scope")
        if tag == "html":
            self.lang = values.get("lang", "")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _VOID, f"<{tag}/> closes itself"
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with console_room(tmp_path) as made:
        yield made


async def test_every_page_has_headings_in_order_labels_and_captions(room: Room) -> None:
    held = event(1, HoldState.PERSON)
    await room.desk.ledger.held.hold(await lease_of(room.desk.ledger), [held])
    room.desk.tenants["xero"] = [Tenant("t1", "One"), Tenant("t2", "Two")]
    pages = {"/login": outline((await room.browser.get("/login")).text)}
    await room.browser.log_in()
    for path in PAGES[1:]:
        pages[path] = outline((await room.browser.get(path.format(held=held.id))).text)
    await room.browser.post("/organisations/main/read")
    pages["mapped"] = outline((await room.browser.get("/organisations/main")).text)

    for path, page in pages.items():
        assert page.open == [], path
        assert page.lang == "en", path
        assert page.headings.count(1) == 1, path
        assert all(after <= before + 1 for before, after in zip([1, *page.headings], page.headings, strict=False)), path
        assert set(page.fields) <= page.labels, path
        assert page.tables == page.captions, path
        assert page.unnamed == page.inline == [], path
        assert len(page.ids) == len(set(page.ids)), path


def test_text_stands_out_from_its_ground() -> None:
    colours = dict(_COLOUR.findall((HERE / "static" / "style.css").read_text()))

    for text in ("ink", "soft", "link", "good", "bad"):
        for ground in ("ground", "panel"):
            assert contrast(colours[text], colours[ground]) >= 7, (text, ground)
    for edge in ("edge", "focus"):
        assert contrast(colours[edge], colours["ground"]) >= 3, edge


def test_the_style_sheet_asks_nobody_else() -> None:
    sheet = (HERE / "static" / "style.css").read_text()

    assert "url(" not in sheet
    assert "@import" not in sheet


def outline(html: str) -> Outline:
    found = Outline()
    found.feed(html)
    return found


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, 1.4.3."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
