"""What the endpoint answers. Knows neither workers nor agents: it asks what it is given to watch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_NOT_READY = 503


class Watched(Protocol):
    """A process that can be asked. Neither method raises for what is away."""

    async def metrics(self) -> bytes:
        """Prometheus's text format."""
        ...

    async def missing(self) -> Sequence[str]:
        """What keeps it from its work, in words; nothing when it is ready."""
        ...


class Endpoint:
    """Answers for `watched`, which the process replaces once there is more to tell."""

    def __init__(self, watched: Watched) -> None:
        self.watched = watched
        self.app = Starlette(
            routes=[
                Route("/metrics", self._metrics),
                Route("/healthz", self._healthz),
                Route("/readyz", self._readyz),
            ]
        )

    async def _metrics(self, _: Request) -> Response:
        return Response(await self.watched.metrics(), media_type=CONTENT_TYPE_LATEST)

    async def _healthz(self, _: Request) -> Response:
        """The loop answers: the process lives, whatever is away."""
        return JSONResponse({"alive": True})

    async def _readyz(self, _: Request) -> Response:
        missing = list(await self.watched.missing())
        return JSONResponse({"ready": not missing, "missing": missing}, status_code=_NOT_READY if missing else 200)
