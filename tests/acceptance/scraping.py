"""A real Prometheus over a test's processes, with this repository's configuration, rules and dashboards."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.support.prometheus_files import PROMETHEUS, RULES

_EVERY = "2s"
_RATE_INTERVAL = "20s"


def write_scrape_configuration(folder: Path, targets: Mapping[str, Sequence[str]]) -> Path:
    """The repository's own, but for its pace and where the processes are: addresses by job."""
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": _EVERY, "scrape_timeout": _EVERY, "evaluation_interval": "1s"}
    config["rule_files"] = [str(path) for path in RULES]
    for job in config["scrape_configs"]:
        del job["dns_sd_configs"]
        hosts = [address.removeprefix("http://") for address in targets[job["job_name"]]]
        job["static_configs"] = [{"targets": hosts}]
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(config))
    return path


class Prometheus:
    """Asks a server; times are the last minute's."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=30, trust_env=False)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def now(self, expression: str) -> dict[tuple[str, ...], float]:
        """The value of each series now, by its labels' values."""
        result = await self._ask("query", query=expression)
        return {_values(one["metric"]): float(one["value"][1]) for one in result}

    async def value(self, expression: str) -> float | None:
        """Of an expression with one series; None without it."""
        return next(iter((await self.now(expression)).values()), None)

    async def has_data(self, expression: str, **variables: str) -> bool:
        """Whether a panel's query shows at least one number."""
        for name, value in (variables | {"__rate_interval": _RATE_INTERVAL}).items():
            expression = expression.replace(f"${name}", value)
        now = time.time()
        result = await self._ask("query_range", query=expression, start=now - 60, end=now, step=1)
        return any(math.isfinite(float(value)) for one in result for _, value in one["values"])

    async def has_scraped(self, times: int) -> bool:
        """Whether every process was scraped so often."""
        return (await self.value("min(count_over_time(up[10m]))") or 0) >= times

    async def rules(self) -> list[dict[str, Any]]:
        """Every rule with its health."""
        found = (await self._http.get("/rules")).raise_for_status().json()["data"]["groups"]
        return [rule for group in found for rule in group["rules"]]

    async def _ask(self, path: str, **query: Any) -> list[dict[str, Any]]:
        reply = await self._http.get(f"/{path}", params=query)
        assert reply.status_code == 200, f"{query['query']}: {reply.text}"
        result: list[dict[str, Any]] = reply.json()["data"]["result"]
        return result


def _values(labels: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(labels[name] for name in sorted(labels))
