"""Forwarding the same twice at once: a look-up before the other's commit and one after it are no conflict."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from application.bus.messages import Actor, Scope, Secret
from application.conversation.create_group import CreateGroup
from application.identity.register_user import RegisterUser
from application.messaging import forward_message
from application.messaging.forward_message import ForwardMessage
from application.messaging.send_message import SendMessage
from application.ports.security import BodyHashes
from application.testing.builders import AT, an_id
from domain.messaging.message import Message
from domain.shared.errors import IdempotencyConflict
from domain.shared.ids import ClientMessageId, CommandId, UserId
from entrypoints.container import Container
from entrypoints.lifespan import opened
from tests.support.server import settings_for


@dataclass(slots=True)
class Overtaken:
    """Messages of a unit of work that is overtaken by another after its first look."""

    inner: Any
    overtake: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def find_by_client_id(self, sender_id: UserId, name: ClientMessageId) -> Message | None:
        if self.overtake is not None:
            overtake, self.overtake = self.overtake, None
            await overtake()
            return None
        found: Message | None = await self.inner.find_by_client_id(sender_id, name)
        return found


@pytest.fixture
async def container() -> AsyncIterator[Container]:
    async with opened(settings_for()) as container:
        yield container


async def _to_be_forwarded(container: Container) -> tuple[Actor, ForwardMessage]:
    """Somebody, and a message of theirs to go to two places."""
    bus = container.bus()
    register = RegisterUser(
        username="ann", password=Secret("correct horse"), display_name="Ann", device_id="d"
    )
    ann = Actor(user_id=(await bus.execute(register, Actor())).tokens.user.id)
    places = [
        (await bus.execute(CreateGroup(subject="x", member_ids=[]), ann)).conversation.id for _ in range(2)
    ]
    names = [ClientMessageId(uuid.uuid4()) for _ in range(3)]
    send = SendMessage(conversation_id=places[0], client_message_id=names[2], content="words")
    sent = await bus.execute(send, ann)
    return ann, ForwardMessage(message_id=sent.id, conversation_ids=places, client_message_ids=names[:2])


async def test_copies_that_are_committed_between_two_looks_are_all_found(container: Container) -> None:
    ann, command = await _to_be_forwarded(container)
    hashes: BodyHashes = container.hashes()
    made = []

    async def overtake() -> None:
        made.append(await container.bus().execute(command, ann))

    async with container.store().units.open() as uow:
        uow.messages = Overtaken(uow.messages, overtake)
        scope = Scope(actor=ann, now=AT, id=CommandId(an_id()), uow=uow)
        assert await forward_message.repeat(command, scope, hashes=hashes) == made[0]


async def test_copies_of_which_some_were_never_made_are_a_conflict(container: Container) -> None:
    ann, command = await _to_be_forwarded(container)
    one = ForwardMessage(
        message_id=command.message_id,
        conversation_ids=command.conversation_ids[:1],
        client_message_ids=command.client_message_ids[:1],
    )
    await container.bus().execute(one, ann)
    with pytest.raises(IdempotencyConflict) as refused:
        await container.bus().execute(command, ann)
    assert refused.value.pointer == "/client_message_ids/1"
