"""State before, plus the events heard, is the state after as a fresh client fetches it: for every command and observer.

The idea is Zulip's: whatever an event should have said and did not shows as a difference here.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from application.catalogue import COMMANDS
from entrypoints.ws.asyncapi import EPHEMERAL, EVENT_DATA
from tests.scenarios.forwarding import to
from tests.scenarios.messages import CARD, PLACE
from tests.scenarios.people import PASSWORD
from tests.support.backstage import MemoryBackstage, upload
from tests.support.onlookers import Cast, cast

TALKING = {
    "StartDirectConversation",
    "SendMessage",
    "MarkRead",
    "MarkDelivered",
    "SaveContact",
    "RemoveContact",
    "BlockUser",
    "UnblockUser",
}
LIVING_IN_A_GROUP = {
    "CreateGroup",
    "AddMembers",
    "RemoveMember",
    "LeaveGroup",
    "ChangeMember",
    "UpdateConversation",
    "TransferOwnership",
    "DeleteGroup",
}
CHANGING_MESSAGES = {"EditMessage", "DeleteMessage", "AddReaction", "RemoveReaction", "ForwardMessage"}
ONES_OWN_PLACE = {"ChangeParticipation", "ClearConversation", "DeleteMessage", "MarkRead", "MarkDelivered"}
EXPIRING = {"WipeExpired", "UpdateConversation"}
GOING = {"EraseAccount", "RedactMessages", "DeactivateAccount", "ChangeMyProfile"}
FOLDED = TALKING | LIVING_IN_A_GROUP | CHANGING_MESSAGES | ONES_OWN_PLACE | EXPIRING | GOING
NOT_FOLDED = {
    "RegisterUser": "nobody has anything of theirs yet",
    "LogIn": "sessions are listed, and told of by session.revoked alone; tests of sockets have it",
    "RefreshSession": "changes cookies and nothing that is fetched",
    "LogOut": "ends a session: session.revoked, in tests of sockets",
    "LogOutEverywhere": "ends sessions: session.revoked, in tests of sockets",
    "RevokeSession": "ends a session: session.revoked, in tests of sockets",
    "ChangePassword": "ends sessions: session.revoked, in tests of sockets",
    "ChangeMySettings": "mine are fetched when they are looked at, and what they let others see comes with what those fetch",
}


@asynccontextmanager
async def _cast(*commands: str) -> AsyncIterator[Cast]:
    """The cast, which must have carried out these commands in the end."""
    async with cast() as on:
        yield on
        assert set(commands) <= on.done()


async def _group(on: Cast, *others: Any) -> str:
    """A group of Ann's, made in front of everybody."""
    given = {"subject": "A group", "member_ids": [other.id for other in others]}
    made = await on.does(on.ann, "POST", "/v1/conversations/groups", given)
    return str(made["conversation"]["id"])


async def _direct(on: Cast) -> str:
    """A direct conversation of Ann with Ben."""
    opened = await on.does(on.ann, "POST", "/v1/conversations/direct", {"user_id": on.ben.id})
    return str(opened["id"])


def test_every_command_that_changes_what_anybody_sees_is_folded_or_has_a_reason_not_to_be() -> None:
    names = {command.__name__ for command in COMMANDS}
    assert FOLDED | NOT_FOLDED.keys() == names
    assert not FOLDED & NOT_FOLDED.keys()
    assert all(NOT_FOLDED.values())


async def test_direct_conversations() -> None:
    async with _cast(*TALKING) as on:
        place = await _direct(on)
        for _ in range(3):
            await on.says(on.ann, place)
        path = f"/v1/conversations/{place}"
        await on.does(on.ben, "POST", f"{path}/delivered", _up_to(1))
        await on.does(on.ben, "POST", f"{path}/delivered", _up_to(2))
        await on.does(on.ben, "POST", f"{path}/read", _up_to(1))
        await on.does(on.ben, "POST", f"{path}/read", _up_to(2))
        await on.says(on.ben, place)
        await on.does(on.ann, "POST", f"{path}/read", _up_to(99))
        await on.does(on.ann, "PUT", f"/v1/contacts/{on.ben.id}", {"nickname": "B"})
        await on.does(on.ann, "PUT", f"/v1/contacts/{on.ben.id}/block")
        await on.does(on.ann, "DELETE", f"/v1/contacts/{on.ben.id}/block")
        await on.does(on.ann, "DELETE", f"/v1/contacts/{on.ben.id}")
        await on.does(on.ben, "PUT", f"/v1/contacts/{on.ann.id}/block")
        await on.does(on.ann, "POST", f"{path}/clear")
        await on.does(on.ben, "DELETE", f"/v1/contacts/{on.ann.id}/block")
        await on.says(on.ann, place)
        await on.does(on.ben, "POST", f"{path}/delivered", _up_to(99))
        await on.does(on.ben, "POST", f"{path}/read", _up_to(99))


