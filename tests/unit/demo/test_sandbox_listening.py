"""What a sandbox says that cannot listen."""

from __future__ import annotations

import socket

import pytest

from deploy.sandbox.listening import listen


def test_an_address_of_another_machine_is_told_from_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SystemExit) as port:
        listen("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(SystemExit) as host:
        listen("203.0.113.1", 0)

    assert str(port.value).endswith("; choose another --port, or 0 for a free one")
    assert str(host.value).endswith("; give an address of this machine with --host")
