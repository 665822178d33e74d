"""Scenes to begin with: people, conversations and messages that are committed, and ways to change them."""

import asyncio
from collections.abc import Awaitable, Coroutine, Sequence
from datetime import datetime
from typing import Any, TypeVar

from application.errors import Collision
from application.ports.events import Frame
from application.ports.unit_of_work import UnitOfWork
from application.testing.builders import (
    AT,
    a_contact,
    a_direct,
    a_group,
    a_participant,
    a_text,
    a_user,
    an_entry,
    an_owner,
    settings_for,
)
from application.testing.world import World
from domain.conversation.participant import Participant
from domain.messaging.message import Message
from domain.shared.ids import ConversationId, UserId

T = TypeVar("T")
PATIENCE_SECONDS = 10
A_MOMENT_SECONDS = 0.02


async def commit(uow: UnitOfWork, *frames: Frame, at: datetime = AT, **entry: Any) -> None:
    """Commit with an entry made up for the purpose."""
    await uow.commit([an_entry(at=at, **entry)], frames)


async def people(world: World, count: int) -> list[UserId]:
    """So many new accounts."""
    users = [a_user() for _ in range(count)]
    async with world.units.open() as uow:
        for user in users:
            uow.users.add(user, settings_for(user))
        await commit(uow)
    return [user.id for user in users]


async def group_of(world: World, owner: UserId, *others: UserId, **fields: Any) -> ConversationId:
    """A group nobody has written in."""
    group = a_group(owner, members=1 + len(others), **fields)
    async with world.units.open() as uow:
        uow.conversations.add(group)
        uow.participants.add(an_owner(group, owner))
        for other in others:
            uow.participants.add(a_participant(group, other))
        await commit(uow)
    return group.id


async def direct_of(world: World, opener: UserId, other: UserId, **fields: Any) -> ConversationId:
    """A direct conversation nobody has written in, listed for both."""
    direct = a_direct(opener, other, **fields)
    async with world.units.open() as uow:
        uow.conversations.add(direct)
        for person in dict.fromkeys((opener, other)):
            uow.participants.add(a_participant(direct, person))
        await commit(uow)
    return direct.id


async def send(world: World, place: ConversationId, sender: UserId, **fields: Any) -> Message:
    """A message by somebody who takes part, and who has then read up to it."""
    async with world.units.open() as uow:
        message = await append(uow, place, sender, **fields)
        await commit(uow, at=fields.get("created_at", AT))
    return message


async def append(uow: UnitOfWork, place: ConversationId, sender: UserId, **fields: Any) -> Message:
    """The same inside a unit of work."""
    await uow.conversations.lock(place)
    participant = await uow.participants.get(place, sender)
    message = await uow.messages.append(a_text(place, sender, **fields))
    participant.has_sent(message.seq_id, message.created_at)
    uow.participants.save(participant)
    return message


async def change_participant(
    world: World, place: ConversationId, person: UserId, **fields: Any
) -> Participant:
    """Set what is said of somebody's place in a conversation."""
    async with world.units.open() as uow:
        participant = await uow.participants.get(place, person)
        for name, value in fields.items():
            setattr(participant, name, value)
        uow.participants.save(participant)
        await commit(uow)
    return participant


async def leave(world: World, place: ConversationId, person: UserId, at_sequence: int) -> Participant:
    """Let somebody leave after a message."""
    return await change_participant(world, place, person, left_at=AT, left_sequence=at_sequence)


async def close(world: World, place: ConversationId) -> None:
    """Close a group."""
    async with world.units.open() as uow:
        conversation = await uow.conversations.lock(place)
        assert conversation is not None
        conversation.closed_at = AT
        uow.conversations.save(conversation)
        await commit(uow)


async def block(world: World, who: UserId, whom: UserId) -> None:
    """Let one person block another."""
    async with world.units.open() as uow:
        uow.contacts.save(a_contact(who, whom, saved=False, is_blocked=True))
        await commit(uow)


async def membership(world: World, person: UserId, place: ConversationId) -> Participant:
    """Somebody's place in a conversation, which they must have."""
    found = await world.conversations.membership(person, place)
    assert found is not None
    return found


async def all_of(work: Sequence[Awaitable[T]]) -> list[T | BaseException]:
    """Everything at once; what collided comes back as its exception. Whatever else is raised is raised."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        outcomes = await asyncio.gather(*work, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, Collision):
            raise outcome
    return outcomes


async def held_up(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Begin something, and see that it waits."""
    task = asyncio.create_task(work)
    await asyncio.sleep(A_MOMENT_SECONDS)
    assert not task.done(), "did not wait"
    return task


async def outcome(task: asyncio.Task[T]) -> T:
    """What something that waited comes to, once it may go on."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await task
