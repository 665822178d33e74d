"""Receipts are exact, whatever people do and when; and an acknowledgement costs one row at any size of group."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from application.contacts.block_user import BlockUser, UnblockUser
from application.conversation.add_members import AddMembers
from application.conversation.create_group import CreateGroup
from application.conversation.remove_member import LeaveGroup, RemoveMember
from application.conversation.start_direct_conversation import StartDirectConversation
from application.messaging.mark_read import MarkDelivered, MarkRead
from application.messaging.send_message import SendMessage
from application.testing.builders import a_group, a_participant, an_owner
from application.testing.stage import commit
from domain.conversation.participant import Role
from domain.shared.ids import ClientMessageId, ConversationId, UserId
from tests.support.company import Company, kept, on_postgres

SEED = 20_250_102
Played = tuple[asyncio.Runner, Company]

DEEDS = st.one_of(
    st.tuples(st.just("send"), st.integers(0, 3)),
    st.tuples(st.just("read"), st.integers(0, 3), st.integers(0, 15)),
    st.tuples(st.just("receive"), st.integers(0, 3), st.integers(0, 15)),
    st.tuples(st.just("leave"), st.integers(1, 3)),
    st.tuples(st.just("remove"), st.integers(1, 3)),
    st.tuples(st.just("add"), st.integers(1, 3)),
    st.tuples(st.just("block"), st.integers(0, 1), st.booleans()),
)


@dataclass(slots=True)
class Someone:
    """One person's place, as a model: cursors, what is told of them, and whether they are there."""

    present: bool
    read: int = 0
    received: int = 0
    told_read: int = 0
    told_received: int = 0

    def begin_at(self, head: int) -> None:
        self.present = True
        self.read = self.received = self.told_read = self.told_received = head


@dataclass(slots=True)
class Model:
    """Receipts as somebody would keep them who had all the time in the world: one per message and person."""

    people: list[UserId]
    places: dict[UserId, Someone]
    head: int = 0
    delivered: dict[tuple[int, UserId], datetime] = field(default_factory=dict)
    read: dict[tuple[int, UserId], datetime] = field(default_factory=dict)
    owed: set[tuple[int, UserId]] = field(default_factory=set)

    def said(self, sender: UserId) -> None:
        self.head += 1
        self.owed |= {(self.head, who) for who, at in self.places.items() if at.present and who != sender}

    def acknowledge(
        self, who: UserId, up_to: int, now: datetime, *, is_read: bool, told: bool = True
    ) -> None:
        at, target = self.places[who], min(up_to, self.head)
        if target <= (at.read if is_read else at.received):
            return
        at.received = max(at.received, target)
        at.read = max(at.read, target) if is_read else at.read
        if not told:
            return
        for sequence in range(1, target + 1):
            if sequence > at.told_received:
                self.delivered[sequence, who] = now
            if is_read and sequence > at.told_read:
                self.read[sequence, who] = now
        at.told_received = max(at.told_received, target)
        at.told_read = max(at.told_read, target) if is_read else at.told_read

    def receipts(self) -> dict[tuple[int, UserId], tuple[str, datetime | None, datetime | None]]:
        found = {}
        for key in self.owed:
            read, delivered = self.read.get(key), self.delivered.get(key)
            status = "READ" if read else "DELIVERED" if delivered else "SENT"
            found[key] = (status, delivered, read)
        return found


class Play:
    """The same deeds done to the product and to the model, in a group of four or a direct conversation."""

    def __init__(self, company: Company, numbers: Iterator[int]) -> None:
        self.company = company
        self.numbers = numbers

    async def group(self, deeds: list[tuple[Any, ...]]) -> None:
        people = await self.company.people(4)
        created = await self.company.do(people[0], CreateGroup(subject="x", member_ids=people[1:]))
        place = created.conversation.id
        model = Model(people, {who: Someone(present=True) for who in people})
        model.said(people[0])
        model.places[people[0]].begin_at(1)
        for deed in deeds:
            self.company.clock.advance(1)
            await self._do(model, place, deed)
            await self.compare(model, place)

    async def direct(self, deeds: list[tuple[Any, ...]]) -> None:
        people = await self.company.people(2)
        started = await self.company.do(people[0], StartDirectConversation(user_id=people[1]))
        place = started.conversation.id
        model = Model(people, {who: Someone(present=True) for who in people})
        blocks: set[int] = set()
        for deed in deeds:
            self.company.clock.advance(1)
            if deed[0] == "block":
                await self._block(model, blocks, *deed[1:])
            elif deed[0] in ("send", "read", "receive") and not (deed[0] == "send" and blocks):
                await self._do(model, place, (deed[0], deed[1] % 2, *deed[2:]), told=not blocks)
            await self.compare(model, place)

    async def _block(self, model: Model, blocks: set[int], by: int, lift: bool) -> None:
        other = model.people[1 - by]
        await self.company.do(
            model.people[by], UnblockUser(user_id=other) if lift else BlockUser(user_id=other)
        )
        (blocks.discard if lift else blocks.add)(by)

    async def _do(
        self, model: Model, place: ConversationId, deed: tuple[Any, ...], *, told: bool = True
    ) -> None:
        name, who, now = deed[0], model.people[deed[1]], self.company.clock.now()
        at, owner = model.places[who], model.people[0]
        match name:
            case "send" if at.present:
                id = ClientMessageId(UUID(int=next(self.numbers)))
                await self.company.do(
                    who, SendMessage(conversation_id=place, client_message_id=id, content="x")
                )
                model.said(who)
                model.acknowledge(who, model.head, now, is_read=True)
            case "read" | "receive" if at.present:
                kind = MarkRead if name == "read" else MarkDelivered
                await self.company.do(who, kind(conversation_id=place, up_to_sequence=deed[2]))
                model.acknowledge(who, deed[2], now, is_read=name == "read", told=told)
            case "leave" if at.present:
                await self.company.do(who, LeaveGroup(conversation_id=place))
                model.said(who)
                at.present = False
            case "remove" if at.present:
                await self.company.do(owner, RemoveMember(conversation_id=place, user_id=who))
                model.said(owner)
                at.present = False
            case "add" if not at.present:
                await self.company.do(owner, AddMembers(conversation_id=place, user_ids=[who]))
                model.said(owner)
                at.begin_at(model.head)

    async def compare(self, model: Model, place: ConversationId) -> None:
        connection = self.company.raw
        assert isinstance(connection, asyncpg.Connection)
        rows = await connection.fetch(
            "SELECT m.seq_id, m.created_at, r.* FROM message_receipts r JOIN messages m ON m.id = r.message_id "
            "WHERE m.conversation_id = $1",
            place,
        )
        found = {
            (row["seq_id"], row["user_id"]): (row["status"], row["delivered_at"], row["read_at"])
            for row in rows
        }
        assert found == model.receipts()
        assert len(rows) == len(found)
        for row in rows:
            assert row["updated_at"] == (row["read_at"] or row["delivered_at"] or row["created_at"])


