"""The promises of what carries events: the broker and its subscriptions, and the outbox."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import pytest

from application.errors import Collision
from application.ports.events import Backlog, Broker, Delivery, Frame, Interrupted, Outbox, Subscription
from application.testing.builders import a_frame, an_id, later
from application.testing.stage import commit
from application.testing.world import World
from domain.shared.errors import Unavailable
from domain.shared.ids import ConversationId, EventId

WITHIN_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Air:
    """A broker, a way to cut its listeners' line, and a broker out of reach; None where there is no line."""

    broker: Broker
    cut: Callable[[], Awaitable[None]] | None = None
    unreachable: Broker | None = None


def _channel() -> str:
    return f"conversation:{an_id()}"


def _on(*channels: str, count: int = 1) -> list[Frame]:
    return [a_frame(revision=number, channels=channels) for number in range(1, count + 1)]


def _as_delivered(frame: Frame, channel: str) -> Delivery:
    return Delivery(channel, frame.event_type, frame.revision, frame.body)


async def _next(subscription: Subscription, count: int) -> list[Delivery | Interrupted]:
    """The next so many items."""
    items: list[Delivery | Interrupted] = []
    async with asyncio.timeout(WITHIN_SECONDS):
        async for item in subscription.deliveries():
            items.append(item)
            if len(items) == count:
                break
    return items


def _on_each(items: Sequence[Delivery | Interrupted]) -> dict[str, list[Delivery]]:
    """Deliveries by channel, in order; between channels there is none."""
    found: dict[str, list[Delivery]] = {}
    for item in items:
        assert isinstance(item, Delivery)
        found.setdefault(item.channel, []).append(item)
    return found


class BrokerContract:
    """The promises of ``Broker`` and ``Subscription``. Supply the fixture ``air``."""

    async def test_what_is_published_after_add_returned_is_handed_over_on_each_channel_in_order(
        self, air: Air
    ) -> None:
        one, other = _channel(), _channel()
        subscription = await air.broker.subscribe()
        await subscription.add([one, other])
        frames = [a_frame(revision=n, channels=(one if n % 3 else other,)) for n in range(1, 201)]
        for start in range(0, 200, 50):
            await air.broker.publish(frames[start : start + 50])
        expected = [_as_delivered(frame, frame.channels[0]) for frame in frames]
        assert _on_each(await _next(subscription, 200)) == _on_each(expected)
        await subscription.close()

    async def test_publish_hands_every_frame_to_each_of_its_channels(self, air: Air) -> None:
        one, other = _channel(), _channel()
        subscription = await air.broker.subscribe()
        await subscription.add([one])
        await subscription.add([other])
        (frame,) = _on(one, other)
        await air.broker.publish([frame])
        expected = [_as_delivered(frame, one), _as_delivered(frame, other)]
        assert _on_each(await _next(subscription, 2)) == _on_each(expected)
        await subscription.close()

    async def test_publish_hands_over_at_most_once(self, air: Air) -> None:
        channel = _channel()
        subscription = await air.broker.subscribe()
        await subscription.add([channel, channel])
        await subscription.add([channel])
        frames = _on(channel, count=2)
        for frame in frames:
            await air.broker.publish([frame])
        assert await _next(subscription, 2) == [_as_delivered(frame, channel) for frame in frames]
        await subscription.close()

    async def test_every_subscription_hears_what_it_asked_for_and_nothing_else(self, air: Air) -> None:
        one, other = _channel(), _channel()
        first, second = await air.broker.subscribe(), await air.broker.subscribe()
        await first.add([one])
        await second.add([one, other])
        (early,), (late,), (last,) = _on(other), _on(one), _on(one)
        await air.broker.publish([early, late, last])
        assert await _next(first, 2) == [_as_delivered(late, one), _as_delivered(last, one)]
        expected = [_as_delivered(early, other), _as_delivered(late, one)]
        assert _on_each(await _next(second, 2)) == _on_each(expected)
        await first.close()
        await second.close()

    async def test_nothing_is_handed_over_after_remove(self, air: Air) -> None:
        one, other = _channel(), _channel()
        subscription = await air.broker.subscribe()
        await subscription.add([one, other])
        await subscription.remove([one])
        (unheard,), (heard,) = _on(one), _on(other)
        await air.broker.publish([unheard, heard])
        assert await _next(subscription, 1) == [_as_delivered(heard, other)]
        await subscription.close()

    async def test_what_was_removed_may_be_added_again(self, air: Air) -> None:
        channel = _channel()
        subscription = await air.broker.subscribe()
        await subscription.add([channel])
        await subscription.remove([channel])
        await subscription.add([channel])
        (frame,) = _on(channel)
        await air.broker.publish([frame])
        assert await _next(subscription, 1) == [_as_delivered(frame, channel)]
        await subscription.close()

    async def test_close_ends_deliveries_and_leaves_others_alone(self, air: Air) -> None:
        channel = _channel()
        closed, open_one = await air.broker.subscribe(), await air.broker.subscribe()
        await closed.add([channel])
        await open_one.add([channel])
        waiting = asyncio.create_task(_next(closed, 1))
        await asyncio.sleep(0)
        await closed.close()
        async with asyncio.timeout(WITHIN_SECONDS):
            assert await waiting == []
        (frame,) = _on(channel)
        await air.broker.publish([frame])
        assert await _next(open_one, 1) == [_as_delivered(frame, channel)]
        await open_one.close()

    async def test_publishing_to_nobody_is_fine(self, air: Air) -> None:
        await air.broker.publish([])
        await air.broker.publish(_on(_channel()))
        await air.broker.ping()

    async def test_a_lost_connection_shows_as_interrupted_and_is_mended(self, air: Air) -> None:
        if air.cut is None:
            pytest.skip("has no line to lose")
        channel = _channel()
        subscription = await air.broker.subscribe()
        await subscription.add([channel])
        await air.cut()
        assert await _next(subscription, 1) == [Interrupted()]
        (frame,) = _on(channel)
        await air.broker.publish([frame])
        assert await _next(subscription, 1) == [_as_delivered(frame, channel)]
        await subscription.close()

    async def test_a_failure_raises_unavailable(self, air: Air) -> None:
        if air.unreachable is None:
            pytest.skip("has no line that could fail")
        with pytest.raises(Unavailable):
            await air.unreachable.publish(_on(_channel()))
        with pytest.raises(Unavailable):
            await air.unreachable.ping()


