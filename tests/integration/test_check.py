"""What `xerelay check` says of set-ups that are broken on purpose: the fault and its cure, in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import httpx
import pytest
from typer.testing import CliRunner

from deploy.sandbox.store.oauth import INTEGRATION
from tests.support.check_setup import OTHER_KEY, SetUp, consented, lines, tokens
from tests.support.check_setup import setup as setup  # noqa: PLC0414 - a fixture is found by its name
from tests.support.check_setup import shop_url as shop_url  # noqa: PLC0414
from tests.support.check_setup import xero as xero  # noqa: PLC0414
from tests.support.check_setup import xero_url as xero_url  # noqa: PLC0414
from worker.cli import app

Break = Callable[[SetUp], None]


def change(old: str, new: str) -> Break:
    return lambda made: made.changes.update({old: new})


def person(do: str, **order: object) -> Break:
    return lambda made: made.xero.person(do, **order)


def both(*breaks: Break) -> Break:
    def all_of_them(made: SetUp) -> None:
        for one in breaks:
            one(made)

    return all_of_them


def lock(made: SetUp) -> None:
    made.xero.person("lock-date", to="2026-02-28")


def lock_tomorrow(made: SetUp) -> None:
    made.xero.person("lock-date", to=(date.today() + timedelta(days=1)).isoformat(), end_of_year=True)  # noqa: DTZ011


def wrong_key(made: SetUp) -> None:
    made.in_ledger(tokens(made.xero.url))
    made.key = OTHER_KEY


def of_a_web_app(made: SetUp) -> None:
    made.changes |= {'"custom"': '"web"', "sandbox-custom": "sandbox-web"}


def few_scopes(made: SetUp) -> None:
    of_a_web_app(made)
    made.in_ledger(consented(made.xero.url, "accounting.contacts accounting.settings.read accounting.invoices"))


def silent_about_scopes(made: SetUp) -> None:
    made.in_ledger(replace(tokens(made.xero.url), scope=""))
    no_identity_host(made)


def no_identity_host(made: SetUp) -> None:
    made.changes[f'identity_url = "{made.xero.url}"'] = 'identity_url = "http://127.0.0.1:1"'


def nothing_but_tokens(made: SetUp) -> None:
    made.changes[f'api_url = "{made.xero.url}"'] = 'api_url = "http://127.0.0.1:1"'


def nothing_left(made: SetUp) -> None:
    made.changes["[organisations.main.accounts]"] = (
        "[organisations.main.limits]\nday = 4\n[organisations.main.accounts]"
    )


def no_ledger(made: SetUp) -> None:
    (made.folder / "ledger.db").unlink()


BROKEN: dict[str, tuple[Break, str, tuple[str, str]]] = {
    "the broker is away": (lambda _made: None, "broker", ("Connection", "is RabbitMQ running, and does broker.url")),
    "the ledger was never made": (no_ledger, "ledger", ("schema is not there", "run `xerelay db upgrade`")),
    "the ledger's folder is not there": (
        change("/ledger.db", "/no/ledger.db"),
        "ledger",
        ("no/ledger.db cannot be opened", "make the folder"),
    ),
    "another encryption key": (
        both(wrong_key, change('"custom"', '"web"'), change("sandbox-custom", "sandbox-web")),
        "encryption key",
        ("stored with another", "connect again"),
    ),
    "a wrong client secret": (
        change('"sandbox-secret"', '"old-secret"'),
        "consent",
        ("invalid_client", "mend client_id and client_secret of [connections.xero]"),
    ),
    "no consent": (
        of_a_web_app,
        "consent",
        ("no consent yet", "main: connection 'xero' has no consent yet: run `xerelay connect xero`"),
    ),
    "the consent was withdrawn": (
        person("revoke-consent"),
        "consent",
        ("refused", "authorise the custom connection anew"),
    ),
    "a scope is missing": (
        few_scopes,
        "scopes",
        ("lacks accounting.payments", "developer portal, then run `xerelay connect xero`"),
    ),
    "Xero's list of connections is away": (
        nothing_but_tokens,
        "tenant",
        ("did not answer", "is xero.api_url right, and can this machine reach it?"),
    ),
    "another tenant": (
        lambda made: made.changes.update({made.xero.tenant_id(): made.xero.tenant_id("org2")}),
        "tenant",
        ("does not reach tenant", "connect it, or set [organisations.main] tenant_id to one of: "),
    ),
    "an archived account": (
        person("archive-account", name="210"),
        "accounts",
        ("account 210 is archived", 'change [organisations.main.accounts] shipping = "210"'),
    ),
    "an account that is not there": (
        change('sales = "200"', 'sales = "999"'),
        "accounts",
        ("account 999 is not in the chart", 'change [organisations.main.accounts] sales = "999"'),
    ),
    "a bank account to sell by": (
        change('fee = "260"', 'fee = "090"'),
        "accounts",
        ("account 090 is a bank or system account", "accounts] fee"),
    ),
    "an unknown tax type": (
        change('"OUTPUT2"', '"OUTPUT9"'),
        "tax rates",
        ("OUTPUT9 is no tax rate", 'tax] "20" = "OUTPUT9"'),
    ),
    "an archived tax rate": (
        person("archive-tax-rate", name="ZERORATEDOUTPUT"),
        "tax rates",
        ("ZERORATEDOUTPUT is archived", 'tax] "0"'),
    ),
    "a tax rate of another height": (
        change('"OUTPUT2"', '"RROUTPUT"'),
        "tax rates",
        ("20 % is mapped to RROUTPUT, which is 5 %", 'change [organisations.main.tax] "20" to the tax type of 20 %'),
    ),
    "a tax type of expenses": (
        change('"OUTPUT2"', '"INPUT2"'),
        "tax rates",
        ("does not take tax type INPUT2 on lines of account 200", "choose another account"),
    ),
    "an account that takes no payments": (
        change('stripe = "092"', 'stripe = "843"'),
        "payment accounts",
        ("account 843 takes no payments", 'payments] "stripe" = "843"'),
    ),
    "a currency the organisation has not": (
        both(change("base = ", "europe = "), person("unsubscribe-currency", name="EUR")),
        "currencies",
        ("sells in EUR", "add EUR in Xero under Settings > Currencies"),
    ),
    "books locked up to tomorrow": (lock_tomorrow, "lock dates", ("locked for everyone", "move the lock date back")),
    "a store token that is not known": (
        change(INTEGRATION.token, "0" * len(INTEGRATION.token)),
        "store",
        ("401", "mend what it names, in [stores.shop], [stores.shop.auth] or the store"),
    ),
    "a store's address with /rest/V1": (
        lambda made: made.changes.update({made.shop_url: f"{made.shop_url}/rest/V1"}),
        "store",
        ("without /rest", "mend what it names, in [stores.shop], [stores.shop.auth] or the store"),
    ),
    "a store that is away": (
        lambda made: made.changes.update({made.shop_url: "http://127.0.0.1:1"}),
        "store",
        ("127.0.0.1:1", "is [stores.shop] url right"),
    ),
    "a mail server that is away": (
        change("[stores.shop]", '[notify]\nsmtp_url = "smtp://127.0.0.1:1"\nto = ["a@example.com"]\n[stores.shop]'),
        "notify",
        ("the mail server 127.0.0.1 did not take it: ConnectionRefusedError", "mend notify.smtp_url"),
    ),
    "a webhook that is away": (
        change("[stores.shop]", '[notify]\nwebhook_url = "http://127.0.0.1:1/planted"\n[stores.shop]'),
        "notify",
        ("the webhook did not answer: ConnectionRefusedError", "mend notify.webhook_url"),
    ),
    "calls that are spent": (nothing_left, "budget", ("no call is left for this before", "`xerelay budget` says")),
}  # fmt: skip


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_set_up_is_named_with_its_cure_in_one_line(fault: str, setup: SetUp) -> None:
    break_it, topic, said = BROKEN[fault]
    break_it(setup)

    result = setup.check()

    assert result.exit_code == 1, result.output
    [line] = [one for one in lines(result, "fail") if one.split("  ")[1].strip() == topic and said[0] in one]
    assert said[1] in line
    others = [one for one in lines(result, "fail") if one != line and "  broker " not in one]
    assert len(others) == (1 if topic == "ledger" else 0), others


ODD: dict[str, tuple[Break, str, str]] = {
    "days of another time zone": (
        change("base = ", "europe = "),
        "Europe/Berlin, the organisation's those of Europe/London",
        "make both alike",
    ),
    "rates for one of another currency": (
        change("base = ", "europe = "),
        "the store's rates are units for one EUR, the organisation's currency is GBP",
        "sell there in EUR only",
    ),
    "books locked since the start": (
        lock,
        "locked for all but advisers up to 2026-02-28",
        'locked_period = "next_day"',
    ),
    "a start date of a wrong century": (
        change("start_date = 2026-01-01", "start_date = 2126-01-01"),
        "no sale before 2126-01-01 is booked",
        "change [organisations.main] start_date",
    ),
    "no account for other methods": (change('default = "090"', ""), "other methods", 'add default = "<account>"'),
    "an account of an odd class": (
        change('sales = "200"', 'sales = "429"\n#'),
        "account 429 is of class EXPENSE",
        "unless your accountant",
    ),
    "a token that does not tell its scopes": (
        silent_about_scopes,
        "Xero did not say which the token has",
        "a call that lacks one says so",
    ),
}


@pytest.mark.parametrize("oddity", ODD)
def test_what_works_and_might_surprise_is_a_warning(oddity: str, setup: SetUp) -> None:
    break_it, said, cure = ODD[oddity]
    break_it(setup)

    result = setup.check()

    [line] = [one for one in lines(result, "warn") if said in one]
    assert cure in line


@pytest.mark.parametrize(("off", "level", "said"), [(True, "ok", "3 lists"), (False, "fail", "Magento_Catalog")])
def test_a_store_needs_no_permission_for_lists_that_nobody_wants(
    setup: SetUp, *, off: bool, level: str, said: str
) -> None:
    access = f"{setup.shop_url}/_sandbox/auth"
    lanes = '[organisations.main.lanes]\nproduct = "off"\ncustomer = "off"\n\n' if off else ""
    setup.changes["[organisations.main.payments]"] = f"{lanes}[organisations.main.payments]"
    httpx.post(access, json={"removed": ["Magento_Catalog::products"]}, timeout=30).raise_for_status()

    result = setup.check()

    httpx.post(access, json={"removed": []}, timeout=30).raise_for_status()
    assert [said in one for one in lines(result, level) if "  store " in one] == [True]


def test_each_call_is_counted_and_said_beforehand(setup: SetUp) -> None:
    result = setup.check("--json")

    told = json.loads(result.stdout)
    assert "4 calls in all" in result.stderr
    assert (told["calls"], told["failed"]) == (4, True)
    assert [one["topic"] for one in told["findings"] if one["level"] != "ok"] == ["broker"]
    assert setup.xero.audit()["calls_total"] == 4
    report = CliRunner().invoke(app, ["budget", "--json", "--config", str(setup.config())])
    assert json.loads(report.stdout)["organisations"][0]["budget"]["used"] == 4


def test_nothing_secret_is_told(setup: SetUp) -> None:
    setup.changes[INTEGRATION.token] = "planted-token"
    setup.broker = "amqp://user:planted-password@127.0.0.1:1/"

    result = setup.check()

    assert "planted" not in result.output