async def test_notes_to_oneself() -> None:
    async with _cast() as on:
        opened = await on.does(on.ann, "POST", "/v1/conversations/direct", {"user_id": on.ann.id})
        await on.says(on.ann, opened["id"])


async def test_a_groups_life() -> None:
    async with _cast(*LIVING_IN_A_GROUP) as on:
        ann, ben, cem = on.ann, on.ben, on.cem
        place = await _group(on, ben)
        path = f"/v1/conversations/{place}"
        await on.says(ann, place)
        await on.does(ann, "POST", f"{path}/members", {"user_ids": [cem.id]})
        await on.says(cem, place)
        for change in (
            {"subject": "Another"},
            {"description": "what it is about"},
            {"post_policy": "ADMINS"},
            {"post_policy": "ALL", "description": None},
            {"expiry_seconds": 3600},
            {"expiry_seconds": None},
        ):
            await on.does(ann, "PATCH", path, change)
        await on.does(ann, "PATCH", f"{path}/members/{ben.id}", {"role": "ADMIN"})
        until = "2030-01-01T00:00:00.000Z"
        await on.does(ben, "PATCH", f"{path}/members/{cem.id}", {"silenced_until": until})
        await on.does(ben, "PATCH", f"{path}/members/{cem.id}", {"silenced_until": None})
        await on.does(cem, "POST", f"{path}/read", _up_to(2))
        await on.does(ben, "DELETE", f"{path}/members/{cem.id}")
        await on.says(ann, place)
        await on.does(ben, "POST", f"{path}/members", {"user_ids": [cem.id]})
        await on.does(cem, "PATCH", f"{path}/me", {"pinned": True, "archived": True})
        await on.does(cem, "POST", f"{path}/leave")
        await on.says(ben, place)
        await on.does(ann, "POST", f"{path}/members", {"user_ids": [cem.id]})
        await on.does(cem, "DELETE", f"{path}/members/{cem.id}")
        await on.does(ann, "POST", f"{path}/transfer", {"user_id": ben.id})
        await on.does(ann, "POST", f"{path}/leave")
        await on.does(ben, "POST", f"{path}/members", {"user_ids": [ann.id, cem.id]})
        await on.does(ben, "POST", f"{path}/leave", {"successor_id": cem.id})
        await on.does(cem, "DELETE", path)


async def test_messages_of_every_type() -> None:
    async with _cast("SendMessage") as on:
        ann, backstage = on.ann, MemoryBackstage(on.store)
        for place in (await _direct(on), await _group(on, on.ben, on.cem)):
            for type in ("IMAGE", "VIDEO", "AUDIO", "FILE", "GIF", "STICKER"):
                files = [await upload(backstage, ann.id) for _ in range(2)]
                await on.says(ann, place, type=type, content="a caption", attachment_ids=files)
            file = await upload(backstage, ann.id)
            await on.says(ann, place, type="IMAGE", content=None, attachment_ids=[file])
            for metadata in (CARD, {"user_id": on.dan.id}):
                await on.says(ann, place, type="CONTACT", content=None, metadata=metadata)
            located = await on.says(ann, place, type="LOCATION", content=None, metadata=PLACE)
            words = await on.says(ann, place, content="w" * 200, reply_to_msg_id=located["id"])
            await on.says(on.ben, place, reply_to_msg_id=words["id"])


