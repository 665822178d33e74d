"""Believing sessions: for half a second, never after they are known to be over."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.jwt.access_tokens import JwtAccessTokens
from adapters.jwt.keys import SigningKeys
from adapters.memory.system import MemoryClock
from application.identity.authentication import Authentication
from application.ports.security import Claims
from application.testing.builders import a_session, an_id
from domain.identity.session import REFRESH_LIFETIME, Session
from domain.shared.errors import SessionRevoked
from domain.shared.ids import SessionId, UserId


@dataclass(slots=True)
class Sessions:
    """One session; ``before`` is carried out between reading it and saying so."""

    session: Session
    asked: int = 0
    before: list[Callable[[], Coroutine[Any, Any, None]]] = field(default_factory=list)

    async def find(self, session_id: SessionId) -> Session | None:
        self.asked += 1
        found = replace(self.session)
        if self.before:
            await self.before.pop()()
        return found

    async def live_of(self, user_id: UserId, now: datetime) -> list[Session]:
        return [self.session] if self.session.is_live(now) else []


@dataclass(slots=True)
class Stage:
    clock: MemoryClock
    sessions: Sessions
    authentication: Authentication
    token: str

    async def is_accepted(self) -> bool:
        try:
            await self.authentication.of(self.token)
        except SessionRevoked:
            return False
        return True

    def revoke(self) -> None:
        self.sessions.session.revoke("logged_out", self.clock.now())


@pytest.fixture
def stage() -> Stage:
    clock = MemoryClock()
    session = a_session(UserId(an_id()), expires_at=clock.now() + REFRESH_LIFETIME)
    tokens, sessions = JwtAccessTokens(SigningKeys.generate()), Sessions(session)
    claims = Claims(
        user_id=session.user_id, session_id=session.id, expires_at=clock.now() + timedelta(minutes=15)
    )
    token = tokens.issue(claims, clock.now())
    return Stage(clock, sessions, Authentication(tokens, sessions, clock), token)


async def test_a_live_session_is_believed_for_half_a_second_and_no_longer(stage: Stage) -> None:
    assert await stage.is_accepted()
    stage.revoke()
    stage.clock.advance(0.499)
    assert await stage.is_accepted()
    stage.clock.advance(0.001)
    assert not await stage.is_accepted()


async def test_a_session_that_is_known_to_be_over_is_refused_unasked(stage: Stage) -> None:
    assert await stage.is_accepted()
    stage.authentication.end(stage.sessions.session.id)
    assert not await stage.is_accepted()
    assert stage.sessions.asked == 1


async def test_who_asked_before_a_session_ended_does_not_bring_it_back(stage: Stage) -> None:
    answered = asyncio.Event()

    async def hold() -> None:
        await answered.wait()

    stage.sessions.before.append(hold)
    early = asyncio.create_task(stage.is_accepted())
    await asyncio.sleep(0)
    stage.revoke()
    assert not await stage.is_accepted()
    answered.set()
    assert not await early
    assert not await stage.is_accepted()