@pytest.fixture
def played(database: str) -> Iterator[Played]:
    with kept(on_postgres(database)) as company:
        yield company


def _numbers() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number


def _property(examples: int) -> Any:
    quiet = settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )

    def decorate(test: Any) -> Any:
        return seed(SEED)(quiet(given(deeds=st.lists(DEEDS, min_size=5, max_size=30))(test)))

    return decorate


@_property(150)
def test_receipts_of_a_group_are_exact_as_people_join_leave_return_and_read(
    played: Played, deeds: list[tuple[Any, ...]]
) -> None:
    runner, company = played
    runner.run(Play(company, _numbers()).group(deeds))


@_property(150)
def test_receipts_of_a_direct_conversation_stay_behind_blocks(
    played: Played, deeds: list[tuple[Any, ...]]
) -> None:
    runner, company = played
    runner.run(Play(company, _numbers()).direct(deeds))


async def _crowd(company: Company, size: int) -> tuple[ConversationId, list[UserId]]:
    people = await company.people(size)
    group = a_group(people[0], members=size)
    async with company.world.units.open() as uow:
        uow.conversations.add(group)
        uow.participants.add(an_owner(group, people[0]))
        for other in people[1:]:
            uow.participants.add(a_participant(group, other, role=Role.MEMBER))
        await commit(uow)
    return group.id, people


async def _written(connection: asyncpg.Connection) -> dict[str, int]:
    """How many rows of each table are as the latest command left them."""
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    mark = await connection.fetchval("SELECT xmin::text FROM command_log ORDER BY position DESC LIMIT 1")
    counts = {
        row["tablename"]: await connection.fetchval(
            f"SELECT count(*) FROM {row['tablename']} WHERE xmin::text = $1",  # noqa: S608
            mark,
        )
        for row in tables
    }
    return {table: count for table, count in counts.items() if count}


def _statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement from here on, as it goes out."""
    seen: list[str] = []
    for name in ("fetch", "execute"):
        real = getattr(asyncpg.Connection, name)

        async def spied(self: object, query: str, *rest: object, _real: Any = real, **more: object) -> object:
            seen.append(query)
            return await _real(self, query, *rest, **more)

        monkeypatch.setattr(asyncpg.Connection, name, spied)
    return seen


def test_an_acknowledgement_and_a_message_cost_the_same_at_any_size_of_group(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner, company = played
    assert runner.run(_cost(company, 3, monkeypatch)) == runner.run(_cost(company, 400, monkeypatch))


async def _cost(
    company: Company, size: int, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[int, dict[str, int]]]:
    """Statements and rows of a send, of receiving it and of reading it, where everybody has archived the group."""
    place, people = await _crowd(company, size)
    assert isinstance(company.raw, asyncpg.Connection)
    await company.raw.execute("UPDATE participants SET archived = true")
    costs = []
    for who, command in (
        (
            people[0],
            SendMessage(conversation_id=place, client_message_id=ClientMessageId(place), content="x"),
        ),
        (people[1], MarkDelivered(conversation_id=place, up_to_sequence=1)),
        (people[1], MarkRead(conversation_id=place, up_to_sequence=1)),
    ):
        with monkeypatch.context() as patched:
            seen = _statements(patched)
            await company.do(who, command)
        costs.append((len(seen), await _written(company.raw)))
    sent, received, read = [rows for _, rows in costs]
    assert (sent["participants"], sent["messages"], sent["conversation_summaries"]) == (1, 1, 1)
    assert "receipt_ranges" not in sent
    for rows in (received, read):
        assert (rows["participants"], rows["receipt_ranges"]) == (1, 1)
        assert "messages" not in rows
    untouched = [
        each for each in (await company.rows([place])).participants if each["user_id"] not in people[:2]
    ]
    assert len(untouched) == size - 2
    assert all(each["archived"] for each in untouched)
    return costs