async def test_what_becomes_of_messages() -> None:
    async with _cast(*CHANGING_MESSAGES) as on:
        ann, ben, cem = on.ann, on.ben, on.cem
        place, other = await _group(on, ben, cem), await _direct(on)
        asked = await on.says(ann, place, content="first")
        answered = await on.says(ben, place, reply_to_msg_id=asked["id"])
        replied = f"/v1/messages/{answered['id']}"
        path = f"/v1/messages/{asked['id']}"
        for who, code in ((ann, "👍"), (ben, "👍"), (cem, "❤️")):
            await on.does(who, "PUT", f"{path}/reactions/{code}")
        await on.does(ann, "PATCH", path, {"content": "edited " * 40})
        await on.does(ben, "PUT", f"{path}/reactions/❤️")
        await on.does(ben, "DELETE", f"{path}/reactions/👍")
        await on.does(ann, "DELETE", f"{path}/reactions/👍")
        await on.does(ann, "DELETE", f"{path}/reactions/👍")
        await on.does(ann, "POST", f"{path}/forward", to(other))
        copies = await on.does(ben, "POST", f"{replied}/forward", to(place, other))
        await on.does(ben, "DELETE", f"{path}?for=me")
        await on.does(ben, "PATCH", replied, {"content": "what is hidden for me is not for others"})
        await on.does(cem, "POST", f"/v1/conversations/{place}/clear")
        await on.does(ben, "PATCH", replied, {"content": "nor what is cleared"})
        await on.does(cem, "POST", f"/v1/conversations/{place}/read", _up_to(1))
        await on.does(ann, "DELETE", f"{path}?for=everyone")
        await on.does(ann, "DELETE", f"{replied}?for=everyone")
        for copy in copies["items"]:
            await on.does(ben, "DELETE", f"/v1/messages/{copy['id']}?for=everyone")


async def test_ones_own_place() -> None:
    async with _cast(*ONES_OWN_PLACE) as on:
        ann, ben = on.ann, on.ben
        place, other = await _group(on, ben, on.cem), await _direct(on)
        me, path = f"/v1/conversations/{place}/me", f"/v1/conversations/{place}"
        for change in (
            {"pinned": True},
            {"muted_until": "2030-01-01T00:00:00.000Z"},
            {"archived": True},
        ):
            await on.does(ann, "PATCH", me, change)
        await on.says(ben, place)
        await on.does(ann, "PATCH", me, {"muted_until": None})
        await on.says(ben, place)
        await on.does(ann, "PATCH", me, {"archived": True, "pinned": False})
        soon = "2026-01-01T12:01:30.000Z"
        await on.does(ann, "PATCH", me, {"muted_until": soon})
        await on.wait(100)
        await on.does(ann, "PATCH", f"/v1/conversations/{other}/me", {"archived": True})
        await on.says(ben, other)
        said = [await on.says(ben, place) for _ in range(4)]
        for hidden in (said[3], said[1]):
            await on.does(ann, "DELETE", f"/v1/messages/{hidden['id']}?for=me")
            await on.does(ann, "DELETE", f"/v1/messages/{hidden['id']}?for=me")
        await on.does(ann, "POST", f"{path}/delivered", _up_to(said[1]["seq_id"]))
        await on.does(ann, "POST", f"{path}/read", _up_to(said[0]["seq_id"]))
        await on.does(ann, "DELETE", f"/v1/messages/{said[0]['id']}?for=me")
        await on.does(ann, "POST", f"{path}/read", _up_to(said[2]["seq_id"]))
        await on.says(ben, place)
        await on.does(ann, "POST", f"{path}/clear")
        await on.says(ben, place)
        # Ann's other device acts, and Ben's: nobody else hears of it.
        await on.does(on.tablet, "POST", f"{path}/read", _up_to(99))
        await on.does(ben, "POST", f"{path}/clear")


async def test_what_expires() -> None:
    async with _cast(*EXPIRING) as on:
        ann, ben = on.ann, on.ben
        for place in (await _direct(on), await _group(on, ben, on.cem)):
            path = f"/v1/conversations/{place}"
            lasting = await on.says(ann, place)
            await on.does(ann, "PATCH", path, {"expiry_seconds": 30})
            fleeting = await on.says(ben, place, reply_to_msg_id=lasting["id"])
            await on.does(ann, "PUT", f"/v1/messages/{fleeting['id']}/reactions/👍")
            await on.says(ann, place, reply_to_msg_id=fleeting["id"])
            await on.does(ann, "PATCH", path, {"expiry_seconds": None})
            answer = await on.says(ben, place, reply_to_msg_id=fleeting["id"])
            await on.wait(40)
            while await on.container.sweeper().sweep():
                pass
            await on.wait(1)
            await on.does(ben, "PATCH", f"/v1/messages/{answer['id']}", {"content": "to nothing"})


