"""Every secret is known as one and may stand in a file; a ledger's password and authority become part of its URL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from tests.unit.settings_cases import MINIMAL
from worker.settings import Settings, SettingsError, load
from worker.settings.fields import is_secret, keys_of, named_section_of, section_of

SOUNDS_SECRET = re.compile(r"(secret|token|password|encryption_key|consumer_key)$")


def test_what_sounds_secret_is_one_and_may_stand_in_a_file() -> None:
    found = [(model, key) for model, key, _ in fields(Settings) if SOUNDS_SECRET.search(key)]

    assert len(found) >= 7
    assert [key for model, key in found if not is_secret(model.model_fields[key].annotation)] == []
    assert [key for model, key in found if f"{key}_file" not in keys_of(model)] == []


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://u@h/x", "postgresql+psycopg://u:a%2Fb%40c%20d@h/x"),
        ("postgresql://u@h:5433/x?sslmode=require", "postgresql+psycopg://u:a%2Fb%40c%20d@h:5433/x?sslmode=require"),
    ],
)
def test_a_password_goes_into_the_url(tmp_path: Path, given: str, used: str) -> None:
    password = tmp_path / "password"
    password.write_text("a/b@c d\n")

    assert ledger_url(tmp_path, f'url = "{given}"\npassword_file = "{password}"') == used


def test_an_authority_means_that_the_host_is_verified(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.touch()

    url = ledger_url(tmp_path, f'url = "postgresql://u:p@h/x?application_name=x"\nca_file = "{ca}"')

    assert url.startswith("postgresql+psycopg://u:p@h/x?application_name=x&sslmode=verify-full&sslrootcert=%2F")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://h/x?sslmode=require", "ledger.ca_file: it means sslmode=verify-full; remove sslmode from url"),
        ("postgresql:///x", "ledger.url: names no host"),
        ("sqlite:///x.db", "ledger.ca_file: only a postgresql:// url"),
    ],
)
def test_an_authority_that_could_not_vouch_is_refused(tmp_path: Path, url: str, said: str) -> None:
    ca = tmp_path / "ca.pem"
    ca.touch()

    with pytest.raises(SettingsError) as raised:
        ledger_url(tmp_path, f'url = "{url}"\nca_file = "{ca}"')

    assert str(raised.value).startswith(said)


def ledger_url(folder: Path, lines: str) -> str:
    config = folder / "xerelay.toml"
    config.write_text(MINIMAL.replace("[ledger]", f"[ledger]\n{lines}"))
    return load(config, {}).ledger.url.get_secret_value()


def fields(model: type[BaseModel]) -> Iterator[tuple[type[BaseModel], str, Any]]:
    """Every key of the settings, with the table it belongs to."""
    for key, field in model.model_fields.items():
        table = section_of(field.annotation) or named_section_of(field.annotation)
        if table is None:
            yield model, key, field.annotation
        else:
            yield from fields(table)
