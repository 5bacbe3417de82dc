"""`xerelay publish` as a program, against a real broker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pika
import pytest

from deploy.services import PrivateBroker
from schemas.codec import decode_event
from tests.support.amqp_links import written_down
from tests.support.sample_invoice import INVOICE
from tests.support.waiting import until_sync

END = b"the end"
COMMAND = [sys.executable, "-c", "from worker.cli.publish import publish; import typer; typer.run(publish)"]
IMPATIENT = [sys.executable, "-c", f"from worker.cli import publish; publish.PATIENCE_S = 10; {COMMAND[2]}"]


def message(org: str, number: int) -> str:
    return json.dumps(INVOICE | {"id": f"e{number}", "organisation": org})


def environment(url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XERELAY_")}
    return kept | {"AMQP_URL": url, "PYTHONPATH": str(Path(__file__).parents[2])}


def run(
    url: str, *arguments: str, cwd: Path, stdin: str = "", command: Sequence[str] = COMMAND
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command, *arguments],
        env=environment(url), cwd=cwd, input=stdin, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip


@contextmanager
def broker_channel(url: str) -> Iterator[Any]:
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        yield connection.channel()
    finally:
        connection.close()


def take_all(url: str, queue: str) -> list[tuple[Any, bytes]]:
    """Everything in a queue: what comes before a last message that is put there now."""
    with broker_channel(url) as channel:
        channel.confirm_delivery()
        channel.basic_publish("", queue, END)
        taken: list[tuple[Any, bytes]] = []
        for method, properties, body in channel.consume(queue, auto_ack=True, inactivity_timeout=60):
            assert method is not None, "the last message did not come"
            if body == END:
                break
            taken.append((properties, body))
        return taken


def test_a_file_goes_to_the_lane_persistent_and_whole(amqp_url: str, unique_org: str, tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text("\n".join(message(unique_org, number) for number in range(1000)))

    result = run(amqp_url, "events.jsonl", "--org", unique_org, "--lane", "batch", cwd=tmp_path)

    assert (result.returncode, result.stdout) == (0, "1000 confirmed\n"), result.stderr
    taken = take_all(amqp_url, f"xerelay.{unique_org}.batch")
    assert {decode_event(body).id for _, body in taken} == {f"e{number}" for number in range(1000)}
    assert {(properties.delivery_mode, properties.content_type) for properties, _ in taken} == {
        (2, "application/cloudevents+json")
    }


def test_bad_lines_are_named_and_the_good_ones_arrive(amqp_url: str, unique_org: str, tmp_path: Path) -> None:
    wrong_total = message(unique_org, 3).replace('"gross": "11.90"', '"gross": "11.91"')
    lines = "\n".join([message(unique_org, 1), "", wrong_total, "{", message("elsewhere", 5), message(unique_org, 6)])

    result = run(amqp_url, "-", "--org", unique_org, "--json", cwd=tmp_path, stdin=lines)

    summary = json.loads(result.stdout)
    assert result.returncode == 1
    assert (summary["confirmed"], summary["bad"], summary["settled_through"]) == (2, 3, 6)
    assert [(fault["line"], fault["reason"]) for fault in sorted(summary["faults"], key=lambda f: f["line"])] == [
        (3, "totals"),
        (4, "undecodable"),
        (5, "refused"),
    ]
    assert "line 3: totals: data.lines.0.gross: is 11.91, but net + tax is 11.90" in result.stderr
    assert len(take_all(amqp_url, f"xerelay.{unique_org}.immediate")) == 2


def test_an_organisation_without_queues_is_a_bad_line(amqp_url: str, unique_org: str, tmp_path: Path) -> None:
    result = run(amqp_url, "-", cwd=tmp_path, stdin=message(unique_org, 1))

    assert result.returncode == 1
    assert "line 1: unroutable: no queue takes events of its organisation; name it with --org" in result.stderr


def test_what_a_wrong_queue_kept_back_is_told_by_line_and_published_alone_once_it_is_mended(
    amqp_url: str, unique_org: str, tmp_path: Path
) -> None:
    wrong, sound = f"{unique_org}_wrong", f"{unique_org}_sound"
    queue, organisations = f"xerelay.{wrong}.batch", ["--org", wrong, "--org", sound]
    orgs = [wrong, sound, sound, wrong, wrong, sound]
    (tmp_path / "events.jsonl").write_text("\n".join(message(org, number) for number, org in enumerate(orgs, 1)))
    with broker_channel(amqp_url) as channel:
        channel.queue_declare(queue, durable=True)

    result = run(amqp_url, "events.jsonl", *organisations, "--lane", "batch", cwd=tmp_path)
    (tmp_path / "faults.txt").write_text(result.stderr)
    with broker_channel(amqp_url) as channel:
        channel.queue_delete(queue, if_empty=True)
    left = subprocess.run(["sh", "-c", again()], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    second = run(amqp_url, "-", *organisations, "--lane", "batch", cwd=tmp_path, stdin=left)

    assert (result.returncode, result.stdout) == (1, "3 confirmed, 3 bad, 3 of these unroutable\n")
    assert (second.returncode, second.stdout) == (0, "3 confirmed\n"), second.stderr
    assert {decode_event(body).id for _, body in take_all(amqp_url, queue)} == {"e1", "e4", "e5"}
    assert len(take_all(amqp_url, f"xerelay.{sound}.batch")) == 3


def again() -> str:
    """How the documentation takes the lines that were unroutable out of a file."""
    said = (Path(__file__).parents[2] / "docs/publishing.md").read_text(encoding="utf-8")
    return next(line for line in said.splitlines() if line.startswith("awk ")).partition(" | xerelay publish")[0]


def test_an_empty_file_is_no_fault(amqp_url: str, unique_org: str, tmp_path: Path) -> None:
    result = run(amqp_url, "-", "--org", unique_org, cwd=tmp_path, stdin="")

    assert (result.returncode, result.stdout) == (0, "0 confirmed\n")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["missing.jsonl"], "missing.jsonl: No such file or directory"),
        (["."], ".: Is a directory"),
        (["-", "--config", "missing.toml"], "missing.toml: cannot be read"),
        (["-", "--broker-url", "http://127.0.0.1/"], "amqp://user:password@host:port/vhost"),
        (["-", "--lane", "express"], "immediate"),
    ],
)
def test_wrong_usage_exits_2_with_one_line(arguments: list[str], expected: str, tmp_path: Path) -> None:
    result = run("amqp://127.0.0.1:1/", *arguments, cwd=tmp_path)

    assert result.returncode == 2
    assert expected in result.stderr
    assert "Traceback" not in result.stderr


def test_an_interrupted_run_says_how_far_it_got(amqp_url: str, unique_org: str, tmp_path: Path) -> None:
    command = [*COMMAND, "-", "--org", unique_org, "--json"]
    with subprocess.Popen(
        command, env=environment(amqp_url), cwd=tmp_path, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        process.stdin.write("".join(message(unique_org, number) + "\n" for number in range(300)))
        process.stdin.flush()
        until_sync(lambda: _depth(amqp_url, f"xerelay.{unique_org}.immediate") == 300, what="300 events in the queue")

        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
        assert process.stdout is not None
        summary = json.loads(process.stdout.read())

    assert process.returncode == 130
    assert (summary["confirmed"], summary["settled_through"], summary["interrupted"]) == (300, 300, True)


@pytest.mark.long
def test_a_broker_that_restarts_costs_no_event(private_broker: PrivateBroker, unique_org: str, tmp_path: Path) -> None:
    url, queue = private_broker.url, f"xerelay.{unique_org}.immediate"
    run(url, "-", "--org", unique_org, cwd=tmp_path, stdin=message(unique_org, 0))
    written_down(private_broker)
    (tmp_path / "events.jsonl").write_text("\n".join(message(unique_org, number) for number in range(1, 8_001)))
    command = [*COMMAND, "events.jsonl", "--org", unique_org]
    with subprocess.Popen(command, env=environment(url), cwd=tmp_path, text=True, stdout=subprocess.PIPE) as process:
        until_sync(lambda: _depth(url, queue) > 100, what="the first events in the queue")

        private_broker.kill()
        private_broker.start()
        out, _ = process.communicate(timeout=90)

    assert (process.returncode, out) == (0, "8000 confirmed\n")
    ids = {decode_event(body).id for _, body in take_all(url, queue)}
    assert ids == {f"e{number}" for number in range(8_001)}


def test_lines_that_were_not_read_for_want_of_a_broker_are_no_success(
    private_broker: PrivateBroker, unique_org: str, tmp_path: Path
) -> None:
    url, queue = private_broker.url, f"xerelay.{unique_org}.immediate"
    command = [*IMPATIENT, "-", "--org", unique_org]
    with subprocess.Popen(
        command, env=environment(url), cwd=tmp_path, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(message(unique_org, 1) + "\n")
        process.stdin.flush()
        until_sync(lambda: _depth(url, queue) == 1, what="the first event in the queue")

        private_broker.kill()
        process.wait(timeout=90)
        assert process.stderr is not None
        said = process.stderr.read()

    assert "no broker for 10 s" in said
    assert process.returncode == 1


def test_a_broker_that_is_not_there_is_told_once_and_at_the_end_with_what_to_do(tmp_path: Path) -> None:
    result = run("amqp://127.0.0.1:1/", "-", cwd=tmp_path, stdin=message("main", 1), command=IMPATIENT)

    first, last = result.stderr.splitlines()
    assert result.returncode == 1
    assert first.startswith("no broker: 127.0.0.1:1: ConnectionRefusedError: ")
    assert last.startswith("nothing was published: no broker within 10 s:")
    assert last.endswith(": is RabbitMQ running, and does broker.url name its host and port?")


def test_a_wrong_password_is_told_with_what_to_do(amqp_url: str, tmp_path: Path) -> None:
    url = urlsplit(amqp_url)
    wrong = url._replace(netloc=f"{url.username}:hidden-1@{url.hostname}:{url.port}").geturl()

    result = run(wrong, "-", cwd=tmp_path, stdin=message("main", 1))

    *_, last = result.stderr.splitlines()
    assert (result.returncode, len(result.stderr.splitlines())) == (1, 2)
    assert ": ProbableAuthenticationError: " in last
    assert last.endswith(": mend user and password in broker.url, or create the user (rabbitmqctl add_user)")
    assert "hidden-1" not in result.stderr


def _depth(url: str, queue: str) -> int:
    try:
        with broker_channel(url) as channel:
            return int(channel.queue_declare(queue, passive=True).method.message_count)
    except pika.exceptions.ChannelClosedByBroker:
        return -1
