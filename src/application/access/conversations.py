"""Rules about a conversation, asked while it is locked, so that a removal must wait for the act it would forbid."""

from collections.abc import Sequence
from typing import Any

from application.bus.access import Access, Always, Gatekeepers
from application.bus.messages import QueryScope, Scope
from application.failpoints import fails
from domain.contacts.contact import relations
from domain.conversation.conversation import Conversation
from domain.identity.settings import Relation
from domain.shared.errors import ConversationNotFound, NotAParticipant, RecipientUnavailable
from domain.shared.ids import UserId, peer_of


class _Participant(Always):
    """Who never took part learns nothing, not even that the conversation exists."""

    words = "participant"

    async def inside(self, message: Any, scope: Scope) -> None:
        conversation = await scope.uow.conversations.lock(message.conversation_id)
        if conversation is None or conversation.closed_at is not None:
            raise ConversationNotFound
        me = await scope.uow.participants.find(message.conversation_id, scope.user_id)
        if me is None:
            raise ConversationNotFound
        if me.has_left and not fails("access.has_left"):
            raise NotAParticipant

    async def of_query(self, message: Any, scope: QueryScope, gate: Gatekeepers) -> None:
        me = await gate.conversations.membership(scope.user_id, message.conversation_id)
        if me is None:
            raise ConversationNotFound
        if me.has_left:
            raise NotAParticipant


class _TookPart(Always):
    words = "participant, now or once"

    async def inside(self, message: Any, scope: Scope) -> None:
        conversation = await scope.uow.conversations.lock(message.conversation_id)
        if conversation is None or conversation.closed_at is not None:
            raise ConversationNotFound
        if await scope.uow.participants.find(message.conversation_id, scope.user_id) is None:
            raise ConversationNotFound

    async def of_query(self, message: Any, scope: QueryScope, gate: Gatekeepers) -> None:
        if await gate.conversations.membership(scope.user_id, message.conversation_id) is None:
            raise ConversationNotFound


class _MayPost(Always):
    words = "not silenced, and the post policy allows it"

    async def inside(self, message: Any, scope: Scope) -> None:
        conversation = await scope.uow.conversations.get(message.conversation_id)
        me = await scope.uow.participants.get(message.conversation_id, scope.user_id)
        me.require_may_post(conversation, scope.now)


class _NotBlocked(Always):
    words = "direct conversation: the other side is active, and nobody blocks anybody"

    async def inside(self, message: Any, scope: Scope) -> None:
        conversation = await scope.uow.conversations.get(message.conversation_id)
        if conversation.direct_key is None:
            return
        peer = peer_of(conversation.direct_key, scope.user_id)
        if peer != scope.user_id:
            await require_reachable(scope, peer)


async def require_reachable(scope: Scope, other: UserId) -> None:
    """Raises ``RecipientUnavailable`` when ``other`` is not active or either side blocks the other.

    One refusal for all of these: nobody learns from it which it was.
    """
    people = await scope.uow.users.find_many([other])
    person = people.get(other)
    if person is None or not person.is_active:
        raise RecipientUnavailable
    if (await relations_with([other], scope))[other].is_blocked:
        raise RecipientUnavailable


async def is_hushed(conversation: Conversation, scope: Scope) -> bool:
    """Whether receipts go nowhere: a direct conversation with somebody who cannot be reached."""
    if conversation.direct_key is None:
        return False
    peer = peer_of(conversation.direct_key, scope.user_id)
    if peer == scope.user_id:
        return False
    try:
        await require_reachable(scope, peer)
    except RecipientUnavailable:
        return True
    return False


async def shares_reads(conversation: Conversation, scope: Scope) -> bool:
    """Whether others may know what was read: always in groups, in direct conversations if both sides let them."""
    if conversation.direct_key is None:
        return True
    sides = {scope.user_id, peer_of(conversation.direct_key, scope.user_id)}
    settings = await scope.uow.users.settings_of(sorted(sides))
    return all(each.read_receipts for each in settings.values())


async def relations_with(others: Sequence[UserId], scope: Scope) -> dict[UserId, Relation]:
    """How whoever acts stands to each of ``others``, as this transaction finds it."""
    return relations(scope.user_id, others, await scope.uow.contacts.touching(scope.user_id, others))


participant = Access(_Participant())
"""A member at this moment: 404 for strangers, 403 for those who left. Locks the conversation."""

took_part = Access(_TookPart())
"""A member now or once; what they may see ends where they left."""

may_post = Access(_MayPost())
"""Neither silenced nor excluded by announcement mode."""

not_blocked = Access(_NotBlocked())
"""In a direct conversation: the other side is active, and nobody blocks anybody."""
