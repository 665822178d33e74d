"""Whatever people do, in whatever order, what is unread is what its definition says, and so are the totals."""

import asyncio
from collections import Counter
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from application.contacts.block_user import BlockUser, UnblockUser
from application.conversation.add_members import AddMembers
from application.conversation.change_participation import ChangeParticipation, ClearConversation
from application.conversation.count_unread import CountUnread
from application.conversation.create_group import CreateGroup
from application.conversation.list_conversations import GetConversation, ListConversations
from application.conversation.remove_member import LeaveGroup
from application.conversation.start_direct_conversation import StartDirectConversation
from application.messaging.delete_message import DeleteMessage
from application.messaging.mark_read import MarkDelivered, MarkRead
from application.messaging.send_message import SendMessage
from domain.shared.ids import ClientMessageId, ConversationId, UserId
from tests.support.company import Company, Rows, in_memory, kept, on_postgres, unread_of
from tests.support.counting import Record, told

SEED = 20_250_101
PEOPLE = st.integers(0, 2)
PLACES = st.integers(0, 3)
SEQUENCES = st.integers(0, 12)


class Chatter(RuleBasedStateMachine):
    """Three people; two groups of all, in one of which messages expire; two direct conversations."""

    runner: ClassVar[asyncio.Runner]
    company: ClassVar[Company]
    ran: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self._sent = 0
        self._archived: dict[tuple[UserId, ConversationId], bool] = {}

    def _run(self, work: Any) -> Any:
        return self.runner.run(work)

    def _note(self, name: str, refused: str | None = None) -> None:
        self.ran[name if refused is None else f"{name}, refused ({refused})"] += 1

    @initialize()
    def meet(self) -> None:
        self.people, self.places = self._run(self._meet())

    async def _meet(self) -> tuple[list[UserId], list[ConversationId]]:
        ann, ben, cem = await self.company.people(3)
        groups = [
            await self.company.do(
                ann, CreateGroup(subject="x", member_ids=[ben, cem], expiry_seconds=seconds)
            )
            for seconds in (None, 60)
        ]
        directs = [
            await self.company.do(one, StartDirectConversation(user_id=other))
            for one, other in ((ann, ben), (cem, ann))
        ]
        started = [*(g.conversation.id for g in groups), *(d.conversation.id for d in directs)]
        return [ann, ben, cem], started

    @rule(who=PEOPLE, where=PLACES, count=st.integers(1, 4))
    def send(self, who: int, where: int, count: int) -> None:
        for _ in range(count):
            self._sent += 1
            command = SendMessage(
                conversation_id=self.places[where],
                client_message_id=ClientMessageId(UUID(int=self._sent)),
                content="words",
            )
            refused = self._run(self.company.try_to(self.people[who], command))
            self._note("send", refused)
            if refused is None:
                self._heard(self.places[where])

    @rule(who=PEOPLE, where=PLACES, up_to=SEQUENCES)
    def read(self, who: int, where: int, up_to: int) -> None:
        command = MarkRead(conversation_id=self.places[where], up_to_sequence=up_to)
        self._note("read", self._run(self.company.try_to(self.people[who], command)))

    @rule(who=PEOPLE, where=PLACES, up_to=SEQUENCES)
    def receive(self, who: int, where: int, up_to: int) -> None:
        command = MarkDelivered(conversation_id=self.places[where], up_to_sequence=up_to)
        self._note("receive", self._run(self.company.try_to(self.people[who], command)))

    @rule(who=PEOPLE, by=st.integers(1, 2), lift=st.booleans())
    def block(self, who: int, by: int, lift: bool) -> None:
        other = self.people[(who + by) % 3]
        command = UnblockUser(user_id=other) if lift else BlockUser(user_id=other)
        self._note("unblock" if lift else "block", self._run(self.company.try_to(self.people[who], command)))

    @rule(who=PEOPLE, where=PLACES)
    def clear(self, who: int, where: int) -> None:
        command = ClearConversation(conversation_id=self.places[where])
        self._note("clear", self._run(self.company.try_to(self.people[who], command)))

    @rule(who=PEOPLE, where=PLACES, seconds=st.none() | st.integers(-10, 90))
    def mute(self, who: int, where: int, seconds: int | None) -> None:
        until = None if seconds is None else self._now() + timedelta(seconds=seconds)
        command = ChangeParticipation(conversation_id=self.places[where], muted_until=until)
        self._note("mute", self._run(self.company.try_to(self.people[who], command)))

    @rule(who=PEOPLE, where=PLACES, wanted=st.booleans())
    def archive(self, who: int, where: int, wanted: bool) -> None:
        command = ChangeParticipation(conversation_id=self.places[where], archived=wanted)
        refused = self._run(self.company.try_to(self.people[who], command))
        self._note("archive" if wanted else "take out of the archive", refused)
        if refused is None:
            self._archived[self.people[who], self.places[where]] = wanted

    @rule(who=PEOPLE, where=PLACES, wanted=st.booleans())
    def pin(self, who: int, where: int, wanted: bool) -> None:
        command = ChangeParticipation(conversation_id=self.places[where], pinned=wanted)
        self._note("pin", self._run(self.company.try_to(self.people[who], command)))

    @rule(who=PEOPLE, where=PLACES, which=SEQUENCES)
    def hide(self, who: int, where: int, which: int) -> None:
        self._note("hide", self._run(self._hide(self.people[who], self.places[where], which)))

    async def _hide(self, who: UserId, where: ConversationId, which: int) -> str | None:
        return await self._delete(who, where, which, "me")

    @rule(who=PEOPLE, where=PLACES, which=SEQUENCES)
    def delete(self, who: int, where: int, which: int) -> None:
        refused = self._run(self._delete(self.people[who], self.places[where], which, "everyone"))
        self._note("delete", refused)

    async def _delete(
        self, who: UserId, where: ConversationId, which: int, whom: Literal["everyone", "me"]
    ) -> str | None:
        rows = (await self.company.rows([where])).messages
        known = [row["id"] for row in rows if row["seq_id"] == 1 + which % len(rows)] if rows else []
        if not known:
            return "nothing there"
        return await self.company.try_to(who, DeleteMessage(message_id=known[0], whom=whom))

    @rule(who=st.integers(1, 2), where=st.integers(0, 1))
    def leave(self, who: int, where: int) -> None:
        command = LeaveGroup(conversation_id=self.places[where])
        refused = self._run(self.company.try_to(self.people[who], command))
        self._note("leave", refused)
        if refused is None:
            self._heard(self.places[where])

    @rule(who=st.integers(1, 2), where=st.integers(0, 1))
    def come_back(self, who: int, where: int) -> None:
        self._note(*self._run(self._come_back(self.people[who], self.places[where])))

    async def _come_back(self, who: UserId, where: ConversationId) -> tuple[str, str | None]:
        command = AddMembers(conversation_id=where, user_ids=[who])
        added = (await self.company.do(self.people[0], command)).added
        if not added:
            return "come back", "there already, or blocked"
        self._archived[who, where] = False
        await self._heard_by_all(where)
        return "come back", None

    @rule(seconds=st.sampled_from([1, 20, 45, 90]))
    def wait(self, seconds: int) -> None:
        self.company.clock.advance(seconds)
        self._note("wait")

    @invariant()
    def unread_is_as_defined(self) -> None:
        if hasattr(self, "people"):
            self._run(self._compare())

    async def _compare(self) -> None:
        rows, now = await self.company.rows(self.places), self._now()
        for who in self.people:
            await self._compare_for(who, rows, now)

    async def _compare_for(self, who: UserId, rows: Rows, now: datetime) -> None:
        mine = [row for row in rows.participants if row["user_id"] == who]
        expected = {row["conversation_id"]: unread_of(rows, row, now) for row in mine}
        places = [row["conversation_id"] for row in mine]
        views = [await self.company.ask(who, GetConversation(conversation_id=id)) for id in places]
        assert {view.id: view.me.unread_count for view in views if view.me} == expected
        archived = {view.id: view.me.archived for view in views if view.me}
        assert archived == {id: self._archived.get((who, id), False) for id in places}
        listed = {}
        for put_away in (False, True):
            page = await self.company.ask(who, ListConversations(archived=put_away))
            for entry in page.items:
                assert archived[entry.conversation.id] is put_away
                listed[entry.conversation.id] = entry.unread_count
        here = {row["conversation_id"] for row in mine if row["left_at"] is None and row["listed"]}
        assert listed == {id: expected[id] for id in here}
        counted = [
            expected[row["conversation_id"]]
            for row in mine
            if row["conversation_id"] in here
            and not archived[row["conversation_id"]]
            and (row["muted_until"] is None or row["muted_until"] <= now)
            and expected[row["conversation_id"]]
        ]
        total = await self.company.ask(who, CountUnread())
        assert (total.conversations, total.messages) == (len(counted), sum(counted))

    def _now(self) -> datetime:
        return self.company.clock.now()

    def _heard(self, place: ConversationId) -> None:
        self._run(self._heard_by_all(place))

    async def _heard_by_all(self, place: ConversationId) -> None:
        """A message came: for whoever takes part and did not mute it, it is no longer put away."""
        for row in (await self.company.rows([place])).participants:
            muted = row["muted_until"] is not None and row["muted_until"] > self._now()
            if row["left_at"] is None and not muted:
                self._archived[row["user_id"], place] = False


def _play(opening: AbstractAsyncContextManager[Company], examples: int, record_property: Record) -> None:
    with kept(opening) as (runner, company):
        ran: Counter[str] = Counter()
        machine = type("Chatter", (Chatter,), {"runner": runner, "company": company, "ran": ran})
        run_state_machine_as_test(
            seed(SEED)(machine),
            settings=settings(
                max_examples=examples,
                stateful_step_count=40,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    record_property("counted", f"seed {SEED}, {examples} examples: {told(ran)}")
    done = {name for name in ran if "," not in name}
    assert {"send", "read", "receive", "block", "unblock", "clear", "mute", "archive", "pin", "hide"} <= done
    assert {"delete", "leave", "come back", "wait"} <= done


@pytest.mark.parametrize("examples", [150])
def test_unread_in_memory_is_as_defined(examples: int, record_property: Record) -> None:
    _play(in_memory(), examples, record_property)


@pytest.mark.parametrize("examples", [30])
def test_unread_on_postgres_is_as_defined(database: str, examples: int, record_property: Record) -> None:
    _play(on_postgres(database), examples, record_property)
