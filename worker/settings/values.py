"""The kinds of value a setting may have: each says what it expects, none echoes what came.

What came is added by `problems`, which knows which keys are secret.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, unquote, urlsplit
from uuid import UUID

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    InstanceOf,
    SecretStr,
    StringConstraints,
)

_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_PART = re.compile(r"(\d+)(ms|s|m|h|d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_NAME = re.compile(r"[a-z0-9_]{1,32}")
_ENDED_EARLY = re.compile(r"://.*[/?#].*@")
_ESCAPED = "; in user and password write %2F for /, %3F for ?, %23 for # and %40 for @"
_WEB = ("http", "https")
_HIGHEST_PORT = 65_535
_KEY_BYTES = 32
_SHORTEST_TOKEN = 16
MAGENTO = "magento"
_ADAPTER = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def parse_duration(value: object) -> timedelta:
    """`"30m"`, `"200ms"`, `"1h30m"`; raises `ValueError`."""
    if isinstance(value, timedelta):
        return value
    text = value if isinstance(value, str) else ""
    parts = _PART.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        with suppress(OverflowError, ValueError):  # more days, or digits, than Python counts
            return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())
    raise ValueError('expected a duration such as "30m", "5s" or "200ms"')


def between(lowest: timedelta, highest: timedelta) -> AfterValidator:
    """A bound for a duration, both ends included."""

    def check(value: timedelta) -> timedelta:
        if not lowest <= value <= highest:
            raise ValueError(f"expected a duration between {_words(lowest)} and {_words(highest)}")
        return value

    return AfterValidator(check)


def _words(value: timedelta) -> str:
    seconds = value.total_seconds()
    return f"{seconds / 3600:g}h" if seconds >= 3600 else f"{seconds:g}s"  # noqa: PLR2004 - an hour


def _day(value: object) -> object:
    """A number would be taken for the seconds since 1970."""
    is_day = isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value))
    if not is_day:
        raise ValueError("expected a date such as 2026-01-31")
    return value


def _ports(value: object) -> range:
    if isinstance(value, range):
        return value
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", str(value))
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if not first <= last <= _HIGHEST_PORT:
        raise ValueError('expected a port such as 9100, or a range such as "9100-9110"')
    return range(first, last + 1)


def short_name(value: str) -> str:
    """The name of an organisation, a store or a connection as it is; raises `ValueError` where it can be none."""
    if not _NAME.fullmatch(value) or "__" in value:
        raise ValueError("expected a name of 1 to 32 characters out of a-z, 0-9 and single _")
    return value


def _key(value: str) -> str:
    if not value.strip():
        raise ValueError("expected a key with text in it, got an empty one")
    return value


def _readable(value: Path) -> Path:
    if not os.path.isfile(value) or not os.access(value, os.R_OK):  # noqa: PTH113 - as in `problems`
        raise ValueError("expected the path of a file that exists and can be read")
    return value


def _uuid(value: str) -> str:
    try:
        return str(UUID(value))
    except ValueError:
        raise ValueError("expected an id such as 6f0c3f2e-7d4e-4a53-9a59-2f3f1f1a7a10") from None


def is_header_text(value: SecretStr | None) -> bool:
    """Whether it can be sent as it is; a line's end, as of a variable that was read from a file, cannot."""
    text = value.get_secret_value() if value else ""
    return text.isascii() and text.isprintable()


