"""The promises of what erasing and exporting a person stand on: taking words back, and finding what is stored."""

from dataclasses import replace
from typing import Any

import msgspec

from application.ports.readers import Archive, Redactions
from application.testing.builders import (
    AT,
    a_contact,
    a_frame,
    a_session,
    a_text,
    a_user,
    an_id,
    later,
    settings_for,
)
from application.testing.stage import append, commit, direct_of, group_of, people, send
from application.testing.world import World
from domain.identity.user import User
from domain.messaging.message import Message, system_message
from domain.shared.ids import CommandId, MessageId, UserId


def _erased(**fields: Any) -> User:
    user = a_user(**fields)
    user.erase(AT, redact_messages=True)
    return user


async def _pieces(archive: Archive, person: UserId) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    order: list[str] = []
    async for section, row in archive.everything(person):
        if section not in found:
            order.append(section)
        assert order[-1] == section, "rows of one section follow each other"
        found.setdefault(section, []).append(row)
    return found


class WipingContract:
    """The promises of ``Messages`` about tombstones, and of ``UnitOfWork`` about people. Supply ``world``."""

    async def _wiped(self, world: World, message: Message) -> Message:
        async with world.units.open() as uow:
            held = await uow.conversations.lock(message.conversation_id)
            assert held is not None
            tombstone = message.wiped(held.next_revision(), later(9))
            uow.messages.wipe(tombstone)
            uow.conversations.save(held)
            await commit(uow)
        return tombstone

    async def test_save_puts_another_state_in_its_place_in_the_summary_too(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await direct_of(world, ann, ben)
        message = await send(world, place, ann, content="before")
        async with world.units.open() as uow:
            held = await uow.conversations.lock(place)
            assert held is not None
            revision = held.next_revision()
            changed = replace(message, content="after", edited_at=later(1), revision=revision)
            uow.messages.save(changed)
            assert await uow.messages.find(message.id) == changed
            uow.conversations.save(held)
            await commit(uow)
        async with world.units.open() as uow:
            assert await uow.messages.find(message.id) == changed
        entry = await world.conversations.entry(ben, place, later(2))
        assert entry is not None
        assert entry.last_message is not None
        assert entry.last_message.preview == "after"

    async def test_wipe_puts_a_tombstone_in_its_place_and_in_the_summary(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await direct_of(world, ann, ben)
        message = await send(world, place, ann, content="secret words")
        tombstone = await self._wiped(world, message)
        async with world.units.open() as uow:
            assert await uow.messages.find(message.id) == tombstone
        entry = await world.conversations.entry(ben, place, later(10))
        assert entry is not None
        assert entry.last_message is not None
        assert (entry.last_message.preview, entry.last_message.deleted) == (None, True)

    async def test_wipe_takes_what_it_said_from_events_and_from_previews_of_replies(
        self, world: World
    ) -> None:
        ann, ben = await people(world, 2)
        place = await direct_of(world, ann, ben)
        message = await send(world, place, ann, content="secret words")
        async with world.units.open() as uow:
            reply = await append(uow, place, ben, reply_to_msg_id=message.id, content="indeed")
            said = {"id": str(message.id), "content": "secret words", "metadata": None, "deleted_at": None}
            answered = {"id": str(reply.id), "content": "indeed"} | {
                "reply_to": {"id": str(message.id), "content": "secret words", "deleted": False}
            }
            listed = {"last_message": {"id": str(message.id), "preview": "secret words", "deleted": False}}
            frames = [
                a_frame(place, n, subject_id=subject, body=msgspec.json.encode({"type": "x", "data": data}))
                for n, (subject, data) in enumerate(
                    ((message.id, said), (reply.id, answered), (message.id, listed)), 1
                )
            ]
            await commit(uow, *frames)
        await self._wiped(world, message)
        bodies = [frame.body for frame in await world.outbox.since(place, 0, 10)]
        assert len(bodies) == 3
        assert not any(b"secret" in body for body in bodies)
        first, second, third = (msgspec.json.decode(body)["data"] for body in bodies)
        assert first["deleted_at"] is not None
        assert second["content"] == "indeed"
        assert second["reply_to"] == {"id": str(message.id), "content": None, "deleted": True}
        assert third["last_message"]["deleted"] is True

    async def test_wipe_takes_what_it_said_from_the_log_with_the_answer_that_was_kept(
        self, world: World
    ) -> None:
        ann, ben = await people(world, 2)
        place = await direct_of(world, ann, ben)
        async with world.units.open() as uow:
            message = await append(uow, place, ann, content="secret words")
            await commit(
                uow,
                id=CommandId(message.id),
                name="SendMessage",
                payload=b'{"content":"secret words","conversation_id":"x"}',
                idempotency_key="key",
                fingerprint=b"f",
                result=b'"secret words"',
            )
        await self._wiped(world, message)
        (entry,) = [e async for e in world.command_log.accepted() if e.id == message.id]
        assert b"secret" not in entry.payload
        assert msgspec.json.decode(entry.payload)["conversation_id"] == "x"
        assert entry.result is None
        assert await world.command_log.answer("key", AT) is None

    async def test_undeleted_by_are_messages_of_one_conversation_the_earliest_first(
        self, world: World
    ) -> None:
        ann, ben = await people(world, 2)
        place, another = await direct_of(world, ann, ben), await group_of(world, ann, ben)
        here = [await send(world, place, ann) for _ in range(3)]
        there = await send(world, another, ann)
        await send(world, place, ben)
        async with world.units.open() as uow:
            await uow.conversations.lock(place)
            await uow.messages.append(system_message(MessageId(an_id()), place, ann, {"event": "x"}, AT))
            await commit(uow)
        left = {message.id for message in (*here, there)}
        while left:
            async with world.units.open() as uow:
                found = await uow.messages.undeleted_by(ann, 2)
            assert 1 <= len(found) <= 2
            assert len({message.conversation_id for message in found}) == 1
            assert [m.seq_id for m in found] == sorted(m.seq_id for m in found)
            assert {message.id for message in found} <= left
            for message in found:
                await self._wiped(world, message)
                left.remove(message.id)
        async with world.units.open() as uow:
            assert await uow.messages.undeleted_by(ann, 2) == []

    async def test_forget_person_takes_what_is_personal_from_the_log_and_from_their_events(
        self, world: World
    ) -> None:
        ann, ben = await people(world, 2)
        commands = (
            ("RegisterUser", {"actor_id": None, "subject_id": ann}, {"username": "ann", "email": "a@b.c"}),
            ("LogIn", {"actor_id": None, "subject_id": ann}, {"identifier": "ann"}),
            ("ChangeMyProfile", {"actor_id": ann}, {"bio": "ann's", "display_name": "ann"}),
            ("SaveContact", {"actor_id": ann}, {"nickname": "ann's ben", "user_id": str(ben)}),
            ("SaveContact", {"actor_id": ben}, {"nickname": "ben's ann"}),
            ("NobodyKnows", {"actor_id": None, "subject_id": ann}, {"whatever": "ann's"}),
        )
        for name, entry, payload in commands:
            async with world.units.open() as uow:
                await commit(uow, name=name, payload=msgspec.json.encode(payload), **entry)
        data = {"user_id": str(ben), "nickname": "ann's ben"}
        async with world.units.open() as uow:
            frame = a_frame(
                revision=0,
                aggregate_type="user",
                aggregate_id=ann,
                event_type="contact.updated",
                channels=(f"user:{ann}",),
                body=msgspec.json.encode({"type": "contact.updated", "data": data}),
            )
            await commit(uow, frame)
        async with world.units.open() as uow:
            uow.forget_person(ann)
            await commit(uow)
        kept = [e.payload async for e in world.command_log.accepted() if e.name != "DoSomething"]
        assert len(kept) == 6
        assert [b"ann's" in p or b'"ann"' in p or b"a@b.c" in p for p in kept] == [False] * 6
        assert b"ben's ann" in kept[4]
        assert msgspec.json.decode(kept[3])["user_id"] == str(ben)
        (pending,) = await world.outbox.pending(later(10), 10)
        assert msgspec.json.decode(pending.body)["data"] == {"user_id": str(ben), "nickname": None}


class RedactionsContract:
    """The promise of ``Redactions``. Supply the fixture ``world``."""

    async def test_pending_are_erased_people_whose_messages_are_still_to_be_wiped(self, world: World) -> None:
        redactions: Redactions = world.redactions
        await people(world, 2)
        assert await redactions.pending() == []
        erased, done = _erased(), _erased()
        done.redaction_pending = False
        async with world.units.open() as uow:
            for user in (erased, done):
                uow.users.add(user, settings_for(user))
            await commit(uow)
        assert await redactions.pending() == [erased.id]


class ArchiveContract:
    """The promise of ``Archive``. Supply the fixture ``world``."""

    async def test_everything_that_is_stored_about_somebody_is_yielded_and_nobody_elses(
        self, world: World
    ) -> None:
        ann, ben = await people(world, 2)
        place = await direct_of(world, ann, ben)
        async with world.units.open() as uow:
            uow.sessions.add(a_session(ann, "phone"))
            uow.sessions.add(a_session(ben, "tablet"))
            uow.contacts.save(a_contact(ann, ben, nickname="B"))
            uow.contacts.save(a_contact(ben, ann, nickname="A"))
            await commit(uow, actor_id=ann, name="SaveContact", payload=b'{"nickname":"B"}')
        mine = await send(world, place, ann, content="hello")
        theirs = await send(world, place, ben, content="hi")
        async with world.units.open() as uow:
            participant = await uow.participants.get(place, ann)
            participant.read(theirs.seq_id, theirs.seq_id, AT)
            uow.participants.save(participant)
            await commit(uow)
        await world.backstage.hide(ann, theirs)
        found = await _pieces(world.archive, ann)
        profile = (await world.profiles.of([ann]))[ann].user
        (account,) = found["account"]
        assert (account["username"], account["email"]) == (profile.username, profile.email)
        assert [s["device_id"] for s in found["sessions"]] == ["phone"]
        assert [c["nickname"] for c in found["contacts"]] == ["B"]
        assert [m["content"] for m in found["messages"]] == ["hello"]
        assert [m["id"] for m in found["messages"]] == [str(mine.id)]
        assert [c["conversation_id"] for c in found["conversations"]] == [str(place)]
        assert found["hidden_messages"] == [{"conversation_id": str(place), "seq_id": theirs.seq_id}]
        assert {r["user_id"] for r in found["receipts"]} == {str(ann)}
        assert [c["payload"] for c in found["commands"]] == [{"nickname": "B"}]
        (settings,) = found["settings"]
        assert settings["privacy_about"] == "EVERYONE"

    async def test_it_has_no_secrets_and_is_such_as_json_knows(self, world: World) -> None:
        (ann,) = await people(world, 1)
        place = await group_of(world, ann)
        async with world.units.open() as uow:
            uow.sessions.add(a_session(ann, refresh_token_hash="a secret hash"))
            await commit(uow)
        await send(world, place, ann)
        found = await _pieces(world.archive, ann)
        assert msgspec.json.decode(msgspec.json.encode(found)) == found
        for section in found.values():
            for row in section:
                assert not {"password_hash", "refresh_token_hash", "body_hash"} & set(row)
        assert found["messages"][0]["created_at"] == "2025-01-01T12:00:00.000Z"

    async def test_it_has_more_rows_than_are_read_at_a_time(self, world: World) -> None:
        ann, ben = await people(world, 2)
        place = await direct_of(world, ann, ben)
        async with world.units.open() as uow:
            await uow.conversations.lock(place)
            for _ in range(450):
                await uow.messages.append(a_text(place, ann))
            await commit(uow)
        found = await _pieces(world.archive, ann)
        assert [message["seq_id"] for message in found["messages"]] == list(range(1, 451))