class OutboxContract:
    """The promise of ``Outbox``. Supply the fixture ``world``."""

    async def test_pending_yields_frames_as_they_were_committed(self, world: World) -> None:
        outbox: Outbox = world.outbox
        ordered = a_frame(revision=1, channels=("conversation:one", "user:two"))
        personal = a_frame(revision=0, event_type="session.revoked", command_id=None, subject_id=None)
        await _told(world, ordered, personal)
        found = await outbox.pending(later(1), 10)
        assert sorted(found, key=lambda f: f.revision) == [personal, ordered]

    async def test_pending_yields_only_those_older_than_older_than(self, world: World) -> None:
        old, young = a_frame(at=later(1)), a_frame(at=later(2))
        await _told(world, old, young)
        assert await world.outbox.pending(later(1), 10) == []
        assert await world.outbox.pending(later(2), 10) == [old]

    async def test_pending_yields_frames_of_each_conversation_in_revision_order(self, world: World) -> None:
        one, other = (ConversationId(an_id()) for _ in range(2))
        # A command's time is taken before it waits for its turn: a later revision may carry an earlier time.
        frames = [a_frame(place, n, at=later(9 - n)) for n in range(1, 6) for place in (one, other)]
        for frame in frames:
            await _told(world, frame)
        found = await world.outbox.pending(later(60), 100)
        assert len(found) == 10
        for place in (one, other):
            assert [f.revision for f in found if f.aggregate_id == place] == [1, 2, 3, 4, 5]
        first = await world.outbox.pending(later(60), 1)
        assert [frame.revision for frame in first] == [1]

    async def test_what_is_marked_never_comes_back(self, world: World) -> None:
        marked, other = a_frame(), a_frame()
        await _told(world, marked, other)
        await world.outbox.mark([marked.id, EventId(an_id())], later(1))
        await world.outbox.mark([], later(1))
        assert await world.outbox.pending(later(60), 10) == [other]
        await world.outbox.mark([marked.id, other.id], later(2))
        assert await world.outbox.pending(later(60), 10) == []

    async def test_since_yields_a_conversations_frames_above_a_revision_in_order(self, world: World) -> None:
        place = ConversationId(an_id())
        frames = [a_frame(place, n) for n in range(1, 6)]
        await _told(world, *reversed(frames), a_frame(place, 0), a_frame(revision=4))
        await world.outbox.mark([frames[3].id], later(1))
        assert await world.outbox.since(place, 2, 10) == frames[2:]
        assert await world.outbox.since(place, 0, 2) == frames[:2]
        assert await world.outbox.since(place, 5, 10) == []
        assert await world.outbox.since(ConversationId(an_id()), 0, 10) == []

    async def test_since_each_yields_the_same_of_several_at_most_so_many_of_each(self, world: World) -> None:
        one, two, quiet = (ConversationId(an_id()) for _ in range(3))
        ones, twos = [a_frame(one, n) for n in range(1, 6)], [a_frame(two, n) for n in range(1, 4)]
        await _told(world, *reversed(ones), *twos, a_frame(quiet, 1), a_frame(revision=3))
        found = await world.outbox.since_each({one: 1, two: 2, quiet: 1}, 3)
        assert found == {one: ones[1:4], two: twos[2:]}
        assert await world.outbox.since_each({}, 3) == {}

    async def test_they_are_kept_until_they_are_marked_and_pruned(self, world: World) -> None:
        place = ConversationId(an_id())
        old, unmarked, young = (a_frame(place, n, at=later(n)) for n in (1, 2, 3))
        await _told(world, old, unmarked, young)
        await world.outbox.mark([old.id, young.id], later(4))
        assert await world.outbox.prune(later(3)) == 1
        assert await world.outbox.since(place, 0, 10) == [unmarked, young]
        assert await world.outbox.pending(later(60), 10) == [unmarked]

    async def test_what_is_parked_waits_until_it_is_tried_again(self, world: World) -> None:
        place = ConversationId(an_id())
        poison, other = a_frame(place, 1), a_frame(place, 2)
        await _told(world, poison, other)
        await world.outbox.park(poison.id, "no good")
        assert await world.outbox.pending(later(60), 10) == [other]
        assert await world.outbox.since(place, 0, 10) == [poison, other]
        await world.outbox.mark([other.id], later(1))
        assert await world.outbox.prune(later(2)) == 1
        assert await world.outbox.retry() == 1
        assert await world.outbox.pending(later(60), 10) == [poison]
        await world.outbox.park(poison.id, "still no good")
        await world.outbox.mark([poison.id], later(3))
        await world.outbox.park(poison.id, "too late")
        assert await world.outbox.retry() == 0
        assert await world.outbox.pending(later(60), 10) == []

    async def test_the_backlog_is_what_nobody_marked(self, world: World) -> None:
        assert await world.outbox.backlog() == Backlog(pending=0, oldest=None, parked=0)
        frames = [a_frame(at=later(n)) for n in range(4)]
        await _told(world, *frames)
        await world.outbox.mark([frames[0].id], later(5))
        await world.outbox.park(frames[1].id, "no good")
        assert await world.outbox.backlog() == Backlog(pending=2, oldest=later(2), parked=1)

    async def test_frames_of_a_unit_of_work_that_does_not_commit_are_never_seen(self, world: World) -> None:
        kept = a_frame()
        await _told(world, kept)
        place = ConversationId(an_id())
        with pytest.raises(Collision):
            await _told(world, a_frame(place), kept)
        assert await world.outbox.since(place, 0, 10) == []
        assert await world.outbox.pending(later(1), 10) == [kept]

    async def test_claim_is_true_for_one_caller_at_a_time_until_it_releases(self, world: World) -> None:
        assert await world.outbox.claim()
        assert await world.outbox.claim()
        assert not await world.rival_outbox.claim()
        await world.rival_outbox.release()
        assert not await world.rival_outbox.claim()
        await world.outbox.release()
        assert await _claimed_in_time(world.rival_outbox)
        assert not await world.outbox.claim()
        await world.rival_outbox.release()


async def _claimed_in_time(outbox: Outbox) -> bool:
    """Whether a claim succeeds soon: a server may take a moment to see that the other one let go."""
    for _ in range(500):
        if await outbox.claim():
            return True
        await asyncio.sleep(0.02)
    return False


async def _told(world: World, *frames: Frame) -> None:
    async with world.units.open() as uow:
        await commit(uow, *frames)
