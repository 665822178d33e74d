"""The promises of everything that has a key: passwords, tokens, hashes."""

import asyncio
import string
import time
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import pytest

from application.ports.security import (
    AccessTokens,
    BodyHashes,
    Claims,
    Passwords,
    RefreshToken,
    RefreshTokens,
)
from application.testing.builders import AT, an_id
from domain.shared.errors import TokenExpired, Unauthenticated
from domain.shared.ids import SessionId, UserId

PASSWORD = "correct horse 🐎 battery"


class PasswordsContract:
    """The promise of ``Passwords``. Supply the fixture ``passwords``."""

    async def test_a_hash_verifies_the_password_it_was_made_of(self, passwords: Passwords) -> None:
        for password in (PASSWORD, " spaces ", "x" * 128, "\u00fc" * 128, "nul\x00inside"):
            assert await passwords.verify(await passwords.hash(password), password)

    async def test_a_hash_verifies_no_other_password(self, passwords: Passwords) -> None:
        hashed = await passwords.hash(PASSWORD)
        for other in ("", PASSWORD[:-1], PASSWORD + " ", PASSWORD.upper(), hashed):
            assert not await passwords.verify(hashed, other)

    async def test_two_hashes_of_one_password_differ(self, passwords: Passwords) -> None:
        one, other = await passwords.hash(PASSWORD), await passwords.hash(PASSWORD)
        assert one != other
        assert PASSWORD not in one

    async def test_verifying_against_nobody_fails(self, passwords: Passwords) -> None:
        assert not await passwords.verify(None, PASSWORD)
        assert not await passwords.verify(None, "")

    async def test_verifying_against_nobody_takes_the_same_work(self, passwords: Passwords) -> None:
        hashed = await passwords.hash(PASSWORD)

        async def work(against: str | None) -> float:
            spent = []
            for _ in range(5):
                begun = time.process_time()
                await passwords.verify(against, "not the password")
                spent.append(time.process_time() - begun)
            return min(spent)

        assert await work(None) > await work(hashed) / 4

    async def test_hashing_runs_off_the_event_loop(self, passwords: Passwords) -> None:
        hashing = asyncio.create_task(passwords.hash(PASSWORD))
        await asyncio.sleep(0)
        assert not hashing.done()
        assert await passwords.verify(await hashing, PASSWORD)

    async def test_many_at_once_are_all_done(self, passwords: Passwords) -> None:
        hashes = await asyncio.gather(*(passwords.hash(PASSWORD) for _ in range(10)))
        assert len(set(hashes)) == 10

    async def test_a_fresh_hash_is_not_outdated(self, passwords: Passwords) -> None:
        assert not passwords.is_outdated(await passwords.hash(PASSWORD))


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuers:
    """One server's tokens, the same server's after its keys were rotated, and another server's."""

    current: AccessTokens
    rotated: AccessTokens
    stranger: AccessTokens


def _claims(seconds: float = 900) -> Claims:
    expires_at = AT + timedelta(seconds=seconds)
    return Claims(user_id=UserId(an_id()), session_id=SessionId(an_id()), expires_at=expires_at)


