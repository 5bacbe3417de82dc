"""A container's first process ends at SIGTERM from the beginning; Python alone would never see it there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SIGTERM_TO_ITSELF = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
AS_FIRST = ["unshare", "--pid", "--fork"]


def ended(program: str, *before: str) -> int:
    """What a Python with `program` ended with, `before` in front of its command."""
    done = subprocess.run([*before, sys.executable, "-c", program], cwd=ROOT, check=False, timeout=60)
    return done.returncode


def may_be_first() -> bool:
    """Whether this machine lets us begin a namespace of processes; most of them only let root."""
    try:
        return subprocess.run([*AS_FIRST, "true"], check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(("pid", "code"), [(1, 143), (2, -15)])
def test_only_the_first_process_needs_a_handler(pid: int, code: int) -> None:
    told = f"from worker.first_process import end_at_sigterm; end_at_sigterm({pid}); {SIGTERM_TO_ITSELF}"

    assert ended(told) == code


@pytest.mark.skipif(not may_be_first(), reason="no namespace of processes can be begun here")
def test_sigterm_ends_a_first_process_while_commands_are_imported() -> None:
    begun = [
        "import sys; sys.modules['worker.cli'] = None  # its import fails: that is the moment",
        "from worker.__main__ import main",
        "try: main()",
        f"except ImportError: {SIGTERM_TO_ITSELF}",
    ]

    assert ended("\n".join(begun), *AS_FIRST) == 143
