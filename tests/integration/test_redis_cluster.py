"""A Redis Cluster that changes under those who use it: slots move, masters die, replicas take over."""

import asyncio
import os
import signal
import uuid
from collections.abc import AsyncIterator, Sequence
from itertools import count

import pytest

from adapters.memory.store import MemoryStore
from adapters.redis.cached_profiles import CachedProfiles, profile_key
from adapters.redis.cluster_broker import ClusterBroker
from adapters.redis.cluster_commands import ClusterCommands
from adapters.redis.health import RedisHealth
from adapters.redis.limits import RedisLimits
from adapters.redis.slots import slot_of
from application.ports.events import Delivery, Interrupted, Subscription
from application.ports.limits import Rate
from application.ports.readers import Profile
from application.testing.builders import a_frame, an_id
from application.testing.stage import people
from application.testing.world import World
from domain.shared.errors import Unavailable
from domain.shared.ids import UserId
from tests.support.redis_cluster import Cluster, redis_cluster
from tests.support.server import a_person, online, serving, settings_for
from tests.unit.adapters.memory_world import memory_world

pytestmark = pytest.mark.xdist_group("redis_cluster")

RATE = Rate(name="slow", burst=5, per_period=1, period=1000.0)
WITHIN_SECONDS = 20


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with redis_cluster() as cluster:
        yield cluster


@pytest.fixture
async def broker(cluster: Cluster) -> AsyncIterator[ClusterBroker]:
    broker = ClusterBroker(cluster.url, within=2)
    yield broker
    await broker.close()


@pytest.fixture
async def commands(cluster: Cluster) -> AsyncIterator[ClusterCommands]:
    commands = ClusterCommands(cluster.url, within=2)
    yield commands
    await commands.close()


def _channel_of(cluster: Cluster, number: int) -> str:
    """A channel whose slot one master has in the beginning."""
    return next(
        channel
        for channel in (f"conversation:{an_id()}" for _ in count())
        if cluster.first_owner(channel) == number
    )


async def _next(subscription: Subscription) -> Delivery | Interrupted:
    async with asyncio.timeout(WITHIN_SECONDS):
        return await anext(aiter(subscription.deliveries()))


async def _publish(broker: ClusterBroker, *channels: str) -> list[Delivery]:
    frames = [a_frame(revision=1, channels=(channel,)) for channel in channels]
    await broker.publish(frames)
    return [Delivery(frame.channels[0], frame.event_type, 1, frame.body) for frame in frames]


async def _heard_on_each(broker: ClusterBroker, subscription: Subscription, channels: Sequence[str]) -> None:
    for channel in channels:
        (published,) = await _publish(broker, channel)
        assert await _next(subscription) == published


async def test_a_slot_that_moves_takes_its_channels_along_and_shows_as_interrupted(
    cluster: Cluster, broker: ClusterBroker
) -> None:
    channels = [_channel_of(cluster, number) for number in range(3)]
    subscription = await broker.subscribe()
    await subscription.add(channels)
    await _heard_on_each(broker, subscription, channels)

    await cluster.move(slot_of(channels[0]), cluster.masters[0], cluster.masters[1])
    assert await _next(subscription) == Interrupted()
    await _heard_on_each(broker, subscription, channels)

    await cluster.move(slot_of(channels[0]), cluster.masters[1], cluster.masters[0])
    assert await _next(subscription) == Interrupted()
    await _heard_on_each(broker, subscription, channels)
    await subscription.remove(channels[1:])
    await subscription.add(channels[1:])
    await _heard_on_each(broker, subscription, channels)


async def test_whoever_comes_with_an_old_map_is_sent_on(cluster: Cluster, commands: ClusterCommands) -> None:
    limits = RedisLimits(commands)
    key = str(an_id())
    name = f"limit:slow:{key}"
    source = cluster.first_owner(name)
    assert (await limits.take(RATE, key)).remaining == 4
    await cluster.move(slot_of(name), cluster.masters[source], cluster.masters[source - 1])
    assert (await limits.take(RATE, key)).remaining == 3
    assert commands.map.owner(slot_of(name)) == cluster.masters[source - 1].address


