"""HTTP to one store: requests that are repeated within bounds, and the store's clock.

Requests only read, so that repeating one does no harm. Redirects are not followed: they break signatures.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, TypeVar

import httpx

from producers.magento.advice import BEARER_OFF, CHECK_URL
from producers.magento.answers import read
from producers.magento.errors import NoAnswer, NotAllowed, ServerFault
from producers.magento.hiding import hiding
from producers.magento.listing import settings_of
from producers.magento.query import search
from producers.magento.translate.values import Raw
from producers.store import StoreRefuses, StoreUnreachable

T = TypeVar("T")

ATTEMPTS = 3
_FIRST_PAUSE_S = 1.0
_PATIENCE_S = 120.0
TIMEOUT_S = 60.0
"""Of a whole request: a store may send a byte now and then."""
_CONNECT_S = 10.0
_CONNECTIONS = 4
_MOST_BYTES = 32 * 2**20
"""Some times what a page has of large orders. It is parsed at once, and the agent's charge lasts 15 seconds."""
_CLOCK_LASTS_S = 30.0
_AHEAD_LASTS_S = 900.0
"""Long enough that not every answer in it was slow or kept by a proxy; then a clock that was ahead is forgotten."""
_SHOWN = 200
# its status is lost: most often it is 502, of a proxy that puts its own page under the store's headers
_PACKED_WRONGLY = (
    "answered with a body that its Content-Encoding does not fit: see what stands before the store, a proxy or a CDN"
)
_MOVED_NOWHERE = (
    "is redirected to what is no address: mend the redirect of the store's web server, it has to begin with https://"
)
_TOO_LONG = f"answered with more than {_MOST_BYTES // 2**20} MiB: see what stands before the store, a proxy or a CDN"


