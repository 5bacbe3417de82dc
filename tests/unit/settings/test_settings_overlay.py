"""What an admin adds fills what the configuration file leaves out, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.mapping_cases import ORGANISATION, organisation
from worker.settings import OrganisationSettings
from worker.settings.overlay import BadEntry, Entry, Table, checked, filled, in_file

TENANT = "6f0c3f2e-7d4e-4a53-9a59-2f3f1f1a7a10"


def without(*roles: str, **changes: Any) -> OrganisationSettings:
    """An organisation whose file leaves these accounts out."""
    accounts = {name: code for name, code in ORGANISATION["accounts"].items() if name not in roles}
    return organisation(accounts=accounts, **changes)


def test_nothing_to_add_leaves_the_organisation_itself() -> None:
    org = organisation()

    assert filled(org, ()) is org
    assert filled(org, [Entry(Table.PAYMENTS, "stripe", "091")]) is org


def test_what_the_file_leaves_out_is_filled() -> None:
    org = without("gift_card")

    served = filled(
        org,
        [
            Entry(Table.PAYMENTS, "klarna", "091"),
            Entry(Table.TAX, "DE-VAT-19", "TAX003"),
            Entry(Table.ACCOUNTS, "gift_card", "841"),
            Entry(Table.ORGANISATION, "tenant_id", TENANT),
        ],
    )

    assert served.payments == org.payments | {"klarna": "091"}
    assert served.tax == org.tax | {"DE-VAT-19": "TAX003"}
    assert (served.accounts.gift_card, served.tenant_id) == ("841", TENANT)
    assert served.accounts.model_copy(update={"gift_card": None}) == org.accounts


@given(st.dictionaries(st.sampled_from(["stripe", "paypal", "klarna", "cash"]), st.sampled_from(["090", "091"])))
def test_the_file_always_wins(added: dict[str, str]) -> None:
    org = organisation()

    served = filled(org, [Entry(Table.PAYMENTS, method, account) for method, account in added.items()])

    assert served.payments == added | dict(org.payments)
    assert served.model_copy(update={"payments": org.payments}) == org


def test_a_rate_is_kept_in_its_short_form_so_that_it_is_found() -> None:
    entry = checked(organisation(), "tax", "19.00 %", "TAX003")

    assert entry == Entry(Table.TAX, "19", "TAX003")


@pytest.mark.parametrize(
    ("table", "key", "value", "text"),
    [
        ("payments", "stripe", "091", "the configuration file has stripe already"),
        ("tax", "20%", "NONE", "the configuration file has 20 already"),
        ("payments", "klarna", "12345678901", "an account code of 1 to 10 characters"),
        ("payments", "klarna", "", "at least 1 character"),
        ("payments", "", "091", "1 to 100 characters"),
        ("payments", "a\nb", "091", "1 to 100 characters"),
        ("payments", "x" * 101, "091", "1 to 100 characters"),
        ("accounts", "sales", "200", "gift_card, store_credit, reward_points, refund_adjustment"),
        ("accounts", "inventory", "630", "gift_card"),
        ("accounts", "gift_card", "8 41", "of the form"),
        ("organisation", "number_prefix", "X", "tenant_id"),
        ("organisation", "tenant_id", "no uuid", "an id such as"),
        ("limits", "day", "5", "accounts, tax, payments, organisation"),
    ],
)
def test_what_cannot_be_added_says_why(table: str, key: str, value: str, text: str) -> None:
    with pytest.raises(BadEntry, match=text):
        checked(without("gift_card"), table, key, value)


def test_what_is_in_the_file_is_known() -> None:
    org = without("gift_card")

    assert in_file(org, Table.ACCOUNTS, "sales")
    assert not in_file(org, Table.ACCOUNTS, "gift_card")
    assert not in_file(org, Table.ORGANISATION, "tenant_id")
