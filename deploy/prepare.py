"""`python -m deploy.prepare CONFIG FOLDER`: what a stack needs before its first start, made once and kept.

Random passwords, the URLs that carry them, the key of the ledger, and the broker's definitions. `FOLDER` gets one
folder for each container, so that each is given only its own.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import secrets
import stat
import sys
import tomllib
from errno import EROFS
from pathlib import Path
from typing import Any

from deploy.rabbitmq.definitions import definitions
from deploy.rabbitmq.users import Role
from worker.settings.values import short_name

_BROKER = "rabbitmq:5672"
_LEDGER = "postgres:5432"
_OTHERS = 0o077
_READABLE = 0o444
"""Containers run as different users; who may read a file is decided by which folder a container is given."""


class BadConfiguration(ValueError):
    """It has no names that can be used: say why, and start nothing."""


def prepare(config: Path, folder: Path) -> None:
    """Write what is missing below `folder`, and the broker's definitions anew. Safe to run again.

    Raises `BadConfiguration` before anything is written.
    """
    tables = _tables(config)
    organisations, stores = list(tables["organisations"]), list(tables.get("stores", {}))
    _make(folder)
    _close(folder)
    passwords = {role: _kept(folder / role / "broker_password", secrets.token_urlsafe(32)) for role in Role}
    ledger = _kept(folder / "postgres" / "password", secrets.token_urlsafe(32))
    fresh_key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    key = _kept(folder / Role.WORKER / "encryption_key", fresh_key)
    for role, password in passwords.items():
        _write(folder / role / "broker_url", f"amqp://{role.user}:{password}@{_BROKER}/%2F")
    for role in (Role.WORKER, Role.AGENT, Role.ADMIN):
        _write(folder / role / "ledger_url", f"postgresql://xerelay:{ledger}@{_LEDGER}/xerelay")
        _write(folder / role / "encryption_key", key)
    _kept(folder / Role.ADMIN / "admin_token", secrets.token_hex(24))
    _kept(folder / "grafana" / "password", secrets.token_urlsafe(16))
    imported = definitions(organisations, stores, passwords)
    _write(folder / "broker" / "definitions.json", json.dumps(imported, indent=1))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadConfiguration(f"{folder}: cannot be made: {error.strerror}; name a folder that can") from None


def _close(folder: Path) -> None:
    """On a host to everybody else, also one that was there before: its files are open to every user.

    In a container whose file system cannot be written the folder is nobody else's; what is below are volumes.
    """
    if not stat.S_IMODE(folder.stat().st_mode) & _OTHERS:
        return
    try:
        folder.chmod(0o700)
    except OSError as error:
        if error.errno != EROFS:
            text = f"{folder}: other users can read the secrets in it, and it cannot be closed: {error.strerror}"
            sys.stderr.write(f"{text}; expected a folder of user {os.getuid()}, with mode 0700\n")


def _tables(config: Path) -> dict[str, Any]:
    try:
        tables = tomllib.loads(config.read_text(encoding="utf-8-sig"))
    except IsADirectoryError:  # Docker makes one where the file to be mounted is missing
        text = (
            "expected a file, got a folder; compose makes an empty one where there was no file: put yours in its place"
        )
        raise BadConfiguration(f"{config}: {text}") from None
    except OSError as error:
        text = f"cannot be read: {error.strerror}; expected a file that user {os.getuid()} can read"
        raise BadConfiguration(f"{config}: {text}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{config}: not a TOML file: {error}") from None
    if not tables.get("organisations"):
        raise BadConfiguration(f"{config}: expected a table [organisations.NAME], got none; see xerelay.example.toml")
    for section in ("organisations", "stores"):
        named = tables.get(section, {})
        if not isinstance(named, dict):
            text = f"expected tables [{section}.NAME], got {section} = …; see xerelay.example.toml"
            raise BadConfiguration(f"{config}: {text}")
        for name in named:
            _insist_on_name(name, f"{config}: {section}")
    return tables


def _insist_on_name(name: str, place: str) -> None:
    """Queues are declared for it, and permissions are patterns with it in them: of what can be none, none are made."""
    try:
        short_name(name)
    except ValueError as error:
        raise BadConfiguration(f"{place}: {error}, got {json.dumps(name)}") from None


def _kept(path: Path, fresh: str) -> str:
    """What the file holds; `fresh` where there is none yet."""
    if path.exists():
        return path.read_text(encoding="utf-8")
    _write(path, fresh)
    return fresh


def _write(path: Path, text: str) -> None:
    """At once or not at all: a half-written password would be kept."""
    path.parent.mkdir(exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(text, encoding="utf-8")
    draft.chmod(_READABLE)
    draft.replace(path)


def main() -> None:
    """Run it, and say what there is now."""
    parser = argparse.ArgumentParser(prog="python -m deploy.prepare", description="passwords, URLs, broker definitions")
    parser.add_argument("config", type=Path, help="xerelay.toml, for the names of organisations and stores")
    parser.add_argument("folder", type=Path, help="where they go: a folder for each container")
    options = parser.parse_args()
    try:
        prepare(options.config, options.folder)
    except BadConfiguration as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
    sys.stdout.write(f"secrets and definitions are in {options.folder}\n")


if __name__ == "__main__":
    main()
