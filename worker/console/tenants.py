"""Which organisation of Xero one of ours is, beside those that a consent opened. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from worker.settings import OrganisationSettings
from worker.xero.oauth.consent import Tenant

Held = Mapping[str, str | None]
"""Each organisation of ours to the tenant that it is, by its file or by a choice in the console."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One organisation of ours. `known` is its tenant where the consent opened that, `offered` what it may become."""

    name: str
    tenant_id: str | None
    known: Tenant | None
    offered: tuple[Tenant, ...]


def standing(org: OrganisationSettings, reached: Sequence[Tenant], held: Held) -> Standing:
    """`org` is as its file says: what stands there is no matter of choice."""
    tenant_id = held[org.name]
    known = next((one for one in reached if same(one.id, tenant_id)), None)
    free = tuple(one for one in reached if owner(one.id, held, but=org.name) is None)
    is_settled = org.tenant_id is not None or (known is not None and set(free) <= {known})
    return Standing(org.name, tenant_id, known, () if is_settled else free)


def only_one(org: OrganisationSettings, reached: Sequence[Tenant], held: Held) -> Tenant | None:
    """The tenant to take without asking: nothing was chosen before, and nothing else is there."""
    if held[org.name] is not None or len(reached) != 1:
        return None
    return reached[0] if owner(reached[0].id, held, but=org.name) is None else None


def owner(tenant_id: str, held: Held, *, but: str = "") -> str | None:
    """The organisation of ours, other than `but`, that this one of Xero's is already."""
    return next((name for name, own in held.items() if name != but and same(tenant_id, own)), None)


def same(tenant_id: str, other: str | None) -> bool:
    """Whether both name one tenant; the case of the letters does not count."""
    return other is not None and tenant_id.lower() == other.lower()
