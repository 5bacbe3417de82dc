"""A service in a container, by testcontainers, on a fixed port of 127.0.0.1 so that it can be restarted."""

from __future__ import annotations

import importlib.util
import os
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import psycopg

from deploy.services.broker import speaks_amqp
from deploy.services.process import START_TIMEOUT_S, free_port
from deploy.services.service import ServiceError

_POLL_S = 0.2
_ENGINE_TIMEOUT_S = 5
_DEFAULT_ENGINE = "unix:///var/run/docker.sock"


def engine_answers() -> bool:
    """Whether testcontainers is installed and a Docker engine really answers at `DOCKER_HOST`.

    Asked over a socket of our own: the client library leaks its socket when nobody answers.
    """
    if importlib.util.find_spec("testcontainers") is None:  # only the development environment has it
        return False
    with suppress(OSError), _engine_socket(os.environ.get("DOCKER_HOST", _DEFAULT_ENGINE)) as engine:
        engine.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
        return engine.recv(12).endswith(b" 200")
    return False


def _engine_socket(host: str) -> socket.socket:
    parts = urlsplit(host)
    if parts.scheme != "unix":
        return socket.create_connection((parts.hostname or "", parts.port or 2375), _ENGINE_TIMEOUT_S)
    engine = socket.socket(socket.AF_UNIX)
    try:
        engine.settimeout(_ENGINE_TIMEOUT_S)
        engine.connect(parts.path)
    except OSError:
        engine.close()
        raise
    return engine


class ContainerService:
    """One container; its data live as long as it does."""

    can_restart = True

    def __init__(
        self, image: str, *, env: dict[str, str], inner_port: int, port: int, url: str, ready: Callable[[], bool]
    ) -> None:
        from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - only where engine_answers()

        container: Any = DockerContainer(image)
        container.with_envs(**env)
        container.ports[f"{inner_port}/tcp"] = ("127.0.0.1", port)  # its own methods would bind all interfaces
        self.url = url
        self._container = container
        self._ready = ready
        self._created = False

    def start(self) -> None:
        """Create or restart the container and wait until the service answers."""
        if self._created:
            self._container.get_wrapped_container().start()
        else:
            self._container.start()
            self._created = True
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._ready():
            if time.monotonic() > deadline:
                raise ServiceError(f"the container of {self._container.image} does not answer")
            time.sleep(_POLL_S)

    def kill(self) -> None:
        """SIGKILL what runs in it; the container stays for the next start."""
        self._container.get_wrapped_container().kill()

    def stop(self) -> None:
        """Remove the container and its data; idempotent."""
        if self._created:
            self._container.stop(force=True, delete_volume=True)
            self._created = False


def broker_container() -> ContainerService:
    """A RabbitMQ of the current major version."""
    port, password = free_port(), secrets.token_hex(16)
    return ContainerService(
        "rabbitmq:4",
        env={"RABBITMQ_DEFAULT_USER": "xerelay", "RABBITMQ_DEFAULT_PASS": password},
        inner_port=5672,
        port=port,
        url=f"amqp://xerelay:{password}@127.0.0.1:{port}/%2F",
        ready=lambda: speaks_amqp(port),
    )


def postgres_container() -> ContainerService:
    """A PostgreSQL of the current major version."""
    port, password = free_port(), secrets.token_hex(16)
    url = f"postgresql://xerelay:{password}@127.0.0.1:{port}/postgres"
    return ContainerService(
        "postgres:17",
        env={"POSTGRES_USER": "xerelay", "POSTGRES_PASSWORD": password, "POSTGRES_DB": "postgres"},
        inner_port=5432,
        port=port,
        url=url,
        ready=lambda: _accepts(url),
    )


def _accepts(url: str) -> bool:
    """Whether the database lets us in; while it initialises, its port is closed to the network."""
    with suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=2):
        return True
    return False
