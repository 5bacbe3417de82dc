"""A service that pytest-xdist's workers share: the first to need it starts it, and ends it when the others are done."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from deploy.services import Service


@contextmanager
def shared_url(folder: Path, starting: AbstractContextManager[Service]) -> Iterator[str]:
    """Where it listens. `folder` is known to all who share it; a lock goes with its process, however that ends."""
    written = folder / "url"
    with (folder / "starting").open("a") as first, (folder / "using").open("a") as using:
        fcntl.flock(first, fcntl.LOCK_EX)
        fcntl.flock(using, fcntl.LOCK_SH)
        if written.exists():
            fcntl.flock(first, fcntl.LOCK_UN)
            yield written.read_text()
            return
        with starting as service:
            written.write_text(service.url)
            fcntl.flock(first, fcntl.LOCK_UN)
            try:
                yield service.url
            finally:
                fcntl.flock(using, fcntl.LOCK_EX)
                written.unlink()
