"""What a configuration gives, where it may come from, and that the example is complete."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import BaseModel

from schemas.entities import Entity
from schemas.envelope import Lane
from tests.support.settings_cases import KEY, MINIMAL
from worker.settings import Settings, SettingsError, load
from worker.settings.fields import named_section_of, section_of

EXAMPLE = Path(__file__).parents[3] / "xerelay.example.toml"


@pytest.fixture
def minimal(tmp_path: Path) -> Path:
    path = tmp_path / "xerelay.toml"
    path.write_text(MINIMAL)
    return path


def test_a_minimal_file_has_sensible_defaults(minimal: Path) -> None:
    settings = load(minimal, {})

    org = settings.organisations["main"]
    assert (org.name, org.start_date, org.sales_document) == ("main", date(2026, 1, 1), "invoice")
    assert (org.window, org.offset, org.linger) == (timedelta(minutes=30), timedelta(), timedelta(milliseconds=200))
    assert (org.rounding_limit, settings.ledger.retention_days) == (Decimal("0.05"), 30)
    assert (org.limits.day, org.limits.minute, org.limits.concurrent) == (1000, 60, 5)
    assert org.lanes == dict.fromkeys(Entity, Lane.BATCH)
    assert list(settings.http.port)[:2] == [9100, 9101]


def test_a_file_may_begin_with_a_byte_order_mark(minimal: Path) -> None:
    minimal.write_text(MINIMAL, encoding="utf-8-sig")

    assert list(load(minimal, {}).organisations) == ["main"]


def test_the_environment_goes_over_the_file(minimal: Path) -> None:
    environ = {
        "XERELAY_ORGANISATIONS__MAIN__LIMITS__DAY": "5000",
        "XERELAY_ORGANISATIONS__MAIN__LANES__ORDER": "off",
        "XERELAY_ORGANISATIONS__MAIN__TAX": '{"GB-VAT-20": "OUTPUT2"}',
        "XERELAY_NOTIFY__TO": "a@example.com, b@example.com",
        "XERELAY_NOTIFY__SMTP_URL": "smtp://mail.example.com",
        "XERELAY_STORES__SHOP__OFFLINE_METHODS": "banktransfer, checkmo",
        "PATH": "/bin",
    }

    settings = load(minimal, environ)

    org = settings.organisations["main"]
    assert (org.limits.day, org.limits.minute, org.lanes[Entity.ORDER]) == (5000, 60, "off")
    assert org.tax == {"20": "OUTPUT2", "none": "NONE", "GB-VAT-20": "OUTPUT2"}
    assert settings.notify.to == ("a@example.com", "b@example.com")
    assert settings.stores["shop"].offline_methods == {"banktransfer", "checkmo"}


def test_everything_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    accounts = dict.fromkeys(("SALES", "SHIPPING", "DISCOUNT", "FEE", "ROUNDING"), "200")
    environ = {f"XERELAY_ORGANISATIONS__MAIN__ACCOUNTS__{key}": code for key, code in accounts.items()} | {
        "XERELAY_BROKER__URL": "amqp://localhost",
        "XERELAY_LEDGER__ENCRYPTION_KEY": KEY,
        "XERELAY_CONNECTIONS__XERO__FLOW": "pkce",
        "XERELAY_CONNECTIONS__XERO__CLIENT_ID": "id",
        "XERELAY_ORGANISATIONS__MAIN__CONNECTION": "xero",
        "XERELAY_ORGANISATIONS__MAIN__START_DATE": "2026-01-01",
    }

    settings = load(None, environ)

    assert settings.organisations["main"].accounts.fee == "200"


def test_secrets_may_stand_in_files_and_a_variable_replaces_a_file_of_the_toml(tmp_path: Path, minimal: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from-a-file\n")
    minimal.write_text(MINIMAL.replace('client_secret = "hidden-1"', f'client_secret_file = "{secret}"'))

    from_file = load(minimal, {})
    from_variable = load(minimal, {"XERELAY_CONNECTIONS__XERO__CLIENT_SECRET": "from-a-variable"})

    shown = [one.connections["xero"].client_secret for one in (from_file, from_variable)]
    assert [secret.get_secret_value() for secret in shown if secret] == ["from-a-file", "from-a-variable"]


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("sqlite:///var/x.db", "sqlite+inline:///var/x.db"),
        ("sqlite:////var/x.db", "sqlite+inline:////var/x.db"),
        ("sqlite+inline:///x.db", "sqlite+inline:///x.db"),
        ("postgresql://u:p%40@h:5433/x", "postgresql+psycopg://u:p%40@h:5433/x"),
        ("postgres://h/x", "postgresql+psycopg://h/x"),
        ("postgresql+psycopg://h/x?host=/run/pg", "postgresql+psycopg://h/x?host=/run/pg"),
    ],
)
def test_the_ledgers_url_gets_its_driver(minimal: Path, given: str, used: str) -> None:
    settings = load(minimal, {"XERELAY_LEDGER__URL": given})

    assert settings.ledger.url.get_secret_value() == used


@pytest.mark.parametrize(
    ("text", "value"),
    [("200ms", 0.2), ("5s", 5), ("30m", 1800), ("1h30m", 5400), ("24h", 86_400)],
)
def test_durations_are_read_with_their_units(minimal: Path, text: str, value: float) -> None:
    key = "LINGER" if text == "200ms" else "WINDOW"

    settings = load(minimal, {f"XERELAY_ORGANISATIONS__MAIN__{key}": text})

    org = settings.organisations["main"]
    assert (org.linger if key == "LINGER" else org.window).total_seconds() == value


@pytest.mark.parametrize(
    ("variable", "given", "used"),
    [
        ("STORES__SHOP__URL", "HTTPS://Shop.example.com/Eu/", "https://Shop.example.com/Eu"),
        ("BROKER__URL", "AMQPS://User@host/", "amqps://User@host/"),
        ("LEDGER__URL", "PostgreSQL://User@host/Books", "postgresql+psycopg://User@host/Books"),
        ("LEDGER__URL", "SQLITE:///Books.db", "sqlite+inline:///Books.db"),
        ("XERO__API_URL", "Https://api.xero.com", "https://api.xero.com"),
    ],
)
def test_a_scheme_may_be_written_in_capitals(minimal: Path, variable: str, given: str, used: str) -> None:
    settings = load(minimal, {f"XERELAY_{variable}": given})

    found = {
        "STORES__SHOP__URL": settings.stores["shop"].url,
        "BROKER__URL": settings.broker.url.get_secret_value(),
        "LEDGER__URL": settings.ledger.url.get_secret_value(),
        "XERO__API_URL": settings.xero.api_url,
    }
    assert found[variable] == used


def test_a_rate_means_the_same_however_it_is_written(minimal: Path) -> None:
    minimal.write_text(MINIMAL.replace('"20" = ', '"5.50%" = "RROUTPUT"\n"20.00 %" = '))

    tax = load(minimal, {}).organisations["main"].tax

    assert tax == {"5.5": "RROUTPUT", "20": "OUTPUT2", "none": "NONE"}


def test_settings_do_not_show_secrets(minimal: Path) -> None:
    settings = load(minimal, {})

    assert "hidden" not in repr(settings)


def test_the_example_loads_once_its_secrets_are_given() -> None:
    environ = {
        "XERELAY_LEDGER__ENCRYPTION_KEY": KEY,
        "XERELAY_CONNECTIONS__XERO__CLIENT_SECRET": "x",
        "XERELAY_STORES__WEBSHOP__AUTH__ACCESS_TOKEN": "x",
    }

    settings = load(EXAMPLE, environ)

    assert settings.stores["webshop"].organisations == ("main",)


def test_the_example_lists_the_missing_secrets_and_nothing_else() -> None:
    with pytest.raises(SettingsError) as raised:
        load(EXAMPLE, {})

    paths = [problem.path for problem in raised.value.problems]
    assert paths == [
        "ledger.encryption_key",
        "connections.xero.client_secret",
        "stores.webshop.auth.access_token",
    ]


def test_the_example_names_every_key_with_its_default() -> None:
    lines = EXAMPLE.read_text().splitlines()
    tables: dict[str, dict[str, str]] = {}
    for line in lines:
        if table := re.match(r"^(?:# )?\[([a-z_.]+)\]$", line):
            keys = tables.setdefault(table[1], {})
        elif key := re.match(r"^(?:# )?([a-z_]+) = (.+)$", line):
            keys[key[1]] = key[2]

    expected = set(_keys(Settings, ""))

    assert {(table, key) for table, keys in tables.items() for key in keys} >= expected


def test_the_examples_defaults_are_the_models(tmp_path: Path) -> None:
    environ = {
        "XERELAY_LEDGER__ENCRYPTION_KEY": KEY,
        "XERELAY_CONNECTIONS__XERO__CLIENT_SECRET": "x",
        "XERELAY_STORES__WEBSHOP__AUTH__ACCESS_TOKEN": "x",
    }
    sections = "retention_days|host|port|api_url|identity_url|login_url|redirect_port|every"
    organisation = "sales_document|document_status|window|offset|linger|rounding_limit"
    limits = "day|minute|concurrent|burst|reserve"
    keys = "|".join((sections, organisation, limits, "poll|lag|removal_limit", *Entity))
    spelled_out = tmp_path / "spelled_out.toml"
    text, count = re.subn(rf"^# ((?:{keys}) = )", r"\1", EXAMPLE.read_text(), flags=re.MULTILINE)
    spelled_out.write_text(text)

    settings = load(spelled_out, environ)

    twice = 2  # host and port stand in [http] and in [console]
    assert count == len(keys.split("|")) + twice
    assert settings == load(EXAMPLE, environ)


def _keys(model: type[BaseModel], table: str) -> Iterator[tuple[str, str]]:
    names = {"connections": "xero", "organisations": "main", "stores": "webshop"}
    for key, field in model.model_fields.items():
        section, named = section_of(field.annotation), named_section_of(field.annotation)
        place = f"{table}.{key}".lstrip(".")
        if named is not None:
            yield from _keys(named, f"{place}.{names[key]}")
        elif section is not None:
            yield from _keys(section, place)
        elif key not in {"name", "lanes", "tax", "payments", "websites", "views"}:
            yield table, key