class Client:
    """One store's REST API. Close it after use.

    `secrets` never show in an error, whatever the store answers. Magento takes a bearer token that it does not know for
    nobody's, and answers as if a permission was missing; `probes` are paths to ask then, to tell one from the other.
    """

    def __init__(
        self,
        *,
        url: str,
        auth: httpx.Auth,
        secrets: Collection[str],
        probes: Sequence[str] = (),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base = f"{url.rstrip('/')}/rest"
        self._auth = auth
        self._without_secrets = hiding(secrets)
        self._probes = tuple(probes)
        self._sleep = sleep
        self._monotonic = monotonic
        self._clock: tuple[datetime, float] | None = None
        # how far the store's clock was ahead of the monotonic one, and when: each by more than any later
        self._ahead: list[tuple[float, float]] = []
        # who waits for a connection has asked nothing yet
        self._turns = asyncio.Semaphore(_CONNECTIONS)
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(None, connect=_CONNECT_S),
            limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
            headers={"Accept": "application/json", "User-Agent": "xerelay"},
            # PHP serves the requests of one session one after another
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            follow_redirects=False,
            trust_env=False,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def get(self, path: str) -> Sequence[Raw]:
        """The objects at `path` (`V1/store/websites`), all of them. Raises and repeats as `read` does."""
        return await self.read(path, "", understood=settings_of(path))

    async def read(self, path: str, query: str, *, understood: Callable[[Any], T], attempts: int = ATTEMPTS) -> T:
        """What `understood` makes of the JSON at `path`. Raises `StoreUnreachable`, `StoreRefuses`, `PageTooLarge`.

        Repeated while the store does not answer, answers 5xx or 429, or what `understood` calls unreachable; for 2
        minutes at most.
        """
        try:
            return await self._patiently(path, query, understood, attempts)
        except NotAllowed:
            if self._probes and not await self._any_allowed():
                raise StoreRefuses(f"{self._base} answered 401 to everything: {BEARER_OFF}") from None
            raise

    async def now(self) -> datetime:
        """The store's clock, from the Date header of its latest answers; asks for a small one when that is old."""
        if self._clock is None or self._monotonic() - self._clock[1] > _CLOCK_LASTS_S:
            await self.get("V1/store/websites")
        if self._clock is None:
            return datetime.now(UTC)
        then, at = self._clock
        return then + timedelta(seconds=int(self._monotonic() - at))

    async def instant(self) -> datetime:
        """The store's clock in fractions of a second, at most one second behind, and without jitter.

        Of the headers of the last 15 minutes, which have whole seconds, the one counts that was cut the least.
        """
        now = await self.now()
        return datetime.fromtimestamp(self._ahead[0][0] + self._monotonic(), UTC) if self._ahead else now

    async def _any_allowed(self) -> bool:
        for path in self._probes:
            try:
                await self._patiently(path, search([], order=[], size=1), _as_it_is, 1)
            except NotAllowed:
                continue
            except (StoreRefuses, StoreUnreachable):
                return True
            return True
        return False

    async def _patiently(self, path: str, query: str, understood: Callable[[Any], T], attempts: int) -> T:
        ends = self._monotonic() + _PATIENCE_S
        for attempt in range(1, attempts + 1):
            try:
                return await self._ask(f"{self._base}/{path}{'?' if query else ''}{query}", understood)
            except _Busy as busy:
                pause = busy.retry_after_s or _FIRST_PAUSE_S * 2 ** (attempt - 1)
                if attempt == attempts or self._monotonic() + pause > ends:
                    busy.error.retry_after_s = busy.retry_after_s
                    raise busy.error from None
            await self._sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    async def _ask(self, url: str, understood: Callable[[Any], T]) -> T:
        try:
            async with self._turns, asyncio.timeout(TIMEOUT_S):
                response, body = await self._answer(url)
        except TimeoutError:
            raise _Busy(NoAnswer(f"{httpx.URL(url).netloc.decode()} did not answer in time")) from None
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise _no_answer(url, error) from None
        except httpx.DecodingError:
            raise _Busy(ServerFault(f"{_asked(url)} {_PACKED_WRONGLY}")) from None
        # the stream refers to its response: such a cycle would keep each page until the collector comes by
        response.stream = httpx.ByteStream(b"")
        self._set_clock(response)
        try:
            return understood(read(response, body, self._without_secrets))
        except StoreUnreachable as error:
            raise _Busy(type(error)(self._safe(error)), _retry_after(response)) from None
        except StoreRefuses as error:
            if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
                text = f"{self._safe(error)}; the store, or what stands before it, takes no more requests for now"
                raise _Busy(StoreUnreachable(text), _retry_after(response)) from None
            error.args = (self._safe(error),)
            raise

    async def _answer(self, url: str) -> tuple[httpx.Response, bytes]:
        """An answer and its body, unpacked: a few kilobytes may unpack to gigabytes, packed twice to far more."""
        async with self._http.stream("GET", url, auth=self._auth) as response:
            if len(response.headers.get_list("Content-Encoding", split_commas=True)) > 1:
                raise _Busy(ServerFault(f"{_asked(url)} {_PACKED_WRONGLY}"))
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > _MOST_BYTES:
                    raise _Busy(ServerFault(f"{_asked(url)} {_TOO_LONG}"))
        return response, bytes(body)

    def _set_clock(self, response: httpx.Response) -> None:
        try:
            told = parsedate_to_datetime(response.headers.get("Date", ""))
            then = told.astimezone(UTC)
        except (ValueError, OverflowError):
            return
        if told.tzinfo is not None:
            at = self._monotonic()
            self._clock = (then, at)
            ahead = then.timestamp() - at
            still = [one for one in self._ahead if one[0] > ahead and at - one[1] < _AHEAD_LASTS_S]
            self._ahead = [*still, (ahead, at)]

    def _safe(self, error: Exception) -> str:
        return self._without_secrets(str(error))


def _as_it_is(payload: Any) -> Any:
    return payload


class _Busy(Exception):
    """Worth another attempt; `error` is what it means when there is none left."""

    def __init__(self, error: StoreUnreachable, retry_after_s: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.retry_after_s = retry_after_s


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds, or until a date (RFC 9110, section 10.2.3)."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        return max((parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None


def _no_answer(url: str, error: httpx.TransportError | httpx.InvalidURL) -> Exception:
    host = httpx.URL(url).netloc.decode()
    causes = list(_causes(error))
    if any(isinstance(cause, httpx.InvalidURL) for cause in causes):
        return StoreRefuses(f"{_asked(url)} {_MOVED_NOWHERE}")
    if certificate := next((c for c in causes if isinstance(c, ssl.SSLCertVerificationError)), None):
        return StoreRefuses(f"{host}: the certificate is not trusted ({certificate.verify_message}): mend it, or url")
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return StoreRefuses(f"{host} does not speak TLS as expected: {CHECK_URL}, and whether it begins with https")
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return _Busy(StoreUnreachable(f"{host} has no address in DNS: {CHECK_URL}"))
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return _Busy(StoreUnreachable(f"{host} refuses connections: start its web server, or {CHECK_URL}"))
    return _Busy(StoreUnreachable(f"{host} does not answer ({type(error).__name__}): {CHECK_URL}"[:_SHOWN]))


def _asked(url: str) -> str:
    return f"GET {httpx.URL(url).copy_with(query=None)}"


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    waiting = [error]
    while waiting:
        error = waiting.pop()
        if error is not None and error not in found:
            found.append(error)
            waiting += [error.__cause__, error.__context__, *getattr(error, "exceptions", ())]
    return found
