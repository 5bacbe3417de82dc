from __future__ import annotations

from producers.amqp import Delivery
from worker.intake.inbox import Inbox, Throttle

MEGABYTE = 1024 * 1024


class Socket:
    """Knows whether it is being read."""

    def __init__(self) -> None:
        self.reading = True
        self.throttle = Throttle(pause_reading=self.pause, resume_reading=self.resume)

    def pause(self) -> None:
        self.reading = False

    def resume(self) -> None:
        self.reading = True


def a_delivery(tag: int, *, size: int = 10, queue: str = "xerelay.main.immediate") -> Delivery:
    return Delivery(queue, b"x" * size, "main.immediate.invoice", str(tag), False, 0, tag, 1)


async def test_messages_come_out_in_order_and_some_at_a_time() -> None:
    inbox = Inbox(Socket().throttle)
    for tag in range(5):
        inbox.put(a_delivery(tag))

    assert [d.tag for d in await inbox.take(3)] == [0, 1, 2]
    assert [d.tag for d in await inbox.take(3)] == [3, 4]


async def test_the_socket_is_held_while_intake_lags_and_read_again_afterwards() -> None:
    socket = Socket()
    inbox = Inbox(socket.throttle)
    for tag in range(4):
        inbox.put(a_delivery(tag, size=5 * MEGABYTE))
    assert not socket.reading

    for _ in range(4):
        await inbox.take(200)

    assert socket.reading


async def test_large_messages_come_one_at_a_time() -> None:
    inbox = Inbox(Socket().throttle)
    for tag in range(2):
        inbox.put(a_delivery(tag, size=5 * MEGABYTE))

    assert len(await inbox.take(200)) == 1


async def test_the_socket_is_read_only_when_every_inbox_has_room() -> None:
    socket = Socket()
    full, other = Inbox(socket.throttle), Inbox(socket.throttle)
    for inbox in (full, other):
        inbox.put(a_delivery(1, size=17 * MEGABYTE))

    other.close()
    assert not socket.reading

    full.close()
    assert socket.reading


async def test_a_new_connection_is_held_too_while_the_inbox_is_full() -> None:
    socket = Socket()
    inbox = Inbox(socket.throttle)
    inbox.put(a_delivery(1, size=17 * MEGABYTE))
    inbox.put(a_delivery(2, queue="xerelay.main.batch"))
    socket.resume()  # a new connection starts reading

    inbox.forget("xerelay.main.batch")

    assert not socket.reading


async def test_what_the_broker_has_back_is_forgotten() -> None:
    socket = Socket()
    inbox = Inbox(socket.throttle)
    inbox.put(a_delivery(1, size=17 * MEGABYTE))
    inbox.put(a_delivery(2, queue="xerelay.main.batch"))

    inbox.forget("xerelay.main.immediate")

    assert socket.reading
    assert [d.tag for d in await inbox.take(200)] == [2]
