"""The address a sandbox is reached by."""

from __future__ import annotations

import errno
import socket

LOOPBACK = "127.0.0.1"

_ANOTHER_PORT = "choose another --port, or 0 for a free one"


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Raises SystemExit, in words, where that cannot be."""
    # asyncio switches Nagle's delay off only where the protocol is named; each reply would cost 40 ms with it
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        is_elsewhere = isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL
        cure = "give an address of this machine with --host" if is_elsewhere else _ANOTHER_PORT
        message = f"cannot listen on {host}:{port}: {error.strerror}; {cure}"
        raise SystemExit(message) from error
    listener.listen(128)
    return listener
