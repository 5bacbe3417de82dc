"""The broker and the database that tests and demo run on."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pika
import pika.exceptions
import psutil
import psycopg
import pytest

from deploy.services import (
    PrivateBroker,
    PrivatePostgres,
    ServiceError,
    broker_service,
    free_port,
    postgres_service,
)
from tests.support.amqp_links import written_down
from tests.support.waiting import until_sync


def test_broker_keeps_its_url_and_its_messages_over_a_kill(private_broker: PrivateBroker) -> None:
    url = private_broker.url
    publish_durably(url, "kept")
    # RabbitMQ may forget a queue that it has only just declared, though it confirmed a message of it
    written_down(private_broker)

    private_broker.kill()
    private_broker.start()

    assert private_broker.url == url
    until_sync(lambda: messages_in(url, "kept") == 1)


def test_broker_accepts_no_default_password(amqp_url: str) -> None:
    parts = urlsplit(amqp_url)

    with pytest.raises(pika.exceptions.ProbableAuthenticationError):
        pika.BlockingConnection(pika.URLParameters(f"amqp://guest:guest@{parts.hostname}:{parts.port}/%2F"))


def test_broker_leaves_no_process(public_dir: Path) -> None:
    node = PrivateBroker(public_dir)
    node.start()
    assert processes_below(public_dir)

    node.stop()
    node.stop()

    # the node's own helpers end when they hear that it has
    until_sync(lambda: not processes_below(public_dir), what="the end of the node")


def test_postgres_keeps_its_url_and_its_rows_over_a_kill(public_dir: Path) -> None:
    cluster = PrivatePostgres(public_dir)
    cluster.start()
    try:
        url = cluster.url
        with psycopg.connect(url) as connection:
            connection.execute("create table kept as select 7 as n")

        cluster.kill()
        cluster.start()

        assert cluster.url == url
        with psycopg.connect(url) as connection:
            assert connection.execute("select n from kept").fetchone() == (7,)
    finally:
        cluster.stop()
    until_sync(lambda: not processes_below(public_dir), what="the end of the cluster")


def test_service_ends_with_the_process_that_started_it_even_by_sigkill(public_dir: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from deploy.services import PrivatePostgres\n"
        "PrivatePostgres(Path(sys.argv[1])).start(); print('up', flush=True); time.sleep(120)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(public_dir)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent, parent.stdout:
        assert parent.stdout.readline() == b"up\n"
        assert processes_below(public_dir)

        parent.send_signal(signal.SIGKILL)

    until_sync(lambda: not processes_below(public_dir), what="the end of the cluster")


def test_the_processes_of_a_demo_end_with_it_even_by_sigkill(tmp_path: Path) -> None:
    log = tmp_path / "xero.log"
    script = (
        "import os, sys, time; from pathlib import Path; from deploy.demo.processes import first_line, running\n"
        "log = Path(sys.argv[1])\n"
        "with running(['deploy.sandbox.xero', '--port', '0'], log=log, environ=os.environ) as process:\n"
        "    first_line(process, log); print(process.pid, flush=True); time.sleep(120)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(log)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent, parent.stdout:
        sandbox = psutil.Process(int(parent.stdout.readline()))
        assert sandbox.is_running()

        parent.send_signal(signal.SIGKILL)

    until_sync(lambda: not sandbox.is_running(), what="the end of the sandbox")


@pytest.mark.parametrize("given", ["32768\t60999\n", "20000\t60999\n"])
def test_a_free_port_is_none_that_a_connection_may_get_meanwhile(given: str, tmp_path: Path) -> None:
    kernel = tmp_path / "ip_local_port_range"
    kernel.write_text(given)

    ports = {free_port(kernel) for _ in range(3)}

    assert max(ports) < int(given.partition("\t")[0])


def test_a_kernel_that_gives_every_port_leaves_one_that_is_free(tmp_path: Path) -> None:
    kernel = tmp_path / "ip_local_port_range"
    kernel.write_text("1024\t65535\n")

    with socket.create_server(("127.0.0.1", free_port(kernel))):
        assert free_port(tmp_path / "none") < 32_768


def test_environment_names_the_broker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AMQP_URL", "amqp://somewhere/")

    with broker_service(tmp_path) as service:
        assert service.url == "amqp://somewhere/"
        assert not service.can_restart
        with pytest.raises(ServiceError, match="not ours to kill"):
            service.kill()


def test_environment_names_the_database_in_either_spelling(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://me@somewhere/db")

    with postgres_service(tmp_path) as service:
        assert service.url == "postgresql://me@somewhere/db"


def test_unknown_server_script_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RABBITMQ_SERVER", "/nowhere/rabbitmq-server")

    with pytest.raises(ServiceError, match="RABBITMQ_SERVER names /nowhere/rabbitmq-server"):
        PrivateBroker(tmp_path)


def test_database_is_empty_for_each_test(empty_database_url: str) -> None:
    if empty_database_url.startswith("sqlite"):
        assert not Path(empty_database_url.removeprefix("sqlite+inline:///")).exists()
        return
    with psycopg.connect(empty_database_url.replace("+psycopg", "")) as connection:
        assert connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone() == (0,)


def publish_durably(url: str, queue: str) -> None:
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
        channel.basic_publish("", queue, b"x", pika.BasicProperties(delivery_mode=2), mandatory=True)


def messages_in(url: str, queue: str) -> int:
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        count: int = connection.channel().queue_declare(queue, passive=True).method.message_count
    return count


def processes_below(path: Path) -> list[int]:
    """Who works in `path`: our services all have it as their working directory or in their arguments."""
    found = []
    for process in psutil.process_iter(["pid", "cwd", "cmdline"]):
        words = [process.info["cwd"] or "", *(process.info["cmdline"] or [])]
        if process.pid != psutil.Process().pid and any(str(path) in word for word in words):
            found.append(process.pid)
    return found