async def test_a_slot_on_its_way_is_answered_by_both_ends(
    cluster: Cluster, commands: ClusterCommands
) -> None:
    key = "{on-its-way}:moved"
    number = cluster.first_owner(key)
    source, target = cluster.masters[number], cluster.masters[number - 1]
    await commands.many([("SET", key, 1), ("SET", "{on-its-way}:stays", 2)])
    await target.ask("CLUSTER", "SETSLOT", slot_of(key), "IMPORTING", await source.id())
    await source.ask("CLUSTER", "SETSLOT", slot_of(key), "MIGRATING", await target.id())
    await source.ask("MIGRATE", "127.0.0.1", target.port, key, 0, 5000, "AUTH", "of-all-of-them")
    asked = [("GET", key), ("GET", "{on-its-way}:stays"), ("GET", "{on-its-way}:never"), ("GET", "other")]
    assert await commands.many(asked) == [b"1", b"2", None, None]
    assert commands.map.owner(slot_of(key)) == source.address


async def test_without_a_master_its_channels_are_silent_and_the_others_go_on(
    cluster: Cluster, broker: ClusterBroker, commands: ClusterCommands
) -> None:
    channels = [_channel_of(cluster, number) for number in range(3)]
    health = RedisHealth(commands, broker)
    subscription = await broker.subscribe()
    await subscription.add(channels)
    await _heard_on_each(broker, subscription, channels)
    assert await health.ailments() == []

    os.kill(cluster.masters[0].pid, signal.SIGKILL)
    while broker.connected:
        await asyncio.sleep(0.01)
    with pytest.raises(Unavailable):
        await broker.publish([a_frame(channels=(channels[0],))])
    with pytest.raises(Unavailable):
        await broker.ping()
    assert len(await health.ailments()) == 2
    await _heard_on_each(broker, subscription, channels[1:])
    with pytest.raises(Unavailable):
        await _publish(broker, *channels)
    assert {(await _next(subscription)).channel for _ in range(2)} == set(channels[1:])  # type: ignore[union-attr]
    fresh = _channel_of(cluster, 1)
    await subscription.add([fresh])
    with pytest.raises(Unavailable):
        await subscription.add([_channel_of(cluster, 0)])
    await _heard_on_each(broker, subscription, [fresh])

    await asyncio.to_thread(cluster.masters[0].restart)
    assert await _next(subscription) == Interrupted()
    await _until_published(broker, channels[0])
    assert isinstance(await _next(subscription), Delivery)
    await _heard_on_each(broker, subscription, channels)
    while await health.ailments():
        await asyncio.sleep(0.05)


async def test_what_is_published_while_slots_move_to_and_fro_is_heard_in_order_and_once(
    cluster: Cluster, broker: ClusterBroker
) -> None:
    channels = [_channel_of(cluster, number % 3) for number in range(6)]
    subscription = await broker.subscribe()
    await subscription.add(channels)
    published = 0

    async def publish() -> None:
        nonlocal published
        for revision in count(1):
            await broker.publish([a_frame(revision=revision, channels=(each,)) for each in channels])
            published = revision

    publishing = asyncio.create_task(publish())
    for channel in channels[:3]:
        first = cluster.first_owner(channel)
        for source, target in ((first, first - 1), (first - 1, first - 2), (first - 2, first)):
            await cluster.move(slot_of(channel), cluster.masters[source], cluster.masters[target])
    by_then = published
    heard: dict[str, list[int]] = {channel: [] for channel in channels}
    interruptions = 0
    while any(not revisions or revisions[-1] <= by_then for revisions in heard.values()):
        assert not publishing.done()
        item = await _next(subscription)
        if isinstance(item, Interrupted):
            interruptions += 1
        else:
            heard[item.channel].append(item.revision)
    publishing.cancel()
    await asyncio.wait([publishing])
    assert interruptions > 0
    for channel, revisions in heard.items():
        assert revisions == sorted(set(revisions)), channel
    for channel in channels[3:]:
        assert heard[channel] == list(range(1, heard[channel][-1] + 1)), "whose slot stayed misses nothing"


