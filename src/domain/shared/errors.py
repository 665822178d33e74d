"""Refusals: every way in which the product says no.

::

    Refusal
    ├── Invalid                 validation_failed (the input breaks a rule of its field)
    │   └── ReplyTargetNotFound reply_target_not_found
    ├── Unauthenticated         unauthenticated: who asks is not known
    │   ├── TokenExpired        token_expired
    │   ├── InvalidCredentials  invalid_credentials
    │   ├── InvalidRefreshToken invalid_refresh_token
    │   └── SessionRevoked      session_revoked
    ├── Forbidden               forbidden: known, seen, and not allowed
    │   ├── InsufficientRole    insufficient_role
    │   ├── NotAParticipant     not_a_participant (any more)
    │   ├── Silenced            silenced
    │   ├── PostingRestricted   posting_restricted
    │   ├── RecipientUnavailable recipient_unavailable
    │   ├── NotTheSender        not_the_sender
    │   ├── EditWindowClosed    edit_window_closed
    │   ├── DeleteWindowClosed  delete_window_closed
    │   └── WrongPassword       wrong_password
    ├── NotFound                not there, or not for you: the answer is the same
    │   ├── UserNotFound        user_not_found
    │   ├── SessionNotFound     session_not_found
    │   ├── ConversationNotFound conversation_not_found
    │   ├── MemberNotFound      member_not_found
    │   ├── MessageNotFound     message_not_found
    │   └── AttachmentNotFound  attachment_not_found
    ├── Conflict                the state of things stands against it
    │   ├── IdentifierTaken     identifier_taken
    │   ├── LastIdentifier      last_identifier
    │   ├── IdempotencyConflict idempotency_conflict
    │   ├── TooManyPins         too_many_pins
    │   ├── RevisionConflict    revision_conflict
    │   ├── AlreadyDeleted      message_deleted
    │   ├── AttachmentNotReady  attachment_not_ready
    │   ├── TooManyReactions    too_many_reactions
    │   ├── NotAGroup           not_a_group
    │   └── GroupFull           group_full
    ├── PreconditionFailed      precondition_failed: it changed since you looked
    ├── RateLimited             rate_limited: later, not never
    └── Unavailable             unavailable: a part of the product cannot answer now

A refusal knows nothing of HTTP. Its code is unique and stable; clients may depend on it.
"""

from typing import ClassVar

_codes: dict[str, type["Refusal"]] = {}


class Refusal(Exception):
    """The product says no, in words for the person who asked.

    Attributes: ``code``, stable; ``title``, the same for every occurrence; ``detail``, of this one;
    ``pointer``, the JSON pointer of the field at fault, or None.
    """

    code: ClassVar[str] = ""
    title: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        code = cls.__dict__.get("code", "")
        if code in _codes:
            raise TypeError(f"refusal code {code!r} is taken by {_codes[code].__name__}")
        if code:
            _codes[code] = cls

    def __init__(self, detail: str = "", *, pointer: str | None = None) -> None:
        self.detail = detail or self.title
        self.pointer = pointer
        super().__init__(f"{self.code}: {self.detail}")


def refusals() -> dict[str, type[Refusal]]:
    """Every refusal there is, by its code."""
    return dict(_codes)


class Invalid(Refusal):
    code = "validation_failed"
    title = "Part of the request breaks a rule."


class ReplyTargetNotFound(Invalid):
    code = "reply_target_not_found"
    title = "The message to reply to is not in this conversation, or not for you."


class Unauthenticated(Refusal):
    code = "unauthenticated"
    title = "Log in first."


class TokenExpired(Unauthenticated):
    code = "token_expired"
    title = "The access token has expired; refresh it."


class InvalidCredentials(Unauthenticated):
    code = "invalid_credentials"
    title = "The identifier or the password is wrong."


class InvalidRefreshToken(Unauthenticated):
    code = "invalid_refresh_token"
    title = "The refresh token is missing, unknown or has expired."


class SessionRevoked(Unauthenticated):
    code = "session_revoked"
    title = "This session has been ended; log in again."


class Forbidden(Refusal):
    code = "forbidden"
    title = "That is not allowed."


class InsufficientRole(Forbidden):
    code = "insufficient_role"
    title = "Your role in this conversation does not allow that."


class NotAParticipant(Forbidden):
    code = "not_a_participant"
    title = "You are no longer a participant of this conversation."


class Silenced(Forbidden):
    code = "silenced"
    title = "An administrator has stopped you from posting here for now."


class PostingRestricted(Forbidden):
    code = "posting_restricted"
    title = "Only administrators may post in this conversation."


class RecipientUnavailable(Forbidden):
    code = "recipient_unavailable"
    title = "This person cannot be written to."


class NotTheSender(Forbidden):
    code = "not_the_sender"
    title = "Only who sent a message may do that."


class EditWindowClosed(Forbidden):
    code = "edit_window_closed"
    title = "The message is too old to be edited."


class DeleteWindowClosed(Forbidden):
    code = "delete_window_closed"
    title = "The message is too old to be deleted for everyone."


class WrongPassword(Forbidden):
    code = "wrong_password"
    title = "The password is wrong."


class NotFound(Refusal):
    """Kin of everything that is not there, or that the asker may not know is there."""


class UserNotFound(NotFound):
    code = "user_not_found"
    title = "There is no such person."


class SessionNotFound(NotFound):
    code = "session_not_found"
    title = "You have no such session."


class ConversationNotFound(NotFound):
    code = "conversation_not_found"
    title = "There is no such conversation."


class MemberNotFound(NotFound):
    code = "member_not_found"
    title = "There is no such member in this conversation."


class MessageNotFound(NotFound):
    code = "message_not_found"
    title = "There is no such message."


class AttachmentNotFound(NotFound):
    code = "attachment_not_found"
    title = "There is no such attachment."


class Conflict(Refusal):
    """Kin of everything that the present state of things stands against."""


class IdentifierTaken(Conflict):
    code = "identifier_taken"
    title = "Somebody already uses this identifier."


class LastIdentifier(Conflict):
    code = "last_identifier"
    title = "An account keeps at least one of username, e-mail and phone number."


class IdempotencyConflict(Conflict):
    code = "idempotency_conflict"
    title = "This key was used before for a different request."


class TooManyPins(Conflict):
    code = "too_many_pins"
    title = "As many conversations are pinned as may be."


class RevisionConflict(Conflict):
    code = "revision_conflict"
    title = "The message has changed since you read it."


class AlreadyDeleted(Conflict):
    code = "message_deleted"
    title = "The message has been deleted."


class AttachmentNotReady(Conflict):
    code = "attachment_not_ready"
    title = "The attachment has not been uploaded completely."


class TooManyReactions(Conflict):
    code = "too_many_reactions"
    title = "The message has as many different reactions as it may have."


class NotAGroup(Conflict):
    code = "not_a_group"
    title = "This is possible in groups only."


class GroupFull(Conflict):
    code = "group_full"
    title = "The group has as many members as it may have."


class PreconditionFailed(Refusal):
    code = "precondition_failed"
    title = "This has changed since you read it; read it again."


class RateLimited(Refusal):
    """``retry_after``: seconds until the next attempt can succeed."""

    code = "rate_limited"
    title = "Too many requests; wait a little."

    def __init__(self, detail: str = "", *, retry_after: float = 1.0) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(Refusal):
    """``retry_after``: seconds after which trying again is sensible."""

    code = "unavailable"
    title = "The service cannot answer this right now; try again shortly."

    def __init__(self, detail: str = "", *, retry_after: float = 1.0) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