async def test_people_who_change_and_go() -> None:
    async with _cast(*GOING) as on:
        ann, ben, cem = on.ann, on.ben, on.cem
        place = await _group(on, ben, cem)
        await on.says(ann, place)
        await on.says(cem, place)
        await on.does(ann, "PUT", f"/v1/contacts/{cem.id}/block")
        await on.says(cem, place)
        await on.does(ann, "DELETE", f"/v1/contacts/{cem.id}/block")
        # Names and pictures of people are fetched with them; what is kept of conversations stays as it was.
        await on.does(cem, "PATCH", "/v1/users/me", {"display_name": "Another", "bio": "about me"})
        on.observers = [each for each in on.observers if each.client.someone.id != cem.id]
        erase = {"password": PASSWORD, "redact_messages": True}
        await on.does(cem, "POST", "/v1/users/me/erase", erase)
        on.observers = [each for each in on.observers if each.client.someone.id != ben.id]
        await on.does(ben, "POST", "/v1/users/me/deactivate", {"password": PASSWORD})
        await on.says(ann, place)

        async def wiped() -> None:
            while "RedactMessages" not in on.done():
                await asyncio.sleep(0.02)

        await on.step("what the erased one said is wiped", wiped)


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that is done, by whom, and whose client is deaf to what should tell of it."""

    kind: str
    who: str
    method: str
    path: str
    given: Any = None
    deaf: str = "ben"

    def __str__(self) -> str:
        return self.kind


MISSING = (
    Missing(
        "message.created", "ann", "POST", "{group}/messages", {"content": "w", "client_message_id": "{new}"}
    ),
    Missing("message.updated", "ann", "PATCH", "/v1/messages/{said}", {"content": "edited"}),
    Missing("message.deleted", "ann", "DELETE", "/v1/messages/{said}?for=everyone"),
    Missing("message.hidden", "ben", "DELETE", "/v1/messages/{said}?for=me"),
    Missing("reaction.added", "ann", "PUT", "/v1/messages/{said}/reactions/👍"),
    Missing("reaction.removed", "ben", "DELETE", "/v1/messages/{said}/reactions/❤️"),
    Missing(
        "conversation.created",
        "ann",
        "POST",
        "/v1/conversations/groups",
        {"subject": "b", "member_ids": ["{ben}"]},
    ),
    Missing("conversation.updated", "ann", "PATCH", "{group}", {"description": "what it is about"}),
    Missing("conversation.deleted", "ann", "DELETE", "{group}"),
    Missing("member.added", "ann", "POST", "{group}/members", {"user_ids": ["{dan}"]}),
    Missing("member.removed", "ann", "DELETE", "{group}/members/{cem}"),
    Missing("member.updated", "ann", "PATCH", "{group}/members/{cem}", {"role": "ADMIN"}),
    Missing("receipt.updated", "ben", "POST", "{group}/read", {"up_to_sequence": 99}, "tablet"),
    Missing("participation.updated", "ben", "DELETE", "/v1/messages/{said}?for=me"),
    Missing("contact.updated", "ben", "PUT", "/v1/contacts/{ann}"),
)


@pytest.mark.parametrize("missing", MISSING, ids=str)
async def test_a_missing_event_is_noticed(missing: Missing) -> None:
    async with _cast() as on:
        place = await _group(on, on.ben, *(() if missing.kind == "receipt.updated" else (on.cem,)))
        said = await on.says(on.ann, place)
        await on.does(on.ben, "PUT", f"/v1/messages/{said['id']}/reactions/❤️")
        names = {"group": f"/v1/conversations/{place}", "said": said["id"], "new": str(uuid.uuid4())}
        names |= {name: getattr(on, name).id for name in ("ann", "ben", "cem", "dan")}
        looker = on.looking(getattr(on, missing.deaf))
        looker.deaf_to = missing.kind
        who = getattr(on, missing.who)
        await who.done(missing.method, missing.path.format(**names), _filled(missing.given, names))
        with pytest.raises(AssertionError, match="differs"):
            await looker.agrees("a step nobody told of", patience=0.2)


def test_every_event_that_clients_hear_has_been_missed() -> None:
    elsewhere = {"session.revoked", *EPHEMERAL}
    assert {missing.kind for missing in MISSING} == EVENT_DATA.keys() - elsewhere


def _filled(given: Any, names: dict[str, str]) -> Any:
    """What is given, with names in place."""
    if isinstance(given, dict):
        return {key: _filled(value, names) for key, value in given.items()}
    if isinstance(given, list):
        return [_filled(each, names) for each in given]
    return given.format(**names) if isinstance(given, str) else given


def _up_to(sequence: int) -> dict[str, int]:
    return {"up_to_sequence": sequence}
