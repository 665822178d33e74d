"""What a message said is nowhere any more once it is wiped: not in any table, however it came there."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from application.bus.log import Key
from application.bus.messages import Actor
from application.messaging.edit_message import EditMessage
from application.messaging.forward_message import ForwardMessage
from application.messaging.react import AddReaction
from application.messaging.send_message import SendMessage
from domain.messaging.content import MessageType
from domain.shared.errors import Refusal
from domain.shared.ids import ClientMessageId, ConversationId, MessageId, UserId
from entrypoints.container import Container
from tests.scenarios.people import Someone, somebody
from tests.support.backstage import Backstage


@dataclass(slots=True)
class Talk:
    """Two people and a place of theirs; whatever they do has a key, so that its answer is kept as well."""

    container: Container
    ann: Someone
    ben: Someone
    place: str
    lasting: str
    said: dict[str, str] = field(default_factory=dict)

    def word(self, what: str) -> str:
        """Something nobody else says; short enough for a reaction."""
        return self.said.setdefault(what, f"w{uuid.uuid4().hex[:16]}")

    async def do(self, who: Someone, command: Any) -> Any:
        actor = Actor(user_id=UserId(uuid.UUID(who.id)))
        key = Key(value=uuid.uuid4().hex, place=type(command).__name__)
        return await self.container.bus().execute(command, actor, key=key)

    async def say(self, who: Someone, **fields: Any) -> MessageId:
        command = SendMessage(
            conversation_id=ConversationId(uuid.UUID(fields.pop("place", self.place))),
            client_message_id=ClientMessageId(uuid.uuid4()),
            **fields,
        )
        sent: MessageId = (await self.do(who, command)).id
        return sent

    async def refused(self, who: Someone, command: Any) -> None:
        with pytest.raises(Refusal):
            await self.do(who, command)

    async def forward(self, who: Someone, id: MessageId, *places: str) -> list[MessageId]:
        command = ForwardMessage(
            message_id=id,
            conversation_ids=[ConversationId(uuid.UUID(place)) for place in places],
            client_message_ids=[ClientMessageId(uuid.uuid4()) for _ in places],
        )
        return [copy.id for copy in (await self.do(who, command)).items]


async def _say_everything(talk: Talk) -> list[MessageId]:
    """Every kind of words there are, in every place they go to; the messages that said them."""
    ann, ben = talk.ann, talk.ben
    first = await talk.say(ann, content=talk.word("first sent"))
    for n in ("first edit", "second edit"):
        await talk.do(ann, EditMessage(message_id=first, content=talk.word(n)))
    for who in (ann, ben):
        await talk.do(who, AddReaction(message_id=first, reaction_code=f":{talk.word('reaction')}:"))
    taken_back = f":{talk.word('reaction taken back')}:"
    await talk.do(ben, AddReaction(message_id=first, reaction_code=taken_back))
    await ben.done("DELETE", f"/v1/messages/{first}/reactions/{taken_back}")
    # Whoever answers repeats the beginning of what they answer, in what is kept of the answer and of its edit.
    reply = await talk.say(ben, content="a reply", reply_to_msg_id=first)
    await talk.do(ben, EditMessage(message_id=reply, content="a reply, edited"))
    place = {"latitude": 1, "longitude": 2, "label": talk.word("label of a place")}
    located = await talk.say(ann, type=MessageType.LOCATION, metadata=place)
    card = {"display_name": talk.word("name on a card"), "phone_number": "+4930123456"}
    carded = await talk.say(ben, type=MessageType.CONTACT, metadata=card)
    # A copy has words of its own once it is edited, and those of the original as the log keeps them.
    source = await talk.say(ann, content=talk.word("what was forwarded"))
    copies = await talk.forward(ann, source, talk.place, talk.lasting)
    again = await talk.forward(ben, copies[1], talk.place)
    await talk.do(ann, EditMessage(message_id=copies[0], content=talk.word("edit of a copy")))
    # What was refused leaves no words at all.
    for command in (
        EditMessage(message_id=first, content=talk.word("refused edit")),
        SendMessage(
            conversation_id=ConversationId(uuid.uuid4()),
            client_message_id=ClientMessageId(uuid.uuid4()),
            content=talk.word("refused message"),
        ),
        AddReaction(message_id=MessageId(uuid.uuid4()), reaction_code=f":{talk.word('refused one')}:"),
    ):
        await talk.refused(ben, command)
    last = await talk.say(ann, content=talk.word("shown in the list"))
    return [first, located, carded, source, *copies, *again, last]


async def _where(backstage: Backstage, talk: Talk) -> dict[str, set[str]]:
    """The tables in which each of the words is."""
    tables = await backstage.dump()
    hexed = {what: word.encode().hex() for what, word in talk.said.items()}
    return {
        what: {name for name, text in tables.items() if word in text or hexed[what] in text}
        for what, word in talk.said.items()
    }


class Wiping:
    """Supply ``client``, ``container``, ``backstage``, and ``names`` of the tables of messages, events and commands."""

    async def _talk(self, client: httpx.AsyncClient, container: Container, **group: Any) -> Talk:
        ann, ben = await somebody(client), await somebody(client)
        body = {"subject": "A group", "member_ids": [ben.id], **group}
        made = await ann.done("POST", "/v1/conversations/groups", body)
        return Talk(container, ann, ben, made["conversation"]["id"], await ann.group(ben))

    async def _is_everywhere_and_then_nowhere(
        self,
        backstage: Backstage,
        talk: Talk,
        names: tuple[str, str, str],
        wipe: Callable[[MessageId], Awaitable[None]],
    ) -> None:
        ids = await _say_everything(talk)
        messages, events, commands = names
        before = await _where(backstage, talk)
        refused = {what for what in before if what.startswith("refused")}
        assert len(refused) == 3
        for what, where in before.items():
            assert where >= {events, commands} if what not in refused else not where, (what, where)
        for what in ("second edit", "label of a place", "what was forwarded", "shown in the list"):
            assert messages in before[what], what
        # The original goes first: what its copies say stays until they go as well.
        for id in ids[:4]:
            await wipe(id)
        between = await _where(backstage, talk)
        assert messages in between["what was forwarded"]
        assert all(not between[what] for what in ("first sent", "first edit", "second edit", "reaction"))
        assert not between["label of a place"] | between["name on a card"]
        for id in ids[4:]:
            await wipe(id)
        after = await _where(backstage, talk)
        assert not any(after.values()), after

    async def test_what_is_deleted_for_everyone_is_in_no_table(
        self,
        client: httpx.AsyncClient,
        container: Container,
        backstage: Backstage,
        names: tuple[str, str, str],
    ) -> None:
        talk = await self._talk(client, container)

        async def delete(id: MessageId) -> None:
            await talk.ann.done("DELETE", f"/v1/messages/{id}?for=everyone")

        await self._is_everywhere_and_then_nowhere(backstage, talk, names, delete)

    async def test_what_has_expired_is_in_no_table_once_it_is_swept(
        self,
        client: httpx.AsyncClient,
        container: Container,
        backstage: Backstage,
        names: tuple[str, str, str],
    ) -> None:
        talk = await self._talk(client, container, expiry_seconds=3600)

        async def expire(id: MessageId) -> None:
            await backstage.expire(str(id))
            while await container.sweeper().sweep():
                pass

        await self._is_everywhere_and_then_nowhere(backstage, talk, names, expire)