def _filled(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().strip():
        raise ValueError("expected a secret, got nothing")
    return value


def _encryption_key(value: SecretStr) -> SecretStr:
    try:
        key = base64.b64decode(value.get_secret_value(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise ValueError(
            "expected 32 bytes in urlsafe base64 (44 characters), as made by: openssl rand -base64 32 | tr +/ -_"
        )
    return value


def _admin_token(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value().strip()) < _SHORTEST_TOKEN:
        raise ValueError("expected at least 16 characters, as made by: openssl rand -hex 24")
    return value


def _split(url: str, schemes: tuple[str, ...], example: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        # an @ behind a # is that before the host: what stands before the # would be told as the host
        valid = parts.scheme in schemes and (parts.port or 1) > 0 and "@" not in parts.fragment
    except ValueError:
        valid = False
    if not valid:
        raise ValueError(f"expected a URL such as {example}{_ESCAPED if _ENDED_EARLY.search(url) else ''}")
    return parts


def _in_small_letters(url: str) -> str:
    """With its scheme as all who dial it expect it; whoever typed it may have begun with capitals (RFC 3986, 3.1)."""
    scheme, colon, rest = url.partition(":")
    return f"{scheme.lower()}{colon}{rest}"


def _hosted(schemes: tuple[str, ...], example: str) -> Any:
    def check(url: str) -> str:
        url = _in_small_letters(url)
        host = _split(url, schemes, example).hostname
        if not host or any(map(str.isspace, host)):
            raise ValueError(f"expected a URL with a host, such as {example}")
        return url.rstrip("/") if schemes == _WEB else url

    return check


def _root(url: str) -> str:
    """Of a server: paths of our own are put behind it as they are."""
    checked: str = _hosted(_WEB, "https://example.com")(url)
    if beyond_host(checked) or urlsplit(checked).path:
        raise ValueError("expected a URL without a path, user or parameters, such as https://example.com")
    return checked


def beyond_host(url: str) -> bool:
    """Whether it has what nothing can be put behind, or what would be sent in place of other credentials."""
    return any(mark in url for mark in "?#") or "@" in urlsplit(url).netloc


def _smtp_url(url: str) -> str:
    checked: str = _hosted(("smtp", "smtps"), "smtps://user:password@host:465")(url)
    parts = urlsplit(checked)
    said = unquote(f"{parts.username or ''}{parts.password or ''}")
    if not (said.isascii() and said.isprintable()):
        raise ValueError("expected a user and a password of ASCII characters: the mail client can send no others")
    return checked


def _store_url(url: str) -> str:
    url = _in_small_letters(url)
    if url.startswith("file:///"):
        return url
    checked: str = _hosted(_WEB, "https://example.com")(url)
    return checked


def _store_kind(value: str) -> str:
    if value != MAGENTO and not _ADAPTER.fullmatch(value):
        raise ValueError(f"expected '{MAGENTO}', or an adapter of your own as package.module:function")
    return value


def _secret(check: Any) -> AfterValidator:
    return AfterValidator(lambda value: SecretStr(check(value.get_secret_value())))


_DRIVERS = {
    "sqlite": "sqlite+inline",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}


def _ledger_url(url: str) -> str:
    drivers = tuple(_DRIVERS.values())
    example = "sqlite:///xerelay.db or postgresql://user@host/xerelay"
    scheme, _, rest = _in_small_letters(url).partition(":")
    parts = _split(f"{_DRIVERS.get(scheme, scheme)}:{rest}", drivers, example)
    if len(parts.path) < 2 or (parts.scheme.startswith("sqlite") and parts.netloc):  # noqa: PLR2004 - "/" and a name
        raise ValueError(f"expected a URL that names a database, such as {example}")
    if parts.netloc.count("@") > 1:
        # whoever dials takes what follows the first for the host, and tells its name
        raise ValueError("an @ in user or password is written %40")
    return f"{parts.scheme}:{rest}"


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
"""Written as `"30m"`, `"5s"`, `"200ms"`, `"1h30m"`."""

Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2999, 12, 31)), BeforeValidator(_day)]
"""Of the years that commands take too: what is beyond leaves no room for the day before or after."""

Ports = Annotated[InstanceOf[range], BeforeValidator(_ports)]
"""A port, or the range whose first free port is taken."""

FreeKey = Annotated[str, AfterValidator(_key)]
"""A key that is the store's own word: a tax code, a payment method, a website."""

ShortName = Annotated[str, AfterValidator(short_name)]
ReadableFile = Annotated[Path, AfterValidator(_readable)]
XeroUuid = Annotated[str, AfterValidator(_uuid)]
Filled = Annotated[str, StringConstraints(min_length=1, max_length=255, strip_whitespace=True)]
FilledSecret = Annotated[SecretStr, AfterValidator(_filled)]
RootUrl = Annotated[str, AfterValidator(_root)]
StoreUrl = Annotated[str, AfterValidator(_store_url)]
StoreKind = Annotated[str, AfterValidator(_store_kind)]
SecretHttpUrl = Annotated[SecretStr, _secret(_hosted(_WEB, "https://example.com/hook"))]
BrokerUrl = Annotated[SecretStr, _secret(_hosted(("amqp", "amqps"), "amqps://user:password@host:5671/vhost"))]
SmtpUrl = Annotated[SecretStr, _secret(_smtp_url)]
LedgerUrl = Annotated[SecretStr, _secret(_ledger_url)]
EncryptionKey = Annotated[SecretStr, AfterValidator(_encryption_key)]
AdminToken = Annotated[SecretStr, AfterValidator(_admin_token)]
