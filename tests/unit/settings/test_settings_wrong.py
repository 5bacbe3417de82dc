"""Each mistake gives one clear line that names its key, and never a secret."""

from pathlib import Path

import pytest

from tests.support.settings_cases import MINIMAL, WRONG_ENVIRONMENTS, WRONG_FILES
from worker.settings import SettingsError, load

SECOND = """
[organisations.second]
connection = "xero"
tenant_id = "6f0c3f2e-7d4e-4a53-9a59-2f3f1f1a7a10"
start_date = 2026-01-01
accounts = { sales = "200", shipping = "425", discount = "260", fee = "270", rounding = "860" }
"""
TENANT = 'tenant_id = "6F0C3F2E-7D4E-4A53-9A59-2F3F1F1A7A10"'


def first(path: str, text: str, environ: dict[str, str], tmp_path: Path) -> str:
    file = tmp_path / "xerelay.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as raised:
        load(file, environ)
    lines = str(raised.value).splitlines()
    assert len(lines) == len(raised.value.problems)
    assert lines[0].startswith(path), str(raised.value)
    assert "hidden" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "path", "text"),
    WRONG_FILES,
)
def test_a_mistake_in_the_file_is_named(old: str, new: str, path: str, text: str, tmp_path: Path) -> None:
    said = first(path, MINIMAL.replace(old, new), {}, tmp_path)

    assert text in said


@pytest.mark.parametrize(
    ("name", "value", "path", "text"),
    WRONG_ENVIRONMENTS,
)
def test_a_mistake_in_the_environment_is_named(name: str, value: str, path: str, text: str, tmp_path: Path) -> None:
    said = first(path, MINIMAL, {name: value}, tmp_path)

    assert text in said


@pytest.mark.parametrize("url", ["https://API.xero.com", "https://api.xero.com:443/", "http://api.xero.com"])
def test_xeros_limits_hold_however_its_address_is_spelt(url: str, tmp_path: Path) -> None:
    text = MINIMAL.replace("2026-01-01", "2026-01-01\nlimits.day = 5001", 1)

    said = first("organisations.main.limits.day", text, {"XERELAY_XERO__API_URL": url}, tmp_path)

    assert "at most 5000, which is Xero's limit, got 5001" in said


def test_a_file_that_is_nested_too_deeply_is_named(tmp_path: Path) -> None:
    said = first(str(tmp_path), "x = " + "[" * 5000 + "]" * 5000, {}, tmp_path)

    assert said.endswith("xerelay.toml: not a configuration: it is nested too deeply")


def test_a_connection_of_one_organisation_serves_no_second(tmp_path: Path) -> None:
    text = MINIMAL.replace('"web"', '"custom"') + SECOND

    said = first("connections.xero.flow", text, {}, tmp_path)

    assert "reaches one organisation, but 2 name it" in said
    assert "xerelay connect" not in said  # which such a connection has no use for


def test_a_misspelt_connection_of_two_organisations_is_not_said_to_be_connected(tmp_path: Path) -> None:
    text = (MINIMAL + SECOND).replace('connection = "xero"', 'connection = "zero"')

    said = first("organisations.main.connection", text, {}, tmp_path)

    assert "xerelay connect" not in said


def test_an_app_of_one_organisation_is_no_second_connection(tmp_path: Path) -> None:
    custom = MINIMAL.replace('"web"', '"custom"')
    section = custom[custom.index("[connections.xero]") : custom.index("[organisations.main]")]
    text = custom + SECOND.replace('connection = "xero"', 'connection = "again"')

    said = first(
        "connections.again.client_id", text + section.replace("connections.xero", "connections.again"), {}, tmp_path
    )

    assert '"xero" has the same' in said


def test_organisations_that_share_a_connection_need_their_ids_and_are_told_where_to_get_them(tmp_path: Path) -> None:
    said = first("organisations.main.tenant_id", MINIMAL + SECOND, {}, tmp_path)

    assert 'missing; needed because 2 organisations use connection "xero"' in said
    assert "configure one of them alone at first: `xerelay connect xero` prints the ids of all" in said


def test_an_organisation_of_xero_is_configured_once(tmp_path: Path) -> None:
    text = MINIMAL.replace("start_date", f"{TENANT}\nstart_date", 1) + SECOND

    said = first("organisations.second.tenant_id", text, {}, tmp_path)

    assert '"main" has the same' in said


def again(feeds: str) -> str:
    """The shop of MINIMAL under another name."""
    auth = 'auth = { access_token = "hidden-4" }'
    return f'[stores.again]\nkind = "magento"\nurl = "https://Shop.example.com/"\n{feeds}\n{auth}\n'


