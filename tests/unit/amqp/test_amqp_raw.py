"""Our connection takes what a broker sends exactly as pika's own does, whatever it is and however it is cut."""

from __future__ import annotations

import asyncio
from itertools import chain, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pika import frame, spec
from pika.adapters.asyncio_connection import AsyncioConnection

from producers.amqp.decode import alike_at
from producers.amqp.raw import RawConnection
from producers.amqp.taker import Delivery
from tests.support.amqp_wire import CHANNELS, USUAL, Wire, delivery, returned

TAGS = st.integers(0, 2**64 - 1)
IDS = st.one_of(st.text(st.characters(codec="utf-8"), max_size=60), st.just("i" * 255), st.just(b"\xff\xfe"))
BODIES = st.one_of(st.binary(max_size=60), st.sampled_from([b"cancel", b"close", b"x" * 70_000]))
HEADERS = st.dictionaries(
    st.sampled_from(["x-delivery-count", "x-death"]),
    st.one_of(st.integers(-(2**31), 2**40), st.booleans(), st.text(max_size=5), st.none()),
)
MORE = {
    "content_encoding": st.text(max_size=5),
    "headers": HEADERS,
    "priority": st.integers(0, 255),
    "timestamp": st.integers(0, 2**40),
    "type": st.text(max_size=5),
    "app_id": st.text(max_size=5),
}
PROPERTIES = st.one_of(
    st.fixed_dictionaries(
        {"content_type": st.text(max_size=20), "delivery_mode": st.integers(0, 2), "message_id": IDS}
    ),
    st.fixed_dictionaries({}, optional={"content_type": st.text(max_size=5), "message_id": IDS} | MORE),
)


@st.composite
def deliveries(draw: st.DrawFn) -> list[bytes]:
    channel = draw(st.sampled_from([*CHANNELS, 1, 1, 7]))
    consumer = draw(st.sampled_from(["", "", "", "c1", "c9"]))
    size = draw(st.sampled_from([0, 0, 0, 7, 30_000]))
    return delivery(channel, draw(TAGS), draw(BODIES), consumer=consumer, size=size, **draw(PROPERTIES))


@st.composite
def others(draw: st.DrawFn) -> list[bytes]:
    channel = draw(st.sampled_from(CHANNELS))
    method = draw(
        st.sampled_from(
            [
                spec.Basic.Ack(3, True),
                spec.Basic.Cancel(f"c{channel}", True),
                spec.Basic.CancelOk(f"c{channel}"),
                spec.Channel.Close(404, "NOT_FOUND", 60, 20),
                spec.Channel.CloseOk(),
                spec.Channel.Flow(True),
            ]
        )
    )
    return [frame.Method(channel, method).marshal()]


MESSAGES = st.one_of(
    deliveries(),
    deliveries(),
    deliveries(),
    others(),
    st.just([frame.Heartbeat().marshal()]),
    st.builds(returned, st.sampled_from(CHANNELS), st.binary(max_size=9), message_id=st.text(max_size=5)),
)


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """What a broker sends, most of it in order, some of it with the frames of several messages mixed."""
    messages = [list(frames) for frames in draw(st.lists(MESSAGES, max_size=8))]
    mixed = draw(st.one_of(st.just([0]), st.lists(st.integers(0, 2), min_size=1, max_size=20)))
    frames: list[bytes] = []
    while messages:
        message = messages[mixed[len(frames) % len(mixed)] % len(messages)]
        frames.append(message.pop(0))
        messages = [one for one in messages if one]
    return b"".join(frames)


