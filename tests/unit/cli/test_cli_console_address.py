"""Which key is named where the console cannot listen."""

from __future__ import annotations

import errno
import socket

import pytest

from worker.cli.console import why_not
from worker.settings.sections import ConsoleSection

CASES = [
    (OSError(errno.EADDRINUSE, "Address already in use"), "console.port: 8765 cannot be had: Address already in use"),
    (OSError(errno.EACCES, "Permission denied"), "console.port: 8765 cannot be had: Permission denied"),
    (
        OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address"),
        "console.host: cannot listen on ::1: Cannot assign requested address; give an address of this machine",
    ),
    (
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        "console.host: cannot listen on ::1: Name or service not known; give an address of this machine",
    ),
]


@pytest.mark.parametrize(("error", "said"), CASES)
def test_the_key_is_named_that_keeps_the_console_from_listening(error: OSError, said: str) -> None:
    section = ConsoleSection(host="::1")

    assert why_not(section, error) == said
