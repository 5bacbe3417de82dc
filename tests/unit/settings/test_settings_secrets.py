"""Every secret is known as one and may stand in a file; a ledger's password and authority become part of its URL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from tests.support.settings_cases import MINIMAL
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


PEM = "-----BEGIN PRIVATE KEY-----\n" + "hush+hush\n" * 100 + "-----END PRIVATE KEY-----\n"
NO_FILE = "expected the path of a file that exists and can be read"


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("BROKER__KEY_FILE", PEM, f"broker.key_file (XERELAY_BROKER__KEY_FILE): {NO_FILE}"),
        ("LEDGER__CA_FILE", "hush", f"ledger.ca_file (XERELAY_LEDGER__CA_FILE): {NO_FILE}"),
        (
            "CONNECTIONS__XERO__CLIENT_SECRET_FILE",
            "/hush/hush",
            "connections.xero.client_secret_file: expected a file that can be read: no such file or directory",
        ),
        (
            "LEDGER__ENCRYPTION_KEY_FILE",
            PEM,
            "ledger.encryption_key_file: expected a file that can be read: file name too long",
        ),
        ("CONFIG", MINIMAL.replace("hidden-1", "hush"), "XERELAY_CONFIG: cannot be read: "),
    ],
)
def test_a_secret_that_was_given_for_its_file_is_not_repeated(
    tmp_path: Path, variable: str, value: str, said: str
) -> None:
    config = tmp_path / "xerelay.toml"
    config.write_text(MINIMAL.replace("client_secret =", "# ").replace("encryption_key =", "# "))

    with pytest.raises(SettingsError) as raised:
        load(None if variable == "CONFIG" else config, {f"XERELAY_{variable}": value})

    assert said in str(raised.value)
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize(
    ("variable", "path"),
    [
        ("STORES__ACCESS_TOKEN", "stores.access_token"),
        ("STORES__SHOP__AUTH", "stores.shop.auth"),
        ("CONNECTIONS__SECRET", "connections.secret"),
        ("CONNECTIONS__CLIENT_SECRET", "connections.client_secret"),
        ("CONNECTIONS__XERO", "connections.xero"),
        ("LEDGER", "ledger"),
        ("ORGANISATIONS__MAIN__CUT_OVER", "organisations.main.cut_over"),
        ("ORGANISATIONS__MAIN__PAYMENTS", "organisations.main.payments"),
    ],
)
def test_what_came_in_the_place_of_a_table_is_not_repeated(tmp_path: Path, variable: str, path: str) -> None:
    config = tmp_path / "xerelay.toml"
    config.write_text(MINIMAL)

    with pytest.raises(SettingsError) as raised:
        load(config, {f"XERELAY_{variable}": "hush"})

    assert f"{path} (XERELAY_{variable}): expected a table of keys" in str(raised.value)
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize("key", ["[broker]\nca_file", "[broker]\nurl_file"])
def test_a_path_whose_folder_is_there_is_repeated(tmp_path: Path, key: str) -> None:
    config, place = tmp_path / "xerelay.toml", tmp_path / "missing.pem"
    config.write_text(MINIMAL.replace('[broker]\nurl = "amqp://user:hidden-2@127.0.0.1/"', f'{key} = "{place}"'))

    with pytest.raises(SettingsError, match=re.escape(f'got "{str(place)[:60]}')):
        load(config, {})


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
