"""What an organisation of Xero can be told: how its documents are made, when, and with how many calls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from schemas.entities import Entity
from schemas.envelope import Lane
from schemas.parts import SalesDocument
from worker.settings.problems import Problem
from worker.settings.section import Section
from worker.settings.values import Day, Duration, Filled, FreeKey, ShortName, XeroUuid, between

NO_PAYMENT = "none"
OTHER_METHODS = "default"
NO_TAX = "none"

AccountCode = Annotated[str, StringConstraints(min_length=1, max_length=10, pattern=r"^[\x21-\x7e]+$")]
LaneChoice = Lane | Literal["off"]

_RATE = re.compile(r"(\d{1,3}(?:\.\d{1,6})?) ?%?")
_PLACE = re.compile(r"[a-z0-9_]{1,32}(?:/[^/]{1,255})?")
_UUID_LENGTH = 36


def tax_key(text: str) -> str:
    """A tax code as it is; a rate (`20`, `20%`, `20.00`) in its one short form, `20`."""
    match = _RATE.fullmatch(text)
    return rate_key(Decimal(match[1])) if match else text


def rate_key(rate: Decimal) -> str:
    """`20.00` is `20`, `5.50` is `5.5`."""
    text = format(rate, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _tax(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    found: dict[str, Any] = {}
    for key, tax_type in value.items():
        if found.setdefault(tax_key(key), tax_type) != tax_type:
            raise ValueError(f'expected one tax type for "{tax_key(key)}", found two')
    return found


def _lanes(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {str(entity): Lane.BATCH for entity in Entity} | {str(entity): lane for entity, lane in value.items()}


def _lane(value: object) -> LaneChoice:
    if value == "off":
        return "off"
    if isinstance(value, str) and value in {Lane.IMMEDIATE, Lane.BATCH}:
        return Lane(value)
    raise ValueError('expected "immediate", "batch" or "off"')


def _account(value: str) -> str:
    if value != NO_PAYMENT and not 1 <= len(value) <= 10 and len(value) != _UUID_LENGTH:  # noqa: PLR2004 - Xero's length of a code
        raise ValueError('expected an account code of 1 to 10 characters, an account id, or "none"')
    return value


def _place(value: str) -> str:
    if not _PLACE.fullmatch(value):
        raise ValueError("expected a store's name, or one of its websites, such as webshop or webshop/outlet")
    return value


PlaceName = Annotated[str, AfterValidator(_place)]
"""A store, or one of its websites by its code."""


def _all_batch() -> dict[Entity, LaneChoice]:
    return dict.fromkeys(Entity, Lane.BATCH)


class LimitsSettings(Section):
    """Calls an organisation may make. Xero's own: https://developer.xero.com/documentation/guides/oauth2/limits/."""

    day: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    minute: Annotated[int, Field(ge=1, le=10_000)] = 60
    concurrent: Annotated[int, Field(ge=1, le=100)] = 5
    burst: Annotated[float, Field(gt=0, le=1)] = 0.25
    reserve: Annotated[float, Field(ge=0, lt=1)] = 0.05


class AccountsSettings(Section):
    """Account codes of the organisation's chart of accounts."""

    sales: AccountCode
    shipping: AccountCode
    discount: AccountCode
    fee: AccountCode
    rounding: AccountCode
    gift_card: AccountCode | None = None
    store_credit: AccountCode | None = None
    reward_points: AccountCode | None = None
    refund_adjustment: AccountCode | None = None
    inventory: AccountCode | None = None
    cost_of_goods: AccountCode | None = None

    def contradictions(self) -> Iterator[Problem]:
        """What makes items tracked is two accounts."""
        if (self.inventory is None) != (self.cost_of_goods is None):
            text = "inventory and cost_of_goods belong together: they make items tracked; set both or neither"
            yield Problem("inventory", text)


class TrackingSettings(Section):
    """The option of a tracking category that every line carries: of its place, else `option`."""

    category: Annotated[Filled, StringConstraints(max_length=100)]
    option: Annotated[Filled, StringConstraints(max_length=100)]
    options: dict[PlaceName, Annotated[Filled, StringConstraints(max_length=100)]] = Field(default_factory=dict)


class CutOverSettings(Section):
    """What becomes of sales dated before `before` that an earlier connector has brought to Xero."""

    policy: Literal["ignore", "adopt", "leave"] = "ignore"
    before: Day | None = None

    def contradictions(self) -> Iterator[Problem]:
        """A day alone looks as if something was looked for."""
        if self.before and "policy" not in self.model_fields_set:
            yield Problem("policy", 'missing; before has no effect without "adopt" or "leave"; or write "ignore"')

    @model_validator(mode="after")
    def _has_a_day(self) -> Self:
        if self.policy != "ignore" and self.before is None:
            raise ValueError(f'expected before = <the first day that is ours alone> beside policy = "{self.policy}"')
        return self


class OrganisationSettings(Section):
    """One organisation. `tenant_id` absent: the only one its connection reaches."""

    name: ShortName
    connection: str
    tenant_id: XeroUuid | None = None
    number_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{0,20}$")] = ""
    start_date: Day
    sales_document: SalesDocument = "invoice"
    document_status: Literal["authorised", "draft"] = "authorised"
    edited_paid: Literal["park", "reissue"] = "park"
    window: Annotated[Duration, between(timedelta(seconds=1), timedelta(hours=24))] = timedelta(minutes=30)
    offset: Duration = timedelta()
    linger: Annotated[Duration, between(timedelta(), timedelta(seconds=10))] = timedelta(milliseconds=200)
    rounding_limit: Annotated[Decimal, Field(ge=0, le=1)] = Decimal("0.05")
    guests: Literal["email", "one"] = "email"
    contact_edits: Literal["keep", "overwrite"] = "keep"
    archived_contact: Literal["park", "new"] = "park"
    item_prices: Literal["keep", "store"] = "keep"
    locked_period: Literal["park", "next_day"] = "park"
    limits: LimitsSettings = LimitsSettings()
    lanes: Annotated[dict[Entity, Annotated[LaneChoice, BeforeValidator(_lane)]], BeforeValidator(_lanes)] = Field(
        default_factory=_all_batch
    )
    accounts: AccountsSettings
    tax: Annotated[dict[FreeKey, Filled], BeforeValidator(_tax)] = Field(default_factory=dict)
    payments: dict[FreeKey, Annotated[Filled, AfterValidator(_account)]] = Field(default_factory=dict)
    tracking: TrackingSettings | None = None
    branding_theme: XeroUuid | None = None
    branding_themes: dict[PlaceName, XeroUuid] = Field(default_factory=dict)
    cut_over: CutOverSettings = CutOverSettings()

    def contradictions(self) -> Iterator[Problem]:
        """The window is what the offset is in, and sales before the start are not booked at all."""
        if self.offset >= self.window:
            yield Problem("offset", f"expected less than the window, {self.window}, got {self.offset}")
        before = self.cut_over.before
        if self.cut_over.policy != "ignore" and before and before <= self.start_date:
            text = f"expected a day after start_date, {self.start_date}, got {before}; remove cut_over if no other"
            yield Problem("cut_over.before", f"{text} connector booked sales since start_date")

    @model_validator(mode="after")
    def _credits_what_is_approved(self) -> Self:
        if self.edited_paid == "reissue" and self.document_status == "draft":
            raise ValueError('expected edited_paid = "park" beside document_status = "draft": drafts carry no credit')
        return self
