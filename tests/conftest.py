"""Services and names for all tests. What is missing fails who needs it; CONTRIBUTING.md has what is skipped."""

from __future__ import annotations

import gc
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

from deploy.services import PrivateBroker, broker_service, postgres_service
from deploy.services import private_broker as run_private_broker
from tests.support.databases import KINDS, postgresql_url, sqlite_url
from tests.support.dealing import dealt
from tests.support.sandbox_fixture import sandbox  # noqa: F401 - a fixture of all tests, kept in its own file
from tests.support.shared import shared_url


def pytest_configure() -> None:
    """How fast examples are drawn says how busy the machine is, and nothing of the code.

    All services are on this machine: a proxy that the environment names does not reach them, though what installs one
    that is missing may need it.
    """
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = "127.0.0.1,localhost,::1"
    settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long is begun first, by each worker its share: nobody waits for it alone at the end."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    items[:] = dealt(items, workers, is_high=lambda item: item.get_closest_marker("long") is not None)


def pytest_collection_finish() -> None:
    """The tests stay to the end: each search for garbage would look through all of them again."""
    gc.freeze()


@pytest.fixture(scope="session")
def amqp_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The broker of the whole run, which nobody kills; isolation is by organisation name.

    To start one takes 5 seconds of a core. Its end waits for the other workers, and that in no test's time.
    """
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "broker"
    folder.mkdir(exist_ok=True)
    stack = ExitStack()
    request.config.add_cleanup(stack.close)
    base = stack.enter_context(_public_directory())
    return stack.enter_context(shared_url(folder, broker_service(base)))


@pytest.fixture(scope="session")
def _breakable_node() -> Iterator[PrivateBroker]:
    """A second node beside the run's: one with the queues of all tests would take long to start again."""
    with _public_directory() as base, run_private_broker(base) as node:
        yield node


@pytest.fixture
def private_broker(_breakable_node: PrivateBroker) -> PrivateBroker:
    """A node to kill, restart and reconfigure, which is up; a test puts back what it reconfigured."""
    _breakable_node.start()
    return _breakable_node


@pytest.fixture
def public_dir() -> Iterator[Path]:
    """A directory that an unprivileged service can reach, and its path is short."""
    with _public_directory() as path:
        yield path


@pytest.fixture
def unique_org() -> str:
    """An organisation no other test uses."""
    return f"t{secrets.token_hex(5)}"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The session's PostgreSQL, as libpq writes it, of a user who may create databases."""
    with _public_directory() as base, postgres_service(base) as service:
        if service.can_restart:
            _write_lazily(service.url)
        yield service.url
        if service.can_restart:
            service.kill()  # its data go: to write them down in good order, each database's, takes long


@pytest.fixture(scope="session")
def _databases(postgres_url: str) -> Iterator[list[str]]:
    """The names of the tests' databases, which go together at the end; those of a server of our own go with it.

    One is made of 300 files, and ext4 looks at each inode that was freed in the last minutes before it takes one: where
    each test dropped its own, half of a database test's time went into that.
    """
    names: list[str] = []
    yield names
    if not os.environ.get("DATABASE_URL"):
        return
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for name in names:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(params=KINDS)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """SQLAlchemy's URL of an empty database of the test's own, once for each kind of database."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "ledger.db")
    return postgresql_url(request.getfixturevalue("postgres_url"), request.getfixturevalue("_databases"))


def _write_lazily(url: str) -> None:
    """A server that is killed has handed over what it wrote; only a machine that crashes would lose it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("ALTER SYSTEM SET full_page_writes = off")
        connection.execute("SELECT pg_reload_conf()")


@contextmanager
def _public_directory() -> Iterator[Path]:
    """A directory that an unprivileged service of root's can reach; pytest's own cannot be."""
    path = Path(tempfile.mkdtemp(prefix="xerelay-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
