"""What a stack is given at its first start: secrets once, files that settings load, definitions without passwords."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.demo.bookkeeping import OFFLINE, PAYMENTS, RATES, TAX
from deploy.prepare import BadConfiguration, prepare
from deploy.rabbitmq.users import Role
from deploy.sandbox.store.oauth import INTEGRATION
from worker.settings import Settings, load

ROOT = Path(__file__).parents[2]
SANDBOX = ROOT / "deploy" / "sandbox.toml"


def settings_of(folder: Path, role: Role) -> Settings:
    return load(
        SANDBOX,
        {
            "XERELAY_BROKER__URL_FILE": str(folder / role / "broker_url"),
            "XERELAY_LEDGER__URL_FILE": str(folder / role / "ledger_url"),
            "XERELAY_LEDGER__ENCRYPTION_KEY_FILE": str(folder / role / "encryption_key"),
        },
    )


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("role", [Role.WORKER, Role.AGENT, Role.ADMIN])
def test_the_sandboxs_configuration_loads_with_what_each_role_is_given(tmp_path: Path, role: Role) -> None:
    prepare(SANDBOX, tmp_path)

    settings = settings_of(tmp_path, role)

    assert settings.broker.url.get_secret_value().startswith(f"amqp://xerelay_{role}:")
    assert settings.ledger.url.get_secret_value().endswith("@postgres:5432/xerelay")
    assert settings.ledger.encryption_key == settings_of(tmp_path, Role.WORKER).ledger.encryption_key


def test_a_second_start_keeps_every_secret(tmp_path: Path) -> None:
    prepare(SANDBOX, tmp_path)
    first = files(tmp_path)

    prepare(SANDBOX, tmp_path)

    changed = {name for name, text in files(tmp_path).items() if first.get(name) != text}
    assert changed == {"broker/definitions.json"}, "its salts are new"


def test_a_configuration_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    config = tmp_path / "xerelay.toml"
    config.write_text(SANDBOX.read_text(), encoding="utf-8-sig")

    prepare(config, tmp_path / "prepared")

    assert (tmp_path / "prepared" / "broker" / "definitions.json").exists()


def test_a_folder_that_is_not_there_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "prepared"

    prepare(SANDBOX, folder)

    assert (folder / "worker" / "broker_url").exists()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_was_there_before_is_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "prepared"
    folder.mkdir()
    folder.chmod(0o755)

    prepare(SANDBOX, folder)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Path.mkdir, "expected a file, got a folder"),
        (lambda path: None, "cannot be read: No such file or directory"),
        (lambda path: path.write_text("[organisations"), "not a TOML file"),
        (lambda path: path.write_text("[broker]"), "expected a table [organisations.NAME], got none"),
        (
            lambda path: path.write_text("organisations = 3"),
            "expected tables [organisations.NAME], got organisations =",
        ),
        (
            lambda path: path.write_text("[organisations.Main]"),
            'organisations: expected a name of 1 to 32 characters out of a-z, 0-9 and single _, got "Main"',
        ),
        (
            lambda path: path.write_text('[organisations.main]\n[stores."eu.*\\n"]'),
            'stores: expected a name of 1 to 32 characters out of a-z, 0-9 and single _, got "eu.*\\n"',
        ),
    ],
    ids=["a folder", "none", "no TOML", "no organisation", "no table", "capitals", "a store's pattern"],
)
def test_a_configuration_that_cannot_be_used_is_told_on_one_line(
    tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    config = tmp_path / "xerelay.toml"
    make(config)

    done = subprocess.run(
        [sys.executable, "-m", "deploy.prepare", config, tmp_path / "prepared"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{config}: {said}")
    assert not (tmp_path / "prepared").exists()


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")

    with pytest.raises(BadConfiguration, match="taken/prepared: cannot be made: Not a directory"):
        prepare(SANDBOX, tmp_path / "taken" / "prepared")


def test_the_broker_is_told_hashes_and_nobody_else_is_told_anothers_password(tmp_path: Path) -> None:
    prepare(SANDBOX, tmp_path)

    written = files(tmp_path)
    passwords = {role: written[f"{role}/broker_password"] for role in Role}
    assert len(set(passwords.values())) == len(Role)
    for role, password in passwords.items():
        assert {name.split("/")[0] for name, text in written.items() if password in text} == {str(role)}


def test_the_definitions_name_all_that_the_configuration_has(tmp_path: Path) -> None:
    prepare(SANDBOX, tmp_path)

    definitions: dict[str, Any] = json.loads((tmp_path / "broker" / "definitions.json").read_text())

    assert {user["name"] for user in definitions["users"]} == {role.user for role in Role}
    assert not any(user["tags"] for user in definitions["users"])
    assert {queue["name"] for queue in definitions["queues"]} >= {"xerelay.main.batch", "xerelay.shop.commands"}
    assert all(queue["arguments"]["x-queue-type"] == "quorum" for queue in definitions["queues"])


def test_the_sandboxs_configuration_is_the_demos_bookkeeping() -> None:
    tables = tomllib.loads(SANDBOX.read_text())
    organisation, store = tables["organisations"]["main"], tables["stores"]["shop"]

    assert organisation["tax"] == TAX | RATES | {"none": "NONE"}
    assert organisation["payments"] == PAYMENTS
    assert store["offline_methods"] == sorted(OFFLINE)
    assert store["auth"] == {
        "consumer_key": INTEGRATION.consumer_key,
        "consumer_secret": INTEGRATION.consumer_secret,
        "access_token": INTEGRATION.token,
        "access_token_secret": INTEGRATION.token_secret,
    }
