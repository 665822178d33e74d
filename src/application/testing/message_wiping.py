"""The promise of wiping beyond the message itself: what it was given, what answers repeat, what the log keeps."""

from typing import Any

import msgspec

from application.catalogue import COMMANDS
from application.messaging.edit_message import EditMessage
from application.messaging.react import AddReaction
from application.messaging.send_message import SendMessage
from application.testing.builders import AT, a_frame, a_text, an_id, later
from application.testing.message_parts import a_reaction, stored
from application.testing.stage import append, commit, group_of, people, send
from application.testing.world import World
from domain.messaging.message import Message
from domain.shared.ids import ClientMessageId, CommandId, ConversationId, UserId


async def _wipe(world: World, *messages: Message) -> None:
    """Several of one conversation at once."""
    async with world.units.open() as uow:
        held = await uow.conversations.lock(messages[0].conversation_id)
        assert held is not None
        for id in [message.id for message in messages]:
            found = await uow.messages.find(id)
            assert found is not None
            uow.messages.wipe(found.wiped(held.next_revision(), later(9)))
        uow.conversations.save(held)
        await commit(uow)


async def _log(world: World, name: str, payload: dict[str, Any], **entry: Any) -> None:
    async with world.units.open() as uow:
        await commit(uow, name=name, payload=msgspec.json.encode(payload), **entry)


async def _logged(world: World, name: str) -> list[dict[str, Any]]:
    return [msgspec.json.decode(e.payload) async for e in world.command_log.accepted() if e.name == name]


class MessageWipingContract:
    """What ``Messages`` promises of ``wipe``, beside what is said in ``WipingContract``. Supply ``world``."""

    async def _one(self, world: World) -> tuple[UserId, UserId, ConversationId, Message]:
        ann, ben = await people(world, 2)
        place = await group_of(world, ann, ben)
        return ann, ben, place, await send(world, place, ann, content="secret")

    async def test_wipe_takes_reactions_and_attachments_of_that_message_only(self, world: World) -> None:
        ann, ben, place, message = await self._one(world)
        other = await send(world, place, ann)
        (one,) = await stored(world, ann, 1)
        async with world.units.open() as uow:
            for each in (message, other):
                uow.attachments.attach(each.id, [one.id])
                uow.reactions.add(a_reaction(each, ben))
            await commit(uow)
        await _wipe(world, message)
        async with world.units.open() as uow:
            assert list(await uow.attachments.carried_by([message.id, other.id])) == [other.id]
            assert list(await uow.reactions.tallies([message.id, other.id], ann)) == [other.id]

    async def test_wipe_takes_the_codes_from_events_of_reactions(self, world: World) -> None:
        _, ben, place, message = await self._one(world)
        data = {"message_id": str(message.id), "user_id": str(ben), "reaction_code": "👍", "count": 1}
        body = msgspec.json.encode({"type": "reaction.added", "data": data})
        async with world.units.open() as uow:
            await commit(uow, a_frame(place, 2, subject_id=message.id, body=body))
        await _wipe(world, message)
        (frame,) = await world.outbox.since(place, 0, 10)
        assert msgspec.json.decode(frame.body)["data"] == data | {"reaction_code": ":deleted:"}

    async def test_wipe_takes_answers_that_were_kept_with_replies_to_it(self, world: World) -> None:
        ann, ben, place, message = await self._one(world)
        async with world.units.open() as uow:
            reply = await append(uow, place, ben, reply_to_msg_id=message.id)
            kept: dict[str, Any] = {
                "idempotency_key": "k1",
                "fingerprint": b"f",
                "result": b'{"reply_to":"secret"}',
            }
            await commit(uow, id=CommandId(reply.id), name="SendMessage", payload=b"{}", **kept)
        kept = {"idempotency_key": "k2", "fingerprint": b"f", "result": b'{"reply_to":"secret"}'}
        await _log(world, "EditMessage", {}, subject_id=reply.id, **kept)
        other = {"idempotency_key": "k3", "fingerprint": b"f", "result": b'"theirs"'}
        await _log(world, "DoSomething", {}, actor_id=ann, **other)
        await _wipe(world, message)
        assert [await world.command_log.answer(key, AT) is None for key in ("k1", "k2", "k3")] == [
            True,
            True,
            False,
        ]

    async def test_in_the_log_the_same_words_stay_the_same_and_others_differ(self, world: World) -> None:
        assert {SendMessage, EditMessage, AddReaction} <= {kind for kind in COMMANDS if kind.words}
        message = (await self._one(world))[3]
        await _log(world, "SendMessage", {"type": "TEXT", "content": "a"}, id=CommandId(message.id))
        for text in ("a", "b", "b", "a", "c"):
            await _log(world, "EditMessage", {"content": text}, subject_id=message.id)
        for code in ("👍", ":x:", "👍"):
            await _log(world, "AddReaction", {"reaction_code": code}, subject_id=message.id)
        for _ in range(2):
            # A second time changes nothing: who replays the log wipes what is wiped already.
            await _wipe(world, message)
            (sent,) = await _logged(world, "SendMessage")
            edits = [each["content"] for each in await _logged(world, "EditMessage")]
            codes = [each["reaction_code"] for each in await _logged(world, "AddReaction")]
            assert sent["content"] == "deleted 1"
            assert edits == [f"deleted {n}" for n in (1, 2, 2, 1, 3)]
            assert codes == [":deleted_1:", ":deleted_2:", ":deleted_1:"]

    async def test_the_log_loses_what_a_copy_said_with_that_copy_and_not_with_the_original(
        self, world: World
    ) -> None:
        _, ben, place, message = await self._one(world)
        names = [ClientMessageId(an_id()) for _ in range(2)]
        async with world.units.open() as uow:
            await uow.conversations.lock(place)
            copies = [
                await uow.messages.append(
                    a_text(
                        place,
                        ben,
                        content="secret",
                        client_message_id=name,
                        is_forwarded=True,
                        forwarded_from_msg_id=message.id,
                    )
                )
                for name in names
            ]
            said = {"type": "TEXT", "content": "secret", "metadata": {}, "attachment_ids": []}
            payload = {"client_message_ids": [str(name) for name in names], "said": [said, said]}
            kept: dict[str, Any] = {"idempotency_key": "k", "fingerprint": b"f", "result": b'"secret"'}
            entry: dict[str, Any] = {
                "name": "ForwardMessage",
                "subject_id": message.id,
                "payload": msgspec.json.encode(payload),
            }
            await commit(uow, **entry, **kept)
        await _wipe(world, message)
        assert await _logged(world, "ForwardMessage") == [payload]
        await _wipe(world, copies[1])
        wiped = said | {"content": "deleted 1"}
        assert await _logged(world, "ForwardMessage") == [payload | {"said": [said, wiped]}]
        assert await world.command_log.answer("k", AT) is None
        await _wipe(world, copies[0])
        assert await _logged(world, "ForwardMessage") == [payload | {"said": [wiped, wiped]}]
