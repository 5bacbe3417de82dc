"""An adapter of one's own is found as docs/stores.md says, by a command that is started like a console script."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from producers.store import StoreRefuses
from schemas.entities import Entity
from tests.support.settings_cases import MINIMAL
from worker.checking.services import check_store
from worker.settings import load
from worker.settings.sections import StoreSettings
from worker.stores.stores import NoAdapter, open_source, opener_of

ROOT = Path(__file__).parents[2]
DOCUMENTED = re.search(r"```toml\n(\[stores\.lamps\]\n.*?)```", (ROOT / "docs/stores.md").read_text("utf-8"), re.DOTALL)
ADAPTER = "from examples.stores.export_folder import open_store\n"
# -P: as a console script, which does not search the folder that it is started in
OPEN = [
    sys.executable,
    "-P",
    "-c",
    "import sys; from tests.contract.test_adapter_import import lamps; lamps(sys.argv[1])",
]


def lamps(folder: str) -> None:
    """What a command does first; exits 1 with the error as its text."""
    try:
        open_source(documented(Path(folder)))
    except NoAdapter as error:
        sys.exit(str(error))


def documented(folder: Path) -> StoreSettings:
    """The store that the page configures."""
    assert DOCUMENTED is not None
    file = folder / "xerelay.toml"
    file.write_text(MINIMAL + DOCUMENTED[1], encoding="utf-8")
    return load(file, {}).stores["lamps"]


@pytest.fixture
def adapters(tmp_path: Path) -> Path:
    """A folder that holds `lamps/adapter.py`."""
    (tmp_path / "lamps").mkdir()
    (tmp_path / "lamps/adapter.py").write_text(ADAPTER, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("on_path", [False, True])
def test_an_adapter_is_found_on_pythonpath_and_not_in_the_folder_of_the_command(
    adapters: Path, *, on_path: bool
) -> None:
    path = os.pathsep.join([str(ROOT), *([str(adapters)] if on_path else [])])

    result = subprocess.run(
        [*OPEN, str(adapters)],
        cwd=adapters, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert (result.returncode == 0) is on_path, result.stderr
    assert ("lamps.adapter:open_store cannot be imported: No module named 'lamps'" in result.stderr) is not on_path
    assert ("or put the folder that holds it on PYTHONPATH" in result.stderr) is not on_path


DECORATE = "put @asynccontextmanager of contextlib before the function"
WRONG = {
    "no Python": (
        "def open_store(url, access_token)\n",
        "cannot be imported: SyntaxError: expected ':' (adapter.py, line 1)",
        "mend the",
    ),
    "a name that is not there": (
        "Lamps(\n)\n",
        "cannot be imported: NameError: name 'Lamps' is not defined",
        "mend the adapter's file",
    ),
    "no function": ("open_store = 1\n", "cannot be called with url and access_token", "two parameters"),
    "too few parameters": (
        "def open_store(url): ...\n",
        "cannot be called with url and access_token",
        "two parameters",
    ),
    "a coroutine": ("async def open_store(url, access_token): ...\n", "is no async context manager", DECORATE),
    "a bare generator": ("async def open_store(url, access_token): yield\n", "is no async context manager", DECORATE),
}


@pytest.fixture
def importable(adapters: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The adapter's file, which this process finds for as long as the test."""
    monkeypatch.syspath_prepend(adapters)
    yield adapters / "lamps/adapter.py"
    for name in ("lamps.adapter", "lamps"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(("adapter", "told", "cure"), WRONG.values(), ids=WRONG)
def test_a_file_that_is_no_adapter_is_told_with_what_is_wrong(
    adapters: Path, importable: Path, adapter: str, told: str, cure: str
) -> None:
    importable.write_text(adapter, encoding="utf-8")

    with pytest.raises(NoAdapter) as raised:
        opener_of(documented(adapters))

    assert raised.value.problem == f"stores.lamps.kind: lamps.adapter:open_store {told}"
    assert cure in raised.value.cure


def test_the_agents_command_ends_with_that_line_before_it_serves_any_store(adapters: Path) -> None:
    (adapters / "lamps/adapter.py").write_text("def open_store(url, access_token)\n", encoding="utf-8")
    documented(adapters)

    result = subprocess.run(
        [sys.executable, "-c", "from worker.cli import main; main()", "store", "--store", "lamps"],
        cwd=adapters, env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{adapters}"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert line.endswith("cannot be imported: SyntaxError: expected ':' (adapter.py, line 1): mend the adapter's file")


def test_a_function_that_gives_no_context_manager_is_told_when_the_store_is_opened(
    adapters: Path, importable: Path
) -> None:
    importable.write_text("def open_store(url, access_token): return {}\n", encoding="utf-8")

    with pytest.raises(StoreRefuses, match=r"lamps\.adapter:open_store gives a dict: put @asynccontextmanager"):
        opener_of(documented(adapters))()


async def test_check_names_the_same_cure(tmp_path: Path) -> None:
    (finding,) = (await check_store(documented(tmp_path), list(Entity))).findings

    assert finding.text == "stores.lamps.kind: lamps.adapter:open_store cannot be imported: No module named 'lamps'"
    assert finding.cure == NoAdapter.cure
    assert "PYTHONPATH" in finding.line
