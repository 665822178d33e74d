"""Opening the one direct conversation of two people, or finding it."""

from msgspec import Struct

from application.access.conversations import relations_with, require_reachable, shares_reads
from application.access.identity import authenticated
from application.access.limits import rate_limit
from application.bus.messages import Command, Scope
from application.conversation.views import ConversationView, Participation, Receipts
from application.identity.people import People
from application.identity.views import UserView
from domain.conversation.conversation import Conversation
from domain.conversation.events import ConversationCreated
from domain.conversation.participant import Participant
from domain.shared.errors import RecipientUnavailable, UserNotFound
from domain.shared.ids import ConversationId, UserId, direct_key


class Started(Struct, frozen=True, kw_only=True):
    """The conversation, and whether it is new."""

    conversation: ConversationView
    created: bool


class StartDirectConversation(Command[Started], frozen=True, kw_only=True):
    """With ``user_id``; with oneself, one's saved messages."""

    access = authenticated & rate_limit("commands")

    user_id: UserId


async def handle(command: StartDirectConversation, scope: Scope, *, people: People) -> Started:
    me, other = scope.user_id, command.user_id
    shown = await people.seen_by(me, [other])
    if other not in shown:
        raise UserNotFound
    known = await scope.uow.conversations.find_direct(direct_key(me, other))
    if known is not None:
        return await _reopen(known.id, scope, shown[other])
    if other != me:
        await require_reachable(scope, other)
        await _require_admitted(scope, other)
    conversation = Conversation.direct(ConversationId(scope.new_id()), me, other, scope.now)
    scope.uow.conversations.add(conversation)
    mine = Participant(conversation_id=conversation.id, user_id=me, joined_at=scope.now, added_by=me)
    scope.uow.participants.add(mine)
    if other != me:
        scope.uow.participants.add(
            Participant(
                conversation_id=conversation.id, user_id=other, joined_at=scope.now, added_by=me, listed=False
            )
        )
    conversation.record(ConversationCreated(user_ids=(me,), conversation=conversation))
    return Started(
        conversation=_view(conversation, mine, 0, shown[other], Receipts(delivered_up_to=0, read_up_to=0)),
        created=True,
    )


async def _reopen(id: ConversationId, scope: Scope, peer: UserView) -> Started:
    """The conversation as it is; opening it again lists it for whoever opens it."""
    conversation = await scope.uow.conversations.lock(id)
    if conversation is None or conversation.direct_key is None:
        raise UserNotFound
    mine = await scope.uow.participants.get(id, scope.user_id)
    if not mine.listed:
        mine.listed = True
        scope.uow.participants.save(mine)
        conversation.record(ConversationCreated(user_ids=(scope.user_id,), conversation=conversation))
        scope.uow.conversations.save(conversation)
    theirs = await scope.uow.participants.get(id, peer.id)
    reads = await shares_reads(conversation, scope)
    receipts = Receipts(
        delivered_up_to=theirs.told_delivered_sequence, read_up_to=theirs.told_read_sequence if reads else 0
    )
    unread = await scope.uow.messages.unread(mine, scope.now)
    return Started(conversation=_view(conversation, mine, unread, peer, receipts), created=False)


async def _require_admitted(scope: Scope, other: UserId) -> None:
    """Whether ``other`` lets people like me start a conversation. Refused like a block."""
    settings = (await scope.uow.users.settings_of([other]))[other]
    relation = (await relations_with([other], scope))[other]
    if not relation.reaches(settings.privacy_messages):
        raise RecipientUnavailable


def _view(
    conversation: Conversation, me: Participant, unread: int, peer: UserView, receipts: Receipts
) -> ConversationView:
    return ConversationView.of(conversation, peer=peer, me=Participation.of(me, unread), receipts=receipts)
