"""What becomes of messages, rebuilt from the command log: also of those whose words the log has lost since."""

import asyncio
import uuid
from datetime import UTC, datetime
from typing import Any

import asyncpg
from click.testing import CliRunner
from dependency_injector import providers

from adapters.memory.system import MemoryClock
from application.bus.messages import Actor, Secret
from application.conversation.create_group import CreateGroup
from application.identity.register_user import RegisterUser
from application.messaging.edit_message import EditMessage
from application.messaging.forward_message import ForwardMessage
from application.messaging.react import AddReaction
from application.messaging.send_message import SendMessage
from domain.shared.ids import ClientMessageId, MessageId
from entrypoints.cli.replay import replay
from entrypoints.lifespan import opened
from tests.support.server import KEYS, PASSWORD, Person, a_person, serving, settings_for


async def _replayed(database: str, into: str) -> str:
    environment = {"DATABASE_URL": database, "SENTINAL_SIGNING_KEYS": KEYS}
    result = await asyncio.to_thread(CliRunner().invoke, replay, ["--into", into], env=environment)
    return result.output + (repr(result.exception) if result.exception else "")


async def _change_messages(ann: Person, bob: Person, direct: str, three: str) -> None:
    """Everything that becomes of messages, and then half of them are deleted: the log must lose their words, and
    still lead to the same.
    """

    async def ask(who: Person, method: str, path: str, body: Any = None) -> Any:
        response = await who.http.request(method, path, json=body)
        assert response.status_code < 300, response.text
        return response.json() if response.content else None

    async def say(who: Person, place: str, **fields: Any) -> str:
        body = {"client_message_id": str(uuid.uuid4()), **fields}
        return str((await ask(who, "POST", f"/v1/conversations/{place}/messages", body))["id"])

    card = {"display_name": "Somebody", "phone_number": "+4930123456"}
    for place, goes in ((direct, True), (three, False)):
        first = await say(ann, place, content="first")
        located = await say(ann, place, type="LOCATION", metadata={"latitude": 1, "longitude": -1.5})
        carded = await say(bob, place, type="CONTACT", metadata=card, reply_to_msg_id=first)
        for text in ("first", "second", "second", "first", "third"):
            await ask(ann, "PATCH", f"/v1/messages/{first}", {"content": text})
        for who, code in ((ann, ":a:"), (bob, ":a:"), (bob, "%F0%9F%91%8D"), (bob, ":a:")):
            await ask(who, "PUT", f"/v1/messages/{first}/reactions/{code}")
        await ask(bob, "DELETE", f"/v1/messages/{first}/reactions/:a:")
        copies = []
        for id in (first, located, carded):
            names = [str(uuid.uuid4()) for _ in range(2)]
            body = {"conversation_ids": [three, direct], "client_message_ids": names}
            copies += (await ask(ann, "POST", f"/v1/messages/{id}/forward", body))["items"]
        body = {"conversation_ids": [direct], "client_message_ids": [str(uuid.uuid4())]}
        further = (await ask(bob, "POST", f"/v1/messages/{copies[0]['id']}/forward", body))["items"][0]
        for text in ("third", "fourth"):
            await ask(ann, "PATCH", f"/v1/messages/{copies[0]['id']}", {"content": text})
        await ask(ann, "DELETE", f"/v1/messages/{copies[3]['id']}?for=me")
        if goes:
            for id in (first, located, copies[0]["id"], copies[4]["id"]):
                await ask(ann, "DELETE", f"/v1/messages/{id}?for=everyone")
            await ask(bob, "DELETE", f"/v1/messages/{carded}?for=everyone")
            await ask(bob, "DELETE", f"/v1/messages/{further['id']}?for=everyone")


async def test_replay_wipes_what_was_deleted_as_it_was(fresh_database: str, another_database: str) -> None:
    async with serving(settings_for(fresh_database)) as server:
        ann, bob = [await a_person(server.url) for _ in range(2)]
        direct = (await ann.post("/v1/conversations/direct", {"user_id": bob.id})).json()["id"]
        group = {"subject": "two", "member_ids": [bob.id], "expiry_seconds": 3600}
        place = (await ann.post("/v1/conversations/groups", group)).json()["conversation"]["id"]
        await _change_messages(ann, bob, direct, place)
    result = await _replayed(fresh_database, another_database)
    assert "every table is equal" in result, result
    assert "replayed 50 commands" in result, result


async def _live_and_let_expire(database: str) -> None:
    """Two people say things that expire, on a clock that is moved."""
    clock = MemoryClock(datetime.now(UTC))
    async with opened(settings_for(database)) as container:
        container.clock.override(providers.Object(clock))
        bus = container.bus()
        registered = [
            await bus.execute(
                RegisterUser(
                    username=f"u{uuid.uuid4().hex[:12]}",
                    password=Secret(PASSWORD),
                    display_name="A",
                    device_id="d",
                ),
                Actor(address="here"),
            )
            for _ in range(2)
        ]
        ann, ben = [Actor(user_id=each.tokens.user.id) for each in registered]
        assert ben.user_id is not None
        group = CreateGroup(subject="g", member_ids=[ben.user_id], expiry_seconds=30)
        place = (await bus.execute(group, ann)).conversation.id
        lasting = (await bus.execute(CreateGroup(subject="l", member_ids=[]), ann)).conversation.id

        def name() -> ClientMessageId:
            return ClientMessageId(uuid.uuid4())

        async def say(text: str, reply_to: MessageId | None = None) -> MessageId:
            new = SendMessage(
                conversation_id=place, client_message_id=name(), content=text, reply_to_msg_id=reply_to
            )
            return (await bus.execute(new, ann)).id

        for _ in range(3):
            first = await say("first")
            await say("second", first)
            await bus.execute(EditMessage(message_id=first, content="changed"), ann)
            await bus.execute(AddReaction(message_id=first, reaction_code=":a:"), ben)
            forward = ForwardMessage(
                message_id=first, conversation_ids=[lasting, place], client_message_ids=[name(), name()]
            )
            await bus.execute(forward, ann)
            clock.advance(20)
            while await container.sweeper().sweep():
                pass
        connection = await asyncpg.connect(database)
        wiped = "SELECT count(*) FROM messages WHERE deleted_at IS NOT NULL"
        assert await connection.fetchval(wiped) == 6
        await connection.close()


async def test_replay_wipes_what_expired_as_it_was(fresh_database: str, another_database: str) -> None:
    await _live_and_let_expire(fresh_database)
    result = await _replayed(fresh_database, another_database)
    assert "every table is equal" in result, result
