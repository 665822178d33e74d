"""The keys of the product: one JWK set (RFC 7517) with signing keys and the secret of refresh tokens.

Signing keys are Ed25519 (RFC 8037): the first private one signs, all others only verify. The secret is an
``oct`` key with ``use: refresh``; it stays when signing keys are rotated, which therefore logs nobody out.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SETTING = "SENTINAL_SIGNING_KEYS"
SECRET_BYTES = 32
REFRESH_KID = "refresh"
KEPT_VERIFIERS = 3
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
    """One Ed25519 key; ``private`` is None where it only verifies."""

    kid: str
    public: Ed25519PublicKey
    private: Ed25519PrivateKey | None = field(default=None, repr=False)

    def published(self) -> dict[str, str]:
        """The public half as everybody may read it."""
        x = encode64(self.public.public_bytes_raw())
        return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.kid, "x": x}


class SigningKeys:
    """``signing`` is the first private key; ``verifiers`` has every key by its kid, the signing one too."""

    def __init__(
        self, keys: list[SigningKey], *, refresh_secret: bytes, refresh_kid: str = REFRESH_KID
    ) -> None:
        signing = next((key for key in keys if key.private is not None), None)
        if signing is None or signing.private is None:
            raise KeysRefused("there is no private Ed25519 key to sign with.")
        if len({key.kid for key in keys} | {refresh_kid}) != len(keys) + 1:
            raise KeysRefused("two keys have the same kid.")
        _refuse_weak(refresh_secret)
        self.keys = tuple(keys)
        self.signing_kid = signing.kid
        self.signing = signing.private
        self.verifiers = {key.kid: key.public for key in keys}
        self.refresh_secret = refresh_secret
        self._refresh_kid = refresh_kid

    def __repr__(self) -> str:
        return f"SigningKeys(signing_kid={self.signing_kid!r}, keys={len(self.keys)})"

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
        if not text.startswith("{"):
            try:
                with Path(text).expanduser().open(encoding="utf-8") as file:
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

    def rotate(self, kid: str | None = None) -> Self:
        """A set with a new signing key; the previous ones verify on, without their private halves."""
        kept = [SigningKey(kid=key.kid, public=key.public) for key in self.keys]
        current = [key for key in kept if key.kid == self.signing_kid]
        earlier = [key for key in kept if key.kid != self.signing_kid]
        keys = [_new_key(kid), *(current + earlier)[:KEPT_VERIFIERS]]
        return type(self)(keys, refresh_secret=self.refresh_secret, refresh_kid=self._refresh_kid)

    def published(self) -> dict[str, Any]:
        """The JWK set for ``/.well-known/jwks.json``: public halves of signing keys and nothing else."""
        return {"keys": [key.published() for key in self.keys]}

    def to_json(self) -> str:
        """The whole set with its secrets, as ``load`` reads it."""
        members: list[dict[str, str]] = []
        for key in self.keys:
            private = {} if key.private is None else {"d": encode64(key.private.private_bytes_raw())}
            members.append(key.published() | private)
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
        if "d" not in member:
            return SigningKey(kid=kid, public=public)
        seed = _bytes(member, "d")
        private = Ed25519PrivateKey.from_private_bytes(seed)
    except KeysRefused:
        raise
    except ValueError:
        raise KeysRefused("an Ed25519 key in it has the wrong length.") from None
    _refuse_weak(seed)
    if not hmac.compare_digest(private.public_key().public_bytes_raw(), public.public_bytes_raw()):
        raise KeysRefused("the halves of an Ed25519 key in it do not belong together.")
    return SigningKey(kid=kid, public=public, private=private)


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
