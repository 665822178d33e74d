"""Signals: "look at this person again", from whichever server noticed something to those that watch.

A signal says nothing of how things stand. Events about people that are stored in the outbox travel on the same
channels and mean the same there.
"""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from application.ports.events import Frame
from application.ports.system import Clock, Ids
from application.presence.views import PresenceView
from domain.shared.ids import EventId, UserId
from domain.shared.values import moment

CHANGED = "presence.changed"


def channel_of(id: UserId) -> str:
    """Where signals about a person are heard."""
    return f"presence:{id}"


def person_of(channel: str) -> UserId:
    """The person a channel is about."""
    return UserId(UUID(channel.removeprefix("presence:")))


def signals(people: Iterable[UserId], clock: Clock, ids: Ids) -> list[Frame]:
    """One for each. They go past the outbox: what they lead to is looked up, and never taken from them."""
    now = clock.now()
    return [
        Frame(
            id=EventId(ids.new(now)),
            aggregate_type="user",
            aggregate_id=UUID(str(id)),
            event_type=CHANGED,
            revision=0,
            channels=(channel_of(id),),
            body=b"{}",
            at=now,
        )
        for id in people
    ]


def changed(view: PresenceView, clock: Clock) -> bytes:
    """The frame by which a watcher hears how somebody's presence looks now."""
    return msgspec.json.encode({"type": CHANGED, "at": moment(clock.now()), "data": view})
