"""What `xerelay check` proves of a connection whose token would last for a while yet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.check_setup import SetUp, consented, lines, tokens
from tests.support.check_setup import setup as setup  # noqa: PLC0414 - a fixture is found by its name
from tests.support.check_setup import shop_url as shop_url  # noqa: PLC0414
from tests.support.check_setup import xero as xero  # noqa: PLC0414
from tests.support.check_setup import xero_url as xero_url  # noqa: PLC0414

SECOND = """
[organisations.second]
connection = "xero"
start_date = 2026-01-01
tenant_id = "{tenant}"
accounts = {{ sales = "200", shipping = "210", discount = "205", fee = "260", rounding = "860" }}
tax = {{ "none" = "NONE" }}
payments = {{ default = "090" }}
"""


def connected(setup: SetUp, flow: str) -> None:
    """The connection has a token that lasts for half an hour."""
    if flow == "web":
        setup.changes |= {'"custom"': '"web"', "sandbox-custom": "sandbox-web"}
        setup.in_ledger(consented(setup.xero.url))
    else:
        setup.in_ledger(tokens(setup.xero.url))


@pytest.mark.parametrize("flow", ["web", "custom"])
def test_a_wrong_secret_fails_beside_a_token_that_lasts_and_loses_nothing(flow: str, setup: SetUp) -> None:
    connected(setup, flow)
    before = setup.stored()
    setup.changes['"sandbox-secret"'] = '"old-secret"'

    result = setup.check()

    [line] = [one for one in lines(result, "fail") if "consent" in one]
    assert "invalid_client: mend client_id and client_secret of [connections.xero]" in line
    assert setup.stored() == before


def test_a_consent_that_was_withdrawn_fails_beside_a_token_that_lasts(setup: SetUp) -> None:
    connected(setup, "web")
    setup.xero.person("revoke-consent", client_id="sandbox-web")

    result = setup.check()

    [line] = [one for one in lines(result, "fail") if "consent" in one]
    assert "invalid_grant: run `xerelay connect xero`" in line


def test_a_good_connection_gets_a_new_token_which_is_stored(setup: SetUp) -> None:
    connected(setup, "web")
    before = setup.stored()

    result = setup.check()

    after = setup.stored()
    assert before is not None
    assert after is not None
    assert any("Xero gave connection xero a new token" in line for line in lines(result, "ok"))
    assert (after.generation, after.previous_refresh_token) == (before.generation + 1, before.refresh_token)


def test_a_connection_of_two_organisations_is_asked_for_one_token(setup: SetUp) -> None:
    connected(setup, "web")
    setup.changes["[stores.shop]"] = SECOND.format(tenant=setup.xero.tenant_id("org2")) + "\n[stores.shop]"

    result = setup.check()

    assert len([line for line in lines(result, "ok") if "  consent " in line]) == 2
    assert setup.xero.audit()["tokens_issued"]["refresh_token"] == 1


def test_two_connections_of_one_app_are_told_to_be_one(setup: SetUp) -> None:
    connected(setup, "web")
    other = '[connections.other]\nflow = "web"\nclient_id = "sandbox-web"\nclient_secret = "sandbox-secret"\n'
    second = SECOND.format(tenant=setup.xero.tenant_id("org2")).replace('"xero"', '"other"')
    setup.changes["[stores.shop]"] = f"{other}{second}\n[stores.shop]"

    result = setup.check()

    [line] = [one for one in lines(result, "warn") if "  consent " in one]
    assert "connections xero and other have one client_id" in line
    assert "let their organisations name one of them" in line


@pytest.mark.parametrize(("flow", "more"), [("web", "run it again within 30 minutes"), ("custom", "")])
def test_without_an_answer_the_line_says_what_is_not_proved(flow: str, more: str, setup: SetUp) -> None:
    connected(setup, flow)
    before = setup.stored()
    setup.changes[f'identity_url = "{setup.xero.url}"'] = 'identity_url = "http://127.0.0.1:1"'

    result = setup.check()

    [line] = [one for one in lines(result, "warn") if "  consent " in one]
    assert "its secret and consent were not proved: the identity host did not answer" in line
    assert f"can this machine reach it? {more}".rstrip() in line
    assert any("accounts" in one for one in lines(result, "ok"))
    assert setup.stored() == before


@pytest.mark.parametrize(
    ("scope", "level", "said"),
    [
        ("accounting.transactions accounting.contacts accounting.settings", "ok", "all that are needed"),
        ("accounting.transactions.read accounting.contacts accounting.settings", "fail", "lacks accounting.invoices"),
    ],
)
def test_an_older_apps_broader_scopes_hold_what_is_needed(scope: str, level: str, said: str, setup: SetUp) -> None:
    setup.in_ledger(replace(tokens(setup.xero.url), scope=scope))
    setup.changes[f'identity_url = "{setup.xero.url}"'] = 'identity_url = "http://127.0.0.1:1"'

    result = setup.check()

    [line] = [one for one in lines(result, level) if "  scopes " in one]
    assert said in line
