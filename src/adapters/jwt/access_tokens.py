"""Access tokens: JWTs of type ``at+jwt`` (RFC 9068), signed with Ed25519."""

import hashlib
import math
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt

from adapters.jwt.keys import TOKENS_LIVE, SigningKeys, decode64
from application.ports.security import Claims
from domain.shared.errors import TokenExpired, Unauthenticated
from domain.shared.ids import SessionId, UserId

TYPE = "at+jwt"
ALGORITHM = "EdDSA"
CLOCKS_DIFFER_BY = timedelta(seconds=5)
LONGEST_TOKEN = 2048
REMEMBERED_AT_MOST = 20_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OPTIONS: Any = {
    "require": ["iss", "aud", "sub", "sid", "jti", "iat", "exp"],
    "strict_aud": True,
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}


class JwtAccessTokens:
    """The promise of ``AccessTokens``. A token may not say that it lives longer than ``lifetime``.

    Time is the caller's, never the library's. A token verified once is remembered by its SHA-256 until it
    expires, at most ``REMEMBERED_AT_MOST`` of them: 1 µs instead of more than a hundred.
    """

    def __init__(
        self,
        keys: SigningKeys,
        *,
        issuer: str = "sentinal-chat",
        audience: str = "sentinal-chat",
        lifetime: timedelta = TOKENS_LIVE,
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._lifetime = lifetime
        self._remembered: dict[bytes, Claims] = {}

    def use(self, keys: SigningKeys) -> None:
        """Sign and verify with another set from now on. Tokens of keys that are not in it are refused."""
        kept, left = keys.verifiers, self._keys.verifiers
        if any(kid not in kept or kept[kid] != key for kid, key in left.items()):
            self._remembered.clear()
        self._keys = keys

    def issue(self, claims: Claims, now: datetime) -> str:
        """Raises ``ValueError`` where ``expires_at`` lies further ahead than ``lifetime``."""
        if claims.expires_at - now > self._lifetime:
            raise ValueError("An access token cannot live that long.")
        payload = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(claims.user_id),
            "sid": str(claims.session_id),
            "jti": secrets.token_urlsafe(16),
            "iat": _to_number(now),
            "exp": _to_number(claims.expires_at),
        }
        kid, private = self._keys.signer(now)
        return jwt.encode(payload, private, algorithm=ALGORITHM, headers={"typ": TYPE, "kid": kid})

    def verify(self, token: str, now: datetime) -> Claims:
        if len(token) > LONGEST_TOKEN or not token.isascii():
            raise Unauthenticated
        name = hashlib.sha256(token.encode()).digest()
        claims = self._remembered.get(name)
        if claims is None:
            claims = self._read(token, now)
            if now < claims.expires_at:
                self._remember(name, claims)
        if now >= claims.expires_at:
            self._remembered.pop(name, None)
            raise TokenExpired
        return claims

    def published_keys(self) -> dict[str, Any]:
        return self._keys.published()

    def _read(self, token: str, now: datetime) -> Claims:
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != ALGORITHM or header.get("typ") != TYPE or "crit" in header:
                raise Unauthenticated
            key = self._keys.verifiers.get(header.get("kid", ""))
            if key is None:
                raise Unauthenticated
            # The last bits of an encoded signature mean nothing: only one spelling of a token is the token.
            decode64(token.rpartition(".")[2])
            payload = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=self._issuer,
                audience=self._audience,
                options=_OPTIONS,
            )
            issued_at, expires_at = _to_time(payload["iat"]), _to_time(payload["exp"])
            claims = Claims(
                user_id=UserId(_uuid(payload["sub"])),
                session_id=SessionId(_uuid(payload["sid"])),
                expires_at=expires_at,
            )
        except (jwt.PyJWTError, ValueError, OverflowError, TypeError) as error:
            raise Unauthenticated from error
        if issued_at > now + CLOCKS_DIFFER_BY or not timedelta() <= expires_at - issued_at <= self._lifetime:
            raise Unauthenticated
        return claims

    def _remember(self, name: bytes, claims: Claims) -> None:
        while len(self._remembered) >= REMEMBERED_AT_MOST:
            # Tokens live equally long, so the first to be remembered is about the first to expire.
            del self._remembered[next(iter(self._remembered))]
        self._remembered[name] = claims


def _to_number(at: datetime) -> int | float:
    """A NumericDate (RFC 7519 §2): whole where it can be, else exact to the microsecond."""
    microseconds = (at - _EPOCH) // timedelta(microseconds=1)
    seconds, rest = divmod(microseconds, 1_000_000)
    return microseconds / 1_000_000 if rest else seconds


def _to_time(number: Any) -> datetime:
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        raise ValueError("not a NumericDate")
    return _EPOCH + timedelta(microseconds=round(number * 1_000_000))


def _uuid(text: Any) -> UUID:
    id = UUID(text) if isinstance(text, str) else None
    if id is None or str(id) != text:
        raise ValueError("not a UUID")
    return id
