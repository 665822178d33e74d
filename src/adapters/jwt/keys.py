"""The keys of the product: one JWK set (RFC 7517) with signing keys and the secret of refresh tokens.

Signing keys are Ed25519 (RFC 8037). All verify; of those with a private half, the one that signs is the one whose
``signs_from`` came last, so that every server knows a key before anybody signs with it. ``retires_at`` says from
when a later one signs. The secret is an ``oct`` key with ``use: refresh``; it stays when signing keys are rotated,
which therefore logs nobody out.
"""

import base64
import binascii
import hashlib
import hmac
import json
import math
import os
import secrets
import tempfile
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SETTING = "SENTINAL_SIGNING_KEYS"
SECRET_BYTES = 32
REFRESH_KID = "refresh"
TOKENS_LIVE = timedelta(minutes=15)
RETIRED_KEYS_VERIFY = TOKENS_LIVE + timedelta(minutes=5)
"""The margin is for clocks that differ and for servers that read a rotated set late."""
SIGNS_AFTER = timedelta(seconds=10)
LATEST_MOMENT = 2**53
LONGEST_KID = 64
LARGEST_FILE = 65_536

# RFC 8037 appendix A.1 prints this private key; it is in every library's tests.
_PUBLISHED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")


class KeysRefused(ValueError):
    """The key set cannot be used. The text names the setting and what to do, never a value."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{SETTING}: {reason} Make a key set with `sentinal keys new`.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """One Ed25519 key; ``private`` is None where it only verifies. Moments are in seconds since 1970."""

    kid: str
    public: Ed25519PublicKey
    private: Ed25519PrivateKey | None = field(default=None, repr=False)
    signs_from: int = 0
    retires_at: int | None = None

    def is_retired(self, now: datetime) -> bool:
        return self.retires_at is not None and self.retires_at <= now.timestamp()

    def is_spent(self, now: datetime) -> bool:
        """Whether every token it ever signed has expired."""
        return self.is_retired(now - RETIRED_KEYS_VERIFY)

    def published(self) -> dict[str, str]:
        """The public half as everybody may read it."""
        x = encode64(self.public.public_bytes_raw())
        return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.kid, "x": x}


class SigningKeys:
    """``verifiers`` has every key by its kid: the signing one, those that were, and the one that will be."""

    def __init__(
        self, keys: list[SigningKey], *, refresh_secret: bytes, refresh_kid: str = REFRESH_KID
    ) -> None:
        if all(key.private is None for key in keys):
            raise KeysRefused("there is no private Ed25519 key to sign with.")
        if len({key.kid for key in keys} | {refresh_kid}) != len(keys) + 1:
            raise KeysRefused("two keys have the same kid.")
        _refuse_weak(refresh_secret)
        self.keys = tuple(keys)
        self.verifiers = {key.kid: key.public for key in keys}
        self.refresh_secret = refresh_secret
        self._refresh_kid = refresh_kid

    def signer(self, now: datetime) -> tuple[str, Ed25519PrivateKey]:
        """Which key signs at ``now``, by its kid; before the first moment of all, the first to come."""
        able = [(key.signs_from, key.kid, key.private) for key in self.keys if key.private is not None]
        begun = [each for each in able if each[0] <= now.timestamp()]
        _, kid, private = max(begun, key=_moment) if begun else min(able, key=_moment)
        return kid, private

    def __repr__(self) -> str:
        return f"SigningKeys(kids={[key.kid for key in self.keys]!r})"

    @classmethod
    def generate(cls, kid: str | None = None) -> Self:
        """A new set; without ``kid`` the key is named by its thumbprint (RFC 7638)."""
        return cls([_new_key(kid)], refresh_secret=secrets.token_bytes(SECRET_BYTES))

    @classmethod
    def load(cls, setting: str) -> Self:
        """From the setting's value: a JWK set as JSON, or the path of a file that has one.

        Raises ``KeysRefused`` for whatever cannot be used.
        """
        text = setting.strip()
        if not text:
            raise KeysRefused("it is empty.")
        if path := file_in(text):
            try:
                with path.open(encoding="utf-8") as file:
                    text = file.read(LARGEST_FILE)
            except (OSError, ValueError):
                raise KeysRefused("it is neither a JWK set nor the path of a readable file.") from None
        return cls._read(text)

    @classmethod
    def _read(cls, text: str) -> Self:
        try:
            document: Any = json.loads(text)
        except (ValueError, RecursionError):
            raise KeysRefused("it is not JSON.") from None
        members = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(members, list) or not all(isinstance(member, dict) for member in members):
            raise KeysRefused('it is not a JWK set, which has a list of "keys".')
        signing = [_signing_key(member) for member in members if member.get("kty") == "OKP"]
        others = [member for member in members if member.get("kty") != "OKP"]
        if len(others) != 1 or others[0].get("kty") != "oct" or others[0].get("use") != "refresh":
            raise KeysRefused('beside Ed25519 keys there must be one "oct" key with "use": "refresh".')
        return cls(signing, refresh_secret=_bytes(others[0], "k"), refresh_kid=_kid(others[0]))

    def rotate(self, now: datetime, *, after: timedelta = SIGNS_AFTER, kid: str | None = None) -> Self:
        """A set with a new key, which signs when ``after`` has passed and verifies wherever it is read.

        Until then the present one goes on signing. Retired keys lose their private halves, and are left out
        once every token they signed has expired, never earlier.
        """
        moment = math.ceil((now + after).timestamp())
        kept = [_retiring(key, moment, now) for key in self.keys if not key.is_spent(now)]
        coming = replace(_new_key(kid), signs_from=moment)
        return type(self)([coming, *kept], refresh_secret=self.refresh_secret, refresh_kid=self._refresh_kid)

    def published(self) -> dict[str, Any]:
        """The JWK set for ``/.well-known/jwks.json``: public halves of signing keys and nothing else."""
        return {"keys": [key.published() for key in self.keys]}

    def to_json(self) -> str:
        """The whole set with its secrets, as ``load`` reads it."""
        members: list[dict[str, str | int]] = []
        for key in self.keys:
            member: dict[str, str | int] = {**key.published()}
            if key.private is not None:
                member["d"] = encode64(key.private.private_bytes_raw())
            if key.signs_from:
                member["signs_from"] = key.signs_from
            if key.retires_at is not None:
                member["retires_at"] = key.retires_at
            members.append(member)
        secret = encode64(self.refresh_secret)
        members.append({"kty": "oct", "use": "refresh", "kid": self._refresh_kid, "k": secret})
        return json.dumps({"keys": members}, indent=2) + "\n"

    def save(self, path: Path) -> None:
        """Write the set for its owner's eyes only (mode 0600); a reader sees the old one or the new one."""
        target = path.expanduser().resolve()
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(self.to_json())
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        directory = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def file_in(setting: str) -> Path | None:
    """The file that a setting names; None where it holds the set itself."""
    text = setting.strip()
    return None if text.startswith("{") else Path(text).expanduser()


