"""The bus in memory: what happens when a command runs twice, is refused, or comes late with an old key."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest

from adapters.memory.system import MemoryClock
from application.bus.log import Key
from application.bus.messages import Actor, Secret
from application.conversation.create_group import CreateGroup
from application.identity.register_user import RegisterUser
from application.messaging.send_message import SendMessage
from domain.shared.errors import ConversationNotFound, IdempotencyConflict
from domain.shared.ids import ClientMessageId, ConversationId
from entrypoints.container import Container
from entrypoints.lifespan import opened
from tests.support.server import settings_for

KEY = Key(value="k", place="POST /groups")


@pytest.fixture
async def container() -> AsyncIterator[Container]:
    async with opened(settings_for()) as container:
        container.clock.override(MemoryClock())
        yield container


async def _somebody(container: Container, name: str = "ann") -> Actor:
    command = RegisterUser(username=name, password=Secret("correct horse"), display_name=name, device_id="d")
    return Actor(user_id=(await container.bus().execute(command, Actor())).tokens.user.id)


def _group(subject: str = "x") -> CreateGroup:
    return CreateGroup(subject=subject, member_ids=[])


async def test_twenty_at_once_under_one_key_do_it_once(container: Container) -> None:
    ann = await _somebody(container)
    outcomes = await asyncio.gather(*(container.bus().submit(_group(), ann, key=KEY) for _ in range(20)))
    assert len({outcome.result.conversation.id for outcome in outcomes}) == 1
    assert sorted(outcome.repeated for outcome in outcomes) == [False] + [True] * 19


async def test_a_key_holds_for_a_day_and_is_free_afterwards(container: Container) -> None:
    ann = await _somebody(container)
    first = await container.bus().submit(_group(), ann, key=KEY)
    container.clock().advance(24 * 3600)
    again = await container.bus().submit(_group(), ann, key=KEY)
    assert again.repeated
    assert again.result == first.result
    container.clock().advance(1)
    later = await container.bus().submit(_group("another"), ann, key=KEY)
    assert not later.repeated
    assert later.result.conversation.subject == "another"
    with pytest.raises(IdempotencyConflict):
        await container.bus().submit(_group(), ann, key=KEY)


async def test_a_refusal_is_logged_and_changes_nothing(container: Container) -> None:
    ann = await _somebody(container)
    command = SendMessage(
        conversation_id=ConversationId(uuid.uuid4()),
        client_message_id=ClientMessageId(uuid.uuid4()),
        content="x",
    )
    with pytest.raises(ConversationNotFound):
        await container.bus().execute(command, ann)
    accepted = [entry.name async for entry in container.store().command_log.accepted()]
    assert accepted == ["RegisterUser"]


async def test_secrets_are_in_no_log(container: Container) -> None:
    await _somebody(container)
    entries = [entry async for entry in container.store().command_log.accepted()]
    assert b"correct horse" not in entries[0].payload
    assert b'"password":null' in entries[0].payload