class AccessTokensContract:
    """The promise of ``AccessTokens``. Supply the fixture ``issuers``."""

    def test_a_token_yields_the_claims_it_was_made_with(self, issuers: Issuers) -> None:
        for claims in (_claims(), _claims(1), _claims(0.5)):
            assert issuers.current.verify(issuers.current.issue(claims, AT), AT) == claims

    def test_a_token_verifies_until_it_expires_and_then_raises_token_expired(self, issuers: Issuers) -> None:
        claims = _claims()
        token = issuers.current.issue(claims, AT)
        just_before = claims.expires_at - timedelta(milliseconds=1)
        assert issuers.current.verify(token, just_before) == claims
        for late in (claims.expires_at, claims.expires_at + timedelta(days=1)):
            for each in (issuers.current, issuers.rotated):
                with pytest.raises(TokenExpired):
                    each.verify(token, late)

    def test_a_token_verifies_under_any_published_key(self, issuers: Issuers) -> None:
        claims = _claims()
        earlier, later = issuers.current.issue(claims, AT), issuers.rotated.issue(claims, AT)
        assert issuers.rotated.verify(earlier, AT) == claims
        assert issuers.rotated.verify(later, AT) == claims
        assert len(issuers.rotated.published_keys()["keys"]) > len(issuers.current.published_keys()["keys"])

    def test_a_token_of_another_key_raises_unauthenticated(self, issuers: Issuers) -> None:
        for foreign in (issuers.stranger, issuers.rotated):
            with pytest.raises(Unauthenticated):
                issuers.current.verify(foreign.issue(_claims(), AT), AT)

    def test_anything_else_raises_unauthenticated(self, issuers: Issuers) -> None:
        token = issuers.current.issue(_claims(), AT)
        head, body, seal = token.split(".")
        for other in (
            "",
            ".",
            "..",
            "token",
            "grüße",
            "\x00",
            f"{head}.{body}.",
            f"{head}.{body}",
            f" {token}",
        ):
            with pytest.raises(Unauthenticated):
                issuers.current.verify(other, AT)
        with pytest.raises(Unauthenticated):
            issuers.current.verify(f"{issuers.current.issue(_claims(), AT).rpartition('.')[0]}.{seal}", AT)

    def test_a_token_changed_anywhere_raises_unauthenticated(self, issuers: Issuers) -> None:
        token = issuers.current.issue(_claims(), AT)
        issuers.current.verify(token, AT)
        for place in range(len(token)):
            with pytest.raises(Unauthenticated):
                issuers.current.verify(_changed(token, place), AT)

    def test_published_keys_are_public(self, issuers: Issuers) -> None:
        for key in issuers.rotated.published_keys()["keys"]:
            assert not {"d", "k", "p", "q"} & set(key)
            assert key["kid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshIssuers:
    """One server's refresh tokens, and those of a server with another key."""

    current: RefreshTokens
    stranger: RefreshTokens


class RefreshTokensContract:
    """The promise of ``RefreshTokens``. Supply the fixture ``refresh_issuers``."""

    def test_derive_gives_the_same_token_for_the_same_session_and_generation(
        self, refresh_issuers: RefreshIssuers
    ) -> None:
        tokens, session = refresh_issuers.current, SessionId(an_id())
        assert tokens.derive(session, 3) == tokens.derive(session, 3)
        made = {tokens.derive(session, n) for n in range(50)} | {tokens.derive(SessionId(an_id()), 0)}
        assert len(made) == 51

    def test_read_inverts_derive(self, refresh_issuers: RefreshIssuers) -> None:
        for generation in (0, 1, 70_000):
            session = SessionId(an_id())
            token = refresh_issuers.current.derive(session, generation)
            expected = RefreshToken(session_id=session, generation=generation)
            assert refresh_issuers.current.read(token) == expected

    def test_read_yields_none_for_anything_this_servers_key_did_not_make(
        self, refresh_issuers: RefreshIssuers
    ) -> None:
        tokens, session = refresh_issuers.current, SessionId(an_id())
        assert tokens.read(refresh_issuers.stranger.derive(session, 0)) is None
        for other in ("", "token", "grüße", "\x00", "=" * 71, "A" * 71, tokens.fingerprint("x")):
            assert tokens.read(other) is None

    def test_read_yields_none_for_a_token_changed_anywhere(self, refresh_issuers: RefreshIssuers) -> None:
        token = refresh_issuers.current.derive(SessionId(an_id()), 1)
        for place in range(len(token)):
            assert refresh_issuers.current.read(_changed(token, place)) is None
        for longer in (token + "A", token[:-1], token + "=", f" {token}", f"{token}\n"):
            assert refresh_issuers.current.read(longer) is None

    def test_a_fingerprint_is_the_sha_256_of_the_token_in_hex(self, refresh_issuers: RefreshIssuers) -> None:
        tokens = refresh_issuers.current
        one, other = (tokens.derive(SessionId(an_id()), n) for n in range(2))
        assert tokens.fingerprint(one) == tokens.fingerprint(one) != tokens.fingerprint(other)
        assert len(tokens.fingerprint(one)) == 64
        assert set(tokens.fingerprint(one)) <= set("0123456789abcdef")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashers:
    """One server's hashes of bodies, and those of a server with another key."""

    current: BodyHashes
    stranger: BodyHashes


class BodyHashesContract:
    """The promise of ``BodyHashes``. Supply the fixture ``hashers``."""

    def test_equal_bodies_have_equal_hashes(self, hashers: Hashers) -> None:
        for body in (b"", b"words", bytes(range(256)) * 300):
            assert hashers.current.of(body) == hashers.current.of(bytes(bytearray(body)))

    def test_different_bodies_have_different_hashes(self, hashers: Hashers) -> None:
        bodies = [b"x" * n for n in range(100)] + [b"words", b"Words", b"words\x00"]
        assert len({hashers.current.of(body) for body in bodies}) == len(bodies)

    def test_without_the_key_a_hash_tells_nothing_of_the_body(self, hashers: Hashers) -> None:
        for body in (b"", b"words"):
            mine = hashers.current.of(body)
            assert mine != hashers.stranger.of(body)
            assert len(mine) == len(hashers.current.of(body * 100))


_ALPHABET = string.ascii_letters + string.digits + "-_"
_NEXT = dict(pairwise(_ALPHABET)) | {_ALPHABET[-1]: _ALPHABET[0], ".": "A"}


def _changed(token: str, place: int) -> str:
    """The token with one character replaced by another that may stand in a token."""
    return token[:place] + _NEXT[token[place]] + token[place + 1 :]
