"""Reading from the sandbox: envelopes, lists, filters [xero 4, 6, 7]."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox_documents import a_contact, credit_note, invoice, line, made, payment, refusals
from tests.support.sandbox_fixture import SandboxControl, XeroCaller


def _numbers(xero: XeroCaller, **query: Any) -> list[str]:
    reply = xero.get("/Invoices", **query)
    assert reply.status_code == 200, reply.text
    return sorted(one["InvoiceNumber"] for one in reply.json()["Invoices"])


@pytest.fixture
def three(xero: XeroCaller) -> list[dict[str, Any]]:
    """Invoices I-1 and I-2 of Ada, and the draft I-3 of Bob."""
    ada, bob = a_contact(xero, "Ada", ContactNumber="shop:1"), a_contact(xero, "Bob")
    return [
        made(xero, "Invoices", invoice(ada, "I-1", Reference="order 1")),
        made(xero, "Invoices", invoice(ada, "I-2", line(UnitAmount=7), Date="2026-03-01", DueDate="2026-03-31")),
        made(xero, "Invoices", invoice(bob, "I-3", Status="DRAFT")),
    ]


def test_4_a_reply_has_xeros_envelope_and_dates(xero: XeroCaller, three: list[dict[str, Any]]) -> None:
    body = xero.get("/Invoices/I-1").json()

    assert {"Id", "Status", "ProviderName", "DateTimeUTC", "Invoices"} == set(body)
    shown = body["Invoices"][0]
    assert (shown["Date"], shown["DateString"]) == ("/Date(1770681600000+0000)/", "2026-02-10T00:00:00")
    assert shown["UpdatedDateUTC"].endswith("+0000)/")
    assert shown["UpdatedDateUTCString"].endswith("Z")


def test_4_xml_is_what_comes_without_an_accept_header(xero: XeroCaller) -> None:
    reply = xero.http.get("/Organisation", headers={"Accept": "*/*"})

    assert reply.headers["content-type"].startswith("text/xml")
    assert "<BaseCurrency>GBP</BaseCurrency>" in reply.text


def test_6_what_is_not_there_is_html(xero: XeroCaller) -> None:
    for path in ("/Invoices/none", "/Nothing", "/Accounts/999", "/Invoices/x/y"):
        reply = xero.get(path)
        assert (reply.status_code, reply.headers["content-type"].split(";")[0]) == (404, "text/html")


@pytest.mark.parametrize("body", ["{", "[1]", '"text"', '{"Contacts":[]}', '{"Contacts":[1]}', '{"Name":{"a":1}}'])
def test_6_a_body_that_cannot_be_read_is_refused_whole(xero: XeroCaller, body: str) -> None:
    reply = xero.http.put("/Contacts", content=body, headers={"Content-Type": "application/json"})

    assert reply.status_code == 400
    assert "Elements" not in reply.json()


@pytest.mark.parametrize(
    "fields",
    [{"CurrencyRate": 1e300}, {"Date": "2026-02-30"}, {"DueDate": "/Date(99999999999999999)/"}, {"LineItems": {}}],
)
def test_6_values_of_no_sense_make_the_whole_call_unreadable(xero: XeroCaller, fields: dict[str, Any]) -> None:
    reply = xero.put("/Invoices", invoice(a_contact(xero), "I-1", **fields))

    assert (reply.status_code, reply.json()["Type"]) == (400, "PostDataInvalidException")


@pytest.mark.parametrize("fields", [{"Date": "no date"}, {"LineItems": [line(Quantity=True)]}, {"Contact": "Ada"}])
def test_6_one_element_that_cannot_be_read_leaves_nothing_saved(xero: XeroCaller, fields: dict[str, Any]) -> None:
    contact = a_contact(xero)

    reply = xero.put("/Invoices", {"Invoices": [invoice(contact, "I-1"), invoice(contact, "I-2", **fields)]})

    assert (reply.status_code, reply.json()["Type"]) == (400, "PostDataInvalidException")
    assert _numbers(xero) == []


def test_6_a_body_without_json_content_type_is_refused(xero: XeroCaller) -> None:
    assert xero.http.put("/Contacts", content='{"Name":"Ada"}').status_code == 400


def test_2_a_body_above_its_limit_is_refused(xero: XeroCaller) -> None:
    reply = xero.put("/Contacts", {"Name": "Ada", "Website": "x" * 3_500_000})

    assert (reply.status_code, reply.headers["content-type"].split(";")[0]) == (413, "text/html")


def test_4_envelope_names_are_read_in_any_case_and_one_bare_object_too(xero: XeroCaller) -> None:
    assert xero.put("/Contacts", {"contacts": [{"Name": "Ada"}]}).status_code == 200
    assert xero.put("/Contacts", {"Name": "Bob"}).status_code == 200


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, ["I-1", "I-2", "I-3"]),
        ({"InvoiceNumbers": "I-1,I-3,I-9"}, ["I-1", "I-3"]),
        ({"Statuses": "DRAFT"}, ["I-3"]),
        ({"Statuses": "DRAFT,AUTHORISED", "InvoiceNumbers": "I-1"}, ["I-1"]),
        ({"where": 'InvoiceNumber=="I-2"'}, ["I-2"]),
        ({"where": 'Status=="AUTHORISED" AND Contact.Name=="ada"'}, ["I-1", "I-2"]),
        ({"where": 'Contact.ContactNumber=="shop:1"'}, ["I-1", "I-2"]),
        ({"where": 'InvoiceNumber=="I-1" OR InvoiceNumber=="I-3"'}, ["I-1", "I-3"]),
        ({"where": 'Type=="ACCREC" && (Status=="DRAFT" || Reference=="order 1")'}, ["I-1", "I-3"]),
        ({"where": "Date>=DateTime(2026,03,01)"}, ["I-2"]),
        ({"where": "Date==DateTime(2026, 02, 10)"}, ["I-1", "I-3"]),
        ({"where": "AmountDue<100"}, ["I-2"]),
        ({"where": "Reference==null"}, ["I-2", "I-3"]),
        ({"searchTerm": "ORDER"}, ["I-1"]),
        ({"page": 2, "pageSize": 2}, ["I-3"]),
    ],
)
def test_7_lists_are_filtered(
    xero: XeroCaller, three: list[dict[str, Any]], query: dict[str, Any], numbers: list[str]
) -> None:
    assert _numbers(xero, **query) == numbers


def test_7_lists_are_filtered_by_id(xero: XeroCaller, three: list[dict[str, Any]]) -> None:
    ada = three[0]["Contact"]["ContactID"]

    assert _numbers(xero, IDs=f"{three[0]['InvoiceID']},{three[2]['InvoiceID']}") == ["I-1", "I-3"]
    assert _numbers(xero, ContactIDs=ada) == ["I-1", "I-2"]
    assert _numbers(xero, where=f'Contact.ContactID==guid("{ada}")') == ["I-1", "I-2"]
    assert _numbers(xero, where=f'InvoiceId==guid("{three[1]["InvoiceID"].upper()}")') == ["I-2"]


@pytest.mark.parametrize("where", ["Nonsense==1", 'Status="', "Status==", 'Name.Contains("x")', "Status ~ 1", "("])
def test_7_a_where_that_cannot_be_read_is_refused(xero: XeroCaller, where: str) -> None:
    reply = xero.get("/Invoices", where=where)

    assert (reply.status_code, reply.json()["Type"]) == (400, "QueryParseException")


@pytest.mark.parametrize(
    ("plural", "where"),
    [
        ("Invoices", "Total>5"),
        ("Invoices", 'CurrencyCode=="GBP"'),
        ("Invoices", "UpdatedDateUTC>=DateTime(2026,01,01)"),
        ("CreditNotes", "RemainingCredit>0"),
        ("Payments", "Amount>5"),
        ("Contacts", 'ContactStatus=="ACTIVE"'),
        ("Items", 'Name=="Mug"'),
    ],
)
def test_7_a_where_on_a_field_that_is_not_optimised_is_refused(xero: XeroCaller, plural: str, where: str) -> None:
    reply = xero.get(f"/{plural}", where=where)

    assert (reply.status_code, reply.json()["Type"]) == (400, "QueryParseException")


@pytest.mark.parametrize("query", [{"pageSize": 1001}, {"createdByMyApp": "true"}])
def test_7_what_the_sandbox_would_not_heed_is_refused(xero: XeroCaller, query: dict[str, Any]) -> None:
    assert xero.get("/Invoices", **query).status_code == 400


def test_7_pages_tell_where_they_are(xero: XeroCaller, three: list[dict[str, Any]]) -> None:
    body = xero.get("/Invoices", page=1, pageSize=2).json()

    assert body["pagination"] == {"page": 1, "pageSize": 2, "pageCount": 2, "itemCount": 3}
    assert "pagination" not in xero.get("/Invoices").json()


def test_7_invoices_carry_lines_only_when_paged_filtered_by_status_or_alone(
    xero: XeroCaller, three: list[dict[str, Any]]
) -> None:
    def has_lines(path: str, **query: Any) -> bool:
        return "LineItems" in xero.get(path, **query).json()["Invoices"][0]

    assert not has_lines("/Invoices")
    assert not has_lines("/Invoices", InvoiceNumbers="I-1")
    assert has_lines("/Invoices", page=1)
    assert has_lines("/Invoices", Statuses="AUTHORISED")
    assert has_lines("/Invoices/I-1")
    assert not has_lines("/Invoices", page=1, summaryOnly="true")


def test_7_summary_only_forces_pages(xero: XeroCaller, three: list[dict[str, Any]]) -> None:
    body = xero.get("/Contacts", summaryOnly="true").json()

    assert body["pagination"]["itemCount"] == 2
    assert "Addresses" not in body["Contacts"][0]


def test_7_if_modified_since_leaves_the_unchanged_out(xero: XeroCaller, sandbox: SandboxControl) -> None:
    contact = a_contact(xero)
    first = made(xero, "Invoices", invoice(contact, "I-1"))
    sandbox.advance(100)
    made(xero, "Invoices", invoice(contact, "I-2"))
    since = first["UpdatedDateUTCString"].removesuffix("Z")

    reply = xero.http.get("/Invoices", headers={"If-Modified-Since": since})

    assert [one["InvoiceNumber"] for one in reply.json()["Invoices"]] == ["I-2"]
    assert xero.http.get("/Invoices", headers={"If-Modified-Since": "yesterday"}).status_code == 412


def test_7_contacts_are_found_without_case_and_accents(xero: XeroCaller) -> None:
    a_contact(xero, "Zoë Brontë", EmailAddress="Zoe@Example.com", ContactNumber="shop:1")

    for where in ('Name=="ZOE BRONTE"', 'EmailAddress=="zoe@example.com"', 'ContactNumber=="shop:1"'):
        assert len(xero.get("/Contacts", where=where).json()["Contacts"]) == 1


def test_4_4_payments_are_found_by_their_document(xero: XeroCaller, three: list[dict[str, Any]]) -> None:
    target = three[0]["InvoiceID"]
    note = made(xero, "CreditNotes", credit_note(three[0]["Contact"]["ContactID"], "C-1"))
    made(xero, "Payments", payment({"Invoice": {"InvoiceID": target}}, "10", Reference="P-1"))
    made(xero, "Payments", payment({"CreditNote": {"CreditNoteID": note["CreditNoteID"]}}, "10", Reference="R-1"))

    def references(where: str) -> list[str]:
        return [one["Reference"] for one in xero.get("/Payments", where=where, page=1).json()["Payments"]]

    assert references(f'Invoice.InvoiceId=guid("{target}")') == ["P-1"]
    assert references(f'CreditNote.CreditNoteId==guid("{note["CreditNoteID"]}")') == ["R-1"]
    assert references('PaymentType=="ARCREDITPAYMENT"') == ["R-1"]
    assert references('Reference=="P-1" AND Status=="AUTHORISED"') == ["P-1"]


def test_7_credit_notes_are_found_by_where_and_number(xero: XeroCaller) -> None:
    note = made(xero, "CreditNotes", credit_note(a_contact(xero), "C-1"))

    by_where = xero.get("/CreditNotes", where='CreditNoteNumber=="C-1"', page=1).json()["CreditNotes"]
    by_id = xero.get("/CreditNotes", where=f'CreditNoteID==guid("{note["CreditNoteID"]}")', page=1)

    assert [one["CreditNoteID"] for one in by_where] == [note["CreditNoteID"]]
    assert by_id.json()["CreditNotes"] == by_where
    assert xero.get("/CreditNotes/C-1").json()["CreditNotes"][0]["LineItems"]
    assert len(xero.get("/CreditNotes", CreditNoteNumbers="other").json()["CreditNotes"]) == 1


def test_4_7_set_up_data_is_there(xero: XeroCaller) -> None:
    accounts = {one["Code"]: one for one in xero.get("/Accounts").json()["Accounts"]}
    rates = {one["TaxType"]: one for one in xero.get("/TaxRates").json()["TaxRates"]}

    assert accounts["860"]["SystemAccount"] == "ROUNDING"
    assert [one["Code"] for one in xero.get("/Accounts", where='Type=="BANK"').json()["Accounts"]] == [
        "090",
        "091",
        "093",
    ]
    assert (rates["OUTPUT2"]["EffectiveRate"], rates["OUTPUT2"]["CanApplyToRevenue"]) == (20, True)
    assert [one["Code"] for one in xero.get("/Currencies").json()["Currencies"]] == ["GBP", "EUR", "USD"]
    assert xero.get("/Organisation").json()["Organisations"][0]["BaseCurrency"] == "GBP"
    assert xero.get("/Organisation/Actions").json()["Actions"][0]["Status"] == "ALLOWED"
    assert len(xero.get("/TrackingCategories").json()["TrackingCategories"]) == 2
    assert xero.get("/BrandingThemes").json()["BrandingThemes"][0]["SortOrder"] == 0


def test_4_7_archived_tracking_is_listed_where_asked_for(sandbox: SandboxControl, xero: XeroCaller) -> None:
    sandbox.person("archive-tracking", name="Region", option="South")
    sandbox.person("archive-tracking", name="Store")

    def listed(**query: str) -> dict[str, list[str]]:
        rows = xero.get("/TrackingCategories", **query).json()["TrackingCategories"]
        return {row["Name"]: [option["Name"] for option in row["Options"]] for row in rows}

    assert listed() == {"Region": ["North", "Online"]}
    assert listed(includeArchived="true") == {
        "Region": ["North", "South", "Online"],
        "Store": ["Main Website", "Outlet"],
    }


@pytest.mark.parametrize(("name", "option"), [("Region", "South"), ("Store", "Outlet")])
def test_4_7_a_line_names_no_archived_tracking(
    sandbox: SandboxControl, xero: XeroCaller, name: str, option: str
) -> None:
    sandbox.person("archive-tracking", name="Region", option="South")
    sandbox.person("archive-tracking", name="Store")

    document = invoice(a_contact(xero), "I-1", line(Tracking=[{"Name": name, "Option": option}]))

    assert "could not be found" in refusals(xero.put("/Invoices", document))[0]
