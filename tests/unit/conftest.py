"""What several unit tests ask for by name."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog


@pytest.fixture
def quiet_logs() -> Iterator[None]:
    """No log lines: a simulated day writes tens of thousands."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Of a ledger that is not there yet."""
    return f"sqlite+inline:///{tmp_path / 'ledger.db'}"
