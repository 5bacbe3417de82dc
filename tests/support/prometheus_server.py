"""A private Prometheus, and its tool that checks rules: what is installed, else Debian's package."""

from __future__ import annotations

import os
import shutil
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.services.install import install
from deploy.services.process import Account, OwnedProcess, free_port, tail, wait_until_ready
from deploy.services.service import ServiceError

_PACKAGE = "prometheus"
_LOOPBACK = "127.0.0.1"


def promtool() -> Path:
    """Where promtool is, installed where it is missing. Raises ServiceError."""
    return _program("promtool")


@contextmanager
def running_prometheus(config: Path, data: Path) -> Iterator[str]:
    """A server of this configuration while the block lasts, its data below `data`; yields its URL.

    Raises ServiceError.
    """
    url = f"http://{_LOOPBACK}:{free_port()}"
    log = data / "prometheus.log"
    process = OwnedProcess(
        [
            str(_program("prometheus")),
            f"--config.file={config}",
            f"--storage.tsdb.path={data / 'tsdb'}",
            f"--web.listen-address={url.removeprefix('http://')}",
            "--log.level=warn",
        ],
        env=os.environ,
        cwd=data,
        log=log,
        account=Account.current(),
        guard_signal=signal.SIGTERM,
    )
    try:
        if not wait_until_ready(process, lambda: _answers(f"{url}/-/ready")):
            raise ServiceError(f"prometheus did not start:\n{tail(log)}")
        yield url
    finally:
        process.end(signal.SIGTERM)


def _program(name: str) -> Path:
    found = shutil.which(name)
    if found is None:
        install(_PACKAGE)
        found = shutil.which(name)
    if found is None:
        raise ServiceError(f"the package {_PACKAGE} is installed, and there is no {name}")
    return Path(found)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False
