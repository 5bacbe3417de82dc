"""Messages no producer should ever send, each different from all others, with the reason that must park it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from itertools import count, cycle, islice
from typing import Any

from deploy.demo.spoiled import Bad
from schemas.codec import decode_event, encode_event
from schemas.entities import Entity
from schemas.envelope import Event
from schemas.errors import Undecodable
from tests.support.trading_day import Day

Maker = Callable[[random.Random, bytes, int], bytes]

_HOSTILE = (
    "'; DROP TABLE held; --",
    "\x00\x00",
    "\u202egnp.exe",
    "{{7*7}}${jndi:ldap://127.0.0.1/a}",
    "\n\r\nHTTP/1.1 200 OK\r\n",
    "\u001b[2J\u001b[31m",
    "A" * 70_000,
    "\U0001f4a9" * 300,
    "../../../../etc/passwd",
    "%s%s%n",
)
_FIVE_MB = 5 * 1024 * 1024


def garbage(day: Day, number: int, *, large: int, seed: int = 11) -> Iterator[Bad]:
    """So many of them, `large` of 5 MB; none that the contract happens to allow."""
    chance = random.Random(seed)
    entities = cycle(Entity)
    kinds = cycle(_MAKERS)
    made = (_bad(next(entities), next(kinds)(chance, _one(chance.choice(day.events), nth), nth)) for nth in count())
    yield from islice((bad for bad in made if bad is not None), number - large)
    for nth in range(large):
        body = (_large_text, _large_noise, _large_event)[nth % 3](chance, _one(day.events[0], nth), nth)
        yield Bad(next(entities), body, "too_large")


def astray(day: Day, number: int) -> Iterator[Bad]:
    """Valid events that came under another entity's routing key."""
    for nth, event in enumerate(islice(cycle(day.events), number)):
        other = next(entity for entity in Entity if entity is not event.entity)
        yield Bad(other, _one(event, nth), "misrouted")


def _one(event: Event, nth: int) -> bytes:
    """Of an entity of its own: of one that is refused alike again only the latest message is kept."""
    subject = f"{event.subject}-{nth}"
    return encode_event(
        event.model_copy(update={"subject": subject, "data": event.data.model_copy(update={"id": subject})})
    )


def _bad(entity: Entity, body: bytes) -> Bad | None:
    try:
        decode_event(body)
    except Undecodable as error:
        return Bad(entity, body, error.reason)
    return None


def _noise(chance: random.Random, _: bytes, nth: int) -> bytes:
    return chance.randbytes(chance.randint(1, 4000)) + str(nth).encode()


def _cut(chance: random.Random, body: bytes, _: int) -> bytes:
    return body[: chance.randint(1, len(body) - 1)]


def _flipped(chance: random.Random, body: bytes, _: int) -> bytes:
    spoiled = bytearray(body)
    for _nth in range(chance.randint(1, 40)):
        spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
    return bytes(spoiled)


def _other_value(chance: random.Random, body: bytes, nth: int) -> bytes:
    """One value of the event becomes something else."""
    event = json.loads(body)
    paths = list(_paths(event))
    _put(event, chance.choice(paths), chance.choice(_odd_values(nth)))
    return json.dumps(event).encode()


def _without_a_key(chance: random.Random, body: bytes, nth: int) -> bytes:
    event = json.loads(body)
    event["id"] = f"short-{nth}"
    del event[chance.choice(sorted(event))]
    return json.dumps(event).encode()


def _huge_number(chance: random.Random, body: bytes, nth: int) -> bytes:
    event = json.loads(body)
    event["id"] = f"huge-{nth}"
    event["data"]["id"] = "NUMBER"
    digits = chance.choice((b"9" * 5_000, b"1e999999999", b"-1e-999999999", b"1" + b"0" * 400, b"0." + b"3" * 3_000))
    return json.dumps(event).encode().replace(b'"NUMBER"', digits)


def _hostile(chance: random.Random, body: bytes, nth: int) -> bytes:
    event = json.loads(body)
    field = chance.choice(("id", "source", "type", "subject", "dataschema", "organisation", "correlationid", "time"))
    event[field] = f"{chance.choice(_HOSTILE)}{nth}\n"
    return json.dumps(event).encode()


def _unknown_kind(chance: random.Random, body: bytes, nth: int) -> bytes:
    event = json.loads(body)
    event["type"] = chance.choice(("store.basket.changed", "store.invoice.exploded", "xerelay.release")) + str(nth)
    return json.dumps(event).encode()


def _deep(chance: random.Random, body: bytes, nth: int) -> bytes:
    depth = 1_000 + nth
    nested = chance.choice((b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth))
    return chance.choice((nested, body[:-1] + b',"deep":' + nested + b"}"))


def _other_shape(chance: random.Random, _: bytes, nth: int) -> bytes:
    shapes: tuple[Any, ...] = (nth, f"text {nth}", [nth], {"nth": nth}, [[], {}, nth], {"data": {"id": nth}}, nth + 0.5)
    return json.dumps(chance.choice(shapes)).encode()


def _empty(_: random.Random, __: bytes, nth: int) -> bytes:
    """Nothing but space; the first is nothing at all."""
    return f"{nth:b}".replace("0", " ").replace("1", "\t").encode() if nth >= len(_MAKERS) else b""


def _large_text(_: random.Random, body: bytes, nth: int) -> bytes:
    return body[:-1] + b',"padding":"' + b"x" * _FIVE_MB + b'","nth":%d}' % nth


def _large_noise(chance: random.Random, _: bytes, __: int) -> bytes:
    return chance.randbytes(_FIVE_MB)


def _large_event(_: random.Random, body: bytes, nth: int) -> bytes:
    event = json.loads(body)
    event["data"]["lines"] = [{"sku": f"sku-{nth}-{line}", "quantity": "1"} for line in range(130_000)]
    return json.dumps(event).encode()


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        yield (*path, name)
        yield from _paths(child, (*path, name))


def _put(value: Any, path: tuple[str | int, ...], new: Any) -> None:
    for name in path[:-1]:
        value = value[name]
    value[path[-1]] = new


def _odd_values(nth: int) -> tuple[Any, ...]:
    return (nth, nth + 0.25, None, [nth], {"nth": nth}, f"\x00{nth}", f"{'x' * 5_000}{nth}", f"-1e{nth + 400}", "NaN")


_MAKERS: tuple[Maker, ...] = (
    _noise,
    _cut,
    _flipped,
    _other_value,
    _without_a_key,
    _huge_number,
    _hostile,
    _unknown_kind,
    _deep,
    _other_shape,
    _empty,
)
