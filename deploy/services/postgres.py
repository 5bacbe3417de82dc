"""A private PostgreSQL cluster: its own port, data and password, on 127.0.0.1 only, never as root."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.services.process import Account, OwnedProcess, free_port, tail, wait_until_ready
from deploy.services.service import ServiceError

_START_ATTEMPTS = 3
_INIT_TIMEOUT_S = 120.0


def find_binaries() -> Path | None:
    """The folder of `initdb` and `postgres`: Debian's newest version, else that of the PATH."""
    versions = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if versions:
        return max(versions, key=lambda bin_dir: float(bin_dir.parent.name))
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """PEM files for a server that speaks TLS alone."""

    certificate: Path
    key: Path


class PrivatePostgres:
    """A cluster below `base_dir`, which must exist, be reachable by every user, and is the caller's to remove."""

    can_restart = True

    def __init__(self, base_dir: Path, *, tls: ServerCertificate | None = None) -> None:
        found = find_binaries()
        if found is None:
            raise ServiceError("PostgreSQL is not installed")
        self._bin = found
        self._base = base_dir.absolute()
        self._data = self._base / "data"
        self._tls = tls
        self._log = self._base / "postgres.out"
        self._password = secrets.token_hex(16)
        self._account = Account.unprivileged()
        self._port = free_port()
        self._server: OwnedProcess | None = None
        self._started_once = False

    @property
    def url(self) -> str:
        """The maintenance database as its superuser, with the password."""
        return f"postgresql://xerelay:{self._password}@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Make the cluster when there is none, start it, and wait until it answers; nothing happens when it runs.

        The first start may choose a new port when another process was quicker; later ones keep the URL.
        """
        if self._server is not None and self._server.running:
            return
        if not self._data.exists():
            self._initialise()
        for _ in range(_START_ATTEMPTS):
            if self._try_start():
                self._started_once = True
                return
            self.stop()
            if not self._started_once:
                self._port = free_port()
        raise ServiceError(f"the private PostgreSQL does not start; its log ends\n{tail(self._log)}")

    def kill(self) -> None:
        """Abort the server with SIGQUIT: no checkpoint, recovery at the next start, but no shared memory left."""
        self._end(signal.SIGQUIT)

    def stop(self) -> None:
        """End it in good order, without waiting for clients; idempotent."""
        self._end(signal.SIGINT)

    def _initialise(self) -> None:
        self._data.mkdir(mode=0o700)
        password_file = self._base / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self._password)
        for path in (self._data, password_file):
            os.chown(path, self._account.uid, self._account.gid)
        command = [str(self._bin / "initdb"), "-D", str(self._data), "-U", "xerelay", "--auth=scram-sha-256"]
        command += [f"--pwfile={password_file}", "--encoding=UTF8", "--locale=C", "--no-sync"]
        done = subprocess.run(  # type: ignore[call-overload]  # noqa: S603 - typeshed wants each user argument spelled out; our own command
            command,
            cwd=self._base,
            capture_output=True,
            text=True,
            timeout=_INIT_TIMEOUT_S,
            check=False,
            **self._account.popen_arguments(),
        )
        password_file.unlink()
        if done.returncode:
            shutil.rmtree(self._data)
            raise ServiceError(f"initdb failed: {done.stdout}{done.stderr}")
        if self._tls:
            self._give("server.crt", self._tls.certificate.read_bytes())
            self._give("server.key", self._tls.key.read_bytes())
            self._give("pg_hba.conf", b"hostssl all all 127.0.0.1/32 scram-sha-256\n")

    def _give(self, name: str, content: bytes) -> None:
        """A file of the server's own: it refuses a key that others may read."""
        path = self._data / name
        path.write_bytes(content)
        path.chmod(0o600)
        os.chown(path, self._account.uid, self._account.gid)

    def _try_start(self) -> bool:
        settings = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        settings += ["-c", "ssl=on"] if self._tls else []
        self._server = OwnedProcess(
            [str(self._bin / "postgres"), "-D", str(self._data), "-p", str(self._port), *settings],
            env=os.environ,
            cwd=self._base,
            log=self._log,
            account=self._account,
            guard_signal=signal.SIGQUIT,
        )
        return wait_until_ready(self._server, self._answers)

    def _answers(self) -> bool:
        command = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self._port)]
        return subprocess.run(command, check=False, cwd=self._base).returncode == 0  # noqa: S603 - our own command

    def _end(self, sig: signal.Signals) -> None:
        if self._server is not None:
            self._server.end(sig)
        self._server = None
