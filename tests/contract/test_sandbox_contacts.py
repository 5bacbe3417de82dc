"""Contacts in the sandbox [xero 4.1]."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox_documents import a_contact, credit_note, invoice, made, refusals
from tests.support.sandbox_fixture import SandboxControl, XeroCaller


def test_4_1_a_name_is_unique_among_active_contacts_in_any_case(xero: XeroCaller) -> None:
    a_contact(xero, "Ada Lovelace")

    reply = xero.put("/Contacts", {"Name": "ADA LOVELACE"})

    assert refusals(reply) == [
        (
            "The contact name ADA LOVELACE is already assigned to another contact. "
            "The contact name must be unique across all active contacts."
        )
    ]
    assert reply.json()["Elements"][0]["ContactID"] == "00000000-0000-0000-0000-000000000000"


def test_4_1_an_archived_contact_gives_its_name_free(xero: XeroCaller, sandbox: SandboxControl) -> None:
    archived = a_contact(xero, "Ada Lovelace")
    sandbox.person("archive-contact", name=archived)

    fresh = a_contact(xero, "Ada Lovelace")

    assert fresh != archived


def test_4_1_put_refuses_a_contact_number_that_is_there(xero: XeroCaller) -> None:
    a_contact(xero, "Ada Lovelace", ContactNumber="shop:1")

    messages = refusals(xero.put("/Contacts", {"Name": "Grace Hopper", "ContactNumber": "shop:1"}))

    assert "already assigned to another contact" in messages[0]


def test_4_1_post_matches_by_number_before_name(xero: XeroCaller) -> None:
    first = a_contact(xero, "Ada Lovelace", ContactNumber="shop:1")
    a_contact(xero, "Grace Hopper", ContactNumber="shop:2")

    reply = xero.post("/Contacts", {"Contacts": [{"ContactNumber": "shop:1", "Name": "Ada King"}]})

    contact = reply.json()["Contacts"][0]
    assert (contact["ContactID"], contact["Name"]) == (first, "Ada King")


def test_4_1_post_matches_by_name_and_keeps_what_is_not_sent(xero: XeroCaller) -> None:
    first = a_contact(xero, "Ada Lovelace", EmailAddress="ada@example.com")

    contact = xero.post("/Contacts", {"Name": "ada lovelace", "AccountNumber": "7"}).json()["Contacts"][0]

    assert (contact["ContactID"], contact["EmailAddress"]) == (first, "ada@example.com")


def test_4_1_post_without_a_match_creates(xero: XeroCaller) -> None:
    reply = xero.post("/Contacts", {"Name": "Ada Lovelace"})

    assert reply.json()["Contacts"][0]["ContactStatus"] == "ACTIVE"


@pytest.mark.parametrize("edit", [{"EmailAddress": "a@example.com"}, {"ContactStatus": "ACTIVE"}])
def test_4_1_an_archived_contact_cannot_be_edited_nor_restored(
    xero: XeroCaller, sandbox: SandboxControl, edit: dict[str, Any]
) -> None:
    contact = a_contact(xero, "Ada Lovelace", ContactNumber="shop:1")
    sandbox.person("archive-contact", name=contact)

    by_id = refusals(xero.post(f"/Contacts/{contact}", edit))
    by_number = refusals(xero.post("/Contacts", {"ContactNumber": "shop:1", "Name": "X", **edit}))

    assert by_id == by_number
    assert "matched an archived contact" in by_id[0]


def test_4_1_documents_of_an_archived_contact_are_refused(xero: XeroCaller, sandbox: SandboxControl) -> None:
    contact = a_contact(xero)
    sandbox.person("archive-contact", name=contact)

    for plural, document in (("Invoices", invoice(contact, "I-1")), ("CreditNotes", credit_note(contact, "C-1"))):
        assert "must be un-archived" in refusals(xero.put(f"/{plural}", document))[0]


def test_4_1_an_app_archives_by_status_and_lists_leave_it_out(xero: XeroCaller) -> None:
    contact = a_contact(xero)

    xero.post(f"/Contacts/{contact}", {"ContactStatus": "ARCHIVED"})

    assert xero.get("/Contacts").json()["Contacts"] == []
    assert len(xero.get("/Contacts", includeArchived="true").json()["Contacts"]) == 1


@pytest.mark.parametrize(
    ("fields", "fragment"),
    [
        ({}, "Name, ContactID, ContactNumber"),
        ({"Name": "x" * 256}, "maximum length of 255"),
        ({"Name": "Ada <Lovelace>"}, "angle brackets"),
        ({"Name": " Ada"}, "spaces"),
        ({"Name": "Ada  Lovelace"}, "spaces"),
        ({"Name": "Ada", "ContactNumber": "x" * 51}, "maximum length of 50"),
        ({"Name": "Ada", "EmailAddress": "ada at example.com"}, "Email address must be valid"),
        ({"Name": "Ada", "EmailAddress": "jürgen@example.com"}, "Email address must be valid"),
        *(
            ({"Name": "Ada", "EmailAddress": address}, "Email address must be valid")
            for address in ("a..b@x.de", "a.@x.de", ".a@x.de", "a@x..de", "a@.x.de", "a@x.de.", "a@-x.de", "a@x-.de")
        ),
        ({"Name": "Ada", "ContactPersons": [{"EmailAddress": "a..b@x.de"}]}, "Email address must be valid"),
        ({"Name": "Ada", "DefaultCurrency": "JPY"}, "not subscribed to currency JPY"),
        ({"Name": "Ada", "ContactPersons": [{"FirstName": "x"}] * 6}, "at most 5"),
        ({"Name": "Ada", "Addresses": [{"AddressType": "HOME"}]}, "AddressType"),
        ({"Name": "Ada", "Addresses": [{"AddressType": "POBOX", "Country": "GB1"}]}, "letters"),
        ({"Name": "Ada", "Addresses": [{"AddressType": "POBOX", "AddressLine1": "x" * 501}]}, "length of 500"),
        ({"Name": "Ada", "Addresses": [{"AddressType": "POBOX", "PostalCode": "x" * 51}]}, "length of 50"),
        ({"Name": "Ada", "Phones": [{"PhoneType": "MOBILE", "PhoneNumber": "1" * 51}]}, "length of 50"),
        ({"Name": "Ada", "Phones": [{"PhoneType": "MOBILE", "PhoneAreaCode": "1" * 11}]}, "length of 10"),
        ({"Name": "Ada", "Phones": [{"PhoneType": "HOME"}]}, "PhoneType"),
    ],
)
def test_4_1_fields_beyond_their_limits_are_refused(xero: XeroCaller, fields: dict[str, Any], fragment: str) -> None:
    messages = refusals(xero.put("/Contacts", fields))

    assert any(fragment in message for message in messages)


@pytest.mark.parametrize("address", ["a.b-c@x-y.co.uk", "o'neil+shop@example.com", "a-@x1.de"])
def test_4_1_an_address_with_dots_and_hyphens_where_they_belong_is_taken(xero: XeroCaller, address: str) -> None:
    assert made(xero, "Contacts", {"Name": "Ada", "EmailAddress": address})["EmailAddress"] == address


def test_4_1_a_reply_has_four_phones_and_two_addresses(xero: XeroCaller) -> None:
    contact = made(
        xero,
        "Contacts",
        {
            "Name": "Ada",
            "Phones": [{"PhoneType": "MOBILE", "PhoneNumber": "7700 900123"}],
            "Addresses": [{"AddressType": "POBOX", "City": "London"}],
        },
    )

    assert len(contact["Phones"]) == 4
    assert {address["AddressType"]: address.get("City") for address in contact["Addresses"]} == {
        "POBOX": "London",
        "STREET": None,
    }


def test_4_1_one_contact_is_found_by_id_and_by_number(xero: XeroCaller) -> None:
    contact = a_contact(xero, "Ada", ContactNumber="shop:1")

    found = [xero.get(f"/Contacts/{named}").json()["Contacts"][0] for named in (contact, "shop:1")]

    assert found[0] == found[1]


def test_4_1_extra_fields_on_an_invoice_change_the_contact_and_drop_its_persons(xero: XeroCaller) -> None:
    contact = a_contact(xero, "Ada", ContactPersons=[{"FirstName": "Annabella"}])
    document = invoice(contact, "I-1", Contact={"ContactID": contact, "EmailAddress": "new@example.com"})

    made(xero, "Invoices", document)

    after = xero.get(f"/Contacts/{contact}").json()["Contacts"][0]
    assert (after["EmailAddress"], after["ContactPersons"]) == ("new@example.com", [])


def test_4_1_an_invoice_with_only_a_name_creates_or_matches_the_contact(xero: XeroCaller) -> None:
    first = made(xero, "Invoices", invoice("", "I-1", Contact={"Name": "Ada"}))
    second = made(xero, "Invoices", invoice("", "I-2", Contact={"Name": "ADA"}))

    assert first["Contact"]["ContactID"] == second["Contact"]["ContactID"]


def test_4_1_a_refused_invoice_creates_no_contact(xero: XeroCaller, sandbox: SandboxControl) -> None:
    refusals(xero.put("/Invoices", invoice("", "I-1", Contact={"Name": "Ada"}, CurrencyCode="JPY")))

    assert sandbox.audit()["documents"]["contacts"] == 0


def test_4_1_a_merged_contact_is_archived_and_names_the_one_that_has_its_documents(
    xero: XeroCaller, sandbox: SandboxControl
) -> None:
    ada, bob = a_contact(xero, "Ada"), a_contact(xero, "Bob")
    made(xero, "Invoices", invoice(ada, "I-1"))
    made(xero, "CreditNotes", credit_note(ada, "C-1"))

    sandbox.person("merge-contact", name=ada, to=bob)

    [invoiced] = xero.get("/Invoices/I-1").json()["Invoices"]
    [credited] = xero.get("/CreditNotes/C-1").json()["CreditNotes"]
    assert [one["Contact"]["ContactID"] for one in (invoiced, credited)] == [bob, bob]
    assert "must be un-archived" in refusals(xero.put("/Invoices", invoice(ada, "I-2")))[0]


def test_4_1_what_a_contact_was_merged_into_is_shown_on_pages_and_of_one_alone(
    xero: XeroCaller, sandbox: SandboxControl
) -> None:
    ada, bob = a_contact(xero, "Ada"), a_contact(xero, "Bob")
    sandbox.person("merge-contact", name=ada, to=bob)
    asked = {"IDs": ada, "includeArchived": "true"}

    alone, paged, listed = (
        xero.get(path, **query).json()["Contacts"][0]
        for path, query in ((f"/Contacts/{ada}", {}), ("/Contacts", {**asked, "page": "1"}), ("/Contacts", asked))
    )

    assert [one.get("MergedToContactID") for one in (alone, paged, listed)] == [bob, bob, None]
    assert [one["ContactStatus"] for one in (alone, paged, listed)] == ["ARCHIVED"] * 3
