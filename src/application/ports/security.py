"""Passwords and tokens: everything that needs a key or must take its time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from domain.shared.ids import SessionId, UserId


class Passwords(Protocol):
    """Promise: a hash verifies the password it was made of and no other; two hashes of one password differ;
    verifying against None (nobody of that name) takes the same work and fails.

    Hashing is slow on purpose and runs off the event loop, a bounded number at a time.
    """

    async def hash(self, password: str) -> str: ...

    async def verify(self, hashed: str | None, password: str) -> bool: ...

    def is_outdated(self, hashed: str) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What an access token says: who, in which session, until when."""

    user_id: UserId
    session_id: SessionId
    expires_at: datetime


class AccessTokens(Protocol):
    """Promise: a token verifies until it expires, under any published key, and yields the claims it was made
    with; anything else raises ``Unauthenticated``, an expired one ``TokenExpired``.
    """

    def issue(self, claims: Claims, now: datetime) -> str: ...

    def verify(self, token: str, now: datetime) -> Claims: ...

    def published_keys(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """The readable part of a refresh token: which family, which generation."""

    session_id: SessionId
    generation: int


class RefreshTokens(Protocol):
    """Promise: ``derive`` gives the same token for the same session and generation, ``read`` inverts it, and
    yields None for anything this server's key did not make.
    """

    def derive(self, session_id: SessionId, generation: int) -> str: ...

    def read(self, token: str) -> RefreshToken | None: ...

    def fingerprint(self, token: str) -> str: ...


class BodyHashes(Protocol):
    """Promise: equal bodies have equal hashes; without the key a hash tells nothing of the body."""

    def of(self, body: bytes) -> bytes: ...
