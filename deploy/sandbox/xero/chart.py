"""The organisation's chart of accounts and tax rates: a British shop that trades in pounds, euros and dollars."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple


class AccountRow(NamedTuple):
    """One account. `tax` is the tax type of a line that names none."""

    code: str
    name: str
    type: str
    account_class: str
    tax: str = "NONE"
    system: str = ""
    payments: bool = False


class RateRow(NamedTuple):
    """One tax rate. `applies` holds letters of Revenue, Expenses, Assets, Liabilities, eQuity.

    As the New Zealand example of Xero's OpenAPI file has it: taxed income on all but expenses, untaxed on revenue and
    liabilities alone, taxed expenses on all but revenue.
    """

    tax_type: str
    name: str
    rate: Decimal
    applies: str
    report_type: str


ACCOUNTS = (
    AccountRow("090", "Business Bank Account", "BANK", "ASSET"),
    AccountRow("091", "PayPal", "BANK", "ASSET"),
    AccountRow("092", "Stripe Clearing", "CURRENT", "ASSET", payments=True),
    AccountRow("093", "Cash on Delivery", "BANK", "ASSET"),
    AccountRow("200", "Sales", "REVENUE", "REVENUE", "OUTPUT2"),
    AccountRow("205", "Discounts Given", "REVENUE", "REVENUE", "OUTPUT2"),
    AccountRow("210", "Shipping Charged", "REVENUE", "REVENUE", "OUTPUT2"),
    AccountRow("260", "Other Revenue", "REVENUE", "REVENUE", "OUTPUT2"),
    AccountRow("270", "Interest Income", "OTHERINCOME", "REVENUE"),
    AccountRow("310", "Cost of Goods Sold", "DIRECTCOSTS", "EXPENSE", "INPUT2"),
    AccountRow("400", "Advertising & Marketing", "OVERHEADS", "EXPENSE", "INPUT2"),
    AccountRow("404", "Bank Fees", "OVERHEADS", "EXPENSE", "NONE"),
    AccountRow("408", "Refund Adjustments", "OVERHEADS", "EXPENSE", "INPUT2"),
    AccountRow("425", "Freight & Courier", "OVERHEADS", "EXPENSE", "INPUT2"),
    AccountRow("429", "General Expenses", "OVERHEADS", "EXPENSE", "INPUT2"),
    AccountRow("497", "Bank Revaluations", "OVERHEADS", "EXPENSE", system="BANKCURRENCYGAIN"),
    AccountRow("498", "Unrealised Currency Gains", "OVERHEADS", "EXPENSE", system="UNREALISEDCURRENCYGAIN"),
    AccountRow("499", "Realised Currency Gains", "OVERHEADS", "EXPENSE", system="REALISEDCURRENCYGAIN"),
    AccountRow("610", "Accounts Receivable", "CURRENT", "ASSET", system="DEBTORS"),
    AccountRow("630", "Inventory", "INVENTORY", "ASSET"),
    AccountRow("800", "Accounts Payable", "CURRLIAB", "LIABILITY", system="CREDITORS"),
    AccountRow("801", "Unpaid Expense Claims", "CURRLIAB", "LIABILITY", system="UNPAIDEXPCLM"),
    AccountRow("820", "VAT", "CURRLIAB", "LIABILITY", system="GST"),
    AccountRow("840", "Historical Adjustment", "CURRLIAB", "LIABILITY", system="HISTORICAL"),
    AccountRow("841", "Gift Cards", "CURRLIAB", "LIABILITY", payments=True),
    AccountRow("842", "Store Credit", "CURRLIAB", "LIABILITY", payments=True),
    AccountRow("843", "Customer Deposits", "CURRLIAB", "LIABILITY"),
    AccountRow("844", "Reward Points", "CURRLIAB", "LIABILITY", payments=True),
    AccountRow("860", "Rounding", "CURRLIAB", "LIABILITY", system="ROUNDING"),
    AccountRow("877", "Tracking Transfers", "CURRLIAB", "LIABILITY", system="TRACKINGTRANSFERS"),
    AccountRow("960", "Retained Earnings", "EQUITY", "EQUITY", system="RETAINEDEARNINGS"),
    AccountRow("970", "Owner Funds Introduced", "EQUITY", "EQUITY"),
)

RATES = (
    RateRow("OUTPUT2", "20% (VAT on Income)", Decimal("20.0000"), "RALQ", "OUTPUT"),
    RateRow("RROUTPUT", "5% (VAT on Income)", Decimal("5.0000"), "RALQ", "OUTPUT"),
    RateRow("ZERORATEDOUTPUT", "Zero Rated Income", Decimal(0), "RL", "ZERORATEDOUTPUT"),
    RateRow("EXEMPTOUTPUT", "Exempt Income", Decimal(0), "RL", "EXEMPTOUTPUT"),
    RateRow("ECZROUTPUT", "Zero Rated EC Goods Income", Decimal(0), "RL", "ECOUTPUT"),
    RateRow("INPUT2", "20% (VAT on Expenses)", Decimal("20.0000"), "EALQ", "INPUT"),
    RateRow("RRINPUT", "5% (VAT on Expenses)", Decimal("5.0000"), "EALQ", "INPUT"),
    RateRow("ZERORATEDINPUT", "Zero Rated Expenses", Decimal(0), "EAL", "ZERORATEDINPUT"),
    RateRow("EXEMPTINPUT", "Exempt Expenses", Decimal(0), "EAL", "EXEMPTINPUT"),
    RateRow("TAX001", "13.5% (VAT on Income)", Decimal("13.5000"), "RALQ", "OUTPUT"),
    RateRow("TAX002", "8.875% (Sales Tax)", Decimal("8.8750"), "RALQ", "OUTPUT"),
    RateRow("TAX003", "19% (MwSt)", Decimal("19.0000"), "RALQ", "OUTPUT"),
    RateRow("TAX004", "15% (VAT on Income)", Decimal("15.0000"), "RALQ", "OUTPUT"),
    RateRow("TAX005", "7% (MwSt)", Decimal("7.0000"), "RALQ", "OUTPUT"),
    RateRow("NONE", "No VAT", Decimal(0), "REALQ", "NONE"),
)

CURRENCIES = {"GBP": "British Pound", "EUR": "Euro", "USD": "United States Dollar"}
DAY_RATES = {"GBP": Decimal(1), "EUR": Decimal("1.162500"), "USD": Decimal("1.268100")}
TRACKING = {"Region": ("North", "South", "Online"), "Store": ("Main Website", "Outlet")}
BRANDING = ("Standard", "Online Shop")
ACTIONS = (
    "CreateApprovedInvoice",
    "CreateDraftInvoice",
    "CreateApprovedBill",
    "CreateDraftBill",
    "CreateInvoicePayment",
    "UseMulticurrency",
    "AttachFilesIntoInvoice",
)

APPLIES = {
    "R": "CanApplyToRevenue",
    "E": "CanApplyToExpenses",
    "A": "CanApplyToAssets",
    "L": "CanApplyToLiabilities",
    "Q": "CanApplyToEquity",
}
CLASS_FLAG = {
    "REVENUE": "CanApplyToRevenue",
    "EXPENSE": "CanApplyToExpenses",
    "ASSET": "CanApplyToAssets",
    "LIABILITY": "CanApplyToLiabilities",
    "EQUITY": "CanApplyToEquity",
}

ORGANISATION: dict[str, Any] = {
    "LegalName": "Sandbox Trading Limited",
    "PaysTax": True,
    "Version": "UK",
    "OrganisationType": "COMPANY",
    "BaseCurrency": "GBP",
    "CountryCode": "GB",
    "IsDemoCompany": True,
    "OrganisationStatus": "ACTIVE",
    "TaxNumber": "GB123456789",
    "FinancialYearEndDay": 31,
    "FinancialYearEndMonth": 3,
    "SalesTaxBasis": "ACCRUAL",
    "SalesTaxPeriod": "QUARTERLY1",
    "DefaultSalesTax": "Tax Exclusive",
    "DefaultPurchasesTax": "Tax Exclusive",
    "Timezone": "GMTSTANDARDTIME",
    "OrganisationEntityType": "COMPANY",
    "ShortCode": "!sbx01",
    "Class": "DEMO",
    "Edition": "BUSINESS",
    "LineOfBusiness": "Retail",
}
TIMEZONE = "Europe/London"