def pieces(stream: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    return [stream[begin:end] for begin, end in pairwise(at)]


def react(channel: Any, taken: Delivery) -> None:
    if not channel.is_open:
        return
    if taken.body == b"cancel":
        channel.basic_cancel(f"c{taken.epoch}", callback=lambda _: None)
    elif taken.body == b"close":
        channel.close()


async def both_take(chunks: list[bytes]) -> None:
    ours, theirs = Wire(RawConnection, react=react), Wire(AsyncioConnection, react=react)

    for chunk in chunks:
        ours.feed(chunk)
        theirs.feed(chunk)

        assert ours.outcome() == theirs.outcome()
        if ours.left == theirs.left:  # ours leaves a usual delivery until it is whole
            assert ours.state() == theirs.state()
    await asyncio.sleep(0)  # ours sends at the end of the turn
    assert ours.sent == theirs.sent


@given(streams(), st.lists(st.integers(0, 10**6), max_size=8))
async def test_a_stream_is_taken_as_pika_takes_it(stream: bytes, cuts: list[int]) -> None:
    await both_take(pieces(stream, cuts))


@given(streams(), st.lists(st.integers(0, 10**6), max_size=3), st.integers(0, 10**6), st.integers(0, 255))
async def test_a_stream_with_a_wrong_octet_ends_as_in_pika(stream: bytes, cuts: list[int], at: int, octet: int) -> None:
    broken = bytearray(stream)
    if broken:
        broken[at % len(broken)] = octet

    await both_take(pieces(bytes(broken), cuts))


@pytest.mark.parametrize("octet", [0, 1, 2, 3, 60, 206, 255])
async def test_a_usual_delivery_with_any_octet_wrong_ends_as_in_pika(octet: int) -> None:
    usual = b"".join(delivery(1, 5, b"{}", message_id="m1", **USUAL))
    for at in range(len(usual)):
        broken = usual[:at] + bytes([octet]) + usual[at + 1 :]

        await both_take([usual + broken + usual])


async def test_a_usual_delivery_cut_anywhere_is_taken_as_pika_takes_it() -> None:
    usual = b"".join(delivery(1, 5, b"{}", message_id="m1", **USUAL))

    for at in range(len(usual)):
        await both_take([usual[:at], usual[at:] + usual])


USUALLY = delivery(1, 5, b"{}", message_id="m1", **USUAL)
METHOD, HEADER, BODY = USUALLY


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param([METHOD, *USUALLY, HEADER, BODY], id="in the midst of another message, after its method"),
        pytest.param([HEADER, *USUALLY, BODY, *USUALLY], id="in the midst of another message, after its header"),
        pytest.param([METHOD, HEADER, *USUALLY, BODY, *USUALLY], id="in the midst of another message, before its body"),
        pytest.param([*delivery(1, 4, b"", message_id="m0", **USUAL), *USUALLY], id="empty"),
        pytest.param(
            [*delivery(1, 4, b"", message_id="m0", **USUAL), frame.Body(1, b"").marshal(), *USUALLY], id="an empty body"
        ),
        pytest.param([*USUALLY, HEADER, BODY, *USUALLY], id="no method"),
        pytest.param([METHOD, BODY, *USUALLY], id="no header"),
    ],
)
async def test_what_is_odd_beside_usual_deliveries_is_taken_as_pika_takes_it(frames: list[bytes]) -> None:
    await both_take([b"".join(frames)])


@pytest.mark.parametrize("ended", [b"cancel", b"close"])
async def test_what_still_comes_to_a_consumer_that_was_ended_is_taken_as_pika_takes_it(ended: bytes) -> None:
    last = b"".join(delivery(1, 4, ended, message_id="m0", **USUAL))

    await both_take([last, b"".join([*USUALLY, *USUALLY])])


async def test_usual_deliveries_go_the_short_way_and_others_pikas() -> None:
    wire = Wire(RawConnection)
    usual = [delivery(1, tag, b"{}", message_id=f"m{tag}", **USUAL) for tag in range(4)]
    again = delivery(2, 7, b"{}", message_id="again", headers={"x-delivery-count": 2}, **USUAL)

    wire.feed(b"".join(chain(*usual[:2], again, *usual[2:])))

    counts = [(one.message_id, one.delivery_count) for one in wire.taken]
    assert counts == [("m0", 0), ("m1", 0), ("again", 2), ("m2", 0), ("m3", 0)]
    assert wire.by_pika == ["again"]


async def test_what_one_read_brings_of_a_queue_is_handed_over_together() -> None:
    wire = Wire(RawConnection)
    of_one = [delivery(1, tag, b"{}" * tag, message_id=f"m{tag}", **USUAL) for tag in (1, 5, 7)]
    of_another = delivery(2, 1, b"{}", message_id="m1", **USUAL)
    wire.feed(b"".join(of_one[0]))

    wire.feed(b"".join(chain(*of_one[1:], of_another)))

    assert wire.handed_over == [["m1"], ["m5", "m7"], ["m1"]]


async def test_a_usual_delivery_that_a_read_has_cut_in_two_goes_the_short_way() -> None:
    wire = Wire(RawConnection)
    usual = b"".join(USUALLY)

    wire.feed(usual + usual[:-2])
    wire.feed(usual[-2:] + usual)

    assert wire.handed_over == [["m1"], ["m1", "m1"]]
    assert wire.by_pika == []


def test_what_deliveries_are_like_is_worked_out_once_though_others_come_between() -> None:
    one, other, another = (b"".join(delivery(1, tag, b"{}", message_id=f"m{tag}", **USUAL)) for tag in (1, 3, 5))
    stream = one + other + another

    first, between, last = (alike_at(stream, at) for at in (0, len(one), len(one + other)))

    assert first is not None
    assert first is last
    assert first is not between
