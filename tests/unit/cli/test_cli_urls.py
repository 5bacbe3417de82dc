"""What stands behind the question mark of a URL is refused in one line, by every command, and without the password."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.settings_cases import MINIMAL
from worker.cli import app

COMMANDS = [["worker"], ["status"], ["check"], ["console"], ["db", "upgrade"], ["budget"], ["store"]]
LEDGER = "postgresql://u:hidden@127.0.0.1:1/x"
NOWHERE = "http://127.0.0.1:1"
CONFIG = (
    MINIMAL.replace("127.0.0.1/", "127.0.0.1:1/")
    .replace("https://shop.example.com", NOWHERE)
    .replace("[ledger]", f'[ledger]\nurl = "{LEDGER}"')
    + f'[xero]\napi_url = "{NOWHERE}"\nidentity_url = "{NOWHERE}"\nlogin_url = "{NOWHERE}"\n'
)
"""Nothing of it reaches beyond this machine, should a command begin after all."""


def refused(folder: Path, command: list[str], environ: dict[str, str]) -> str:
    config = folder / "xerelay.toml"
    config.write_text(CONFIG)

    result = CliRunner().invoke(app, [*command, "--config", str(config)], env=environ)

    assert result.exit_code == 2, result.output
    assert "hidden" not in result.output
    return result.stderr.removesuffix("\n")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_mistyped_parameter_of_the_ledger_is_named_before_anything_connects(
    command: list[str], tmp_path: Path
) -> None:
    said = refused(tmp_path, command, {"XERELAY_LEDGER__URL": f"{LEDGER}?sslmod=hidden"})

    assert said == 'ledger.url: unknown parameter "sslmod"; did you mean "sslmode"?'


@pytest.mark.parametrize(
    ("url", "text"),
    [
        (f"{LEDGER}?nonsense=hidden", 'unknown parameter "nonsense"; libpq\'s are: https://www.postgresql.org/docs/'),
        (f"{LEDGER}?prepare_threshold=0", 'unknown parameter "prepare_threshold"; libpq'),
        (f"{LEDGER}?connect_timeout=hidden", "connect_timeout: expected a number of seconds"),
        (f"{LEDGER}?connect_timeout=1&connect_timeout=2", "connect_timeout: expected a number of seconds, given once"),
        (f"{LEDGER}?port=1&port=2", "host, port: expected one port for each host"),
        (f"{LEDGER}?host=a&host=b&port=hidden", "host, port: expected one port for each host"),
        ("sqlite:///x.db?timeout=hidden", "only a postgresql:// url has parameters"),
    ],
)
def test_what_libpq_does_not_take_is_refused(url: str, text: str, tmp_path: Path) -> None:
    said = refused(tmp_path, ["budget"], {"XERELAY_LEDGER__URL": url})

    assert said.startswith("ledger.url: ")
    assert len(said.splitlines()) == 1
    assert text in said


BROKER = "amqp://u:hidden@127.0.0.1:1/"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_parameter_of_the_broker_that_pika_refuses_is_named(command: list[str], tmp_path: Path) -> None:
    said = refused(tmp_path, command, {"XERELAY_BROKER__URL": f"{BROKER}?frame_max=8192&heartbeat=hidden&nonsense=1"})

    assert said == (
        "broker.url: the broker url is not understood: expected amqp://user:password@host:port/vhost, or amqps://; "
        "unknown, or with a value that cannot be: heartbeat, nonsense"
    )


@pytest.mark.parametrize(
    ("key", "value", "path", "text"),
    [
        ("BROKER__URL", "amqp://u@127.0.0.1:1/", "broker.url", "expected amqp://user:password@host"),
        ("BROKER__URL", "amqp://u:1?hidden=2@127.0.0.1/", "broker.url", "in user or password is written %3F"),
        ("BROKER__CA_FILE", __file__, "broker.url", "certificate files are given"),
        ("CONSOLE__BROKER_URL", f"{BROKER}?heartbeat=hidden", "console.broker_url", "that cannot be: heartbeat"),
    ],
)
def test_what_else_pika_would_stumble_over_is_refused(
    key: str, value: str, path: str, text: str, tmp_path: Path
) -> None:
    said = refused(tmp_path, ["budget"], {f"XERELAY_{key}": value})

    assert said.startswith(f"{path}: ")
    assert len(said.splitlines()) == 1
    assert text in said


def test_what_libpq_takes_is_left_to_it(tmp_path: Path) -> None:
    config = tmp_path / "xerelay.toml"
    config.write_text(CONFIG)
    url = f"{LEDGER}?port=1&sslmode=disable&connect_timeout=2&application_name=a%40b&options=-c%20work_mem%3D8MB"

    result = CliRunner().invoke(app, ["budget", "--config", str(config)], env={"XERELAY_LEDGER__URL": url})

    assert result.exit_code == 1
    assert result.stderr.startswith("ledger: the ledger's database does not answer: ")
