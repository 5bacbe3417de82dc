"""Contract tests share a sandbox process per module, brought back to its beginning for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.sandbox_fixture import SandboxControl, run_sandbox
from tests.support.sandbox_fixture import xero as xero  # noqa: PLC0414 - a fixture is found by its name
from tests.support.store_fixture import StoreSandbox, run_store


@pytest.fixture(scope="module")
def sandbox_process() -> Iterator[SandboxControl]:
    yield from run_sandbox("--organisations", "2")


@pytest.fixture
def sandbox(sandbox_process: SandboxControl) -> SandboxControl:
    """A sandbox of two organisations without any document."""
    sandbox_process.reset()
    return sandbox_process


@pytest.fixture(scope="module")
def store_process() -> Iterator[StoreSandbox]:
    yield from run_store("--orders", "60", "--seed", "5")


@pytest.fixture
def store(store_process: StoreSandbox) -> StoreSandbox:
    """A store of 60 orders at its beginning, with Bearer tokens switched on."""
    store_process.control("reset")
    store_process.control("auth", bearer=True)
    return store_process
