"""No ack takes along what is not settled, whatever came, in which order it was settled, and what never came to us."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from producers.amqp.outstanding import Outstanding


class Channel(RuleBasedStateMachine):
    """What the broker has of a channel, and what we have."""

    @initialize()
    def opened(self) -> None:
        self.ours = Outstanding()
        self.sent = 0
        self.at_broker: set[int] = set()
        self.held: set[int] = set()

    @rule(count=st.integers(1, 6))
    def some_come(self, count: int) -> None:
        tags = range(self.sent + 1, self.sent + count + 1)
        self.sent += count
        self.at_broker |= set(tags)
        self.held |= set(tags)
        self.ours.came(tags)

    @rule(count=st.integers(1, 3))
    def some_do_not_come_to_us(self, count: int) -> None:
        self.at_broker |= set(range(self.sent + 1, self.sent + count + 1))
        self.sent += count

    @rule(data=st.data())
    def some_are_acked(self, data: st.DataObject) -> None:
        if not self.held:
            return
        tags = data.draw(st.lists(st.sampled_from(sorted(self.held)), unique=True, min_size=1))

        up_to = self.ours.settle(tags)

        together = {tag for tag in self.at_broker if tag <= up_to}
        assert together <= set(tags)
        assert up_to == 0 or up_to in tags
        self.at_broker -= together | {tag for tag in tags if tag > up_to}
        self.held -= set(tags)

    @rule(data=st.data())
    def one_is_rejected(self, data: st.DataObject) -> None:
        if not self.held:
            return
        tag = data.draw(st.sampled_from(sorted(self.held)))

        self.ours.settle([tag])

        self.held.discard(tag)
        self.at_broker.discard(tag)

    @invariant()
    def no_more_is_kept_than_what_is_held(self) -> None:
        if hasattr(self, "ours"):
            assert set(self.ours._tags) <= self.held


TestChannel = Channel.TestCase
TestChannel.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)


def test_what_is_acked_in_order_goes_together() -> None:
    ours = Outstanding()
    ours.came(range(1, 101))

    assert [ours.settle(range(first, first + 50)) for first in (1, 51)] == [50, 100]


def test_what_comes_after_one_that_waits_goes_alone_until_it_is_settled() -> None:
    ours = Outstanding()
    ours.came(range(1, 6))

    assert [ours.settle(tags) for tags in ([2, 3], [1], [5, 4])] == [0, 1, 5]
    assert not ours._tags


def test_once_one_has_not_come_each_goes_alone() -> None:
    ours = Outstanding()
    ours.came([1, 2])
    ours.came([4, 5])

    assert [ours.settle(tags) for tags in ([1, 2], [4, 5])] == [0, 0]
