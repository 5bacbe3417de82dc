"""An adapter of one's own that keeps the protocol badly: commands that read its store say so in a line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from producers.store import Page, Selection, StoreRefuses, Stream
from schemas.commands import ResyncAll
from schemas.entities import Entity
from schemas.parts import Line
from tests.support.cli_ledger import CommandLine
from tests.support.fake_store import OPENED, FakeStore
from tests.support.waiting import let_pass
from worker.checking.services import check_store
from worker.settings import Settings, load
from worker.views.pricing import count


class Lamps(FakeStore):
    """A store that breaks the protocol as its URL says."""

    def __init__(self, defect: str) -> None:
        super().__init__()
        self.invoice(1, OPENED)
        self.defect = defect

    async def page(self, stream: Stream, after: int, selection: Selection) -> Page:
        if self.defect == "float":
            Line(name="Lamp", net=12.5, tax=Decimal("2.50"), gross=Decimal("15.00"))  # type: ignore[arg-type] # as newcomers do
        if self.defect == "nothing":
            return None  # type: ignore[return-value] # a `return` that was forgotten
        return await super().page(stream, after, selection)

    async def count(self, stream: Stream, selection: Selection) -> int:
        raise KeyError("Ada Brandt")

    async def check(self, streams: Sequence[Stream]) -> None:  # type: ignore[override] # as the protocol is read by a newcomer
        if self.defect == "silent":
            await asyncio.Event().wait()
        if self.defect == "broken":
            raise KeyError("Ada Brandt")


@asynccontextmanager
async def open_lamps(url: str, _token: str) -> AsyncIterator[Lamps]:
    defect = url.removeprefix("http://")
    if defect == "opening":
        raise KeyError("Ada Brandt")
    yield Lamps(defect)


def of(folder: Path, defect: str) -> CommandLine:
    line = CommandLine(folder)
    config = folder / "xerelay.toml"
    text = config.read_text().replace('kind = "magento"', f'kind = "{__name__}:open_lamps"')
    text = text.replace("https://shop.example.com", f"http://{defect}").replace('"20" =', '"GB-VAT-20" =')
    config.write_text(text + '\n[organisations.main.payments]\ndefault = "090"\n')
    return line


def configured(folder: Path, defect: str) -> Settings:
    of(folder, defect)
    return load(folder / "xerelay.toml", {})


@pytest.mark.parametrize(
    ("defect", "told"),
    [
        ("float", "ValidationError of Line (net) at main.py:"),
        ("nothing", "AttributeError at store_reading.py:"),
        ("opening", "KeyError at test_adapter_defects.py:"),
    ],
)
def test_a_dry_run_of_its_rows_ends_with_a_line(tmp_path: Path, defect: str, told: str) -> None:
    result = of(tmp_path, defect).run("dry-run", "--since", str((OPENED - timedelta(days=3)).date()))

    [line] = result.stderr.splitlines()
    assert result.exit_code == 3
    assert line.startswith("stores.shop: a defect of its adapter, or of what it gives: ")
    assert told in line
    assert "Brandt" not in line


async def test_counting_its_rows_for_a_price_refuses_with_a_line(tmp_path: Path) -> None:
    settings = configured(tmp_path, "none")

    with pytest.raises(StoreRefuses, match=r"KeyError at test_adapter_defects\.py:"):
        await count(settings, settings.stores["shop"], ResyncAll())


@pytest.mark.parametrize("defect", ["broken", "opening"])
async def test_check_has_a_finding_of_it(tmp_path: Path, defect: str) -> None:
    [finding] = (await check_store(configured(tmp_path, defect).stores["shop"], list(Entity))).findings

    assert "a defect of its adapter, or of what it gives: KeyError at test_adapter_defects.py:" in finding.line


async def test_check_waits_four_minutes_for_a_store_that_gives_no_answer(tmp_path: Path) -> None:
    checking = asyncio.create_task(check_store(configured(tmp_path, "silent").stores["shop"], list(Entity)))
    await asyncio.sleep(0.1)
    let_pass(239)
    await asyncio.sleep(0.1)
    is_waiting = not checking.done()
    let_pass(1)

    [finding] = (await asyncio.wait_for(checking, 30)).findings
    assert is_waiting
    assert "has not answered within 240 s" in finding.line
    assert "is [stores.shop] url right, and is the shop up?" in finding.line