def encode64(data: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode64(text: str) -> bytes:
    """The inverse of ``encode64``. Raises ``ValueError`` for every other spelling of the same bytes."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("not base64url") from None
    if encode64(data) != text:
        raise ValueError("not the canonical base64url")
    return data


def _moment(able: tuple[int, str, Ed25519PrivateKey]) -> int:
    return able[0]


def _retiring(key: SigningKey, moment: int, now: datetime) -> SigningKey:
    """A key as it is kept beside one that signs from ``moment``. One that cannot sign has retired already."""
    if key.retires_at is None:
        key = replace(key, retires_at=moment if key.private is not None else math.ceil(now.timestamp()))
    return replace(key, private=None) if key.is_retired(now) else key


def _new_key(kid: str | None) -> SigningKey:
    private = Ed25519PrivateKey.generate()
    public = private.public_key()
    if kid is None:
        members = {"crv": "Ed25519", "kty": "OKP", "x": encode64(public.public_bytes_raw())}
        kid = encode64(hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest())
    return SigningKey(kid=_kid({"kid": kid}), public=public, private=private)


def _signing_key(member: dict[str, Any]) -> SigningKey:
    kid = _kid(member)
    if member.get("crv") != "Ed25519":
        raise KeysRefused("a key of another curve than Ed25519 is in it.")
    if member.get("use", "sig") != "sig" or member.get("alg", "EdDSA") not in ("EdDSA", "Ed25519"):
        raise KeysRefused("an Ed25519 key in it is meant for something else than signing.")
    try:
        public = Ed25519PublicKey.from_public_bytes(_bytes(member, "x"))
        key = SigningKey(
            kid=kid,
            public=public,
            signs_from=_seconds(member, "signs_from") or 0,
            retires_at=_seconds(member, "retires_at"),
        )
        if "d" not in member:
            return key
        seed = _bytes(member, "d")
        private = Ed25519PrivateKey.from_private_bytes(seed)
    except KeysRefused:
        raise
    except ValueError:
        raise KeysRefused("an Ed25519 key in it has the wrong length.") from None
    _refuse_weak(seed)
    if not hmac.compare_digest(private.public_key().public_bytes_raw(), public.public_bytes_raw()):
        raise KeysRefused("the halves of an Ed25519 key in it do not belong together.")
    return replace(key, private=private)


def _seconds(member: dict[str, Any], name: str) -> int | None:
    value = member.get(name)
    if value is None or (type(value) is int and 0 <= value < LATEST_MOMENT):
        return value
    raise KeysRefused(f'the member "{name}" of a key is not a whole number of seconds since 1970.')


def _kid(member: dict[str, Any]) -> str:
    kid = member.get("kid")
    if isinstance(kid, str) and 1 <= len(kid) <= LONGEST_KID and kid.isascii() and kid.isprintable():
        return kid
    raise KeysRefused(f"every key needs a kid of 1 to {LONGEST_KID} visible characters.")


def _bytes(member: dict[str, Any], name: str) -> bytes:
    try:
        value = member[name]
        if not isinstance(value, str):
            raise ValueError(name)
        return decode64(value)
    except (KeyError, ValueError):
        raise KeysRefused(f'the member "{name}" of a key is missing or not base64url.') from None


def _refuse_weak(secret: bytes) -> None:
    # Of 32 random bytes, fewer than 16 different ones is likelier a pattern than bad luck of 1 in 10^15.
    if len(secret) < SECRET_BYTES or len(set(secret)) < SECRET_BYTES // 2 or secret == _PUBLISHED:
        raise KeysRefused("a secret in it is too short or too simple.")
