"""One process of ours: started, waited for, and ended by its pid, even when we are killed."""

from __future__ import annotations

import os
import pwd
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.services.service import ServiceError

START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 30.0
_POLL_S = 0.05
_TAIL_LINES = 15
_FIRST_PORT = 10_240  # below are those of known services
_FIRST_GIVEN = 32_768
_GIVEN_BY_KERNEL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_PORTS_TRIED = 100


@dataclass(frozen=True, slots=True)
class Account:
    """The user a process runs as."""

    uid: int
    gid: int

    @classmethod
    def current(cls) -> Account:
        """Who we are."""
        return cls(os.getuid(), os.getgid())

    @classmethod
    def unprivileged(cls) -> Account:
        """Who we are, or for root the first of `postgres` and `nobody` there is."""
        if os.getuid() != 0:
            return cls.current()
        for name in ("postgres", "nobody"):
            with suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(entry.pw_uid, entry.pw_gid)
        raise ServiceError("root may not run this service, and there is neither a user `postgres` nor `nobody`")

    def popen_arguments(self) -> dict[str, object]:
        """What `subprocess` needs to run as this user; nothing when we already are it."""
        if self.uid == os.getuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


class Guard:
    """Sends `sig` to a child when we end, by whatever it is: an interrupt and SIGKILL alike.

    It is a shell that reads from a pipe of ours, which closes then. Dismiss it once the child has been waited for.
    """

    def __init__(self, pid: int, sig: signal.Signals) -> None:
        script = 'read -r line; kill -"$1" "$2"'
        self._shell = subprocess.Popen(  # noqa: S603 - a fixed script and two numbers
            ["/bin/sh", "-c", script, "guard", str(int(sig)), str(pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """End it. Idempotent."""
        if self._shell.poll() is None:
            self._shell.kill()
            self._shell.wait()
        if self._shell.stdin is not None:
            self._shell.stdin.close()


class OwnedProcess:
    """A child that never outlives us.

    Its guard sends `guard_signal`.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        log: Path,
        account: Account,
        guard_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        with log.open("ab") as output:
            self._child = subprocess.Popen(  # type: ignore[call-overload]  # noqa: S603 - typeshed wants each user argument spelled out; our own command
                list(command),
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **account.popen_arguments(),
            )
        self._guard = Guard(self._child.pid, guard_signal)

    @property
    def running(self) -> bool:
        """Whether it still lives."""
        return self._child.poll() is None

    def end(self, sig: signal.Signals) -> None:
        """Send `sig` and wait; SIGKILL when that does not help in time. Idempotent."""
        if self.running:
            self._child.send_signal(sig)
            try:
                self._child.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        self._guard.dismiss()


def wait_until_ready(process: OwnedProcess, ready: Callable[[], bool]) -> bool:
    """Poll `ready`; False when the process has ended or the time is over."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while process.running and time.monotonic() < deadline:
        if ready():
            return True
        time.sleep(_POLL_S)
    return False


def free_port(given_by_kernel: Path = _GIVEN_BY_KERNEL) -> int:
    """A port of 127.0.0.1 nobody listens on. Another process may still take it before its user does, on purpose only.

    It is below those that the kernel gives to every connection and to whoever asks for any port, where it leaves room.
    """
    first = _FIRST_GIVEN
    with suppress(OSError):
        first = int(given_by_kernel.read_text().split()[0])
    low = range(_FIRST_PORT, first)
    for port in (*random.sample(low, min(len(low), _PORTS_TRIED)), 0):
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise ServiceError("127.0.0.1 has no free port")


def tail(log: Path) -> str:
    """The end of a log, for the message that says why a start failed."""
    with suppress(OSError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])
    return "(no log)"
