"""Which rung serves: the environment's URL, a container, what is installed, or an installation."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.services.broker import PrivateBroker, TlsFiles, find_server
from deploy.services.container import broker_container, engine_answers, postgres_container
from deploy.services.install import install
from deploy.services.postgres import PrivatePostgres, ServerCertificate, find_binaries
from deploy.services.service import GivenService, Service, say


@contextmanager
def broker_service(base_dir: Path) -> Iterator[Service]:
    """A running RabbitMQ: `AMQP_URL`, a container, or a private node below `base_dir`. Raises ServiceError."""
    with _climb("AMQP_URL", broker_container, lambda: _installed_broker(base_dir)) as service:
        yield service


@contextmanager
def postgres_service(base_dir: Path) -> Iterator[Service]:
    """A running PostgreSQL: `DATABASE_URL`, a container, or a private cluster below `base_dir`.

    Its URL is libpq's (`postgresql://`), of a user who may create databases. `base_dir` must be reachable by
    every user (mode 755) when we are root. Raises ServiceError.
    """
    with _climb("DATABASE_URL", postgres_container, lambda: _installed_postgres(base_dir)) as service:
        yield service


@contextmanager
def private_broker(base_dir: Path, *, tls: TlsFiles | None = None) -> Iterator[PrivateBroker]:
    """A private node whatever the environment names, for who must kill it or ask it for TLS."""
    node = _installed_broker(base_dir, tls=tls)
    with _running(node):
        yield node


@contextmanager
def private_postgres(base_dir: Path, *, tls: ServerCertificate | None = None) -> Iterator[PrivatePostgres]:
    """A private cluster whatever the environment names, for who must ask it for TLS."""
    cluster = _installed_postgres(base_dir, tls=tls)
    with _running(cluster):
        yield cluster


@contextmanager
def _climb(variable: str, container: Callable[[], Service], installed: Callable[[], Service]) -> Iterator[Service]:
    if given := os.environ.get(variable):
        yield GivenService(given.replace("postgresql+psycopg://", "postgresql://", 1))
        return
    service = _try_container(container) or installed()
    with _running(service):
        yield service


def _try_container(container: Callable[[], Service]) -> Service | None:
    """A started container, or None: an engine that answers may still have no image to run."""
    if not engine_answers():
        return None
    service = container()
    try:
        service.start()
    except Exception as error:  # noqa: BLE001 - Docker, its client and its network fail in many ways; the next rung serves
        say(f"no container, because of {type(error).__name__}: {error}")
        service.stop()
        return None
    return service


def _installed_broker(base_dir: Path, *, tls: TlsFiles | None = None) -> PrivateBroker:
    if find_server() is None:
        install("rabbitmq-server")
    return PrivateBroker(base_dir, tls=tls)


def _installed_postgres(base_dir: Path, *, tls: ServerCertificate | None = None) -> PrivatePostgres:
    if find_binaries() is None:
        install("postgresql")
    return PrivatePostgres(base_dir, tls=tls)


@contextmanager
def _running(service: Service) -> Iterator[None]:
    try:
        service.start()
        yield
    finally:
        service.stop()