async def test_a_master_that_hangs_keeps_the_others_from_nothing(
    cluster: Cluster, broker: ClusterBroker
) -> None:
    channels = [_channel_of(cluster, number) for number in range(3)]
    subscription = await broker.subscribe()
    await subscription.add(channels)
    await _heard_on_each(broker, subscription, channels)
    os.kill(cluster.masters[0].pid, signal.SIGSTOP)
    with pytest.raises(Unavailable):
        await _publish(broker, channels[0])
    await _heard_on_each(broker, subscription, channels[1:])
    while broker.connected:
        await asyncio.sleep(0.01)
    os.kill(cluster.masters[0].pid, signal.SIGCONT)
    await _until_interrupted(subscription)
    await _until_published(broker, channels[0])
    assert isinstance(await _next(subscription), Delivery)
    await _heard_on_each(broker, subscription, channels)


async def test_when_a_master_dies_its_replica_takes_over() -> None:
    async with redis_cluster(replicas=1) as cluster:
        broker, commands = ClusterBroker(cluster.url, within=2), ClusterCommands(cluster.url, within=2)
        channels = [_channel_of(cluster, number) for number in range(3)]
        subscription = await broker.subscribe()
        await subscription.add(channels)
        await _heard_on_each(broker, subscription, channels)
        os.kill(cluster.masters[0].pid, signal.SIGKILL)
        assert await _next(subscription) == Interrupted()
        await _until_published(broker, channels[0])
        assert isinstance(await _next(subscription), Delivery)
        await _heard_on_each(broker, subscription, channels)
        assert broker.connected
        assert await RedisHealth(commands, broker).ailments() == []
        await broker.close()
        await commands.close()


async def _until_interrupted(subscription: Subscription) -> None:
    """What was sent before a server hung may still arrive when it goes on."""
    while not isinstance(await _next(subscription), Interrupted):
        pass


async def _until_published(broker: ClusterBroker, channel: str) -> None:
    """Who subscribes may find the new master before who publishes does."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            try:
                await _publish(broker, channel)
                return
            except Unavailable:
                await asyncio.sleep(0.05)


class Counting:
    """Profiles of a world, and of whom they were asked."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.asked: set[UserId] = set()

    async def of(self, user_ids: Sequence[UserId]) -> dict[UserId, Profile]:
        self.asked = set(user_ids)
        return await self._world.profiles.of(user_ids)


async def test_what_a_dead_master_remembered_is_read_and_nothing_else(
    cluster: Cluster, commands: ClusterCommands
) -> None:
    world = memory_world(MemoryStore())
    everybody = await people(world, 60)
    inner = Counting(world)
    profiles = CachedProfiles(inner, commands)
    expected = await profiles.of(everybody)
    assert inner.asked == set(everybody)
    inner.asked = set()
    assert await profiles.of(everybody) == expected
    assert inner.asked == set()
    os.kill(cluster.masters[0].pid, signal.SIGKILL)
    forgotten = {id for id in everybody if cluster.first_owner(profile_key(id)) == 0}
    assert 0 < len(forgotten) < 60
    assert await profiles.of(everybody) == expected
    assert inner.asked == forgotten


async def test_messages_of_silent_channels_are_delivered_from_the_database(
    fresh_database: str, cluster: Cluster
) -> None:
    settings = settings_for(fresh_database, cluster.url)
    async with serving(settings) as one, serving(settings) as two:
        ann, bob = await a_person(one.url), await a_person(two.url)
        async with online(one.url, ann.token) as anns, online(two.url, bob.token) as bobs:
            response = await ann.post("/v1/conversations/direct", {"user_id": bob.id})
            conversation = str(response.json()["id"])

            async def say(text: str) -> None:
                frame = {"type": "message.send", "conversation_id": conversation, "content": text}
                answer = await anns.ask({**frame, "client_message_id": str(uuid.uuid4())})
                assert answer["type"] == "ack", answer

            await say("1")
            assert (await bobs.event("message.created"))["data"]["content"] == "1"
            owner = cluster.first_owner(f"conversation:{conversation}")
            os.kill(cluster.masters[owner].pid, signal.SIGKILL)
            for text in ("2", "3", "4"):
                await say(text)
            heard = [await bobs.event("message.created") for _ in range(3)]
            assert [event["data"]["content"] for event in heard] == ["2", "3", "4"]
            assert (await bob.get("/readyz")).status_code == 503
            await asyncio.to_thread(cluster.masters[owner].restart)
            async with asyncio.timeout(WITHIN_SECONDS):
                while (await bob.get("/readyz")).status_code != 200:
                    await asyncio.sleep(0.05)
            await say("5")
            assert (await bobs.event("message.created"))["data"]["content"] == "5"
