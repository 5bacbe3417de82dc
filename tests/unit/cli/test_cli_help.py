"""Every command explains itself, and says a wrong configuration in words."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.support.settings_cases import MINIMAL, WRONG_ENVIRONMENTS, WRONG_FILES
from worker.cli import app
from worker.cli.lazily import COMMANDS as LISTED

ROOT = Path(__file__).parents[3]
WIDTH = {"COLUMNS": "80", "TERMINAL_WIDTH": "80"}


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command and group below `command`, with its words."""
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, (*path, name))


COMMANDS = list(commands(typer.main.get_command(app)))
CONFIGURED = [path for path, command in COMMANDS if any(p.name == "config" for p in command.params)]
ARGUMENTS = {
    ("publish",): ["events.jsonl"],
    ("connect",): ["xero"],
    ("dry-run",): ["events.jsonl"],
    ("resync",): ["--entity", "invoice", "--id", "1"],
    ("sync-now",): ["--entity", "invoice", "--id", "1"],
    ("resync-cancel",): ["1"],
    ("reconcile",): ["--from", "2026-11-24"],
    ("history",): ["--number", "1"],
    ("forget",): ["--id", "1"],
    ("parked", "show"): ["1"],
    ("parked", "retry"): ["1"],
    ("parked", "discard"): ["1", "--why", "a test"],
}


def run(*arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env=WIDTH | environ)


@pytest.fixture(autouse=True)
def no_configuration_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("XERELAY_CONFIG", "AMQP_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(path) or "xerelay" for path, _ in COMMANDS])
def test_a_command_explains_itself_and_all_it_takes(path: tuple[str, ...], command: Any) -> None:
    result = run(*path, "--help")

    assert result.exit_code == 0
    assert (command.help or "").strip()[:1].isupper()
    assert (command.help or "").strip().endswith(".")
    for parameter in command.params:
        assert (parameter.help or "").strip(), f"{' '.join(path)} {parameter.name} has no help"
        assert parameter.help.rstrip().endswith("."), f"{' '.join(path)} {parameter.name}: {parameter.help!r}"


@pytest.mark.parametrize("path", [path for path, command in COMMANDS if hasattr(command, "commands")])
def test_a_list_of_commands_cuts_no_sentence(path: tuple[str, ...]) -> None:
    listed = run(*path, "--help").stdout.partition("Commands:")[2]

    assert listed
    assert "..." not in listed


def test_the_list_of_all_has_each_commands_own_line() -> None:
    lines = {name: line for name, (_, line) in LISTED.items()}

    assert lines == {path[0]: command.get_short_help_str(80) for path, command in COMMANDS if len(path) == 1}
    assert list(lines) == re.findall(r"^  ([a-z-]+)  ", run("--help").stdout.partition("Commands:")[2], re.MULTILINE)


def test_the_version_is_the_packages() -> None:
    result = run("--version")

    assert result.exit_code == 0
    assert result.stdout.startswith("xerelay 0.")


@pytest.mark.parametrize(
    ("arguments", "needed", "others"),
    [
        (["publish", "--help"], {"worker.cli.publish"}, {"sqlalchemy", "starlette", "worker.cli.serve"}),
        (["--help"], set(), {"sqlalchemy", "pika", "worker.cli.publish"}),
        (["worker", "--help"], {"worker.cli.serve"}, {"alembic"}),
    ],
)
def test_a_command_waits_for_its_own_imports_only(arguments: list[str], needed: set[str], others: set[str]) -> None:
    code = f"import sys; from worker.cli import app; app({arguments}, standalone_mode=False); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )

    imported = set(done.stdout.split())
    assert needed <= imported
    assert imported.isdisjoint(others)


def test_garbage_is_collected_once_a_command_has_its_imports() -> None:
    code = "import gc; from worker.cli import app; app(['db', '--help'], standalone_mode=False); print(gc.isenabled())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.splitlines()[-1] == "True"


def test_an_unknown_command_is_a_usage_error() -> None:
    result = run("wroker")

    assert result.exit_code == 2
    assert "wroker" in result.stderr


@pytest.mark.parametrize(("old", "new", "path", "text"), WRONG_FILES)
def test_a_wrong_file_gives_its_line_and_exit_code_2(old: str, new: str, path: str, text: str, tmp_path: Path) -> None:
    config = tmp_path / "wrong.toml"
    config.write_text(MINIMAL.replace(old, new))

    result = run("worker", "--config", str(config))

    says(result.exit_code, result.stdout, result.stderr, path, text)


@pytest.mark.parametrize(("name", "value", "path", "text"), WRONG_ENVIRONMENTS)
def test_a_wrong_variable_gives_its_line_and_exit_code_2(
    name: str, value: str, path: str, text: str, tmp_path: Path
) -> None:
    config = tmp_path / "right.toml"
    config.write_text(MINIMAL)

    result = run("worker", "--config", str(config), **{name: value})

    says(result.exit_code, result.stdout, result.stderr, path, text)


@pytest.mark.parametrize("path", CONFIGURED, ids=" ".join)
def test_every_command_says_that_its_configuration_is_missing(path: tuple[str, ...], tmp_path: Path) -> None:
    result = run(*path, *ARGUMENTS.get(path, []), "--config", str(tmp_path / "none.toml"))

    says(result.exit_code, result.stdout, result.stderr, str(tmp_path / "none.toml"), "give the path")


@pytest.mark.parametrize(("old", "new", "path", "text"), [WRONG_FILES[0], WRONG_FILES[3], WRONG_FILES[-1]])
def test_the_process_ends_as_the_command_says(old: str, new: str, path: str, text: str, tmp_path: Path) -> None:
    config = tmp_path / "wrong.toml"
    config.write_text(MINIMAL.replace(old, new))

    command = [sys.executable, "-m", "worker", "worker", "--config", str(config)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)

    says(done.returncode, done.stdout, done.stderr, path, text)


def says(exit_code: int, stdout: str, stderr: str, path: str, text: str) -> None:
    """One line for each problem, the first of which names its key; no traceback, no secret."""
    assert exit_code == 2, stderr
    assert stdout == ""
    assert stderr.startswith(path)
    assert text in stderr
    assert all(": " in line for line in stderr.splitlines()), stderr
    assert "Traceback" not in stderr
    assert "hidden" not in stderr


def test_days_are_spoken_of_only_where_they_can_be_given() -> None:
    assert "What the ids or days are of." in run("resync", "--help").output
    assert "days" not in run("sync-now", "--help").output
