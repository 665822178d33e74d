"""Whether somebody may be seen typing in a conversation, and by whom of it: read from the store each time.

Whoever may not post is refused as for posting, in the same words. So what is said of typing tells nobody more than
a message would.
"""

from application.ports.readers import ConversationReader, Profiles, Relations
from application.ports.system import Clock
from domain.shared.errors import ConversationNotFound, NotAParticipant, RecipientUnavailable
from domain.shared.ids import ConversationId, UserId

SHOWN_AMONG_AT_MOST = 100


class Audience:
    """Three reads, whatever the number of members."""

    def __init__(
        self, conversations: ConversationReader, relations: Relations, profiles: Profiles, clock: Clock
    ) -> None:
        self._conversations = conversations
        self._relations = relations
        self._profiles = profiles
        self._clock = clock

    async def kept_from(self, typist: UserId, id: ConversationId) -> frozenset[UserId] | None:
        """The members who must not see it, because of a block in either direction; None where nobody sees it, the
        conversation being too large, or unknown to the other side yet. Raises what sending there would.
        """
        now = self._clock.now()
        entry = await self._conversations.entry(typist, id, now)
        if entry is None:
            raise ConversationNotFound
        if entry.me.has_left:
            raise NotAParticipant
        entry.me.require_may_post(entry.conversation, now)
        if entry.peer_id is not None:
            await self._require_reachable(typist, entry.peer_id)
            # Before the first message the other side does not know of the conversation.
            return frozenset() if entry.conversation.last_sequence else None
        if entry.conversation.member_count > SHOWN_AMONG_AT_MOST:
            return None
        members = await self._conversations.members(id, after=None, limit=SHOWN_AMONG_AT_MOST)
        others = [member.user_id for member in members if member.user_id != typist]
        relations = await self._relations.between(typist, others) if others else {}
        return frozenset(other for other in others if relations[other].is_blocked)

    async def _require_reachable(self, typist: UserId, peer: UserId) -> None:
        if peer == typist:
            return
        person = (await self._profiles.of([peer])).get(peer)
        if person is None or not person.user.is_active:
            raise RecipientUnavailable
        if (await self._relations.between(typist, [peer]))[peer].is_blocked:
            raise RecipientUnavailable
