"""Refresh tokens and hashes of bodies: what the server's secret makes, and nobody without it.

A refresh token is, in base64url: version (1 byte) ‖ session (16) ‖ generation (4, big-endian) ‖ HMAC-SHA256
of all that (32). It is derived and not stored, so the same generation always has the same token.
"""

import hashlib
import hmac
from uuid import UUID

from adapters.jwt.keys import SECRET_BYTES, decode64, encode64
from application.ports.security import RefreshToken
from domain.shared.ids import SessionId

VERSION = 1
_READABLE = 1 + 16 + 4
_LENGTH = 71

# One key per purpose: a hash of a body that somebody chose must never pass for a token.
_TOKENS = b"sentinal-chat/refresh-token/1"
_BODIES = b"sentinal-chat/body-hash/1"


class HmacRefreshTokens:
    """The promise of ``RefreshTokens``. ``generation`` is below 2^32; ``secret`` has 32 bytes or more."""

    def __init__(self, secret: bytes) -> None:
        self._key = _key_for(secret, _TOKENS)

    def derive(self, session_id: SessionId, generation: int) -> str:
        readable = bytes([VERSION]) + session_id.bytes + generation.to_bytes(4)
        return encode64(readable + self._seal(readable))

    def read(self, token: str) -> RefreshToken | None:
        if len(token) != _LENGTH or not token.isascii():
            return None
        try:
            data = decode64(token)
        except ValueError:
            return None
        readable, seal = data[:_READABLE], data[_READABLE:]
        if not hmac.compare_digest(self._seal(readable), seal) or readable[0] != VERSION:
            return None
        session_id = SessionId(UUID(bytes=readable[1:17]))
        return RefreshToken(session_id=session_id, generation=int.from_bytes(readable[17:]))

    def fingerprint(self, token: str) -> str:
        return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()

    def _seal(self, readable: bytes) -> bytes:
        return hmac.digest(self._key, readable, "sha256")


class HmacBodyHashes:
    """The promise of ``BodyHashes``: 16 bytes of keyed BLAKE2b (RFC 7693)."""

    def __init__(self, secret: bytes) -> None:
        self._key = _key_for(secret, _BODIES)

    def of(self, body: bytes) -> bytes:
        return hashlib.blake2b(body, digest_size=16, key=self._key).digest()


def _key_for(secret: bytes, purpose: bytes) -> bytes:
    if len(secret) < SECRET_BYTES:
        raise ValueError(f"A secret has {SECRET_BYTES} bytes or more.")
    return hmac.digest(secret, purpose, "sha256")