def test_a_store_of_two_names_does_not_feed_one_organisation_twice(tmp_path: Path) -> None:
    said = first("stores.again.url", MINIMAL + again('organisation = "main"'), {}, tmp_path)

    assert '"shop" has the same and feeds "main" too' in said


def test_a_store_of_two_names_may_have_each_of_its_websites_under_one(tmp_path: Path) -> None:
    text = MINIMAL.replace('organisation = "main"', 'websites = { base = "main" }')
    file = tmp_path / "xerelay.toml"

    file.write_text(text + again('websites = { outlet = "main" }'))
    settings = load(file, {})
    said = first("stores.again.url", text + again('websites = { base = "main" }'), {}, tmp_path)

    assert list(settings.stores) == ["shop", "again"]
    assert "would book each sale twice" in said


def test_stores_whose_paths_differ_in_case_alone_are_two(tmp_path: Path) -> None:
    file = tmp_path / "xerelay.toml"
    file.write_text(
        MINIMAL.replace("https://shop.example.com", "https://shop.example.com/de")
        + again('organisation = "main"').replace("com/", "com/DE")
    )

    assert list(load(file, {}).stores) == ["shop", "again"]


def test_every_mistake_has_its_line(tmp_path: Path) -> None:
    text = MINIMAL.replace('sales = "200"', "").replace('"web"', '"x"').replace('kind = "magento"', "")

    said = first("connections.xero.flow", text, {}, tmp_path)

    assert [line.split(":")[0] for line in said.splitlines()] == [
        "connections.xero.flow",
        "organisations.main.accounts.sales",
        "stores.shop.kind",
    ]


def test_secrets_that_cannot_be_read_hide_nothing_else(tmp_path: Path) -> None:
    text = MINIMAL.replace('client_secret = "hidden-1"', 'client_secret_file = "/no/such"')
    text = text.replace('access_token = "hidden-3"', 'access_token_file = "/dev/null"').replace('sales = "200"', "")

    said = first("broker.url_file", text, {"XERELAY_BROKER__URL_FILE": "/no/such"}, tmp_path)

    assert [line.split(":")[0] for line in said.splitlines()] == [
        "broker.url_file",
        "connections.xero.client_secret_file",
        "organisations.main.accounts.sales",
        "stores.shop.auth.access_token_file",
    ]


def test_what_is_wrong_within_a_section_is_told_beside_what_is_wrong_elsewhere(tmp_path: Path) -> None:
    text = MINIMAL.replace("2026-01-01", '2026-01-01\noffset = "30m"').replace('organisation = "main"', "")
    text = text.replace("[ledger]", '[ledger]\npassword = "hidden"').replace('"web"', '"pkce"')
    text = text.replace("access_token =", 'consumer_key = "hidden"\naccess_token =')

    said = first("broker.heartbeat", text.replace("[broker]", "[broker]\nheartbeat = 3"), {}, tmp_path)

    assert [line.split(":")[0] for line in said.splitlines()] == [
        "broker.heartbeat",
        "ledger.password",
        "connections.xero.client_secret",
        "organisations.main.offset",
        "stores.shop.auth.consumer_secret",
        "stores.shop.auth.access_token_secret",
    ]


def test_a_secret_of_the_environment_goes_over_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "xerelay.toml"
    file.write_text(MINIMAL.replace('client_secret = "hidden-1"', 'client_secret_file = "/no/such"'))

    settings = load(file, {"XERELAY_CONNECTIONS__XERO__CLIENT_SECRET": "x"})

    assert settings.connections["xero"].client_secret


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml: cannot be read: No such file or directory; give the path"):
        load(None, {"XERELAY_CONFIG": str(tmp_path / "none.toml")})


def test_without_any_configuration_the_missing_file_and_the_sections_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SettingsError) as raised:
        load(None, {})

    assert str(raised.value).splitlines() == [
        "xerelay.toml: is not in this folder; go to it, or give its path with --config or XERELAY_CONFIG",
        "broker: missing; add a table [broker] with url",
        "ledger: missing; add a table [ledger] with encryption_key",
        "connections: missing; add a table [connections.NAME]",
        "organisations: missing; add a table [organisations.NAME]",
    ]


def test_a_mistake_in_the_environment_alone_does_not_ask_for_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {
        "XERELAY_BROKER__URL": "amqp://localhost",
        "XERELAY_LEDGER__ENCRYPTION_KEY": "short",
        "XERELAY_CONNECTIONS__XERO__FLOW": "pkce",
        "XERELAY_ORGANISATIONS__MAIN__CONNECTION": "xero",
        "XERELAY_LOG_LEVEL": "debug",
    }

    with pytest.raises(SettingsError) as raised:
        load(None, environ)

    said = str(raised.value)
    assert "ledger.encryption_key" in said
    assert "xerelay.toml" not in said
