"""A private RabbitMQ node: its own ports, data, cookie, password and port mapper, on 127.0.0.1 only."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from deploy.services.process import Account, OwnedProcess, free_port, tail, wait_until_ready
from deploy.services.service import ServiceError

_DEBIAN_SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # the one in /usr/sbin is a wrapper that changes user
_PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"
_START_ATTEMPTS = 3
_CTL_TIMEOUT_S = 60.0


def find_server() -> Path | None:
    """The server script: `RABBITMQ_SERVER`, else Debian's, else the one on the PATH."""
    if named := os.environ.get("RABBITMQ_SERVER"):
        if not Path(named).is_file():
            raise ServiceError(f"RABBITMQ_SERVER names {named}, which is not a file")
        return Path(named).absolute()
    if _DEBIAN_SERVER.is_file():
        return _DEBIAN_SERVER
    on_path = shutil.which("rabbitmq-server")
    return Path(on_path) if on_path else None


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files for a TLS listener that wants a certificate of its clients, signed by the same `ca`."""

    ca: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class _Ports:
    amqp: int = field(default_factory=free_port)
    tls: int = field(default_factory=free_port)
    distribution: int = field(default_factory=free_port)
    mapper: int = field(default_factory=free_port)


class PrivateBroker:
    """A node below `base_dir`, which must exist and is the caller's to remove. Works as any user, root included."""

    can_restart = True

    def __init__(self, base_dir: Path, *, server: Path | None = None, tls: TlsFiles | None = None) -> None:
        found = server or find_server()
        if found is None:
            raise ServiceError("rabbitmq-server is not installed")
        self._server = found
        self._base = base_dir.absolute()
        self._tls = tls
        self._password = secrets.token_hex(16)
        self._ports = _Ports()
        self._node: OwnedProcess | None = None
        self._mapper: OwnedProcess | None = None
        self._started_once = False

    @property
    def url(self) -> str:
        """Where the node listens, with its password."""
        return f"amqp://xerelay:{self._password}@127.0.0.1:{self._ports.amqp}/%2F"

    @property
    def tls_url(self) -> str:
        """The TLS listener, when there is one."""
        return f"amqps://xerelay:{self._password}@localhost:{self._ports.tls}/%2F"

    def start(self) -> None:
        """Start it and wait until it answers AMQP; nothing happens when it runs.

        The first start may choose new ports when another process was quicker; later ones keep the URL.
        """
        if self._node is not None and self._node.running:
            return
        for _ in range(_START_ATTEMPTS):
            if self._try_start():
                self._started_once = True
                return
            self.stop()
            if not self._started_once:
                self._ports = _Ports()
        raise ServiceError(f"the private RabbitMQ node does not start; its log ends\n{tail(self._log)}")

    def kill(self) -> None:
        """SIGKILL the node; its data stay for the next start."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End the node in good order; idempotent."""
        self._end(signal.SIGTERM)

    def ctl(self, *arguments: str) -> str:
        """Run `rabbitmqctl` on this node and return what it prints; costs about a second."""
        beside = self._server.with_name("rabbitmqctl")
        ctl = beside if beside.is_file() else _DEBIAN_SERVER.with_name("rabbitmqctl")
        env = self._env()
        del env["RABBITMQ_NODE_PORT"], env["RABBITMQ_DIST_PORT"]
        done = subprocess.run(  # noqa: S603 - our own node, arguments from tests
            [str(ctl), "-n", env["RABBITMQ_NODENAME"], *arguments],
            env=env,
            cwd=self._base,
            capture_output=True,
            text=True,
            timeout=_CTL_TIMEOUT_S,
            check=False,
        )
        if done.returncode:
            raise ServiceError(f"rabbitmqctl {' '.join(arguments)} failed: {done.stdout}{done.stderr}")
        return done.stdout

    @property
    def _log(self) -> Path:
        return self._base / "node.out"

    def _try_start(self) -> bool:
        self._write_files()
        env = self._env()
        mapper = shutil.which("epmd")
        if mapper is None:
            raise ServiceError("epmd, Erlang's port mapper, is not on the PATH; it comes with Erlang")
        # our own child: one that the node starts itself would become a daemon and stay
        self._mapper = self._spawn([mapper, "-port", str(self._ports.mapper), "-address", "127.0.0.1"], env)
        self._node = self._spawn([str(self._server)], env)
        return wait_until_ready(self._node, self._answers)

    def _answers(self) -> bool:
        """On both ports: the node opens that of TLS a little after the other."""
        return speaks_amqp(self._ports.amqp) and (self._tls is None or _accepts(self._ports.tls))

    def _spawn(self, command: list[str], env: dict[str, str]) -> OwnedProcess:
        return OwnedProcess(command, env=env, cwd=self._base, log=self._log, account=Account.current())

    def _end(self, sig: signal.Signals) -> None:
        for process, its_signal in ((self._node, sig), (self._mapper, signal.SIGTERM)):
            if process is not None:
                process.end(its_signal)
        self._node = self._mapper = None

    def _write_files(self) -> None:
        home = self._base / "home"
        home.mkdir(exist_ok=True)
        cookie = home / ".erlang.cookie"
        if not cookie.exists():
            cookie.touch(mode=0o600)
            cookie.write_text(secrets.token_hex(16))
            cookie.chmod(0o400)
        (self._base / "enabled_plugins").write_text("[].\n")
        (self._base / "env.conf").touch()  # an empty one hides the packaged one
        config = self._base / "rabbitmq.conf"
        config.touch(mode=0o600)
        config.write_text("\n".join(self._config()) + "\n")

    def _config(self) -> list[str]:
        lines = [
            f"listeners.tcp.local = 127.0.0.1:{self._ports.amqp}",
            "default_user = xerelay",
            f"default_pass = {self._password}",
            "disk_free_limit.absolute = 50MB",
        ]
        if self._tls:
            lines += [
                f"listeners.ssl.local = 127.0.0.1:{self._ports.tls}",
                f"ssl_options.cacertfile = {self._tls.ca}",
                f"ssl_options.certfile = {self._tls.certificate}",
                f"ssl_options.keyfile = {self._tls.key}",
                "ssl_options.verify = verify_peer",
                "ssl_options.fail_if_no_peer_cert = true",
            ]
        return lines

    def _env(self) -> dict[str, str]:
        base = self._base
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("RABBITMQ_")}
        return inherited | {
            "HOME": str(base / "home"),  # holds the cookie
            "RABBITMQ_NODENAME": f"xerelay{self._ports.amqp}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self._ports.amqp),
            "RABBITMQ_DIST_PORT": str(self._ports.distribution),
            "RABBITMQ_MNESIA_BASE": str(base / "mnesia"),
            "RABBITMQ_LOG_BASE": str(base / "log"),
            "RABBITMQ_LOGS": str(base / "log" / "node.log"),
            "RABBITMQ_PID_FILE": str(base / "node.pid"),
            "RABBITMQ_CONFIG_FILE": str(base / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(base / "advanced.config"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(base / "generated"),
            "RABBITMQ_CONF_ENV_FILE": str(base / "env.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(base / "enabled_plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none"
            ),
            "ERL_EPMD_PORT": str(self._ports.mapper),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_CRASH_DUMP_SECONDS": "0",
            "RUNNING_UNDER_SYSTEMD": "1",  # the script then becomes the node: its pid is the node's
        }


def speaks_amqp(port: int) -> bool:
    """Whether the node answers; an open port alone says too little."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as probe:
        probe.sendall(_PROTOCOL_HEADER)
        return bool(probe.recv(1))
    return False


def _accepts(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
