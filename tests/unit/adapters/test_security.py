"""Argon2, JWT and HMAC keep the promises of passwords, tokens and hashes."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from adapters.argon2.passwords import Argon2Passwords
from adapters.jwt.access_tokens import JwtAccessTokens
from adapters.jwt.keys import SigningKeys
from adapters.jwt.refresh_tokens import HmacBodyHashes, HmacRefreshTokens
from application.ports.security import Passwords
from application.testing.builders import AT
from application.testing.security import (
    AccessTokensContract,
    BodyHashesContract,
    Hashers,
    Issuers,
    PasswordsContract,
    RefreshIssuers,
    RefreshTokensContract,
)


class TestArgon2Passwords(PasswordsContract):
    @pytest.fixture
    def passwords(self) -> Iterator[Passwords]:
        passwords = Argon2Passwords(memory_kib=1024, time_cost=1)
        yield passwords
        passwords.close()


class TestJwtAccessTokens(AccessTokensContract):
    @pytest.fixture
    def issuers(self) -> Issuers:
        keys = SigningKeys.generate()
        return Issuers(
            current=JwtAccessTokens(keys),
            rotated=JwtAccessTokens(keys.rotate(AT, after=timedelta())),
            stranger=JwtAccessTokens(SigningKeys.generate(keys.keys[0].kid)),
        )


class TestHmacRefreshTokens(RefreshTokensContract):
    @pytest.fixture
    def refresh_issuers(self) -> RefreshIssuers:
        return RefreshIssuers(
            current=HmacRefreshTokens(SigningKeys.generate().refresh_secret),
            stranger=HmacRefreshTokens(SigningKeys.generate().refresh_secret),
        )


class TestHmacBodyHashes(BodyHashesContract):
    @pytest.fixture
    def hashers(self) -> Hashers:
        return Hashers(
            current=HmacBodyHashes(SigningKeys.generate().refresh_secret),
            stranger=HmacBodyHashes(SigningKeys.generate().refresh_secret),
        )
